extends "stage.gd"
## A line for Movie Maker, said by a head in the window's corner. tests/godot/test_movie.py measures what was captured.

const _AFTER_S := 0.4


func before() -> void:
	tree.root.content_scale_mode = Window.CONTENT_SCALE_MODE_DISABLED
	super()


func test_line() -> void:
	tree.process_frame.connect(OS.delay_msec.bind(argument("slow_ms", "0").to_int()))
	await wait_until(func() -> bool: return head.texture.frames_shown > 0, "the head is drawn")
	check_equal(await head.speak(argument("line")), TalkingHead.Result.FINISHED, "result")
	check_equal(spoken_signals(), ["speaking_started", "speaking_finished"] as Array[String], "signals")
	await seconds(_AFTER_S)
