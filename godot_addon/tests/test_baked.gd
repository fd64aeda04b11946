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
