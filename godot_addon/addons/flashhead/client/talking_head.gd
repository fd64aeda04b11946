@tool
@icon("../icons/talking_head.svg")
class_name TalkingHead
extends Node
## A character that speaks: dialogue audio goes in, a lip-synced portrait and blendshape weights come out.
##
## Give it a [member profile], an [member audio_player] and, for a portrait, a [member screen]; then
## [code]await head.speak(preload("res://voice/hello.ogg"))[/code]. The audio plays in your own player, on its own bus, and
## leads: pitch, pause and seek of the player are followed. Where there is no worker the portrait stands still, the audio
## plays, and one warning says why.
##

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
## The face has changed: 52 ARKit weights in the order of [code]FlashHeadClient.get_weight_names()[/code], and yaw, pitch
## and roll of the head in radians and breath, 0 to 1.
signal weights_changed(arkit: PackedFloat32Array, pose: PackedFloat32Array)

## How a line ended.
enum Result { FINISHED, CANCELLED, FAILED }

const AudioClock := preload("audio_clock.gd")
const Bridge := preload("bridge.gd")
const Places := preload("places.gd")
const PushedAudio := preload("pushed_audio.gd")
const Screen := preload("screen.gd")
const Settings := preload("settings.gd")
const Utterance := preload("utterance.gd")
const UtteranceAudio := preload("utterance_audio.gd")
const Warnings := preload("warnings.gd")
const Worker := preload("flashhead_worker.gd")

const _AHEAD_US := 5_000_000
## The worker has so much of the audio before it is heard.
const _SETTLES_MS := 1000
## A face is at rest so long after its last line.
const _SILENT_FRAMES := 2
## A player that is silent for so long without having finished was stopped by somebody.
const _MOVIE_WAIT_MS := 1000

## Who speaks. May be changed and swapped at any time.
@export var profile: TalkingHeadProfile:
	set = set_profile
## Where it is heard: an AudioStreamPlayer, AudioStreamPlayer2D or AudioStreamPlayer3D of yours.
@export var audio_player: Node:
	set(value):
		audio_player = value
		update_configuration_warnings()
## Where it is seen: a TextureRect, Sprite2D, Sprite3D or MeshInstance3D, or anything else with a texture. Not needed
## where you use [member texture] yourself, or only the weights.
@export var screen: Node:
	set = set_screen

## The picture, usable wherever a Texture2D is; the same one as long as the node lives.
var texture: Texture2D:
	get = get_texture

var _texture: ImageTexture
var _worker: Node
var _client: RefCounted
var _session := 0
var _opened_as: Dictionary = {}
## The settings that the session was opened with.
var _is_refused := false
## The worker will not have this head, and has said why.
var _emotion := ""
var _is_asleep := false
## The session is paused.

var _queue: Array[Utterance] = []
var _streamed: Utterance
## The one that push() adds to.
var _clock := AudioClock.new()
var _audio_us := 0
var _player: Node
## In which the first of the queue is heard.
var _own_player: AudioStreamPlayer
var _player_finished := false
var _silent_frames := 0
var _is_paused := false
var _was_starved := false
var _silent_since_ms := 0
var _viseme := ""
var _line_frame := -1


## Speak a line: an AudioStream, or the path of one. It waits for those that were asked for before. Await it to know how it
## ended; [method cancel] ends it too. [param emotion]: one of [enum TalkingHeadProfile.Emotion] in lower case, for this
## line; empty: the profile's.
func speak(line: Variant, emotion := "") -> Result:
	var stream := _stream_of(line)
	var refusal := UtteranceAudio.refusal(stream)
	if refusal:
		return _refuse("speak(): " + refusal)
	var utterance := Utterance.new()
	# What its player plays already is joined, as when a dialogue plugin plays it.
	utterance.stream = stream if _plays(stream) else UtteranceAudio.resolved(stream)
	utterance.audio = UtteranceAudio.new(utterance.stream)
	utterance.emotion = emotion
	return await _speak(utterance)


## Speak audio that comes in pieces by [method push] until [method end], as from speech synthesis. Await it as
## [method speak], or do not.
func speak_streamed(sample_rate_hz: int, emotion := "") -> Result:
	if sample_rate_hz < 4000 or sample_rate_hz > 192000:
		return _refuse(
			"speak_streamed(): the sample rate is %d Hz: give 4000 to 192000" % sample_rate_hz
		)
	end()
	var utterance := Utterance.new()
	utterance.audio = PushedAudio.new(sample_rate_hz)
	utterance.stream = utterance.audio.stream
	utterance.emotion = emotion
	_streamed = utterance
	return await _speak(utterance)


## More audio of [method speak_streamed]: PackedByteArray (16 bit) or PackedFloat32Array of one channel, or
## PackedVector2Array. False: it is not wanted any more, for it was cancelled or ended.
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


## Play a baked line, a FlashHeadBakedLine resource. Needs neither worker nor native library.
func play_baked(line: Resource) -> Result:
	if line == null or not line.has_method(&"weights_at"):
		return _refuse(
			"play_baked(): give a baked line, the resource that a .flashhead.json file is imported as"
		)
	var refusal := UtteranceAudio.refusal(line.audio)
	if refusal:
		return _refuse("play_baked(): " + refusal)
	var utterance := Utterance.new()
	utterance.stream = UtteranceAudio.resolved(line.audio)
	utterance.line = line
	return await _speak(utterance)


## Stop what is spoken and forget what waits: the sound stops at once, and the face goes to rest from where it is.
func cancel() -> void:
	if _queue.is_empty():
		return
	var all := _queue
	_queue = []
	_streamed = null
	if _session and all.any(func(one: Utterance) -> bool: return one.number != 0):
		_client.cancel(_session)
	_leave_player(all[0])
	cancelled.emit()
	for utterance in all:
		utterance.end(Result.CANCELLED)


## Hold the line that is spoken, sound and face, until [method resume].
func pause() -> void:
	_set_paused(true)


func resume() -> void:
	_set_paused(false)


func is_paused() -> bool:
	return _is_paused


## Whether a line is spoken or waits.
func is_speaking() -> bool:
	return not _queue.is_empty()


## Turn the eyes, -1 to 1: [param yaw] to the face's own left, [param pitch] down.
func look_at(yaw: float, pitch: float) -> void:
	if _session:
		_client.look_at(_session, clampf(yaw, -1.0, 1.0), clampf(pitch, -1.0, 1.0))


## Let the eyes go where they like.
func look_freely() -> void:
	if _session:
		_client.look_freely(_session)


## How many microseconds of the line's audio were heard.
func get_audio_us() -> int:
	return _audio_us


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
	if is_instance_valid(screen) and screen != value and is_node_ready():
		Screen.clear(screen)
	screen = value
	if is_node_ready():
		_show_on_screen()
	update_configuration_warnings()


func get_texture() -> Texture2D:
	if _texture == null:
		_texture = ImageTexture.new() if Engine.is_editor_hint() else Bridge.new_texture()
		_show_portrait()
	return _texture


func _enter_tree() -> void:
	if Engine.is_editor_hint():
		return
	_worker = Worker.of(get_tree())
	_worker.worker_started.connect(_on_worker_started)
	_worker.worker_failed.connect(_on_worker_failed)
	_worker.client_changed.connect(_open_session)
	_worker.attach()
	# All of the scene has its properties by then.
	_open_session.call_deferred()


func _ready() -> void:
	_show_on_screen()


func _exit_tree() -> void:
	if Engine.is_editor_hint():
		return
	cancel()
	_close_session()
	_worker.worker_started.disconnect(_on_worker_started)
	_worker.worker_failed.disconnect(_on_worker_failed)
	_worker.client_changed.disconnect(_open_session)
	_worker.detach()
	_worker = null


func _notification(what: int) -> void:
	match what:
		NOTIFICATION_PAUSED, NOTIFICATION_UNPAUSED:
			_on_tree_paused(what == NOTIFICATION_PAUSED)
		NOTIFICATION_EDITOR_PRE_SAVE:
			# The portrait is shown in the editor, and is no part of the scene.
			if is_instance_valid(screen) and _is_previewed():
				Screen.clear(screen)
		NOTIFICATION_EDITOR_POST_SAVE:
			_show_on_screen()


func _get_configuration_warnings() -> PackedStringArray:
	var warnings := PackedStringArray()
	if profile == null:
		warnings.append("Give it a profile: who speaks.")
	elif profile.avatar.is_empty() and screen:
		warnings.append("The profile names no avatar: nothing is drawn on the screen.")
	elif profile.avatar and profile.portrait == null and Places.portrait_of(profile.avatar) == null:
		(
			warnings
			. append(
				(
					'No portrait of the avatar "%s" is found: give the profile a portrait, for players without a worker.'
					% profile.avatar
				)
			)
		)
	if audio_player == null:
		(
			warnings
			. append(
				"Give it an audio player: an AudioStreamPlayer, AudioStreamPlayer2D or AudioStreamPlayer3D."
			)
		)
	elif not _is_player(audio_player):
		(
			warnings
			. append(
				"The audio player must be an AudioStreamPlayer, AudioStreamPlayer2D or AudioStreamPlayer3D."
			)
		)
	if screen and not Screen.can_show(screen):
		(
			warnings
			. append(
				"The screen must be a TextureRect, Sprite2D, Sprite3D, MeshInstance3D or have a texture."
			)
		)
	return warnings


func _process(_delta: float) -> void:
	if Engine.is_editor_hint():
		return
	_hear_worker()
	_speak_on()
	_show()


# --- the session in the worker ---------------------------------------------------------------------------------------


func _open_session() -> void:
	_close_session()
	if _worker == null or _worker.client == null or profile == null:
		return
	_client = _worker.client
	_opened_as = _session_options()
	_session = _client.open_session(_opened_as)
	_is_refused = _session == 0
	if _is_refused:
		Warnings.say("the head %s cannot be opened: %s" % [get_path(), _client.get_last_error()])
		return
	_emotion = profile.emotion_name()
	_is_asleep = false
	if profile.idle_style == TalkingHeadProfile.IdleStyle.ATTENTIVE:
		look_at(0.0, 0.0)
	for utterance in _queue:
		_ask_anew(utterance)


func _close_session() -> void:
	if _session:
		_client.close_session(_session)
	_session = 0
	_client = null
	_is_refused = false
	for utterance in _queue:
		utterance.number = 0


func _session_options() -> Dictionary:
	var options := {
		"outputs": Bridge.WEIGHTS,
		"tier": (TalkingHeadProfile.Tier.keys()[profile.tier] as String).to_lower(),
		"emotion": profile.emotion_name(),
		"intensity": profile.intensity,
		"mouth_strength": profile.mouth_strength,
		"fps": profile.fps,
		"size": profile.size,
		"seed": profile.random_seed,
		"lower_tier": true,
	}
	if profile.avatar:
		options["outputs"] = Bridge.VIDEO | Bridge.WEIGHTS
		options["avatar"] = Places.avatar_for_worker(profile.avatar)
	return options


func _on_profile_changed() -> void:
	update_configuration_warnings()
	if _texture:
		_show_portrait()
	if is_node_ready():
		_show_on_screen()
	if _session == 0 or profile == null:
		_open_session()
		return
	var before := _opened_as
	_opened_as = _session_options()
	for setting: String in ["avatar", "tier", "fps", "size", "seed", "outputs"]:
		if before.get(setting) != _opened_as.get(setting):
			_open_session()
			return
	_client.set_mouth_strength(_session, profile.mouth_strength)
	_set_emotion(_queue[0].emotion if _queue else "")
	if profile.idle_style == TalkingHeadProfile.IdleStyle.ATTENTIVE:
		look_at(0.0, 0.0)
	else:
		look_freely()


func _on_worker_started() -> void:
	worker_started.emit()


func _on_worker_failed(reason: String) -> void:
	worker_failed.emit(reason)


func _hear_worker() -> void:
	while _session:
		var event: Dictionary = _client.poll_session(_session)
		if event.is_empty():
			return
		match event.type:
			Bridge.EVENT_FIRST_FRAME:
				_on_first_frame(event)
			Bridge.EVENT_UNDERRUN:
				underrun.emit()
			Bridge.EVENT_WARNING, Bridge.EVENT_ERROR:
				Warnings.say(event.message)
				_without_face(event.utterance)
			Bridge.EVENT_CLOSED:
				_close_session()
				_is_refused = true


func _on_first_frame(event: Dictionary) -> void:
	for utterance in _queue:
		if utterance.number == event.utterance and not utterance.first_frame_told:
			utterance.first_frame_told = true
			first_frame.emit(event.latency_us / 1000.0)


## An utterance that the worker could not speak is heard all the same.
func _without_face(number: int) -> void:
	for utterance in _queue:
		if (
			utterance.number == number
			and _client.get_utterance_state(_session, number) == Bridge.FAILED
		):
			utterance.number = 0
			utterance.all_sent = true


func _set_emotion(emotion: String) -> void:
	if _session == 0:
		return
	_emotion = emotion if emotion else profile.emotion_name()
	_client.set_emotion(_session, _emotion, profile.intensity)


## A face that is asleep costs nothing and stands still.
func _sleep(asleep: bool) -> void:
	if _session and _is_asleep != asleep:
		_is_asleep = asleep
		_client.pause(_session, asleep)


func _on_tree_paused(paused: bool) -> void:
	if _session == 0:
		return
	if paused and _queue and _queue[0].playing and _queue[0].number:
		_client.clock(_session, _queue[0].number, _audio_us, false)
	_sleep(paused)


# --- what is spoken --------------------------------------------------------------------------------------------------


func _stream_of(line: Variant) -> AudioStream:
	if line is AudioStream:
		return line
	if not line is String:
		return null
	if ResourceLoader.exists(line):
		return load(line) as AudioStream
	if not FileAccess.file_exists(line):
		return null
	match (line as String).get_extension().to_lower():
		"wav":
			return AudioStreamWAV.load_from_file(line)
		"ogg":
			return AudioStreamOggVorbis.load_from_file(line)
		"mp3":
			return AudioStreamMP3.load_from_file(line)
	return null


func _refuse(reason: String) -> Result:
	Warnings.say(reason)
	return Result.FAILED


func _speak(utterance: Utterance) -> Result:
	if not is_inside_tree():
		return _refuse("a head speaks only inside the scene tree: add it first")
	if utterance.emotion and not TalkingHeadProfile.has_emotion(utterance.emotion):
		Warnings.say('there is no emotion "%s": the profile\'s is taken' % utterance.emotion)
		utterance.emotion = ""
	_queue.append(utterance)
	if _queue.size() == 1:
		_become_first(utterance)
	_send(utterance)
	await utterance.ended
	return utterance.result as Result


func _become_first(utterance: Utterance) -> void:
	utterance.first_since_ms = Time.get_ticks_msec()
	_sleep(false)
	if utterance.line == null:
		_set_emotion(utterance.emotion)


## Give the worker what it should have of an utterance by now.
func _send(utterance: Utterance) -> void:
	var audio := utterance.audio
	if _session == 0 or audio == null or utterance.all_sent:
		return
	if utterance.number == 0:
		_ask(utterance)
	var heard_us := _audio_us if utterance.playing else 0
	while utterance.number and audio.taken_us < heard_us + _AHEAD_US:
		var piece: Variant = audio.peek()
		if piece == null:
			break
		if _client.push(_session, utterance.number, piece) == Bridge.BUSY:
			return
		audio.pop()
	if utterance.number and audio.complete:
		_client.end(_session, utterance.number)
		utterance.all_sent = true


func _ask(utterance: Utterance) -> void:
	var audio := utterance.audio
	var empty: Variant = audio.empty_piece()
	if empty == null:
		return
	utterance.number = (
		_client
		. speak(
			_session,
			{
				"samples": empty,
				"sample_rate_hz": audio.sample_rate_hz,
				"channels": audio.channels,
				"streamed": true,
			}
		)
	)
	if utterance.number == 0:
		utterance.all_sent = true
		Warnings.say("a line is heard but not seen: " + _client.get_last_error())


## A new session gets what was not heard yet.
func _ask_anew(utterance: Utterance) -> void:
	if utterance.playing or utterance.audio == null:
		utterance.all_sent = true
		return
	utterance.all_sent = false
	if utterance.audio is PushedAudio:
		utterance.audio.rewind()
	elif utterance.audio.taken_us > 0:
		utterance.audio = UtteranceAudio.new(utterance.stream)
	_send(utterance)


func _speak_on() -> void:
	for utterance in _queue:
		_send(utterance)
	# Lines that wait begin in the same frame in which the one before ended.
	while _queue:
		var utterance := _queue[0]
		if utterance.first_since_ms == Utterance.NONE:
			_become_first(utterance)
		if not utterance.playing:
			if not _may_begin(utterance):
				return
			_begin(utterance)
		if not _is_over(utterance):
			return
		_finish(utterance)


## The audio starts with its first picture. Without one it starts when there is no hope, or after a limit.
func _may_begin(utterance: Utterance) -> bool:
	if _is_paused:
		return false
	if utterance.audio is PushedAudio and utterance.audio.duration_us == 0:
		return utterance.audio.is_over()
	if utterance.line or _is_refused or profile == null or _plays(utterance.stream):
		return true
	if _worker.failure or (utterance.number == 0 and utterance.all_sent):
		return true
	if (
		utterance.number
		and _client.get_utterance_state(_session, utterance.number) != Bridge.WAITING
	):
		return true
	var waited_ms := Time.get_ticks_msec() - utterance.first_since_ms
	return waited_ms >= 1000.0 * Settings.start_limit_s()


func _begin(utterance: Utterance) -> void:
	utterance.playing = true
	_player = _usable_player()
	if not _plays(utterance.stream):
		_player.stream = utterance.stream
		_player.play()
	_player.finished.connect(_on_player_finished)
	_player_finished = false
	_silent_frames = 0
	_audio_us = 0
	_line_frame = -1
	_was_starved = false
	if utterance.audio is PushedAudio:
		utterance.audio.play(_player.get_stream_playback())
		_clock.start(_player, utterance.audio.position_s)
	else:
		_clock.start(_player)
	speaking_started.emit()


## Whether a line was heard to its end. One whose player was stopped, taken or freed is cancelled, with all that wait.
func _is_over(utterance: Utterance) -> bool:
	if utterance.result != Utterance.NONE:
		return false
	if (
		not is_instance_valid(_player)
		or not _player.is_inside_tree()
		or _player.stream != utterance.stream
	):
		Warnings.say(
			"the audio player was freed, moved or given another stream: the line is cancelled"
		)
		cancel()
		return false
	_audio_us = _clock.get_audio_us()
	if utterance.number:
		_client.clock(_session, utterance.number, _audio_us, _clock.is_running())
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
	var starved: bool = audio.is_starved() and not audio.is_over()
	if starved and not _was_starved:
		underrun.emit()
	_was_starved = starved


func _finish(utterance: Utterance) -> void:
	_queue.erase(utterance)
	if _streamed == utterance:
		_streamed = null
	_leave_player(utterance)
	if _session and utterance.number and _queue.is_empty():
		# A worker that is late shall not go on without the sound.
		if _client.get_utterance_state(_session, utterance.number) < Bridge.FINISHED:
			_client.cancel(_session)
	_silent_since_ms = Time.get_ticks_msec()
	if _queue.is_empty():
		_set_emotion("")
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
	if (
		is_instance_valid(audio_player)
		and _is_player(audio_player)
		and audio_player.is_inside_tree()
	):
		return audio_player
	Warnings.say(
		"%s has no audio player in the scene tree: it is heard without a place" % get_path()
	)
	if _own_player == null:
		_own_player = AudioStreamPlayer.new()
		add_child(_own_player)
	return _own_player


func _plays(stream: AudioStream) -> bool:
	return (
		is_instance_valid(audio_player)
		and _is_player(audio_player)
		and audio_player.playing
		and audio_player.stream == stream
	)


static func _is_player(node: Node) -> bool:
	return node is AudioStreamPlayer or node is AudioStreamPlayer2D or node is AudioStreamPlayer3D


# --- what is shown ---------------------------------------------------------------------------------------------------


func _show() -> void:
	var utterance: Utterance = _queue[0] if _queue and _queue[0].playing else null
	if utterance and utterance.line:
		_show_line(utterance.line)
		return
	if _session == 0:
		return
	var number := utterance.number if utterance else 0
	if number and not utterance.first_frame_told:
		# Its audio did not wait for it: until it comes the face is at rest, and lives.
		if _client.get_utterance_state(_session, number) == Bridge.WAITING:
			number = 0
	if profile.avatar:
		_show_picture(number)
	if _client.acquire_weights(_session, number, _audio_us):
		_tell_weights()
	if not is_speaking() and profile.idle_style == TalkingHeadProfile.IdleStyle.STILL:
		_sleep(Time.get_ticks_msec() - _silent_since_ms > _SETTLES_MS)


func _show_picture(number: int) -> void:
	_texture.acquire(_client, _session, number, _audio_us)
	if number == 0 or not OS.has_feature("movie"):
		return
	# A movie has all the time of the world: no frame of it shall show an older picture than its sound.
	var give_up_ms := Time.get_ticks_msec() + _MOVIE_WAIT_MS
	while not _is_shown(number) and Time.get_ticks_msec() < give_up_ms:
		OS.delay_msec(1)
		_texture.acquire(_client, _session, number, _audio_us)


func _is_shown(number: int) -> bool:
	if _client.get_utterance_state(_session, number) > Bridge.FINISHED:
		return true
	var until_us: int = _texture.frame_pts_us + _texture.frame_duration_us
	return _texture.frame_utterance == number and _audio_us < until_us


func _tell_weights() -> void:
	if weights_changed.has_connections():
		weights_changed.emit(_client.get_arkit(), _client.get_pose())
	if viseme_changed.has_connections():
		_tell_viseme(_client.get_visemes())


func _show_line(line: Resource) -> void:
	var frame: int = line.sample(_audio_us)
	if frame == _line_frame:
		return
	_line_frame = frame
	if weights_changed.has_connections():
		weights_changed.emit(line.weights_at(_audio_us), line.pose_at(_audio_us))
	if viseme_changed.has_connections():
		_tell_viseme(line.visemes_at(_audio_us))


func _tell_viseme(weights: PackedFloat32Array) -> void:
	var best := 0
	for index in weights.size():
		if weights[index] > weights[best]:
			best = index
	if weights.is_empty() or Bridge.VISEMES[best] == _viseme:
		return
	_viseme = Bridge.VISEMES[best]
	viseme_changed.emit(_viseme, weights[best])


func _show_on_screen() -> void:
	if not is_instance_valid(screen) or not Screen.can_show(screen):
		return
	# In the editor a picture of its own stays.
	if not Engine.is_editor_hint() or Screen.shown(screen) == null:
		Screen.put(screen, texture)


## In the editor: whether the screen shows our portrait, not a picture of its own.
func _is_previewed() -> bool:
	return _texture != null and Screen.shown(screen) == _texture


func _show_portrait() -> void:
	var image := _portrait()
	if _texture.has_method(&"show_image"):
		_texture.call(&"show_image", image)
	else:
		_texture.set_image(image)


func _portrait() -> Image:
	var image: Image
	if profile and profile.portrait:
		image = profile.portrait.get_image()
	elif profile:
		image = Places.portrait_of(profile.avatar)
	var size := profile.size if profile else 256
	if image == null:
		# Never a black square.
		return Image.create_empty(size, size, false, Image.FORMAT_RGBA8)
	if image.is_compressed():
		image.decompress()
	image.convert(Image.FORMAT_RGBA8)
	image.resize(size, size, Image.INTERPOLATE_LANCZOS)
	return image
