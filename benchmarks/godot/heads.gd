extends SceneTree
## Shows talking heads for some seconds, 60 times a second, and prints what that cost as one line of
## JSON; see heads.py. It says when it begins, and ends when its input does, so that what it used can
## be read meanwhile.
## Arguments: heads, size, seconds, pcm (a file of 16 bit samples at 16 kHz), as name=value.

var _given := {}


func _initialize() -> void:
	for word in OS.get_cmdline_user_args():
		_given[word.get_slice("=", 0)] = word.get_slice("=", 1)
	Engine.max_fps = 60
	_run.call_deferred()


func _run() -> void:
	var client := FlashHeadClient.new()
	client.connect_worker({})
	var pcm := FileAccess.get_file_as_bytes(_given.pcm)
	var sessions: Array[int] = []
	var textures: Array[FlashHeadTexture] = []
	var grid := GridContainer.new()
	grid.columns = 4
	root.add_child(grid)
	for number in int(_given.heads):
		var options := {
			"outputs": FlashHeadClient.VIDEO, "avatar": "guard", "size": int(_given.size)
		}
		sessions.append(client.open_session(options))
		textures.append(FlashHeadTexture.new())
		var rect := TextureRect.new()
		rect.texture = textures[-1]
		rect.expand_mode = TextureRect.EXPAND_IGNORE_SIZE
		rect.custom_minimum_size = Vector2(128, 128)
		grid.add_child(rect)
	for session in sessions:
		while not client.get_session_info(session).get("open", false):
			await process_frame
	var lines: Array[int] = []
	for session in sessions:
		lines.append(client.speak(session, {"samples": pcm, "sample_rate_hz": 16000}))
	for number in sessions.size():
		while (
			client.get_utterance_state(sessions[number], lines[number]) != FlashHeadClient.SPEAKING
		):
			await process_frame
	print("BEGAN")
	await _show(client, sessions, lines, textures)
	OS.read_string_from_stdin(1)
	client = null
	FlashHeadClient.shutdown()
	quit()


func _show(
	client: FlashHeadClient,
	sessions: Array[int],
	lines: Array[int],
	textures: Array[FlashHeadTexture]
) -> void:
	var seconds := float(_given.seconds)
	var with_picture: PackedInt64Array = []
	var without: PackedInt64Array = []
	var shown := []
	for number in sessions.size():
		shown.append([])
	var draws := 0
	var began := Time.get_ticks_usec()
	while Time.get_ticks_usec() - began < seconds * 1e6:
		for number in sessions.size():
			var at := Time.get_ticks_usec()
			client.clock(sessions[number], lines[number], at - began, true)
			var uploaded := textures[number].acquire(
				client, sessions[number], lines[number], at - began
			)
			var took := Time.get_ticks_usec() - at
			if uploaded:
				with_picture.append(took)
				shown[number].append(textures[number].frame_index)
			else:
				without.append(took)
		draws += 1
		await process_frame
	var measured := {"with": with_picture, "without": without, "shown": shown, "draws": draws}
	print("MEASURED ", JSON.stringify(measured))
