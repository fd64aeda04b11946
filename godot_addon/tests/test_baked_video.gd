extends "res://tests/test_case.gd"
## A baked line with a video, played by a talking head. tests/godot/test_baked_video.py gives the line, whose pictures
## have their index in bars at the top and parts of every transparency below, and looks at what was drawn.

var head: TalkingHead
var screen := TextureRect.new()
var line: FlashHeadBakedLine


func before() -> void:
	var loader := FlashHeadBakedLoader.new()
	line = loader.load_line(argument("line"))
	check_equal(loader.error, "", "the line")
	head = TalkingHead.new()
	head.audio_player = AudioStreamPlayer.new()
	head.audio_player.pitch_scale = argument("pitch", "1.0").to_float()
	screen.set_anchors_preset(Control.PRESET_FULL_RECT)
	head.screen = screen
	tree.root.add_child(screen)
	tree.root.add_child(head.audio_player)
	tree.root.add_child(head)
	await tree.process_frame


func after() -> void:
	head.audio_player.queue_free()
	head.queue_free()
	screen.queue_free()
	await tree.process_frame


## For Movie Maker: the line twice, one after the other, then what is shown without one.
func test_movie() -> void:
	head.play_baked(line)
	await head.play_baked(line)
	for frame in 3:
		await tree.process_frame
	check(screen.texture == head.texture and screen.texture is ImageTexture, "the portrait is not back")


## In real time: which picture was drawn at which time of the audio.
func test_live() -> void:
	head.play_baked(line)
	await tree.process_frame
	while head.is_speaking():
		await RenderingServer.frame_post_draw
		if head.is_speaking():
			report("drawn", [_drawn_index(), head.get_audio_us()])
		await tree.process_frame


## The player is sought by the game: back, on, and back again.
func test_seek() -> void:
	head.play_baked(line)
	await wait_until(func() -> bool: return head.get_audio_us() > line.duration_us - 500_000, "the last half second")
	for seconds: float in [0.2, 1.7, 0.6]:
		head.audio_player.seek(seconds)
		for frame in 4:
			await tree.process_frame
		await RenderingServer.frame_post_draw
		report("drawn", [_drawn_index(), head.get_audio_us()])


## Straight alpha over blue: by the head's texture in 2D and 3D, and by the shader for meshes.
func test_alpha() -> void:
	RenderingServer.set_default_clear_color(Color(0, 0, 1))
	screen.set_anchors_and_offsets_preset(Control.PRESET_TOP_LEFT)
	screen.expand_mode = TextureRect.EXPAND_IGNORE_SIZE
	screen.size = Vector2(256, 256)
	var raw := VideoStreamPlayer.new()
	raw.stream = line.video
	raw.self_modulate = Color.TRANSPARENT
	tree.root.add_child(raw)
	raw.play()
	var camera := Camera3D.new()
	camera.projection = Camera3D.PROJECTION_ORTHOGONAL
	camera.size = 2.0
	camera.position.z = 2.0
	var sprite := Sprite3D.new()
	sprite.pixel_size = 1.0 / 256
	sprite.position = Vector3(-0.5, -0.5, 0.0)
	var quad := MeshInstance3D.new()
	quad.mesh = QuadMesh.new()
	quad.position = Vector3(0.5, -0.5, 0.0)
	var material := ShaderMaterial.new()
	material.shader = load("res://addons/flashhead/baked/matte_right_3d.gdshader")
	for uniform: String in ["video", "matte"]:
		material.set_shader_parameter(uniform, raw.get_video_texture())
	quad.material_override = material
	for node: Node3D in [camera, sprite, quad]:
		tree.root.add_child(node)
	# The renderer's first frames take long.
	for frame in 10:
		await tree.process_frame
	head.play_baked(line)
	for frame in 20:
		if frame == 10:
			head.audio_player.seek(0.2)  # a busy machine has not drawn twenty when the line is over
		await tree.process_frame
		sprite.texture = head.texture
	check(head.is_speaking(), "the line was over before it was drawn")
	await RenderingServer.frame_post_draw
	tree.root.get_texture().get_image().save_png(argument("picture"))
	for node: Node in [raw, camera, sprite, quad]:
		node.queue_free()


func _drawn_index() -> int:
	var image := tree.root.get_texture().get_image()
	var index := 0
	for bar in 8:
		@warning_ignore("integer_division")
		if image.get_pixel((2 * bar + 1) * image.get_width() / 16, image.get_height() / 4).r > 0.5:
			index |= 1 << bar
	return index
