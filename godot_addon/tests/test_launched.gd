extends "stage.gd"
## A worker that the game launches itself: the project setting flashhead/worker/program.

const Settings := preload("res://addons/flashhead/client/settings.gd")


func test_it_speaks_and_a_worker_that_dies_is_started_again() -> void:
	await launch([argument("python"), "-m", "flashhead_engine.worker"])
	await wait_until(func() -> bool: return said.has("worker_started"), "it was launched", 20.0)
	check_equal(Warnings.said().size(), 0, "nothing was wrong: %s" % ", ".join(Warnings.said()))
	await head.speak(Sounds.tone(0.5))
	check(said.has("first_frame"), "it has a first frame")

	var pid: int = head._worker.get_info().worker_pid
	speak(Sounds.speech(argument("dialogue"), "guard_en.wav"))
	await wait_until(func() -> bool: return head.get_audio_us() > 300_000, "it speaks")
	said.clear()
	OS.kill(pid)
	await wait_until(func() -> bool: return said.has("worker_failed"), "its death is told", 4.0)
	check(player.playing, "the audio plays on")
	await wait_until(func() -> bool: return said.has("worker_started"), "it is back", 20.0)
	check(head._worker.get_info().worker_pid != pid, "as another process")
	await wait_until(func() -> bool: return results.size() == 1, "the line ends")
	check_equal(results, [TalkingHead.Result.FINISHED], "how it ended")
	said.clear()
	await head.speak(Sounds.tone(0.6))
	check(said.has("first_frame"), "it is seen again")


func test_a_program_that_does_not_exist_is_told() -> void:
	await launch(["/nowhere/python3", "-m", "flashhead_engine.worker"])
	await wait_until(func() -> bool: return said.has("worker_failed"), "it is told", 3.0)
	check(Warnings.said()[-1].contains("/nowhere/python3"), Warnings.said()[-1])
	check_equal(await head.speak(Sounds.tone(0.3)), TalkingHead.Result.FINISHED, "it is heard all the same")


func test_a_program_that_is_no_worker_is_told_in_the_end() -> void:
	await launch(["/bin/sh", "-c", "sleep 30"])
	await seconds(3.0)
	check(not said.has("worker_failed"), "it may still be starting")
	await wait_until(func() -> bool: return said.has("worker_failed"), "it is told", 12.0)
	check(Warnings.said()[-1].contains("silent"), Warnings.said()[-1])


## Another worker than before, for a new scene.
func launch(program: PackedStringArray) -> void:
	root.queue_free()
	await tree.process_frame
	head_worker()._disconnect()
	ProjectSettings.set_setting(Settings.PROGRAM, program)
	Warnings.forget()
	before()


func head_worker() -> Node:
	return tree.root.get_node(^"FlashHeadWorker")
