extends "stage.gd"
## What needs a live worker.

const Settings := preload("res://addons/flashhead/client/settings.gd")
const Bridge := preload("res://addons/flashhead/client/bridge.gd")

var latencies_ms: Array[float] = []


func before() -> void:
	super()
	head.first_frame.connect(func(latency_ms: float) -> void: latencies_ms.append(latency_ms))
	await wait_until(func() -> bool: return head.texture.frames_shown > 0, "it lives")


func test_the_numbers_are_those_of_the_library() -> void:
	var numbers: Dictionary = (Bridge as GDScript).get_script_constant_map()
	var of_library := ClassDB.class_get_integer_constant_list(&"FlashHeadClient")
	for name: String in of_library:
		if numbers.has(name):
			check_equal(numbers[name], ClassDB.class_get_integer_constant(&"FlashHeadClient", name), name)
	check(of_library.has("EVENT_FIRST_FRAME") and numbers.has("EVENT_FIRST_FRAME"), "both have them")
	check_equal(PackedStringArray(FlashHeadNames.VISEMES), Bridge.new_client().get_viseme_names(), "names of visemes")


func test_the_audio_starts_with_the_first_frame() -> void:
	await head.speak(speech())
	var wanted: Array[String] = ["first_frame", "speaking_started", "speaking_finished"]
	check_equal(said.filter(func(name: String) -> bool: return name in wanted), wanted, "signals in order")
	check(latencies_ms[0] > 0.0 and latencies_ms[0] < 1000.0, "latency: %s ms" % latencies_ms[0])
	report("latency_ms", latencies_ms[0])
	# A line of so few frames is there at once, whole.
	said.clear()
	await head.speak(Sounds.tone(0.1))
	check_equal(said.filter(func(name: String) -> bool: return name in wanted), wanted, "signals of a short line")


func test_after_the_limit_the_audio_starts_without_a_picture_which_then_joins() -> void:
	ProjectSettings.set_setting(Settings.START_LIMIT_S, 0.0)
	speak(speech())
	await tree.process_frame
	await tree.process_frame
	ProjectSettings.set_setting(Settings.START_LIMIT_S, null)
	check(said.has("speaking_started"), "it did not wait")
	await wait_until(func() -> bool: return head.texture.frame_utterance != 0, "it is seen")
	var late_us: int = head.get_audio_us() - head.texture.frame_pts_us
	check(late_us >= 0 and late_us < 500_000, "the picture is %d us behind the audio" % late_us)
	await wait_until(func() -> bool: return said.has("first_frame"), "its first frame is told all the same", 1.0)


func test_pictures_follow_the_audio_and_then_the_face_is_idle() -> void:
	speak(Sounds.tone(1.0))
	var pts: Array[int] = []
	while results.is_empty():
		await tree.process_frame
		if head.texture.frame_utterance != 0 and (pts.is_empty() or pts[-1] != head.texture.frame_pts_us):
			pts.append(head.texture.frame_pts_us)
	for index in range(1, pts.size()):
		check(pts[index] > pts[index - 1], "picture %d goes back: %s" % [index, pts])
	check(pts.size() > 12, "%d pictures of 25" % pts.size())
	await wait_until(func() -> bool: return head.texture.frame_utterance == 0, "it is idle", 1.0)


func test_weights_and_visemes_are_told() -> void:
	var jaw: Array[float] = []
	var visemes := {}
	var names: PackedStringArray = Bridge.new_client().get_weight_names()
	head.weights_changed.connect(
		func(arkit: PackedFloat32Array, pose: PackedFloat32Array) -> void:
			check(arkit.size() == 52 and pose.size() == 4, "52 weights and a pose")
			jaw.append(arkit[names.find("jawOpen")])
	)
	head.viseme_changed.connect(
		func(viseme: String, weight: float) -> void:
			check(weight > 0.0 and weight <= 1.0, "%s: %s" % [viseme, weight])
			visemes[viseme] = true
	)
	await head.speak(speech())
	check(jaw.size() > 150, "%d weights in 5 s" % jaw.size())
	check(jaw.max() - jaw.min() > 0.1, "the jaw moves from %s to %s" % [jaw.min(), jaw.max()])
	check(visemes.has("PP") and visemes.has("aa") and visemes.size() > 8, "visemes: %s" % ", ".join(visemes.keys()))


func test_a_seek_is_seen() -> void:
	speak(speech())
	await wait_until(func() -> bool: return head.get_audio_us() > 500_000, "it speaks")
	player.seek(2.0)
	await wait_until(func() -> bool: return head.get_audio_us() > 2_000_000, "it is heard from there")
	var asked_ms := Time.get_ticks_msec()
	var is_seen := func() -> bool: return head.get_audio_us() - head.texture.frame_pts_us < 80_000
	await wait_until(is_seen, "it is seen from there", 3.0)
	report("seek_ms", Time.get_ticks_msec() - asked_ms)


func test_after_a_cancel_no_picture_of_it_is_shown() -> void:
	for _time in 5:
		said.clear()
		speak(speech())
		await wait_until(func() -> bool: return head.get_audio_us() > 400_000, "it speaks")
		head.cancel()
		var cancelled_ms := Time.get_ticks_msec()
		var shown: int = head.texture.frames_shown
		var epoch: int = head.texture.frame_epoch
		await wait_until(func() -> bool: return head.texture.frames_shown > shown, "the face goes to rest")
		report("cancel_ms", Time.get_ticks_msec() - cancelled_ms)
		for _frame in 20:
			check_equal(head.texture.frame_utterance, 0, "the utterance of what is shown")
			check(head.texture.frame_epoch > epoch, "a picture of a new epoch")
			await tree.process_frame


func test_a_new_line_after_a_cancel_is_the_only_one_shown() -> void:
	speak(speech())
	await wait_until(func() -> bool: return head.get_audio_us() > 300_000, "it speaks")
	var first: int = head.texture.frame_utterance
	var shown: int = head.texture.frames_shown
	head.cancel()
	speak(speech())
	var seen := func() -> bool:
		if head.texture.frames_shown > shown:
			check(head.texture.frame_utterance != first, "it is shown after it was cancelled")
		return head.texture.frame_utterance == first + 1
	await wait_until(seen, "the new line is seen")
	head.cancel()


func test_pushed_speech_is_seen() -> void:
	var folder := argument("dialogue")
	var samples := AudioStreamWAV.load_from_file(folder.path_join("guard_en.wav"), {"force/mono": true})
	head.speak_streamed(samples.mix_rate)
	var bytes := samples.data
	var piece := samples.mix_rate / 10 * 2
	for from in range(0, mini(bytes.size(), 30 * piece), piece):
		head.push(bytes.slice(from, from + piece))
		await seconds(0.08)
	head.end()
	check(head.texture.frame_utterance != 0, "it is seen while it is pushed")
	await wait_until(func() -> bool: return not head.is_speaking(), "it ends")
	check_equal(said.count("first_frame"), 1, "one first frame")


func test_two_lines_follow_without_a_gap() -> void:
	speak(Sounds.tone(0.6))
	speak(Sounds.tone(0.6))
	await wait_until(func() -> bool: return said.count("speaking_finished") == 1, "the first ended")
	var ended_ms := Time.get_ticks_msec()
	await wait_until(func() -> bool: return said.count("speaking_started") == 2, "the second began", 1.0)
	check(Time.get_ticks_msec() - ended_ms < 100, "%d ms between them" % (Time.get_ticks_msec() - ended_ms))
	await wait_until(func() -> bool: return results.size() == 2, "both ended")
	check_equal(said.count("first_frame"), 2, "both were seen")


func test_a_head_without_an_avatar_has_weights_alone() -> void:
	head.profile = profile_of("")
	var told := []
	head.weights_changed.connect(
		func(arkit: PackedFloat32Array, _pose: PackedFloat32Array) -> void: told.append(arkit)
	)
	await head.speak(Sounds.tone(0.5))
	check(told.size() > 5, "%d weights" % told.size())
	check(said.has("first_frame"), "it has a first frame")


func test_an_avatar_that_does_not_exist_is_told_and_the_audio_plays() -> void:
	head.profile = profile_of("nobody")
	var asked_ms := Time.get_ticks_msec()
	check_equal(await head.speak(Sounds.tone(0.4)), TalkingHead.Result.FINISHED, "it is heard")
	check(Time.get_ticks_msec() - asked_ms < 1500, "without waiting: %d ms" % (Time.get_ticks_msec() - asked_ms))
	check(", ".join(Warnings.said()).contains("nobody"), "said: %s" % ", ".join(Warnings.said()))


func test_a_still_face_costs_nothing_until_it_speaks() -> void:
	head.profile.idle_style = TalkingHeadProfile.IdleStyle.STILL
	await seconds(1.5)
	var shown: int = head.texture.frames_shown
	await seconds(0.5)
	check(
		head.texture.frames_shown - shown < 2, "%d pictures while it is still" % (head.texture.frames_shown - shown)
	)
	await head.speak(Sounds.tone(0.6))
	check(said.has("first_frame"), "it speaks")
	check(head.texture.frames_shown - shown > 2, "and is seen: %d" % (head.texture.frames_shown - shown))


func test_another_emotion_keeps_the_picture() -> void:
	speak(speech())
	var is_seen := func() -> bool: return head.texture.frame_utterance != 0 and said.has("first_frame")
	await wait_until(is_seen, "it is seen")
	var pts_us: int = head.texture.frame_pts_us
	head.profile.emotion = TalkingHeadProfile.Emotion.HAPPY
	head.profile.mouth_strength = 1.5
	check_equal(head.texture.frame_pts_us, pts_us, "the picture that is shown")
	await wait_until(func() -> bool: return head.texture.frame_pts_us > pts_us, "it is seen on")
	check_equal(said.count("first_frame"), 1, "in the same session")


func test_a_swapped_profile_speaks_too() -> void:
	head.profile = profile_of("merchant")
	await head.speak(Sounds.tone(0.6))
	check(said.has("first_frame"), "it has a first frame")


func test_another_scene_keeps_the_connection() -> void:
	var worker: Node = head._worker
	var client: RefCounted = worker.client
	var pid: int = worker.get_info().worker_pid
	root.queue_free()
	await seconds(0.5)
	await before()
	check_equal(head._worker.client, client, "the connection")
	check_equal(said.count("worker_started"), 1, "the new head knows of it")
	check_equal(head._worker.get_info().worker_pid, pid, "the worker")


func test_a_connection_that_no_head_needs_ends_after_a_while() -> void:
	var worker: Node = head._worker
	root.queue_free()
	await seconds(0.3)
	check(worker.client != null, "it is kept for the next scene")
	worker._unused_s = worker._KEPT_S
	await seconds(0.1)
	check_equal(worker.client, null, "the connection")
	await before()
	await head.speak(Sounds.tone(0.4))
	check(said.has("first_frame"), "the next head has one again")


func speech() -> AudioStream:
	return Sounds.speech(argument("dialogue"), "guard_en.wav")
