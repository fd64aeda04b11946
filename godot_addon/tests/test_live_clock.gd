extends "stage.gd"
## Whether the picture that is shown is that of the audio which is heard, by a clock of its own. The project's mix rate
## is 192000 Hz here: the dummy driver then mixes every 21 ms.

const AudioClock := preload("res://addons/flashhead/client/audio_clock.gd")


## Looks after everybody has done their part for a frame, as the renderer does.
class Probe:
	extends Node
	var head: TalkingHead
	var excess_us: Array[int] = []
	var pictures := {}

	func _init(of: TalkingHead) -> void:
		head = of
		process_priority = 1000

	func _process(_delta: float) -> void:
		var player: AudioStreamPlayer = head.audio_player
		var shown: Texture2D = head.texture
		if not player.playing or player.get_playback_position() == 0.0 or shown.frame_utterance == 0:
			return
		var since_s := AudioServer.get_time_since_last_mix() - AudioServer.get_output_latency()
		var heard_us := roundi(1e6 * (player.get_playback_position() + since_s * player.pitch_scale))
		var end_us: int = shown.frame_pts_us + shown.frame_duration_us
		excess_us.append(maxi(0, maxi(shown.frame_pts_us - heard_us, heard_us - end_us + 1)))
		pictures[shown.frame_pts_us] = true


class LateClock:
	extends AudioClock

	func get_audio_us() -> int:
		return maxi(0, super() - 80_000)


func test_the_picture_is_that_of_the_audio() -> void:
	await measure()


func test_a_clock_that_is_late_is_found_out() -> void:
	head._clock = LateClock.new()
	await measure()


func test_a_player_of_another_pitch_is_followed() -> void:
	player.pitch_scale = 1.25
	await measure()


func measure() -> void:
	var probe := Probe.new(head)
	root.add_child(probe)
	await wait_until(func() -> bool: return head.texture.frames_shown > 0, "it lives")
	await head.speak(Sounds.speech(argument("dialogue"), "guard_en.wav"))
	var sorted := probe.excess_us.duplicate()
	sorted.sort()
	report(
		"excess",
		{
			"p95_ms": sorted[sorted.size() * 95 / 100] / 1000.0,
			"max_ms": sorted[-1] / 1000.0,
			"looks": sorted.size(),
			"pictures": probe.pictures.size(),
		}
	)
