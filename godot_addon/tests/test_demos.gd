extends "test_case.gd"
## Photographs of a demo while its heads speak, each with the picture that the head had from the worker. They are
## compared by tests/godot/test_demos.py.

const _SETTLED_FRAMES := 25
## Of the talking head: by then the scene has faded to its light.
const _LATER_FRAMES := 12
const _PRESS_EVERY_S := 1.2
const _LIMIT_S := 120.0
const _SILENCE_S := 0.3
const _BAKED_APART_US := 900_000

var _demo: Node
var _photographs := 0


func before() -> void:
	tree.change_scene_to_file(argument("scene"))
	await tree.process_frame
	await tree.process_frame
	_demo = tree.current_scene


func after() -> void:
	for head: TalkingHead in _heads():
		head.cancel()
	tree.unload_current_scene()
	# Until the audio server has let the voices go.
	await tree.create_timer(_SILENCE_S).timeout


## One photograph of each head of `heads`, which are paths. While nobody speaks the actions of `keys` are pressed.
func test_photographs() -> void:
	var waiting: Array[TalkingHead] = []
	for name in argument("heads").split(","):
		waiting.append(_demo.get_node(name))
	var end := Time.get_ticks_msec() + _LIMIT_S * 1000.0
	while waiting and check(Time.get_ticks_msec() < end, "never ready: %s" % [waiting]):
		await RenderingServer.frame_post_draw
		for head: TalkingHead in waiting.duplicate():
			if _is_ready(head):
				waiting.erase(head)
				await _photograph(head)
		await _press_keys()


## Nobody answers: the portraits stand still, the lines are heard, and the hint says what to do.
func test_without_worker() -> void:
	var heads := _heads()
	await wait_until(func() -> bool: return heads.any(_is_heard), "a line is heard", 20.0)
	var hint: Control = _demo.find_child("WorkerHint", true, false)
	await wait_until(func() -> bool: return hint.is_visible_in_tree(), "the hint is seen", 20.0)
	await RenderingServer.frame_post_draw
	tree.root.get_texture().get_image().save_png(argument("folder").path_join("without.png"))
	for head in heads:
		if head.screen:
			check(not head.texture.get_image().is_invisible(), "%s has no portrait" % head.name)
	var speaking: TalkingHead = heads.filter(_is_heard).front()
	check_equal(speaking.texture.get(&"frames_shown"), 0, "pictures without a worker")


## To the menu in the middle of a line.
func test_leaving() -> void:
	await wait_until(func() -> bool: return _heads().any(_is_heard), "a line is heard", 30.0)
	_press(&"ui_cancel")
	await wait_until(
		func() -> bool: return tree.current_scene is Control and tree.current_scene.name == &"Menu", "menu"
	)
	_demo = tree.current_scene


## The 3D head opens its mouth while it speaks.
func test_answer() -> void:
	var head: TalkingHead = _demo.get_node(argument("head"))
	var face: MeshInstance3D = _demo.find_child("Face", true, false)
	var jaw := face.find_blend_shape_by_name("jawOpen")
	_demo._on_advanced()
	await tree.process_frame
	_demo._say(argument("line"))
	var widest := 0.0
	await wait_until(func() -> bool: return _is_heard(head), "the answer is heard", 30.0)
	while head.is_speaking():
		await tree.process_frame
		widest = maxf(widest, face.get_blend_shape_value(jaw))
	check(widest > 0.1, "the mouth never opened: %s" % widest)


## With the switch "Baked" the next line's mouth moves without a worker. Two photographs, apart by some frames.
func test_baked() -> void:
	var head: TalkingHead = _demo.get_node(argument("heads").get_slice(",", 0))
	await wait_until(func() -> bool: return _is_heard(head), "the first line is heard", 20.0)
	_demo.get_node("%Baked").button_pressed = true
	head.cancel()
	await tree.process_frame
	_demo._say(_demo._conversation.begin)
	for number in 2:
		var from_us := (number + 1) * _BAKED_APART_US
		await wait_until(func() -> bool: return head.get_audio_us() > from_us, "it is heard on", 30.0)
		await RenderingServer.frame_post_draw
		var folder := argument("folder")
		tree.root.get_texture().get_image().save_png(folder.path_join("%d_screen.png" % number))
		head.texture.get_image().save_png(folder.path_join("%d_frame.png" % number))
		report("photograph", {"corners": _corners(head.screen), "audio_us": head.get_audio_us()})
	check(head.is_speaking(), "the line ended before it was photographed")


func _photograph(head: TalkingHead) -> void:
	var number := _photographs
	_photographs += 1
	var folder := argument("folder")
	var texture := head.texture
	tree.root.get_texture().get_image().save_png(folder.path_join("%d_screen.png" % number))
	texture.get_image().save_png(folder.path_join("%d_frame.png" % number))
	var photograph := {
		"head": str(_demo.get_path_to(head)),
		"corners": _corners(head.screen),
		"utterance": texture.frame_utterance,
		"pts_us": texture.frame_pts_us,
		"audio_us": head.get_audio_us(),
	}
	report("photograph", photograph)
	var shown: int = texture.frames_shown
	while texture.frames_shown < shown + _LATER_FRAMES:
		await RenderingServer.frame_post_draw
	texture.get_image().save_png(folder.path_join("%d_later.png" % number))


func _is_ready(head: TalkingHead) -> bool:
	var texture := head.texture
	return _is_heard(head) and texture.frame_utterance > 0 and texture.frame_index >= _SETTLED_FRAMES


func _is_heard(head: TalkingHead) -> bool:
	return head.is_speaking() and head.audio_player.playing


func _press_keys() -> void:
	var silent := _heads().all(func(head: TalkingHead) -> bool: return not head.is_speaking())
	if not silent or argument("keys").is_empty():
		return
	for action in argument("keys").split(","):
		_press(action)
		await tree.process_frame
	await tree.create_timer(_PRESS_EVERY_S).timeout


func _press(action: StringName) -> void:
	for pressed: bool in [true, false]:
		var event := InputEventAction.new()
		event.action = action
		event.pressed = pressed
		Input.parse_input_event(event)


func _heads() -> Array:
	return _demo.find_children("*", "TalkingHead", true, false)


## Where the picture is in the window: pixels, from its left upper corner clockwise.
func _corners(screen: Node) -> Array:
	var corners: Array[Vector2] = []
	var to_window := tree.root.get_final_transform()
	if screen is Control:
		var side: float = minf(screen.size.x, screen.size.y)
		var drawn := Rect2((screen.size - Vector2(side, side)) / 2.0, Vector2(side, side))
		to_window = to_window * screen.get_global_transform_with_canvas()
		corners = [
			drawn.position, Vector2(drawn.end.x, drawn.position.y), drawn.end, Vector2(drawn.position.x, drawn.end.y)
		]
	else:
		var half: Vector2 = screen.mesh.size / 2.0
		var camera := tree.root.get_camera_3d()
		for corner: Vector2 in [Vector2(-1, 1), Vector2(1, 1), Vector2(1, -1), Vector2(-1, -1)]:
			var place: Vector3 = screen.global_transform * Vector3(corner.x * half.x, corner.y * half.y, 0.0)
			corners.append(camera.unproject_position(place))
	return corners.map(func(corner: Vector2) -> Array: return [(to_window * corner).x, (to_window * corner).y])
