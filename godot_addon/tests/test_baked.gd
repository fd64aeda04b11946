extends "res://tests/test_case.gd"
## Baked lines, as the importer and the loader bring them. tests/godot/test_baked.py gives the files.

const LINE := "res://lines/guard_en.flashhead.json"


func test_imported() -> void:
	report("names", [FlashHeadNames.BLENDSHAPES, FlashHeadNames.POSE, FlashHeadNames.VISEMES])
	check(not ClassDB.class_exists("FlashHeadClient"), "the native library must be missing here")
	var line: FlashHeadBakedLine = load(LINE) as FlashHeadBakedLine
	if not check(line != null, "the line is not imported"):
		return
	check_equal(line.id, "guard_en", "id")
	check_equal(line.fps, 60, "fps")
	check_equal(line.audio.resource_path, "res://lines/guard_en.wav", "audio")
	check(absf(line.audio.get_length() - line.duration_us / 1e6) < 0.001, "the audio has another length")
	check_equal(line.video.file, "res://lines/guard_en.ogv", "video")
	check_equal(line.video_size, Vector2i(256, 256), "size of the picture")
	check(line.video_has_matte, "the matte is not known")
	check_equal(line.video_frame_at(1_000_000), 25, "picture at one second")
	check_equal(line.video_frame_at(line.duration_us * 2), line.video_frame_count - 1, "last picture")
	for time in argument("times").split(","):
		var row := line.sample(int(time))
		report("sample", {"row": row, "values": Array(line.weights) + Array(line.pose) + Array(line.visemes)})


func test_track() -> void:
	var loader := FlashHeadBakedLoader.new()
	var line := loader.load_track(argument("track"), AudioStreamWAV.new())
	check_equal(loader.error, "", "the track")
	for time: int in JSON.parse_string(argument("times")):
		var row := line.sample(time)
		report("sample", {"row": row, "values": Array(line.weights) + Array(line.pose) + Array(line.visemes)})


## Loads a line of each folder, as a game does with lines that were added to it.
func test_loaded() -> void:
	var loader := FlashHeadBakedLoader.new()
	for name in DirAccess.get_directories_at(argument("folder")):
		var line := loader.load_line("%s/%s/guard_en.flashhead.json" % [argument("folder"), name])
		check((line == null) == (loader.error != ""), "%s: a line and an error" % name)
		var answer := {"name": name, "error": loader.error, "warnings": loader.warnings, "rows": 0}
		if line != null:
			answer.rows = line.frame_count
			answer.seconds = snappedf(line.audio.get_length(), 0.01)
		report("line", answer)


func test_audio() -> void:
	report("audio", (load(argument("line")) as FlashHeadBakedLine).audio.resource_path)


## A line that is held follows the locale too.
func test_locale() -> void:
	TranslationServer.set_locale("en")
	var line := load(LINE) as FlashHeadBakedLine
	for locale: String in ["en", "de", "fr"]:
		TranslationServer.set_locale(locale)
		await tree.process_frame
		check_equal((load(LINE) as FlashHeadBakedLine).id, line.id, "%s: the line that is held" % locale)
		report("line", [line.id, line.audio.resource_path.get_file()])
		check_equal(line.rows.size(), line.frame_count * FlashHeadBakedLine.ROW_BYTES, "bytes of the track")
		check(line.sample(1_000_000) == 60, "the track is not sampled")
