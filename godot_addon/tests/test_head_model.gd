extends "res://tests/test_case.gd"
## A head of 52 blend shapes from a glTF file, moved by a baked line. tests/godot/test_face.py gives the model and
## looks at the pictures.

const LINE := "res://lines/guard_en.flashhead.json"

var head: Node3D
var mesh: MeshInstance3D
var face: TalkingHeadBlendShapes


func before() -> void:
	head = _loaded(argument("model"))
	mesh = head.find_child("Face", true, false)
	face = TalkingHeadBlendShapes.new()
	head.add_child(face)
	tree.root.add_child(head)


func after() -> void:
	head.queue_free()
	await tree.process_frame


## Vertices of the lower lip sink as the jaw opens; the eyes stay.
func test_jaw() -> void:
	check_equal(Array(face._get_configuration_warnings()), ["Give it a talking head: who speaks."], "warnings")
	var rest := _vertices()
	_show({"jawOpen": 1.0})
	var open := _vertices()
	var lowest := 0.0
	var eyes := 0.0
	for index in rest.size():
		lowest = minf(lowest, open[index].y - rest[index].y)
		if rest[index].y > argument("eyes").to_float():
			eyes = maxf(eyes, open[index].distance_to(rest[index]))
	report("jaw", {"lowest_mm": lowest * 1000, "eyes_mm": eyes * 1000})
	_show({})
	check(_vertices() == rest, "the face does not come back")


## The same values as the line has, in the audio's time, with the addon's own node.
func test_baked() -> void:
	var line := load(LINE) as FlashHeadBakedLine
	var speaker := TalkingHead.new()
	speaker.audio_player = AudioStreamPlayer.new()
	head.add_child(speaker.audio_player)
	head.add_child(speaker)
	face.talking_head = speaker
	var jaw := mesh.find_blend_shape_by_name("jawOpen")
	speaker.play_baked(line)
	var widest := 0.0
	while speaker.is_speaking():
		await tree.process_frame
		if speaker.is_speaking():
			var wanted := line.weights_at(speaker.get_audio_us())[17]
			check(absf(mesh.get_blend_shape_value(jaw) - wanted) < 0.1, "jaw %s" % [mesh.get_blend_shape_value(jaw)])
			widest = maxf(widest, wanted)
	check(widest > 0.2, "the mouth never opened: %s" % widest)


## A line that is cancelled with the mouth open, and one that ends: the face comes to rest, without a jump.
func test_rest() -> void:
	var line := load(LINE) as FlashHeadBakedLine
	var speaker := TalkingHead.new()
	speaker.audio_player = AudioStreamPlayer.new()
	head.add_child(speaker.audio_player)
	head.add_child(speaker)
	face.talking_head = speaker
	var jaw := mesh.find_blend_shape_by_name("jawOpen")
	speaker.play_baked(line)
	await wait_until(func() -> bool: return mesh.get_blend_shape_value(jaw) > 0.2, "an open mouth")
	speaker.cancel()
	await _check_it_rests(jaw)
	speaker.play_baked(line)
	await tree.process_frame
	speaker.audio_player.seek(line.duration_us / 1e6 - 0.1)
	await wait_until(func() -> bool: return not speaker.is_speaking(), "the end of the line")
	await _check_it_rests(jaw)


func _check_it_rests(jaw: int) -> void:
	var began := mesh.get_blend_shape_value(jaw)
	var between := 0
	var start := Time.get_ticks_msec()
	while Time.get_ticks_msec() - start < 500:
		await tree.process_frame
		var now := mesh.get_blend_shape_value(jaw)
		between += int(now > 0.1 * began and now < 0.9 * began)
	check(began < 0.05 or between >= 2, "the mouth snaps from %s" % began)
	for index in mesh.get_blend_shape_count():
		check(absf(mesh.get_blend_shape_value(index)) < 0.001, "%s is not at rest" % index)


func test_pictures() -> void:
	_add_studio()
	for picture: String in ["rest", "jawOpen"]:
		_show({picture: 1.0} if picture != "rest" else {})
		for frame in 3:
			await tree.process_frame
		await RenderingServer.frame_post_draw
		tree.root.get_texture().get_image().save_png(argument("folder").path_join(picture + ".png"))


## What it costs to move all 52 shapes of eight heads in every frame.
func test_cost() -> void:
	var faces: Array[TalkingHeadBlendShapes] = [face]
	for index in 7:
		var other := head.duplicate() as Node3D
		tree.root.add_child(other)
		for child in other.get_children():
			if child is TalkingHeadBlendShapes:
				faces.append(child)
	check_equal(faces.size(), 8, "heads")
	var weights := PackedFloat32Array()
	weights.resize(52)
	var pose := PackedFloat32Array([0, 0, 0, 0])
	var times := PackedFloat32Array()
	var line := load(LINE) as FlashHeadBakedLine
	var sampled := PackedFloat32Array()
	for frame in 500:
		weights.fill(0.2 + 0.1 * sin(frame * 0.3))
		var start := Time.get_ticks_usec()
		for one in faces:
			one.show_face(weights, pose)
		times.append(Time.get_ticks_usec() - start)
		start = Time.get_ticks_usec()
		for one in faces:
			line.sample(frame * 10_000)
		sampled.append(Time.get_ticks_usec() - start)
		await tree.process_frame
	times.sort()
	sampled.sort()
	report("cost_us", {"eight_heads": times[250], "p95": times[475], "eight_samples": sampled[250]})
	for one in faces.slice(1):
		one.get_parent().queue_free()


func _show(named: Dictionary) -> void:
	var weights := PackedFloat32Array()
	weights.resize(52)
	for name: String in named:
		weights[FlashHeadNames.BLENDSHAPES.find(StringName(name))] = named[name]
	face.show_face(weights, PackedFloat32Array([0, 0, 0, 0]))


func _vertices() -> PackedVector3Array:
	var vertices := PackedVector3Array()
	var baked := mesh.bake_mesh_from_current_blend_shape_mix()
	for surface in baked.get_surface_count():
		vertices.append_array(baked.surface_get_arrays(surface)[Mesh.ARRAY_VERTEX])
	return vertices


func _loaded(path: String) -> Node3D:
	var state := GLTFState.new()
	# The editor's binary would else write the textures beside the file and import them.
	state.handle_binary_image = GLTFState.HANDLE_BINARY_EMBED_AS_UNCOMPRESSED
	var document := GLTFDocument.new()
	check_equal(document.append_from_file(path, state), OK, path)
	return document.generate_scene(state)


func _add_studio() -> void:
	var camera := Camera3D.new()
	camera.position = Vector3(0.0, -0.02, 0.95)
	camera.fov = 24.0
	head.add_child(camera)
	var light := DirectionalLight3D.new()
	light.rotation_degrees = Vector3(-35, -40, 0)
	head.add_child(light)
	var world := WorldEnvironment.new()
	world.environment = Environment.new()
	world.environment.background_mode = Environment.BG_COLOR
	world.environment.background_color = Color(0.17, 0.19, 0.22)
	world.environment.ambient_light_source = Environment.AMBIENT_SOURCE_COLOR
	world.environment.ambient_light_color = Color(0.55, 0.55, 0.6)
	head.add_child(world)
