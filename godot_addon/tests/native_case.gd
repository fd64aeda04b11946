extends "res://tests/test_case.gd"
## What tests of FlashHeadClient and FlashHeadTexture share. FLASHHEAD_ENDPOINT and FLASHHEAD_TOKEN
## name a live worker. Arguments: `pcm` a file of 16 bit samples at 16 kHz; `pictures` a file for
## the pixels shown; `program` the words that start a worker, separated by |.

const RATE_HZ := 16000
const FRAME_US := 40000
const SIZE := 256

var client: FlashHeadClient


func before() -> void:
	client = FlashHeadClient.new()


func after() -> void:
	client = null
	FlashHeadClient.shutdown()


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
