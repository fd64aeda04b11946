@tool
@icon("../icons/talking_head.svg")
class_name TalkingHead
extends Node
## A character that speaks: dialogue audio goes in, a lip-synced portrait and blendshape weights come out.
##
## Give it a [member profile], an [member audio_player] and, for a portrait, a [member screen]; then
## [code]await head.speak(preload("res://voice/hello.ogg"))[/code]. The audio plays in your own player, on its own
## bus, and leads: pitch, pause and seek of the player are followed. Where there is no worker the portrait stands
## still, the audio plays, and one warning says why.

## A worker answers, for the first time or again.
signal worker_started
## No worker answers, or it was lost; speaking goes on without a moving mouth.
signal worker_failed(reason: String)
## The first picture of a line can be shown; milliseconds since it was asked for. Its audio starts now.
signal first_frame(latency_ms: float)
## The audio of a line starts.
signal speaking_started
## The audio of a line ended.
signal speaking_finished
## What was spoken and what waited was cancelled.
signal cancelled
## A picture came too late, or pushed audio did.
signal underrun
## What the mouth says now: a viseme's name, such as [code]"PP"[/code], and how sure the network is of it, 0 to 1.
signal viseme_changed(viseme: String, weight: float)
## The face has changed: 52 ARKit weights in the order of [code]FlashHeadClient.get_weight_names()[/code], and yaw,
## pitch and roll of the head in radians and breath, 0 to 1. The arrays may be the same ones next time.
signal weights_changed(arkit: PackedFloat32Array, pose: PackedFloat32Array)

## How a line ended.
enum Result { FINISHED, CANCELLED, FAILED }

const AudioClock := preload("audio_clock.gd")
const Bridge := preload("bridge.gd")
const FaceHandover := preload("face_handover.gd")
const HeadSession := preload("head_session.gd")
const Names := preload("../face/face_names.gd")
const Portrait := preload("portrait.gd")
const PushedAudio := preload("pushed_audio.gd")
const Screen := preload("screen.gd")
const Settings := preload("settings.gd")
const Utterance := preload("utterance.gd")
const UtteranceAudio := preload("utterance_audio.gd")
const Warnings := preload("warnings.gd")
const Worker := preload("flashhead_worker.gd")

const _NO_AUDIO := "speak(%s): no audio; give an AudioStream, or the path of a WAV, Ogg Vorbis or MP3 file"
## A face is at rest so long after its last line.
const _SETTLES_MS := 1000
## A player that is silent for longer without having finished was stopped by somebody.
const _SILENT_FRAMES := 2
const _MOVIE_WAIT_MS := 1000

## Who speaks. May be changed and swapped at any time.
@export var profile: TalkingHeadProfile:
	set = set_profile
## Where it is heard: an AudioStreamPlayer, AudioStreamPlayer2D or AudioStreamPlayer3D of yours.
@export var audio_player: Node:
	set(value):
		audio_player = value
		update_configuration_warnings()
## Where it is seen: a TextureRect, Sprite2D, Sprite3D or MeshInstance3D, or anything else with a texture. Not
## needed where you use [member texture] yourself, or only the weights.
@export var screen: Node:
	set = set_screen

## The picture, usable wherever a Texture2D is. It is the same one as long as the node lives, but another, again
## always the same, while a baked line with a video is shown.
var texture: Texture2D:
	get = get_texture

var _texture: ImageTexture
var _worker: Worker
var _session := HeadSession.new()
## The first one is heard, or will be next.
var _queue: Array[Utterance] = []
## The one that push() adds to.
var _streamed: Utterance
## In which the first one is heard.
var _player: Node
## For a head that was given none.
var _own_player: AudioStreamPlayer
var _clock := AudioClock.new()
var _audio_us := 0
var _player_finished := false
var _silent_frames := 0
var _is_paused := false
var _was_starved := false
var _silent_since_ms := 0
var _viseme := ""
var _track_row := -1
## The baked line whose face is shown, and its time.
var _baked: FlashHeadBakedLine
var _baked_us := 0
## From the end of a baked line on.
var _handover := FaceHandover.new()
## Of baked lines; made for the first.
var _video: FlashHeadBakedVideo


## Speak a line: an AudioStream, or the path of one. It waits for those that were asked for before. Await it to know
## how it ended. [param emotion]: one of [enum TalkingHeadProfile.Emotion] in lower case; empty: the profile's.
func speak(line: Variant, emotion := "") -> Result:
	var stream := UtteranceAudio.stream_of(line)
	if stream == null:
		return _refuse(_NO_AUDIO % line)
	var refusal := UtteranceAudio.refusal(stream)
	if refusal:
		return _refuse("speak(): " + refusal)
	var utterance := Utterance.new()
	# What its player plays already is joined, as when a dialogue plugin plays it.
	utterance.stream = stream if _plays(stream) else UtteranceAudio.resolved(stream)
	utterance.audio = UtteranceAudio.new(utterance.stream)
	utterance.emotion = emotion
	return await _speak(utterance)


## Speak audio that comes in pieces by [method push] until [method end], as from speech synthesis. May be awaited as
## [method speak].
func speak_streamed(sample_rate_hz: int, emotion := "") -> Result:
	if sample_rate_hz < 4000 or sample_rate_hz > 192000:
		return _refuse("speak_streamed(%d): the sample rate must be from 4000 to 192000" % sample_rate_hz)
	end()
	var utterance := Utterance.new()
	utterance.audio = PushedAudio.new(sample_rate_hz)
	utterance.stream = utterance.audio.stream
	utterance.emotion = emotion
	if _worker:
		_streamed = utterance
	return await _speak(utterance)


## More audio of [method speak_streamed]: PackedByteArray (16 bit) or PackedFloat32Array of one channel, or
## PackedVector2Array. False: it is not wanted, for the line was ended or cancelled; stop your synthesis.
func push(samples: Variant) -> bool:
	if _streamed == null:
		return false
	var refusal: String = _streamed.audio.push(samples)
	if refusal:
		Warnings.say("push(): " + refusal)
	return refusal.is_empty()


## No more audio is pushed.
func end() -> void:
	if _streamed:
		_streamed.audio.end()
		_streamed = null


## Play a line that [code]flashhead bake[/code] made. Needs neither worker nor native library.
func play_baked(line: FlashHeadBakedLine) -> Result:
	if line == null:
		return _refuse("play_baked(): no baked line; give what a .flashhead.json file is imported as")
	var refusal := UtteranceAudio.refusal(line.audio) if line.audio else "it has no audio"
	if refusal:
		return _refuse("play_baked(%s): %s" % [line.resource_path, refusal])
	if line.has_video() and not FlashHeadBakedVideo.is_possible():
		Warnings.say("the videos of baked lines need a newer Godot, such as 4.6: the portrait stands still")
	var utterance := Utterance.new()
	utterance.stream = UtteranceAudio.resolved(line.audio)
	utterance.line = line
	return await _speak(utterance)


## Stop what is spoken and forget what waits: the sound stops at once, the face goes to rest from where it is.
func cancel() -> void:
	if _queue.is_empty():
		return
	var all := _queue
	_queue = []
	_streamed = null
	if all.any(func(one: Utterance) -> bool: return one.number != 0):
		_session.cancel()
	_leave_player(all[0])
	_silent_since_ms = Time.get_ticks_msec()
	cancelled.emit()
	for utterance in all:
		utterance.end(Result.CANCELLED)


## Hold the line that is spoken, sound and face, until [method resume].
func pause() -> void:
	_set_paused(true)


## Go on after [method pause].
func resume() -> void:
	_set_paused(false)


func is_paused() -> bool:
	return _is_paused


## Whether a line is heard or waits.
func is_speaking() -> bool:
	return not _queue.is_empty()


## How many microseconds of the line were heard.
func get_audio_us() -> int:
	return _audio_us


## The 15 visemes' weights that belong to the last [signal weights_changed].
func get_visemes() -> PackedFloat32Array:
	if _queue and _queue[0].line:
		return _queue[0].line.visemes
	return _session.client.get_visemes() if _session.is_open() else PackedFloat32Array()


## Turn the eyes, in radians from -1 to 1: [param yaw] to the face's own left, [param pitch] down.
func look_at(yaw: float, pitch: float) -> void:
	_session.look_at(yaw, pitch)


## Let the eyes go where they like.
func look_freely() -> void:
	_session.look_freely()


func set_profile(value: TalkingHeadProfile) -> void:
	if profile == value:
		return
	if profile:
		profile.changed.disconnect(_on_profile_changed)
	profile = value
	if profile:
		profile.changed.connect(_on_profile_changed)
	_on_profile_changed()


func set_screen(value: Node) -> void:
	if is_instance_valid(screen) and screen != value and Screen.shown(screen) == _texture:
		Screen.put(screen, null)
	screen = value
	_show_on_screen()
	update_configuration_warnings()


func get_texture() -> Texture2D:
	if _video and _video.line:
		return _video.texture
	if _texture == null:
		_texture = ImageTexture.new() if Engine.is_editor_hint() else Bridge.new_texture()
		_show_portrait()
	return _texture


func _enter_tree() -> void:
	if Engine.is_editor_hint():
		return
	_worker = Worker.of(get_tree())
	_worker.worker_started.connect(worker_started.emit)
	_worker.worker_failed.connect(worker_failed.emit)
	_worker.client_changed.connect(_open_session)
	if _worker.is_answering():
		worker_started.emit.call_deferred()
	elif _worker.failure:
		worker_failed.emit.call_deferred(_worker.failure)
	_worker.attach()
	_open_session()


func _ready() -> void:
	_show_on_screen()


func _exit_tree() -> void:
	if Engine.is_editor_hint():
		return
	cancel()
	_session.close()
	_worker.worker_started.disconnect(worker_started.emit)
	_worker.worker_failed.disconnect(worker_failed.emit)
	_worker.client_changed.disconnect(_open_session)
	_worker.detach()
	_worker = null


func _notification(what: int) -> void:
	match what:
		NOTIFICATION_PAUSED:
			if _queue:
				_session.clock(_queue[0], _audio_us, false)
			_session.sleep(true)
		NOTIFICATION_UNPAUSED:
			_session.sleep(false)
		NOTIFICATION_EDITOR_PRE_SAVE:
			# The portrait is shown in the editor, and is no part of the scene.
			if is_instance_valid(screen) and Screen.shown(screen) == _texture:
				Screen.put(screen, null)
		NOTIFICATION_EDITOR_POST_SAVE:
			_show_on_screen()


func _get_configuration_warnings() -> PackedStringArray:
	var warnings := PackedStringArray()
	if profile == null:
		warnings.append("Give it a profile: who speaks.")
	elif profile.avatar.is_empty() and screen:
		warnings.append("The profile names no avatar: nothing is drawn on the screen.")
	elif profile.avatar and not Portrait.exists(profile):
		warnings.append('There is no portrait of "%s": give the profile one.' % profile.avatar)
	if audio_player == null or not _is_player(audio_player):
		warnings.append("Give it an audio player: AudioStreamPlayer, AudioStreamPlayer2D or AudioStreamPlayer3D.")
	if screen and not Screen.can_show(screen):
		warnings.append("The screen must be a TextureRect, Sprite2D, Sprite3D, MeshInstance3D or have a texture.")
	return warnings


func _process(delta: float) -> void:
	if Engine.is_editor_hint():
		return
	_hear_worker()
	_speak_on()
	_show(delta)


# --- the worker ---------------------------------------------------------------------------------------------


func _open_session() -> void:
	_session.close()
	if _worker and _worker.client and profile:
		_session.open(_worker.client, profile)
	for utterance in _queue:
		_session.send_anew(utterance)


func _on_profile_changed() -> void:
	update_configuration_warnings()
	if _session.is_open() and profile and _session.change(profile, _queue[0].emotion if _queue else ""):
		return
	if _texture:
		_show_portrait()
	_open_session()


func _hear_worker() -> void:
	while true:
		var event := _session.next_event()
		if event.is_empty():
			return
		match event.type:
			Bridge.EVENT_FIRST_FRAME:
				_on_first_frame(event)
			Bridge.EVENT_UNDERRUN:
				underrun.emit()
			Bridge.EVENT_WARNING, Bridge.EVENT_ERROR:
				Warnings.say("the worker says: " + event.message)


func _on_first_frame(event: Dictionary) -> void:
	for utterance in _queue:
		if utterance.number == event.utterance and not utterance.has_face:
			utterance.has_face = true
			first_frame.emit(event.latency_us / 1000.0)


# --- what is spoken -----------------------------------------------------------------------------------------


func _refuse(reason: String) -> Result:
	Warnings.say(reason)
	return Result.FAILED


func _speak(utterance: Utterance) -> Result:
	if _worker == null:
		return _refuse("a head speaks only inside the scene tree: add it first")
	if utterance.emotion and not TalkingHeadProfile.has_emotion(utterance.emotion):
		Warnings.say('there is no emotion "%s": the profile\'s is taken' % utterance.emotion)
		utterance.emotion = ""
	_queue.append(utterance)
	if _queue.size() == 1:
		_become_first(utterance)
	_session.send(utterance, 0)
	await utterance.ended
	return utterance.result as Result


func _become_first(utterance: Utterance) -> void:
	utterance.first_since_ms = Time.get_ticks_msec()
	_session.sleep(false)
	_session.set_emotion(utterance.emotion)


func _speak_on() -> void:
	for utterance in _queue:
		_session.send(utterance, _audio_us if utterance.playing else 0)
	# The next line begins in the same frame in which the one before ended.
	while _queue:
		var utterance := _queue[0]
		if utterance.first_since_ms == Utterance.NONE:
			_become_first(utterance)
		if not utterance.playing:
			if not _may_begin(utterance):
				return
			_begin(utterance)
		# Whoever heard that it began may have cancelled it.
		if utterance.result != Utterance.NONE or not _play_on(utterance):
			return
		_finish(utterance)


## The audio starts with its first picture. Where none will come it starts at once, where none comes after a limit.
func _may_begin(utterance: Utterance) -> bool:
	if _is_paused:
		return false
	if utterance.audio is PushedAudio and utterance.audio.duration_us == 0:
		return utterance.audio.is_over()
	if utterance.line or profile == null or _plays(utterance.stream):
		return true
	if _worker.failure or _session.is_refused or (utterance.all_sent and utterance.number == 0):
		return true
	if utterance.has_face or (utterance.number and _session.state_of(utterance) > Bridge.FINISHED):
		return true
	return Time.get_ticks_msec() - utterance.first_since_ms >= 1000.0 * Settings.start_limit_s()


func _begin(utterance: Utterance) -> void:
	utterance.playing = true
	_player = _usable_player()
	if not _plays(utterance.stream):
		_player.stream = utterance.stream
		_player.play()
	_player.finished.connect(_on_player_finished)
	_player_finished = false
	_silent_frames = 0
	_was_starved = false
	_audio_us = 0
	_track_row = -1
	if utterance.audio is PushedAudio:
		utterance.audio.play(_player.get_stream_playback())
		_clock.start(_player, utterance.audio)
	else:
		_clock.start(_player)
	speaking_started.emit()


## Whether a line was heard to its end. When its player was stopped, freed or taken, all that is asked is cancelled.
func _play_on(utterance: Utterance) -> bool:
	if not is_instance_valid(_player) or not _player.is_inside_tree() or _player.stream != utterance.stream:
		Warnings.say("an audio player was freed, moved or given another stream while it spoke: the line is cancelled")
		cancel()
		return false
	_audio_us = _clock.get_audio_us()
	# The worker lets a clock that runs go on in real time, which a movie does not keep.
	_session.clock(utterance, _audio_us, _clock.is_running() and not OS.has_feature("movie"))
	if utterance.audio is PushedAudio:
		_feed(utterance.audio)
		return utterance.audio.is_over()
	if _player_finished:
		return true
	_silent_frames = 0 if _player.playing or _player.stream_paused else _silent_frames + 1
	if _silent_frames > _SILENT_FRAMES:
		cancel()
	return false


func _feed(audio: PushedAudio) -> void:
	audio.feed()
	var starved := audio.is_starved() and not audio.is_over()
	if starved and not _was_starved:
		underrun.emit()
	_was_starved = starved


func _finish(utterance: Utterance) -> void:
	_queue.erase(utterance)
	if _streamed == utterance:
		_streamed = null
	_leave_player(utterance)
	_silent_since_ms = Time.get_ticks_msec()
	if _queue.is_empty():
		# A worker that is late shall not go on without the sound.
		if utterance.number and _session.state_of(utterance) < Bridge.FINISHED:
			_session.cancel()
		_session.set_emotion("")
	speaking_finished.emit()
	utterance.end(Result.FINISHED)


func _leave_player(utterance: Utterance) -> void:
	if not utterance.playing:
		return
	if is_instance_valid(_player):
		_player.finished.disconnect(_on_player_finished)
		if _player.stream == utterance.stream:
			_player.stop()
			_player.stream_paused = false
	_player = null


func _on_player_finished() -> void:
	_player_finished = true


func _set_paused(paused: bool) -> void:
	_is_paused = paused
	if is_instance_valid(_player):
		_player.stream_paused = paused


func _usable_player() -> Node:
	if _has_player():
		return audio_player
	Warnings.say("a head has no audio player in the scene tree: it is heard without a place")
	if _own_player == null:
		_own_player = AudioStreamPlayer.new()
		add_child(_own_player)
	return _own_player


func _plays(stream: AudioStream) -> bool:
	return _has_player() and audio_player.playing and audio_player.stream == stream


func _has_player() -> bool:
	return is_instance_valid(audio_player) and _is_player(audio_player) and audio_player.is_inside_tree()


static func _is_player(node: Node) -> bool:
	return node is AudioStreamPlayer or node is AudioStreamPlayer2D or node is AudioStreamPlayer3D


# --- what is shown ------------------------------------------------------------------------------------------


func _show(delta: float) -> void:
	var utterance: Utterance = _queue[0] if _queue and _queue[0].playing else null
	var line: FlashHeadBakedLine = utterance.line if utterance else null
	_show_video(line)
	if line:
		_show_baked(line)
		return
	_leave_baked()
	if not _session.is_open():
		_rest(delta)
		return
	# Until an utterance has pictures, and after one that has none, the face is at rest, and lives.
	var seen := utterance != null and utterance.number != 0
	var is_new := false
	if seen and not utterance.has_face and not utterance.is_seen:
		# Its frames are there before the worker says that it speaks; the newest one would be too early then.
		is_new = _session.client.acquire_weights(_session.number, utterance.number, _audio_us)
		utterance.is_seen = is_new
		seen = is_new or _session.state_of(utterance) == Bridge.SPEAKING
	var number := utterance.number if seen else 0
	if profile.avatar:
		_show_picture(number)
	is_new = _session.client.acquire_weights(_session.number, number, _audio_us) or is_new
	if is_new or not _handover.is_over():
		_tell_weights(delta)
	if profile.idle_style == TalkingHeadProfile.IdleStyle.STILL and not is_speaking():
		_session.sleep(Time.get_ticks_msec() - _silent_since_ms > _SETTLES_MS)


func _show_picture(number: int) -> void:
	texture.acquire(_session.client, _session.number, number, _audio_us)
	if number == 0 or not OS.has_feature("movie"):
		return
	# A movie has all the time of the world: no frame of it shows an older picture than its sound.
	var give_up_ms := Time.get_ticks_msec() + _MOVIE_WAIT_MS
	while not _is_shown(number) and Time.get_ticks_msec() < give_up_ms:
		OS.delay_msec(1)
		texture.acquire(_session.client, _session.number, number, _audio_us)


## Whether the picture of this time is shown, or no further one will come.
func _is_shown(number: int) -> bool:
	if _session.state_of(_queue[0]) != Bridge.SPEAKING:
		return true
	return texture.frame_utterance == number and _audio_us < texture.frame_pts_us + texture.frame_duration_us


func _tell_weights(delta: float) -> void:
	if weights_changed.has_connections() or not _handover.is_over():
		_tell_face(delta, _session.client.get_arkit(), _session.client.get_pose())
	if viseme_changed.has_connections():
		_tell_viseme(_session.client.get_visemes())


## After the last line with a video the portrait comes back.
func _show_video(line: FlashHeadBakedLine) -> void:
	if line == null or not line.has_video() or not FlashHeadBakedVideo.is_possible():
		if _video and _video.line:
			_video.stop()
			_show_on_screen()
		return
	if _video == null:
		_video = FlashHeadBakedVideo.new()
		add_child(_video)
	if _video.line != line:
		_video.play(line)
		_show_on_screen()
	_video.follow(_audio_us)


func _show_baked(line: FlashHeadBakedLine) -> void:
	var row: int = line.sample(_audio_us)
	_baked = line if row >= 0 else null
	_baked_us = _audio_us
	if row == _track_row:
		return
	_track_row = row
	weights_changed.emit(line.weights, line.pose)
	_tell_viseme(line.visemes)


func _leave_baked() -> void:
	if _baked == null:
		return
	# Another head may have shown the same line since.
	_baked.sample(_baked_us)
	_handover.start(_baked.weights, _baked.pose)
	_baked = null


## The face of a head without a worker, once no baked line is shown.
func _rest(delta: float) -> void:
	if _handover.is_over():
		return
	_tell_face(delta, FaceHandover.rest_weights, FaceHandover.rest_pose)
	_tell_viseme(PackedFloat32Array([1.0]))


func _tell_face(delta: float, weights: PackedFloat32Array, pose: PackedFloat32Array) -> void:
	if _handover.is_over():
		weights_changed.emit(weights, pose)
		return
	_handover.step(delta, weights, pose)
	weights_changed.emit(_handover.weights, _handover.pose)


func _tell_viseme(weights: PackedFloat32Array) -> void:
	var best := 0
	for index in weights.size():
		if weights[index] > weights[best]:
			best = index
	if _viseme == Names.VISEMES[best]:
		return
	_viseme = Names.VISEMES[best]
	viseme_changed.emit(_viseme, weights[best])


func _show_on_screen() -> void:
	if not is_node_ready() or not is_instance_valid(screen) or not Screen.can_show(screen):
		return
	# In the editor a picture of its own stays.
	if not Engine.is_editor_hint() or Screen.shown(screen) == null:
		Screen.put(screen, texture)


func _show_portrait() -> void:
	var image := Portrait.of(profile)
	if _texture.has_method(&"show_image"):
		_texture.call(&"show_image", image)
	else:
		_texture.set_image(image)
