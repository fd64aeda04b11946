extends RefCounted
## An AudioStream as the worker gets it: pieces of samples, from its beginning to its end. Samples of 16 bit are
## taken as they are; everything else is decoded by the engine itself, on a thread, a piece ahead.

const AudioFile := preload("audio_file.gd")

const _PIECE_S := 2.0
## Short, so that the first frame comes soon.
const _FIRST_PIECE_S := 0.25
## What is decoded comes at this rate.
const _MIXED_HZ := 48000
const _LONGEST_S := 36000.0

var sample_rate_hz := _MIXED_HZ
var channels := 2
## 0: not known before the end.
var duration_us := 0
## Up to here pieces were taken.
var taken_us := 0
## Whether no more comes.
var complete := false

var _samples: PackedByteArray
var _offset := 0
var _playback: AudioStreamPlayback
var _left_s := 0.0
var _task := -1
## The thread puts its piece here.
var _mixed: Array = []
var _piece: Variant = null
var _is_last := false


## A stream, or what a path leads to: a resource, or a file outside the project. Null: nothing that can be heard.
static func stream_of(line: Variant) -> AudioStream:
	if not line is String:
		return line if line is AudioStream else null
	var path: String = line
	if ResourceLoader.exists(path):
		return load(path) as AudioStream
	if not FileAccess.file_exists(path):
		return null
	return AudioFile.load_file(path)


## Why a stream cannot be spoken, for a person; empty: it can.
static func refusal(stream: AudioStream) -> String:
	if stream is AudioStreamGenerator or stream is AudioStreamMicrophone:
		return "a %s has no beginning and end: use speak_streamed() and push()" % stream.get_class()
	if stream is AudioStreamPolyphonic or stream is AudioStreamInteractive:
		return "a %s is not one line of dialogue: give the line itself" % stream.get_class()
	if stream is AudioStreamRandomizer:
		return _refusal_of_any(stream)
	if _is_recording(stream) and stream.get_length() <= 0.0:
		return "%s has no audio: its length is 0" % _name_of(stream)
	return ""


## What is to be played, once, of a stream: one that is picked at random is picked here, so that what is seen is
## what is heard; a loop is left out.
static func resolved(stream: AudioStream) -> AudioStream:
	if stream is AudioStreamRandomizer:
		return resolved(_pick(stream))
	if stream is AudioStreamWAV and stream.loop_mode != AudioStreamWAV.LOOP_DISABLED:
		stream = stream.duplicate()
		stream.loop_mode = AudioStreamWAV.LOOP_DISABLED
	elif stream.get(&"loop") == true:
		stream = stream.duplicate()
		stream.loop = false
	return stream


func _init(stream: AudioStream) -> void:
	duration_us = roundi(stream.get_length() * 1e6)
	if _is_plain(stream):
		sample_rate_hz = stream.mix_rate
		channels = 2 if stream.stereo else 1
		_samples = stream.data
		return
	_playback = stream.instantiate_playback()
	_playback.start(0.0)
	_left_s = stream.get_length() if duration_us > 0 else _LONGEST_S
	_mix(_FIRST_PIECE_S)


## A piece of no length, which tells what kind they are of.
func empty_piece() -> Variant:
	return PackedByteArray() if _playback == null else PackedVector2Array()


## The next piece, PackedByteArray of 16 bit or PackedVector2Array; null: it is not there yet, or all were taken.
func peek() -> Variant:
	if _piece == null and not complete:
		_piece = _take_samples() if _playback == null else _take_mixed()
	return _piece


## Go on to the piece after it.
func pop() -> void:
	var frames: int = _piece.size()
	if _playback == null:
		frames /= 2 * channels
	complete = _is_last
	taken_us += roundi(1e6 * frames / sample_rate_hz)
	_piece = null


func _take_samples() -> Variant:
	var seconds := _FIRST_PIECE_S if _offset == 0 else _PIECE_S
	var bytes := int(seconds * sample_rate_hz) * 2 * channels
	var piece := _samples.slice(_offset, _offset + bytes)
	_offset += bytes
	# Half a frame at the end of a damaged file is no sound.
	piece.resize(piece.size() - piece.size() % (2 * channels))
	_is_last = _offset >= _samples.size()
	complete = piece.is_empty()
	return null if complete else piece


func _take_mixed() -> Variant:
	if _task != -1 and not WorkerThreadPool.is_task_completed(_task):
		return null
	_wait()
	var piece: PackedVector2Array = _mixed.pop_back()
	_left_s -= float(piece.size()) / _MIXED_HZ
	complete = piece.is_empty()
	_is_last = complete or _left_s < 1.0 / _MIXED_HZ or not _playback.is_playing()
	if not _is_last:
		_mix(_PIECE_S)
	return null if complete else piece


func _mix(seconds: float) -> void:
	var scale := AudioServer.get_mix_rate() / (_MIXED_HZ * AudioServer.playback_speed_scale)
	var frames := ceili(minf(seconds, _left_s) * _MIXED_HZ)
	var script: GDScript = get_script()
	_task = WorkerThreadPool.add_task(script._mix_on_thread.bind(_playback, scale, frames, _mixed))


## Touches nothing of an object that may be freed meanwhile.
static func _mix_on_thread(playback: AudioStreamPlayback, scale: float, frames: int, into: Array) -> void:
	into.append(playback.mix_audio(scale, frames))


func _wait() -> void:
	if _task != -1:
		WorkerThreadPool.wait_for_task_completion(_task)
		_task = -1


func _notification(what: int) -> void:
	# No method of this script can be called any more.
	if what == NOTIFICATION_PREDELETE and _task != -1:
		WorkerThreadPool.wait_for_task_completion(_task)


static func _is_recording(stream: AudioStream) -> bool:
	return stream is AudioStreamWAV or stream is AudioStreamOggVorbis or stream is AudioStreamMP3


## Whether the worker takes its samples as they are.
static func _is_plain(stream: AudioStream) -> bool:
	return (
		stream is AudioStreamWAV
		and stream.format == AudioStreamWAV.FORMAT_16_BITS
		and stream.mix_rate >= 4000
		and stream.mix_rate <= 192000
	)


static func _name_of(stream: AudioStream) -> String:
	return stream.resource_path if stream.resource_path else "the " + stream.get_class()


static func _refusal_of_any(random: AudioStreamRandomizer) -> String:
	if random.streams_count == 0:
		return "the AudioStreamRandomizer has no streams"
	for index in random.streams_count:
		var stream := random.get_stream(index)
		if stream == null:
			return "place %d of the AudioStreamRandomizer is empty" % index
		if refusal(stream):
			return refusal(stream)
	return ""


static func _pick(stream: AudioStreamRandomizer) -> AudioStream:
	var weights: PackedFloat32Array = []
	for index in stream.streams_count:
		weights.append(stream.get_stream_probability_weight(index))
	# Without any weight it is -1.
	return stream.get_stream(maxi(0, RandomNumberGenerator.new().rand_weighted(weights)))
