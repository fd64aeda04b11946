extends RefCounted
## Audio that comes in pieces, as from speech synthesis: for the worker, and for the AudioStreamGenerator that plays
## it. Pieces are PackedByteArray (16 bit) or PackedFloat32Array, both of one channel, or PackedVector2Array.

const _KINDS := "give a PackedByteArray of 16 bit samples, a PackedFloat32Array or a PackedVector2Array, not %s"
const _BUFFER_S := 0.5
## Of what a frame gives the player at most, because it is converted sample by sample.
const _AT_ONCE_S := 0.2

var sample_rate_hz := 0
var channels := 1
## So far.
var duration_us := 0
## Up to here the worker has it.
var taken_us := 0
## Whether the worker has all, and no more comes.
var complete := false
var stream := AudioStreamGenerator.new()

var _pieces: Array = []
## Pieces that the worker has.
var _taken := 0
var _ended := false
var _kind := TYPE_NIL
var _playback: AudioStreamGeneratorPlayback
## Pieces that the generator has whole.
var _played := 0
## Frames of the next one that it has.
var _offset := 0
var _fed_frames := 0
var _capacity := 0


func _init(rate_hz: int) -> void:
	sample_rate_hz = rate_hz
	stream.mix_rate = rate_hz
	stream.buffer_length = _BUFFER_S


## Why a piece cannot be taken, for a person; empty: it was.
func push(samples: Variant) -> String:
	var kind := typeof(samples)
	if kind not in [TYPE_PACKED_BYTE_ARRAY, TYPE_PACKED_FLOAT32_ARRAY, TYPE_PACKED_VECTOR2_ARRAY]:
		return _KINDS % type_string(kind)
	if _kind != TYPE_NIL and kind != _kind:
		return "all pieces of an utterance must be of one kind: %s" % type_string(_kind)
	if kind == TYPE_PACKED_BYTE_ARRAY and samples.size() % 2 == 1:
		return "a piece of 16 bit samples has an odd number of bytes: %d" % samples.size()
	_kind = kind
	channels = 2 if kind == TYPE_PACKED_VECTOR2_ARRAY else 1
	if not samples.is_empty():
		_pieces.append(samples)
		duration_us += _us(_frames(samples))
	return ""


## No more comes.
func end() -> void:
	_ended = true
	complete = _taken == _pieces.size()


## A piece of no length, which tells what kind they are of; null: none came yet.
func empty_piece() -> Variant:
	return null if _kind == TYPE_NIL else type_convert([], _kind)


## Another session gets all of it anew.
func rewind() -> void:
	_taken = 0
	taken_us = 0
	complete = _ended and _pieces.is_empty()


## The next piece for the worker; null: there is none yet.
func peek() -> Variant:
	return _pieces[_taken] if _taken < _pieces.size() else null


func pop() -> void:
	taken_us += _us(_frames(_pieces[_taken]))
	_taken += 1
	_forget()
	complete = _ended and _taken == _pieces.size()


## Begin to play: the player's playback, right after play().
func play(playback: AudioStreamGeneratorPlayback) -> void:
	_playback = playback
	_capacity = playback.get_frames_available()
	feed()


## Give the player as much as it has room for.
func feed() -> void:
	var room := mini(_playback.get_frames_available(), int(_AT_ONCE_S * sample_rate_hz))
	while room > 0 and _played < _pieces.size():
		var piece: Variant = _pieces[_played]
		var frames := mini(room, _frames(piece) - _offset)
		_playback.push_buffer(_stereo(piece, _offset, frames))
		room -= frames
		_offset += frames
		_fed_frames += frames
		if _offset == _frames(piece):
			_played += 1
			_offset = 0
	_forget()


## Seconds that the player got.
func fed_s() -> float:
	return float(_fed_frames) / sample_rate_hz


## Seconds that were mixed: what the player got, less what it still has.
func position_s() -> float:
	return float(_fed_frames - _buffered()) / sample_rate_hz


## Whether the player waits for audio, or got all.
func is_starved() -> bool:
	return _playback != null and _buffered() == 0


## Whether all was heard, but for what is on its way out.
func is_over() -> bool:
	return _ended and _played == _pieces.size() and (_playback == null or is_starved())


func _buffered() -> int:
	return _capacity - _playback.get_frames_available()


## Pieces that both have are not kept.
func _forget() -> void:
	var unneeded := mini(_taken, _played)
	if unneeded == 0 or _playback == null:
		return
	_pieces = _pieces.slice(unneeded)
	_taken -= unneeded
	_played -= unneeded


func _frames(samples: Variant) -> int:
	return samples.size() / 2 if samples is PackedByteArray else samples.size()


func _us(frames: int) -> int:
	return roundi(1e6 * frames / sample_rate_hz)


static func _stereo(samples: Variant, from: int, frames: int) -> PackedVector2Array:
	if samples is PackedVector2Array:
		return samples.slice(from, from + frames)
	var stereo := PackedVector2Array()
	stereo.resize(frames)
	if samples is PackedByteArray:
		for index in frames:
			stereo[index] = Vector2.ONE * (samples.decode_s16(2 * (from + index)) / 32768.0)
	else:
		for index in frames:
			stereo[index] = Vector2.ONE * samples[from + index]
	return stereo
