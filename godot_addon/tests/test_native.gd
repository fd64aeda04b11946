extends "res://tests/test_case.gd"
## FlashHeadClient and FlashHeadTexture beside a live worker, which FLASHHEAD_ENDPOINT and FLASHHEAD_TOKEN name.
## Arguments: `pcm` a file of 16 bit samples at 16 kHz; `pictures` a file for the pixels shown; `program` the words that
## start a worker, separated by |.

const RATE_HZ := 16000
const FRAME_US := 40000
const SIZE := 256

var client: FlashHeadClient


func before() -> void:
	client = FlashHeadClient.new()


func after() -> void:
	client = null
	FlashHeadClient.shutdown()


func test_frames_in_order() -> void:
	var session := await open({"outputs": FlashHeadClient.VIDEO, "seed": 7})
	var line := speak(session)
	var texture := FlashHeadTexture.new()
	var pictures := FileAccess.open(argument("pictures"), FileAccess.WRITE)
	for index in 25:
		var audio_us := index * FRAME_US
		client.clock(session, line, audio_us, false)
		await wait_until(
			func() -> bool: return texture.acquire(client, session, line, audio_us), "frame %d" % index
		)
		report(
			"frame",
			[audio_us, texture.frame_index, texture.frame_pts_us, texture.frame_duration_us, texture.frame_flags]
		)
		pictures.store_buffer(texture.get_image().get_data())
		check(not texture.acquire(client, session, line, audio_us), "a picture is given once")
	pictures.close()
	check_equal(texture.frames_shown, 25, "frames_shown")
	check_equal(texture.frame_utterance, line, "frame_utterance")
	check_equal(texture.get_size(), Vector2(SIZE, SIZE), "size")
	check_equal(texture.get_image().get_format(), Image.FORMAT_RGBA8, "format")
	await wait_until(func() -> bool: return state(session, line) == FlashHeadClient.FINISHED, "finished")


func test_in_real_time_nothing_comes_early() -> void:
	var session := await open({"outputs": FlashHeadClient.VIDEO | FlashHeadClient.WEIGHTS})
	var line := speak(session)
	await wait_until(func() -> bool: return state(session, line) == FlashHeadClient.SPEAKING, "speaking")
	var texture := FlashHeadTexture.new()
	var began_us := Time.get_ticks_usec()
	var audio_us := 0
	var jaw_most := 0.0
	while audio_us < 1000000:
		audio_us = Time.get_ticks_usec() - began_us
		client.clock(session, line, audio_us, true)
		if texture.acquire(client, session, line, audio_us):
			report("picture", [audio_us, texture.frame_index, texture.frame_pts_us])
		if client.acquire_weights(session, line, audio_us):
			var frame := client.get_frame()
			report("weights", [audio_us, frame.index, frame.pts_us])
			check_equal(frame.utterance, line, "utterance of the weights")
			jaw_most = maxf(jaw_most, client.get_arkit()[FlashHeadClient.get_weight_names().find("jawOpen")])
			check_equal(client.get_pose().size(), 4, "pose")
			check_equal(client.get_visemes().size(), 15, "visemes")
		await tree.process_frame
	check(jaw_most > 0.05, "the mouth opens: %f" % jaw_most)
	var info := client.get_session_info(session)
	check_equal([info.open, info.outputs, info.size, info.fps], [true, 3, SIZE, 25], "session info")
	check_equal(info.pictures, texture.frames_shown, "pictures acquired")


func test_after_a_cancel_no_old_frame_is_shown() -> void:
	var session := await open({"outputs": FlashHeadClient.VIDEO | FlashHeadClient.WEIGHTS})
	var texture := FlashHeadTexture.new()
	for round in 3:
		var line := speak(session)
		await wait_until(func() -> bool: return texture.acquire(client, session, line, 0), "first frame")
		for step in 5:
			client.clock(session, line, step * FRAME_US, true)
			texture.acquire(client, session, line, step * FRAME_US)
			await tree.process_frame
		var epoch := texture.frame_epoch
		check_equal(client.cancel(session), FlashHeadClient.OK, "cancel")
		check_equal(state(session, line), FlashHeadClient.CANCELLED, "state")
		# Whatever is asked for, the next picture is the face at rest, of another epoch.
		var end_us := Time.get_ticks_usec() + 700000
		var rests := 0
		while Time.get_ticks_usec() < end_us:
			check(not texture.acquire(client, session, line, 10000000), "a picture of the cancelled line")
			check(not client.acquire_weights(session, line, 10000000), "weights of the cancelled line")
			if texture.acquire(client, session, 0, 0):
				check_equal(texture.frame_utterance, 0, "utterance after the cancel")
				check(texture.frame_epoch > epoch, "epoch after the cancel")
				check(texture.frame_flags & FlashHeadClient.FRAME_IDLE, "flags after the cancel")
				rests += 1
			await tree.process_frame
		check(rests >= 5, "the face at rest moves: %d pictures" % rests)


func test_a_worker_that_is_killed_comes_back() -> void:
	var started := client.connect_worker({"program": argument("program").split("|"), "name": "test"})
	check_equal(started, FlashHeadClient.OK, FlashHeadClient.get_last_error())
	var session := await open({"outputs": FlashHeadClient.VIDEO}, false)
	var line := speak(session)
	var texture := FlashHeadTexture.new()
	client.clock(session, line, 3 * FRAME_US, false)
	await wait_until(
		func() -> bool:
			texture.acquire(client, session, line, 3 * FRAME_US)
			return texture.frame_pts_us == 3 * FRAME_US,
		"a frame"
	)
	var before_kill := texture.get_image().get_data()
	var killed: int = client.get_info().worker_pid
	check(killed > 0, "a worker's process")
	OS.execute("kill", ["-9", str(killed)])
	await wait_until(func() -> bool: return happened(session, FlashHeadClient.EVENT_LOST), "lost")
	check_equal(texture.get_image().get_data(), before_kill, "the picture stays")
	await wait_until(func() -> bool: return happened(session, FlashHeadClient.EVENT_REOPENED), "reopened", 20.0)
	client.clock(session, line, 10 * FRAME_US, false)
	await wait_until(
		func() -> bool:
			texture.acquire(client, session, line, 10 * FRAME_US)
			return texture.frame_pts_us == 10 * FRAME_US,
		"a frame of the new worker for the present time"
	)
	check(client.get_info().worker_pid != killed, "another process")


func test_objects_are_freed_while_they_speak() -> void:
	for round in 10:
		var session := await open({"outputs": FlashHeadClient.VIDEO})
		var texture := FlashHeadTexture.new()
		var line := speak(session)
		await wait_until(func() -> bool: return texture.acquire(client, session, line, 0), "first frame")
		if round % 2:
			texture = null
		client = FlashHeadClient.new()  # the last reference to the old one: it and its heads are gone
		if texture != null:
			check(not texture.acquire(client, session, line, FRAME_US), "a session of a client that is gone")
			check_equal(texture.get_size(), Vector2(SIZE, SIZE), "the picture stays")


func test_scenes_change_while_a_head_speaks() -> void:
	var session := await open({"outputs": FlashHeadClient.VIDEO})
	var line := speak(session)
	var scenes: Array[PackedScene] = []
	for number in 2:
		var rect := TextureRect.new()
		rect.name = "Portrait"
		rect.texture = FlashHeadTexture.new()
		var scene := PackedScene.new()
		check_equal(scene.pack(rect), OK, "pack")
		scenes.append(scene)
		rect.free()
	await wait_until(func() -> bool: return state(session, line) == FlashHeadClient.SPEAKING, "speaking")
	var shown := 0
	for step in 20:
		if step % 5 == 0:
			tree.change_scene_to_packed(scenes[(step / 5) % 2])
			await wait_until(func() -> bool: return tree.current_scene is TextureRect, "the scene")
		var texture: FlashHeadTexture = tree.current_scene.texture
		client.clock(session, line, step * FRAME_US, false)
		await wait_until(
			func() -> bool: return texture.acquire(client, session, line, step * FRAME_US), "step %d" % step
		)
		shown += 1
		await tree.process_frame
	check_equal(shown, 20, "pictures")
	tree.unload_current_scene()


func test_nothing_is_left_of_heads_that_were_closed() -> void:
	await connect_to_worker()
	report("worker_pid", client.get_info().worker_pid)
	for cycle in 500:
		var session := client.open_session({"outputs": FlashHeadClient.VIDEO | 2, "avatar": "guard", "size": SIZE})
		check(session > 0, FlashHeadClient.get_last_error())
		var texture := FlashHeadTexture.new()
		texture.acquire(client, session, 0, 0)
		if cycle % 10 == 0:
			await wait_until(func() -> bool: return texture.acquire(client, session, 0, 0), "picture %d" % cycle)
		client.close_session(session)
		texture = null
		if cycle == 20 or cycle == 499:
			await settled()
			report(
				"left",
				{
					"objects": Performance.get_monitor(Performance.OBJECT_COUNT),
					"resources": Performance.get_monitor(Performance.OBJECT_RESOURCE_COUNT),
					"threads": DirAccess.get_directories_at("/proc/self/task").size(),
					"files": DirAccess.get_files_at("/proc/self/fd").size(),
				}
			)


func test_bad_arguments_are_refused_in_words() -> void:
	refused(client.connect_worker({"endpiont": "x"}), "no option endpiont; there are: endpoint, token, name, program")
	refused(client.connect_worker({"endpoint": 7}), "endpoint is a int, but must be a String")
	refused(client.connect_worker({"program": "x"}), "program is a String, but must be a PackedStringArray")
	refused(client.connect_worker({"name": "x".repeat(65)}), "name has more than 64 characters")
	refused(client.open_session({}), "not connected", true)
	await connect_to_worker()
	refused(client.open_session({"size": -1}), "size is -1", true)
	refused(client.open_session({"size": "big"}), "size is a String, but must be a int", true)
	refused(client.open_session({"outputs": 0}), "outputs", true)
	refused(client.open_session({"outputs": FlashHeadClient.VIDEO}), "avatar", true)
	refused(client.open_session({"intensity": 2.0}), "intensity", true)
	var session := await open({"outputs": FlashHeadClient.WEIGHTS})
	var floats := PackedFloat32Array([0.0, 0.1])
	refused(client.speak(session, {}), "give either samples", true)
	refused(client.speak(session, {"samples": floats, "path": "x.wav"}), "give either samples", true)
	refused(client.speak(session, {"samples": floats}), "sample_rate_hz of the samples is missing", true)
	refused(client.speak(session, {"samples": [0.0], "sample_rate_hz": RATE_HZ}), "samples is a Array", true)
	refused(client.speak(session, {"samples": floats, "sample_rate_hz": 1}), "rate", true)
	refused(
		client.speak(session, {"samples": floats, "sample_rate_hz": RATE_HZ, "channels": 9}), "channels is 9", true
	)
	refused(
		client.speak(session, {"samples": PackedByteArray([1]), "sample_rate_hz": RATE_HZ}), "each sample has two", true
	)
	refused(
		client.speak(session, {"samples": PackedFloat32Array([1]), "sample_rate_hz": RATE_HZ, "channels": 2}),
		"not whole frames",
		true
	)
	refused(client.set_emotion(session, "happy", 7.0), "intensity")
	refused(client.set_mouth_strength(session, NAN), "strength")
	refused(client.look_at(session, 3.0, 0.0), "yaw")
	check_equal(client.clock(session, -1, 0, true), FlashHeadClient.UNKNOWN_UTTERANCE, "clock of no utterance")
	check_equal(client.end(session, 99), FlashHeadClient.UNKNOWN_UTTERANCE, "end of no utterance")
	check_equal(client.push(session, 99, floats), FlashHeadClient.UNKNOWN_UTTERANCE, "push to no utterance")
	check_equal(client.push(999, 1, floats), FlashHeadClient.STALE_HANDLE, "push to no session")
	client.close_session(session)
	check_equal(client.cancel(session), FlashHeadClient.STALE_HANDLE, "a closed session")
	check(FlashHeadClient.get_last_error() != "", "a reason")
	check_equal(client.get_session_info(session), {}, "info of a closed session")
	check_equal(client.poll_session(session), {}, "events of a closed session")
	check_equal(client.get_utterance_state(session, 1), FlashHeadClient.STALE_HANDLE, "state in a closed session")
	check(not FlashHeadTexture.new().acquire(client, session, 0, 0), "a picture of a closed session")


## Each of these makes Godot print an error, which tests/godot expects.
func test_arguments_of_wrong_types_are_refused_by_godot() -> void:
	var texture := FlashHeadTexture.new()
	check(not texture.acquire(null, 1, 0, 0), "no client")
	texture.show_image(null)
	check_equal(texture.frames_shown, 0, "nothing was shown")
	for call: Array in [
		["clock", "one", 0, 0, true],
		["look_at", 0, "left", 0.0],
		["connect_worker", 5],
		["connect_worker"],
		["poll", 1],
	]:
		check_equal(client.callv(call[0], call.slice(1)), null, "%s" % [call])
	check_equal(texture.callv("acquire", [RefCounted.new(), 1, 0, 0]), false, "another object")


func test_samples_of_every_kind() -> void:
	var session := await open({"outputs": FlashHeadClient.WEIGHTS})
	var tone := PackedFloat32Array()
	var pairs := PackedVector2Array()
	for index in RATE_HZ / 5:
		tone.append(0.3 * sin(index * 0.1))
		pairs.append(Vector2(0.3, 0.3) * sin(index * 0.1))
	var whole := pcm()
	for samples: Variant in [tone, pairs, whole.slice(0, 6400)]:
		var line := client.speak(session, {"samples": samples, "sample_rate_hz": RATE_HZ})
		check(line > 0, FlashHeadClient.get_last_error())
		await heard(session, line, 200000)
		# In pieces.
		var empty: Variant = samples.slice(0, 0)
		line = client.speak(session, {"samples": empty, "sample_rate_hz": RATE_HZ, "streamed": true})
		check(line > 0, FlashHeadClient.get_last_error())
		var half: int = samples.size() / 4 * 2
		for piece: Variant in [samples.slice(0, half), empty, samples.slice(half)]:
			check_equal(client.push(session, line, piece), FlashHeadClient.OK, FlashHeadClient.get_last_error())
		var other: Variant = tone if samples is PackedByteArray else whole
		refused(client.push(session, line, other), "another kind")
		check_equal(client.end(session, line), FlashHeadClient.OK, "end")
		check_equal(client.end(session, line), FlashHeadClient.OK, "end again")
		check_equal(client.push(session, line, samples), FlashHeadClient.ENDED, "push after the end")
		await heard(session, line, 200000)


func test_audio_of_no_length_ends_at_once() -> void:
	var session := await open({"outputs": FlashHeadClient.WEIGHTS})
	for samples: Variant in [PackedByteArray(), PackedFloat32Array(), PackedVector2Array()]:
		var line := client.speak(session, {"samples": samples, "sample_rate_hz": RATE_HZ})
		check(line > 0, FlashHeadClient.get_last_error())
		await wait_until(
			func() -> bool: return state(session, line) in [FlashHeadClient.FINISHED, FlashHeadClient.FAILED], "its end"
		)


func test_without_a_worker_nothing_waits() -> void:
	var began_us := Time.get_ticks_usec()
	check_equal(client.connect_worker({"endpoint": "ipc:///nowhere/socket", "token": "x"}), FlashHeadClient.OK, "")
	var session := client.open_session({"outputs": FlashHeadClient.VIDEO, "avatar": "guard"})
	var line := speak(session)
	var texture := FlashHeadTexture.new()
	texture.show_image(Image.create_empty(64, 32, false, Image.FORMAT_RGB8))
	check(not texture.acquire(client, session, line, 0), "no picture")
	check(Time.get_ticks_usec() - began_us < 200000, "at once")
	check_equal(texture.get_size(), Vector2(64, 32), "the portrait stays")
	var events: Array[Dictionary] = []
	await wait_until(
		func() -> bool:
			events.append(client.poll())
			return events[-1].get("type", 0) == FlashHeadClient.EVENT_NOT_CONNECTED,
		"the reason"
	)
	check("no worker" in events[-1].message, "the reason: %s" % events[-1])
	check_equal(client.get_info().connected, false, "connected")
	check_equal(state(session, line), FlashHeadClient.WAITING, "state")


## With a renderer only: without one Godot goes on saying that a texture has the pixels that it had first.
func test_a_portrait_gives_way_to_pictures_of_any_size() -> void:
	await connect_to_worker()
	var texture := FlashHeadTexture.new()
	var portrait := Image.create_empty(100, 50, true, Image.FORMAT_RGBA8)
	portrait.fill(Color.RED)
	# Larger, and smaller again: the picture that is kept has to follow.
	for size: int in [256, 512, 256]:
		texture.show_image(portrait)
		check_equal(texture.get_size(), Vector2(100, 50), "the portrait")
		check_equal(texture.get_image().get_pixel(5, 5), Color.RED, "the portrait's colour")
		check_equal(texture.frame_duration_us, 0, "no frame is shown")
		var session := await open({"outputs": FlashHeadClient.VIDEO, "size": size}, false)
		for picture in 2:
			await wait_until(func() -> bool: return texture.acquire(client, session, 0, 0), "picture")
			check_equal(texture.get_size(), Vector2(size, size), "size")
			var pixels := texture.get_image()
			check(pixels.get_pixel(size / 2, size / 2).a > 0.9, "the face is there")
			check(pixels.get_pixel(size / 2, size / 2) != Color.RED, "the portrait is gone")
		client.close_session(session)


func test_a_saved_texture_has_no_pixels() -> void:
	var session := await open({"outputs": FlashHeadClient.VIDEO})
	var texture := FlashHeadTexture.new()
	await wait_until(func() -> bool: return texture.acquire(client, session, 0, 0), "picture")
	var path := "user://texture.tres"
	check_equal(ResourceSaver.save(texture, path), OK, "saved")
	var text := FileAccess.get_file_as_string(path)
	check("FlashHeadTexture" in text and text.length() < 500, "saved as %d characters" % text.length())
	var loaded: FlashHeadTexture = ResourceLoader.load(path, "", ResourceLoader.CACHE_MODE_IGNORE)
	check(loaded.acquire(client, session, 0, 0) or loaded.frames_shown == 0, "a loaded one works")
	DirAccess.remove_absolute(path)


func test_typed_and_untyped_calls_do_the_same() -> void:
	var session := await open({"outputs": FlashHeadClient.WEIGHTS})
	var untyped: Variant = client
	for mouth: Variant in [client, untyped]:
		check_equal(mouth.look_at(session, 1, -1), FlashHeadClient.OK, "whole numbers for parts")
		check_equal(mouth.set_emotion(session, &"happy", 0.5), FlashHeadClient.OK, "a StringName")
		check_equal(mouth.cancel(session), FlashHeadClient.OK, "the default argument")
	check_equal(client.look_at(session, 0.5, 0.5), FlashHeadClient.OK, "look_at")
	check_equal(client.look_freely(session), FlashHeadClient.OK, "look_freely")
	check_equal(client.pause(session, true), FlashHeadClient.OK, "pause")
	check_equal(client.set_mouth_strength(session, 1.5), FlashHeadClient.OK, "set_mouth_strength")
	check_equal(untyped.get_info(), client.get_info(), "get_info")
	check_equal(FlashHeadClient.get_weight_names().size(), 52, "weights")
	check_equal(FlashHeadClient.get_viseme_names().size(), 15, "visemes")
	check_equal(untyped.get_weight_names(), FlashHeadClient.get_weight_names(), "weight names")
	check(FlashHeadClient.get_version().contains("."), "version")
	check_equal(FlashHeadClient.LAST_ACQUIRED, -9223372036854775807 - 1, "LAST_ACQUIRED")
	await wait_until(func() -> bool: return not client.get_statistics().is_empty(), "statistics")


# --- what the tests share --------------------------------------------------------------------------------------------


func connect_to_worker() -> void:
	check_equal(client.connect_worker({}), FlashHeadClient.OK, FlashHeadClient.get_last_error())
	await wait_until(func() -> bool: return client.get_info().connected, "connected")


## A head, asked for; it is open when the first thing it is asked for happens.
func open(options: Dictionary, connects := true) -> int:
	if connects:
		await connect_to_worker()
	var session := client.open_session({"avatar": "guard", "size": SIZE}.merged(options, true))
	check(session > 0, FlashHeadClient.get_last_error())
	return session


func pcm() -> PackedByteArray:
	return FileAccess.get_file_as_bytes(argument("pcm"))


func speak(session: int) -> int:
	var line := client.speak(session, {"samples": pcm(), "sample_rate_hz": RATE_HZ})
	check(line > 0, FlashHeadClient.get_last_error())
	return line


func state(session: int, line: int) -> int:
	return client.get_utterance_state(session, line)


func heard(session: int, line: int, duration_us: int) -> void:
	await wait_until(func() -> bool: return state(session, line) == FlashHeadClient.SPEAKING, "speaking")
	client.clock(session, line, duration_us, false)
	await wait_until(func() -> bool: return state(session, line) == FlashHeadClient.FINISHED, "finished")


func happened(session: int, type: int) -> bool:
	var event := client.poll_session(session)
	while not event.is_empty():
		if event.type == type:
			return true
		event = client.poll_session(session)
	return false


## `result`: what a call said that must be refused; with `is_number`, 0 is its way to say so.
func refused(result: int, reason: String, is_number := false) -> void:
	check_equal(result, 0 if is_number else FlashHeadClient.INVALID_ARGUMENT, "result for: %s" % reason)
	var said := FlashHeadClient.get_last_error()
	check(reason in said, "the reason is %s, not %s" % [said, reason])


func settled() -> void:
	await tree.create_timer(1.0).timeout
