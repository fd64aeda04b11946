extends "res://tests/native_case.gd"
## Talking heads of FlashHeadClient and FlashHeadTexture beside a live worker.


func test_frames_in_order() -> void:
	var session := await open({"outputs": FlashHeadClient.VIDEO, "seed": 7})
	var line := speak(session)
	var texture := FlashHeadTexture.new()
	var pictures := FileAccess.open(argument("pictures"), FileAccess.WRITE)
	await wait_until(func() -> bool: return state(session, line) == FlashHeadClient.SPEAKING, "speaking")
	for index in 25:
		var audio_us := index * FRAME_US
		client.clock(session, line, audio_us, false)
		# A worker with too much to do leaves pictures out.
		var end_us := Time.get_ticks_usec() + 500000
		while not texture.acquire(client, session, line, audio_us) and Time.get_ticks_usec() < end_us:
			await tree.process_frame
		if texture.frame_pts_us + texture.frame_duration_us <= audio_us:
			continue
		report(
			"frame",
			[audio_us, texture.frame_index, texture.frame_pts_us, texture.frame_duration_us, texture.frame_flags]
		)
		pictures.store_buffer(texture.get_image().get_data())
		check(not texture.acquire(client, session, line, audio_us), "a picture is given once")
	pictures.close()
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
		# Those with pictures take long to open.
		var video := FlashHeadClient.VIDEO if cycle % 10 == 0 else 0
		var session := client.open_session({"outputs": video | 2, "avatar": "guard", "size": SIZE})
		check(session > 0, FlashHeadClient.get_last_error())
		var texture := FlashHeadTexture.new()
		if video:
			await wait_until(func() -> bool: return texture.acquire(client, session, 0, 0), "picture %d" % cycle)
		else:
			await wait_until(func() -> bool: return client.acquire_weights(session, 0, 0), "weights %d" % cycle)
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


## With a renderer only: without one Godot says that a texture has the pixels that it had first.
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
