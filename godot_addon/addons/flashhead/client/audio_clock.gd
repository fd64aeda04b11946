extends RefCounted
## Where the audio is that is heard now, in microseconds of its own content. The audio leads, pictures follow.
##
## A player tells its position only up to the last mix, in steps of some milliseconds. What was mixed since is
## added, what still waits in the output is taken off. It never goes back, but for a seek.

const PushedAudio := preload("pushed_audio.gd")

## A position that falls by more was sought; mixing alone never lets it fall.
const _SEEK_S := 0.001

var _player: Node
var _pushed: PushedAudio
var _latency_s := 0.0
var _started := false
var _position_s := 0.0
var _audio_us := 0


## Follow a player from here on. `pushed`: client/pushed_audio.gd, which knows the time of an AudioStreamGenerator;
## its player does not.
func start(player: Node, pushed: PushedAudio = null) -> void:
	_player = player
	_pushed = pushed
	# Asked once: on some systems it takes long.
	_latency_s = AudioServer.get_output_latency()
	_started = false
	_position_s = 0.0
	_audio_us = 0


## Whether sound comes out now.
func is_running() -> bool:
	return is_instance_valid(_player) and _player.playing and not _player.stream_paused and _player.can_process()


## While it does not run, where it stopped.
func get_audio_us() -> int:
	if not is_running():
		return _audio_us
	var position_s: float = _pushed.position_s() if _pushed else _player.get_playback_position()
	var end_s := _pushed.fed_s() if _pushed else INF
	if OS.has_feature("movie"):
		# Movie Maker mixes as much as a frame of the movie lasts; the time since then is real time, and wrong.
		return advance(position_s, 0.0, 0.0, 1.0, end_s)
	var rate: float = _player.pitch_scale * AudioServer.playback_speed_scale
	return advance(position_s, AudioServer.get_time_since_last_mix(), _latency_s, rate, end_s)


## The same of given readings: the content's position at the last mix, time since then, time until it is heard,
## content seconds for each of them, and where the content ends.
func advance(position_s: float, since_mix_s: float, latency_s: float, rate: float, end_s := INF) -> int:
	if position_s < _position_s - _SEEK_S:
		_audio_us = 0
	_position_s = position_s
	# Until the first mix nothing is heard, however long ago the last one was.
	_started = _started or position_s > 0.0
	if _started:
		var heard_s := minf(position_s + (since_mix_s - latency_s) * rate, end_s)
		_audio_us = maxi(_audio_us, roundi(heard_s * 1e6))
	return _audio_us
