extends "test_case.gd"
## A talking head on stage, with its player and screen, and what it said. For tests of TalkingHead.

const Sounds := preload("sounds.gd")
const Warnings := preload("res://addons/flashhead/client/warnings.gd")

var root: Node
var head: TalkingHead
var player: AudioStreamPlayer
var screen: TextureRect
## Names of its signals, in order, but for those that come with every frame.
var said: Array[String] = []
## Of speak(), in order.
var results: Array = []


func before() -> void:
	said.clear()
	results.clear()
	root = Node.new()
	player = AudioStreamPlayer.new()
	screen = TextureRect.new()
	head = TalkingHead.new()
	head.audio_player = player
	head.screen = screen
	head.profile = profile_of("guard")
	for node: Node in [player, screen, head]:
		root.add_child(node)
	tree.root.add_child(root)
	listen(head)


func after() -> void:
	# A player that plays at the end of the program is told as a leak.
	if is_instance_valid(player):
		player.stop()
	root.queue_free()
	await tree.process_frame


func profile_of(avatar: String) -> TalkingHeadProfile:
	var profile := TalkingHeadProfile.new()
	profile.avatar = avatar
	profile.size = 256
	return profile


func listen(to: TalkingHead) -> void:
	to.worker_started.connect(func() -> void: said.append("worker_started"))
	to.worker_failed.connect(func(_reason: String) -> void: said.append("worker_failed"))
	to.first_frame.connect(func(_latency_ms: float) -> void: said.append("first_frame"))
	to.speaking_started.connect(func() -> void: said.append("speaking_started"))
	to.speaking_finished.connect(func() -> void: said.append("speaking_finished"))
	to.cancelled.connect(func() -> void: said.append("cancelled"))


## Speak and note the result; not to be awaited.
func speak(line: Variant, emotion := "") -> void:
	results.append(await head.speak(line, emotion))


func spoken_signals() -> Array[String]:
	return said.filter(func(name: String) -> bool: return name.begins_with("speaking") or name == "cancelled")


func until_playing() -> bool:
	return await wait_until(func() -> bool: return head.get_audio_us() > 0 and player.playing, "it is heard")


func seconds(time: float) -> void:
	await tree.create_timer(time).timeout
