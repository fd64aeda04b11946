extends "res://tests/native_case.gd"
## What FlashHeadClient and FlashHeadTexture say to right and wrong arguments.


func test_bad_arguments_are_refused_in_words() -> void:
	refused(client.connect_worker({"endpiont": "x"}), "no option endpiont; there are: endpoint, token, name, program")
	refused(client.connect_worker({"endpoint": 7}), "endpoint must be String, not int")
	refused(client.connect_worker({"program": "x"}), "program must be PackedStringArray, not String")
	refused(client.connect_worker({"name": "x".repeat(65)}), "name has more than 64 characters")
	refused(client.open_session({}), "not connected", true)
	await connect_to_worker()
	refused(client.open_session({"size": -1}), "size is -1", true)
	refused(client.open_session({"size": "big"}), "size must be int, not String", true)
	refused(client.open_session({"outputs": 0}), "outputs", true)
	refused(client.open_session({"outputs": FlashHeadClient.VIDEO}), "avatar", true)
	refused(client.open_session({"intensity": 2.0}), "intensity", true)
	var session := await open({"outputs": FlashHeadClient.WEIGHTS})
	var floats := PackedFloat32Array([0.0, 0.1])
	refused(client.speak(session, {}), "give either samples", true)
	refused(client.speak(session, {"samples": floats, "path": "x.wav"}), "give either samples", true)
	refused(client.speak(session, {"samples": floats}), "sample_rate_hz of the samples is missing", true)
	refused(client.speak(session, {"samples": [0.0], "sample_rate_hz": RATE_HZ}), "stereo), not Array", true)
	refused(client.speak(session, {"samples": floats, "sample_rate_hz": 1}), "rate", true)
	refused(
		client.speak(session, {"samples": floats, "sample_rate_hz": RATE_HZ, "channels": 9}), "channels is 9", true
	)
	refused(
		client.speak(session, {"samples": PackedByteArray([1]), "sample_rate_hz": RATE_HZ}),
		"each sample has two",
		true
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
			func() -> bool: return state(session, line) in [FlashHeadClient.FINISHED, FlashHeadClient.FAILED],
			"its end"
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
