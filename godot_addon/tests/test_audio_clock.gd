extends "test_case.gd"
## The audio clock: its sums, and real players of the dummy driver, which mixes in steps of 4096 samples.

const AudioClock := preload("res://addons/flashhead/client/audio_clock.gd")
const Sounds := preload("sounds.gd")

## Of the dummy driver at 44100 Hz; it mixes later on a busy machine.
const STEP_US := 93_000
const LATE_US := 80_000

var player: Node
var clock := AudioClock.new()


func before() -> void:
	player = AudioStreamPlayer.new()
	player.stream = Sounds.tone(4.0)
	tree.root.add_child(player)
	clock.start(player)


func after() -> void:
	player.stop()
	player.queue_free()


func test_time_since_the_mix_is_added_and_the_output_taken_off() -> void:
	check_equal(clock.advance(0.5, 0.02, 0.0, 1.0), 520_000, "without latency")
	check_equal(clock.advance(0.6, 0.02, 0.05, 1.0), 570_000, "with latency")


func test_a_player_of_another_pitch_uses_up_content_faster() -> void:
	check_equal(clock.advance(0.5, 0.02, 0.01, 2.0), 520_000, "at twice the speed")
	check_equal(clock.advance(0.6, 0.02, 0.0, 0.5), 610_000, "at half the speed")


func test_before_the_first_mix_nothing_was_heard() -> void:
	check_equal(clock.advance(0.0, 0.09, 0.0, 1.0), 0, "the last mix was before it began")
	check_equal(clock.advance(0.02, 0.0, 0.1, 1.0), 0, "mixed, but not out yet")


func test_what_was_not_pushed_yet_is_not_heard() -> void:
	check_equal(clock.advance(0.5, 0.09, 0.0, 1.0, 0.52), 520_000, "the end of what was pushed")


func test_jitter_never_leads_back() -> void:
	check_equal(clock.advance(0.5, 0.09, 0.0, 1.0), 590_000, "just before a mix")
	check_equal(clock.advance(0.58, 0.0, 0.0, 1.0), 590_000, "just after it")


func test_a_seek_leads_back() -> void:
	clock.advance(2.0, 0.01, 0.0, 1.0)
	check_equal(clock.advance(0.5, 0.01, 0.0, 1.0), 510_000, "half a second into it")


func test_a_player_is_followed_between_its_steps() -> void:
	player.play()
	await wait_until(func() -> bool: return clock.get_audio_us() > 0, "the first mix")
	var before_us := 0
	var times := {}
	var positions := {}
	while before_us < 1_500_000:
		var audio_us := clock.get_audio_us()
		check(audio_us >= before_us, "it went back from %d to %d" % [before_us, audio_us])
		check_follows(1.0)
		times[audio_us] = true
		positions[player.get_playback_position()] = true
		before_us = audio_us
		await tree.process_frame
	check(times.size() > 4 * positions.size(), "%d times of %d steps" % [times.size(), positions.size()])


func test_pitch_pause_and_seek_of_a_player_are_followed() -> void:
	player.pitch_scale = 1.5
	player.play()
	await wait_until(func() -> bool: return clock.get_audio_us() > 0, "the first mix")
	for _frame in 60:
		check_follows(1.5)
		await tree.process_frame

	player.stream_paused = true
	await tree.create_timer(0.2).timeout
	var held_us := clock.get_audio_us()
	check(not clock.is_running(), "a paused player does not run")
	await tree.create_timer(0.3).timeout
	check_equal(clock.get_audio_us(), held_us, "it holds while it is paused")

	player.stream_paused = false
	for target_s: float in [0.1, 3.0]:
		player.seek(target_s)
		await tree.create_timer(0.1).timeout
		check_follows(1.5)
		check(
			clock.get_audio_us() - 1e6 * target_s < 500_000,
			"%d us after a seek to %s" % [clock.get_audio_us(), target_s]
		)


func test_a_player_in_a_paused_tree_holds() -> void:
	player.play()
	await wait_until(func() -> bool: return clock.get_audio_us() > 100_000, "it plays")
	tree.paused = true
	await tree.create_timer(0.1).timeout
	var from_us := clock.get_audio_us()
	await tree.create_timer(0.3).timeout
	check(not clock.is_running(), "it does not run")
	check_equal(clock.get_audio_us(), from_us, "it holds")
	tree.paused = false
	await tree.create_timer(0.3).timeout
	check(clock.get_audio_us() > from_us, "it goes on")


func test_a_freed_player_leaves_the_time_as_it_is() -> void:
	player.play()
	await wait_until(func() -> bool: return clock.get_audio_us() > 100_000, "it plays")
	var from_us := clock.get_audio_us()
	player.free()
	player = AudioStreamPlayer.new()
	check_equal(clock.get_audio_us(), from_us, "the time of the freed player")


## The clock is after what was mixed, by at most one step.
func check_follows(rate: float) -> void:
	var off_us := clock.get_audio_us() - roundi(1e6 * player.get_playback_position())
	check(off_us > -30_000 and off_us < rate * (STEP_US + LATE_US), "%d us off the mix" % off_us)
