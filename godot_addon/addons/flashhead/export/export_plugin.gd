@tool
extends EditorExportPlugin
## Keeps out of an exported game what it cannot use, and puts the worker and the avatars beside it where that is asked
## for: the worker reads files, and cannot look into a .pck.
##
## In the pack stay baked lines, as they were imported, and the avatars' portraits.

enum Worker { LEFT_OUT, BESIDE_THE_GAME }

const Places := preload("../client/places.gd")

const _WORKER := "flashhead/worker"
const _WORKER_FOLDER := "flashhead/worker_folder"
const _CATEGORY := "FlashHead"
const _AVATAR := "avatar.json"
const _PORTRAIT := "portrait.png"
const _MANIFEST := ".flashhead.json"

## Folders of the project that are no part of the pack: avatars, and the worker if it is in the project.
var _left_out := PackedStringArray()
var _target := ""


func _get_name() -> String:
	return _CATEGORY


func _supports_platform(_platform: EditorExportPlatform) -> bool:
	return true


func _get_export_options(platform: EditorExportPlatform) -> Array[Dictionary]:
	if not platform is EditorExportPlatformPC:
		return []
	return [
		{
			"option":
			{
				"name": _WORKER,
				"type": TYPE_INT,
				"hint": PROPERTY_HINT_ENUM,
				"hint_string": "Left Out,Beside the Game",
			},
			"default_value": Worker.LEFT_OUT,
			"update_visibility": true,
		},
		{
			"option": {"name": _WORKER_FOLDER, "type": TYPE_STRING, "hint": PROPERTY_HINT_GLOBAL_DIR},
			"default_value": "",
		},
	]


func _get_export_option_visibility(_platform: EditorExportPlatform, option: String) -> bool:
	return option != _WORKER_FOLDER or _puts_worker()


func _get_export_option_warning(_platform: EditorExportPlatform, option: String) -> String:
	return _refusal() if option == _WORKER_FOLDER and _puts_worker() else ""


func _export_begin(_features: PackedStringArray, _is_debug: bool, path: String, _flags: int) -> void:
	_target = ProjectSettings.globalize_path("res://").path_join(path) if path.is_relative_path() else path
	_target = _target.get_base_dir()
	_left_out = _avatars("res://")
	if not _puts_worker():
		return
	if _refusal():
		_say(_refusal())
		return
	var folder := _worker_folder()
	if (_target + "/").begins_with(folder + "/"):
		_say("The game is exported into the folder of the worker, %s. Export it to another one." % folder)
		return
	_left_out.append(ProjectSettings.localize_path(folder))
	_copy(folder, Places.beside(_target))
	for avatar in _avatars("res://"):
		_copy(ProjectSettings.globalize_path(avatar), _target.path_join(avatar.trim_prefix("res://")))


func _export_file(path: String, _type: String, _features: PackedStringArray) -> void:
	# The rows of a baked line are in what its manifest was imported as.
	if path.get_extension() == "json" and FileAccess.file_exists(path.get_basename() + _MANIFEST):
		skip()
		return
	for folder in _left_out:
		if path.begins_with(folder + "/") and path != folder.path_join(_PORTRAIT):
			skip()
			return


func _puts_worker() -> bool:
	return get_option(_WORKER) == Worker.BESIDE_THE_GAME


func _worker_folder() -> String:
	return String(get_option(_WORKER_FOLDER)).trim_suffix("/")


## Why the worker cannot be put beside the game; empty: it can.
func _refusal() -> String:
	var folder := _worker_folder()
	if folder.is_empty():
		return "Give the folder of the worker that is to be put beside the game, or leave the worker out."
	if Places.worker_in(folder, "").is_empty():
		return "There is no worker in %s: it has neither a program flashhead-worker nor a Python." % folder
	return ""


## The folders of the project that are avatars.
static func _avatars(folder: String) -> PackedStringArray:
	if FileAccess.file_exists(folder.path_join(_AVATAR)):
		return [folder]
	var found := PackedStringArray()
	for inner in DirAccess.get_directories_at(folder):
		if not inner.begins_with("."):
			found.append_array(_avatars(folder.path_join(inner)))
	return found


## A folder and all in it. Files that are there already, as large and no older, stay.
func _copy(from: String, to: String) -> void:
	var error := DirAccess.make_dir_recursive_absolute(to)
	var folder := DirAccess.open(from)
	if error or folder == null:
		return _say("%s cannot be copied to %s: %s." % [from, to, error_string(error)])
	folder.include_hidden = true
	for inner in folder.get_directories():
		# Those of a virtual environment, such as lib64, would only double what is there.
		if not folder.is_link(inner):
			_copy(from.path_join(inner), to.path_join(inner))
	for name in folder.get_files():
		var source := from.path_join(name)
		var copy := to.path_join(name)
		if _is_same(source, copy):
			continue
		error = folder.copy(source, copy, FileAccess.get_unix_permissions(source))
		if error:
			_say(
				"%s cannot be copied to %s: %s. Is a game still running there?" % [source, copy, error_string(error)]
			)


static func _is_same(source: String, copy: String) -> bool:
	if not FileAccess.file_exists(copy) or _size(source) != _size(copy):
		return false
	return FileAccess.get_modified_time(copy) >= FileAccess.get_modified_time(source)


static func _size(path: String) -> int:
	var file := FileAccess.open(path, FileAccess.READ)
	return file.get_length() if file else -1


func _say(message: String) -> void:
	get_export_platform().add_message(EditorExportPlatform.EXPORT_MESSAGE_ERROR, _CATEGORY, message)
