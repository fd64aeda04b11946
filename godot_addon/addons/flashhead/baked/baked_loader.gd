@tool
class_name FlashHeadBakedLoader
extends RefCounted
## Reads what `flashhead bake` wrote: in the editor for the importer, in a running game for lines that were added to
## it, such as downloads and mods.
##
## Files are taken for what they are, strangers' work: versions, names, sizes and paths are checked before use.
## [codeblock]
## var loader := FlashHeadBakedLoader.new()
## var line := loader.load_line("user://mods/guard_hello.flashhead.json")
## if line == null:
##     push_warning(loader.error)
## [/codeblock]

const SUFFIX := ".flashhead.json"

const AudioFile := preload("../client/audio_file.gd")
const OggTheora := preload("ogg_theora.gd")
const _MANIFEST_SCHEMA := "flashhead-baked-line"
const _TRACK_SCHEMA := "flashhead-track"
const _MAJOR := "1."
const _MANIFEST_BYTES := 1 << 20
## A quarter of an hour at 60 rows a second.
const _TRACK_BYTES := 1 << 25
const _LONGEST_US := 3_600_000_000
const _FASTEST_FPS := 240
const _LARGEST_PICTURE := 4096
## Sizes of weights and angles that a 16-bit number holds.
const _LARGEST := 3.2767
const _AGAIN := "Bake the line again."

## Why the last call returned null, for a person; empty after success.
var error := ""
## What a person should know of a line that can be used all the same.
var warnings := PackedStringArray()


## The line that a manifest describes, with all that it names; null when it cannot be used.
func load_line(path: String) -> FlashHeadBakedLine:
	error = ""
	warnings.clear()
	var manifest := _json(path, _MANIFEST_SCHEMA, _MANIFEST_BYTES)
	if error:
		return null
	var line := FlashHeadBakedLine.new()
	line.id = str(manifest.get("id", ""))
	line.tier = str(manifest.get("tier", ""))
	line.duration_us = _count(manifest, "duration_us", _LONGEST_US, path)
	_add_audio(line, manifest.get("audio"), path)
	_add_outputs(line, manifest.get("outputs"), path)
	return null if error else line


## A line of a blendshape track alone, `line.json`, and the dialogue that it belongs to.
func load_track(path: String, audio: AudioStream) -> FlashHeadBakedLine:
	error = ""
	warnings.clear()
	var line := FlashHeadBakedLine.new()
	line.id = path.get_file().get_basename()
	line.audio = audio
	_add_track(line, path, 0)
	if error:
		return null
	line.duration_us = roundi(line.frame_count * 1e6 / line.fps)
	return line


func _add_audio(line: FlashHeadBakedLine, described: Variant, manifest: String) -> void:
	if error:
		return
	if not described is Dictionary:
		return _fail(manifest, "it does not say which audio it belongs to. %s" % _AGAIN)
	var path := _audio_path(described, manifest)
	if error:
		return
	if not FileAccess.file_exists(path):
		return _fail(manifest, "its audio %s is missing. Copy it there, then import the line again." % path)
	if FileAccess.get_sha256(path) != str(described.get("sha256")):
		warnings.append("%s: %s is not the recording that it was baked from. %s" % [manifest, path, _AGAIN])
	line.audio = _audio(path)
	if line.audio == null:
		_fail(
			manifest,
			"Godot cannot play its audio %s. Make a .wav, .ogg or .mp3 of it and bake the line from that." % path
		)


## Where the dialogue is. One that lay outside the manifest's folder is known by its name and its bytes.
func _audio_path(described: Dictionary, manifest: String) -> String:
	var folder := manifest.get_base_dir()
	if described.get("file") != null:
		return _inside(folder, described.get("file"), manifest)
	var name: Variant = described.get("name")
	if not name is String or name.get_file() != name or not _is_inside(name):
		_fail(manifest, "it names no audio. %s" % _AGAIN)
		return ""
	if not manifest.begins_with("res://"):
		return folder.path_join(name)
	var found := _search("res://", name, str(described.get("sha256")))
	return found if found else folder.path_join(name)


func _search(folder: String, name: String, sha256: String) -> String:
	var here := folder.path_join(name)
	if FileAccess.file_exists(here) and FileAccess.get_sha256(here) == sha256:
		return here
	for inner in DirAccess.get_directories_at(folder):
		var found := _search(folder.path_join(inner), name, sha256) if not inner.begins_with(".") else ""
		if found:
			return found
	return ""


## Imported audio in the project, else the file itself. Null when Godot cannot play it.
static func _audio(path: String) -> AudioStream:
	if path.begins_with("res://"):
		return ResourceLoader.load(path) as AudioStream if ResourceLoader.exists(path) else null
	return AudioFile.load_file(path)


func _add_outputs(line: FlashHeadBakedLine, outputs: Variant, manifest: String) -> void:
	if error:
		return
	if not outputs is Array:
		return _fail(manifest, "it names no outputs. %s" % _AGAIN)
	for output: Variant in outputs:
		if not output is Dictionary:
			return _fail(manifest, "one of its outputs is not described. %s" % _AGAIN)
		match output.get("format"):
			"json":
				var path := _inside(manifest.get_base_dir(), output.get("file"), manifest)
				_add_track(line, path, _count(output, "frames", _TRACK_BYTES, manifest))
			"ogv":
				_add_video(line, output, manifest)
		if error:
			return
	if not line.has_track() and not line.has_video():
		_fail(
			manifest,
			"none of its outputs is for Godot. Bake with -o %s.json, -o %s.ogv or both." % [line.id, line.id]
		)


func _add_video(line: FlashHeadBakedLine, output: Dictionary, manifest: String) -> void:
	var path := _inside(manifest.get_base_dir(), output.get("file"), manifest)
	line.video_fps = _count(output, "fps", _FASTEST_FPS, manifest)
	line.video_frame_count = _count(output, "frames", _TRACK_BYTES, manifest)
	var size := Vector2i(
		_count(output, "width", _LARGEST_PICTURE, manifest), _count(output, "height", _LARGEST_PICTURE, manifest)
	)
	line.video_has_matte = str(output.get("alpha")) == "matte_right"
	line.video_size = Vector2i(size.x >> 1, size.y) if line.video_has_matte else size
	if error:
		return
	var found := OggTheora.new(path)
	if found.error:
		return _fail(path, "%s. %s" % [found.error, _AGAIN])
	if found.size != size or not is_equal_approx(found.fps, line.video_fps):
		return _fail(
			path,
			(
				"it has %d x %d pixels and %s pictures a second, %s says %d x %d and %d. %s"
				% [found.size.x, found.size.y, found.fps, manifest.get_file(), size.x, size.y, line.video_fps, _AGAIN]
			)
		)
	if path.begins_with("res://"):
		line.video = ResourceLoader.load(path) as VideoStream
	else:
		line.video = VideoStreamTheora.new()
		line.video.file = path


## `frame_count`: what the manifest says; 0 when there is none.
func _add_track(line: FlashHeadBakedLine, path: String, frame_count: int) -> void:
	if error:
		return
	var track := _json(path, _TRACK_SCHEMA, _TRACK_BYTES)
	if error:
		return
	line.fps = _count(track, "fps", _FASTEST_FPS, path)
	line.frame_count = _count(track, "frame_count", _TRACK_BYTES, path)
	if error:
		return
	var frames: Variant = track.get("frames")
	if not frames is Array or frames.size() != line.frame_count or frame_count not in [0, line.frame_count]:
		return _fail(path, "rows are missing or too many. %s" % _AGAIN)
	var names := _names(track)
	var columns := _columns(names, path)
	if error:
		return
	line.rows.resize(line.frame_count * FlashHeadBakedLine.ROW_BYTES)
	var place := 0
	for frame: Variant in frames:
		if not _is_row(frame, names.size()):
			@warning_ignore("integer_division")
			var index := place / FlashHeadBakedLine.ROW_BYTES
			return _fail(path, "row %d is not %d numbers within +-%s. %s" % [index, names.size(), _LARGEST, _AGAIN])
		for column in columns:
			line.rows.encode_s16(place, roundi(frame[column] / FlashHeadBakedLine.STEP))
			place += 2


static func _is_row(frame: Variant, size: int) -> bool:
	if not frame is Array or frame.size() != size:
		return false
	for value: Variant in frame:
		# Also false where a number is no number or infinite.
		if not _is_number(value) or not absf(value) <= _LARGEST:
			return false
	return true


## What the numbers of a row are called.
static func _names(track: Dictionary) -> Array:
	var names := []
	for group: String in ["blendshapes", "pose", "visemes"]:
		var part: Variant = track.get(group)
		# Names of different groups never meet.
		names.append_array(
			part.map(func(name: Variant) -> String: return "%s %s" % [group, name]) if part is Array else []
		)
	return names


## For each number of the addon's own order its place in the file's rows.
func _columns(names: Array, path: String) -> PackedInt32Array:
	var columns := PackedInt32Array()
	for wanted in _names(
		{
			"blendshapes": FlashHeadNames.BLENDSHAPES,
			"pose": FlashHeadNames.POSE,
			"visemes": FlashHeadNames.VISEMES,
		}
	):
		var column := names.find(wanted)
		if column < 0:
			_fail(path, "its rows have no %s. %s" % [wanted, _AGAIN])
			return columns
		columns.append(column)
	return columns


## A JSON object of a known schema and version.
func _json(path: String, schema: String, largest: int) -> Dictionary:
	var file := FileAccess.open(path, FileAccess.READ)
	if file == null:
		return _nothing(path, "it cannot be opened (%s)." % error_string(FileAccess.get_open_error()))
	if file.get_length() > largest:
		return _nothing(path, "it is larger than %d MiB, so it is no %s." % [largest >> 20, schema])
	var json := JSON.new()
	if json.parse(file.get_as_text()) != OK:
		var where := json.get_error_line() + 1
		return _nothing(path, "line %d is no JSON (%s). %s" % [where, json.get_error_message(), _AGAIN])
	if not json.data is Dictionary or str(json.data.get("schema")) != schema:
		return _nothing(path, "it is no %s, as `flashhead bake` writes it." % schema)
	var version := str(json.data.get("version"))
	if not version.begins_with(_MAJOR):
		return _nothing(
			path,
			(
				"it has version %s of %s, this addon reads 1.x. Use an addon and a flashhead-engine of the same release."
				% [version, schema]
			)
		)
	return json.data


## A whole number from 1 on.
func _count(values: Dictionary, name: String, largest: int, path: String) -> int:
	var value: Variant = values.get(name)
	if _is_number(value) and value >= 1 and value <= largest and value == floorf(value):
		return int(value)
	_fail(path, "%s is %s, not a whole number from 1 to %d. %s" % [name, value, largest, _AGAIN])
	return 0


static func _is_number(value: Variant) -> bool:
	return value is float or value is int


## The full path of a file that a manifest names; it must not lead out of the manifest's folder.
func _inside(folder: String, name: Variant, manifest: String) -> String:
	if name is String and _is_inside(name):
		return folder.path_join(name)
	_fail(manifest, 'it names the file "%s", which is not inside its own folder. Don\'t use it.' % [name])
	return ""


static func _is_inside(name: String) -> bool:
	if name.is_empty() or name.begins_with("/") or name.contains("\\") or name.contains(":"):
		return false
	return ".." not in name.split("/")


func _nothing(path: String, what: String) -> Dictionary:
	_fail(path, what)
	return {}


func _fail(path: String, what: String) -> void:
	if not error:
		error = "%s: %s" % [path, what]
