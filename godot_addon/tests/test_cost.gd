extends "stage.gd"
## What heads cost the main thread, and whether they keep up.

const SPEAKS_US := 4_000_000
const HEADS := 8


## Runs a head's frame itself, and takes the time.
class Timed:
	extends Node
	var heads: Array[TalkingHead] = []
	var times_us: Array[int] = []
	var pictures: Array[Dictionary] = []

	func add(head: TalkingHead) -> void:
		head.set_process(false)
		heads.append(head)
		pictures.append({})

	func _process(delta: float) -> void:
		for index in heads.size():
			var began_us := Time.get_ticks_usec()
			heads[index]._process(delta)
			times_us.append(Time.get_ticks_usec() - began_us)
			if heads[index].texture.frame_utterance != 0:
				pictures[index][heads[index].texture.frame_pts_us] = true


func test_heads_that_speak_at_once() -> void:
	var timed := Timed.new()
	root.add_child(timed)
	timed.add(head)
	for _more in int(argument("heads", str(HEADS))) - 1:
		timed.add(another_head())
	await wait_until(func() -> bool: return timed.heads.all(lives), "all live")
	timed.times_us.clear()
	var line := Sounds.speech(argument("dialogue"), "guard_en.wav")
	for one in timed.heads:
		one.speak(line)
	await wait_until(func() -> bool: return timed.heads.all(has_spoken), "all speak for %d us" % SPEAKS_US)
	var sorted := timed.times_us.duplicate()
	sorted.sort()
	report(
		"cost",
		{
			"heads": timed.heads.size(),
			"size": head.profile.size,
			"median_us": sorted[sorted.size() / 2],
			"p95_us": sorted[sorted.size() * 95 / 100],
			"pictures": timed.pictures.map(func(shown: Dictionary) -> int: return shown.size()),
		}
	)
	for one in timed.heads:
		one.cancel()


func another_head() -> TalkingHead:
	var other := TalkingHead.new()
	other.profile = profile_of("guard")
	other.audio_player = AudioStreamPlayer.new()
	other.screen = TextureRect.new()
	for node: Node in [other.audio_player, other.screen, other]:
		root.add_child(node)
	return other


func profile_of(avatar: String) -> TalkingHeadProfile:
	var profile := super(avatar)
	profile.size = int(argument("size", "256"))
	return profile


func lives(one: TalkingHead) -> bool:
	return one.texture.frames_shown > 0


func has_spoken(one: TalkingHead) -> bool:
	return one.get_audio_us() > SPEAKS_US
