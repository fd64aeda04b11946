extends RefCounted
## A head in the worker. What is asked of one that is not open is left out.

const Bridge := preload("bridge.gd")
const Places := preload("places.gd")
const PushedAudio := preload("pushed_audio.gd")
const Utterance := preload("utterance.gd")
const UtteranceAudio := preload("utterance_audio.gd")
const Warnings := preload("warnings.gd")

## The worker has so much of the audio before it is heard.
const _AHEAD_US := 5_000_000
## What cannot be changed in an open one.
const _NEW_SESSION: PackedStringArray = ["outputs", "avatar", "tier", "fps", "size", "seed"]

var client: RefCounted
## Of FlashHeadClient; 0: it is not open.
var number := 0
## The worker will not have this head, and has said why.
var is_refused := false

var _profile: TalkingHeadProfile
var _options: Dictionary = {}
var _is_asleep := false


func open(with: RefCounted, profile: TalkingHeadProfile) -> void:
	close()
	client = with
	_profile = profile
	_options = _options_of(profile)
	number = client.open_session(_options)
	is_refused = number == 0
	if is_refused:
		Warnings.say("a head cannot be opened: %s" % client.get_last_error())
		return
	_look_as_idle()


func close() -> void:
	if number:
		client.close_session(number)
	number = 0
	client = null
	is_refused = false
	_is_asleep = false


func is_open() -> bool:
	return number != 0


## Take over what was changed in the profile. False: that needs a new session.
func change(profile: TalkingHeadProfile, emotion: String) -> bool:
	var options := _options_of(profile)
	for setting in _NEW_SESSION:
		if options.get(setting) != _options.get(setting):
			return false
	_profile = profile
	_options = options
	client.set_mouth_strength(number, profile.mouth_strength)
	set_emotion(emotion)
	_look_as_idle()
	return true


## What happened, the oldest first; empty: nothing more.
func next_event() -> Dictionary:
	var event: Dictionary = client.poll_session(number) if number else {}
	if not event.is_empty() and event.type == Bridge.EVENT_CLOSED:
		close()
		is_refused = true
	return event


## Empty: the profile's.
func set_emotion(emotion: String) -> void:
	if number:
		client.set_emotion(number, emotion if emotion else _profile.emotion_name(), _profile.intensity)


## While it is asleep a face costs nothing, and stands still.
func sleep(asleep: bool) -> void:
	if number and _is_asleep != asleep:
		_is_asleep = asleep
		client.pause(number, asleep)


func look_at(yaw: float, pitch: float) -> void:
	if number:
		client.look_at(number, clampf(yaw, -1.0, 1.0), clampf(pitch, -1.0, 1.0))


func look_freely() -> void:
	if number:
		client.look_freely(number)


## One of Bridge.WAITING and so on; of an utterance that it was not asked for, FAILED.
func state_of(utterance: Utterance) -> int:
	return client.get_utterance_state(number, utterance.number) if number and utterance.number else Bridge.FAILED


## Give it what it should have of an utterance by now. `heard_us`: where its audio is.
func send(utterance: Utterance, heard_us: int) -> void:
	var audio := utterance.audio
	if number == 0 or audio == null or utterance.all_sent:
		return
	if utterance.number == 0:
		_ask(utterance)
	while utterance.number and audio.taken_us < heard_us + _AHEAD_US:
		var piece: Variant = audio.peek()
		if piece == null:
			break
		if client.push(number, utterance.number, piece) == Bridge.BUSY:
			return
		audio.pop()
	if utterance.number and audio.complete:
		client.end(number, utterance.number)
		utterance.all_sent = true


## The same after another session was opened. What is heard already is not seen any more.
func send_anew(utterance: Utterance) -> void:
	utterance.number = 0
	utterance.all_sent = utterance.playing or utterance.audio == null
	if utterance.all_sent:
		return
	if utterance.audio is PushedAudio:
		utterance.audio.rewind()
	elif utterance.audio.taken_us > 0:
		utterance.audio = UtteranceAudio.new(utterance.stream)
	send(utterance, 0)


func clock(utterance: Utterance, audio_us: int, playing: bool) -> void:
	if number and utterance.number:
		client.clock(number, utterance.number, audio_us, playing)


## Stop what is spoken and forget what waits.
func cancel() -> void:
	if number:
		client.cancel(number)


func _ask(utterance: Utterance) -> void:
	var nothing: Variant = utterance.audio.empty_piece()
	if nothing == null:
		return
	var audio := {
		"samples": nothing,
		"sample_rate_hz": utterance.audio.sample_rate_hz,
		"channels": utterance.audio.channels,
		"streamed": true,
	}
	utterance.number = client.speak(number, audio)
	if utterance.number == 0:
		utterance.all_sent = true
		Warnings.say("a line is heard but not seen: %s" % client.get_last_error())


func _look_as_idle() -> void:
	if _profile.idle_style == TalkingHeadProfile.IdleStyle.ATTENTIVE:
		look_at(0.0, 0.0)
	else:
		look_freely()


static func _options_of(profile: TalkingHeadProfile) -> Dictionary:
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
