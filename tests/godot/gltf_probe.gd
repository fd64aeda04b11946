extends SceneTree
## Prints what the mesh of a .glb shows while Godot plays its last animation:
## godot --headless --script gltf_probe.gd -- FILE TIME,TIME,...


func _initialize() -> void:
	var words := OS.get_cmdline_user_args()
	var document := GLTFDocument.new()
	var state := GLTFState.new()
	# The editor's binary would import textures as files of a project.
	state.handle_binary_image = GLTFState.HANDLE_BINARY_EMBED_AS_UNCOMPRESSED
	if document.append_from_file(words[0], state) != OK:
		print("REPORT null")
		quit()
		return
	var scene := document.generate_scene(state)
	root.add_child(scene)
	var player := scene.find_children("*", "AnimationPlayer", true, false)[0] as AnimationPlayer
	var animation := player.get_animation_list()[-1]
	player.play(animation)
	var face := scene.find_child("Face", true, false) as MeshInstance3D
	var names := []
	for shape in (face.mesh as ArrayMesh).get_blend_shape_count():
		names.append((face.mesh as ArrayMesh).get_blend_shape_name(shape))
	var values := []
	for time in words[1].split_floats(","):
		player.seek(time, true)
		values.append(range(names.size()).map(face.get_blend_shape_value))
	var length := player.get_animation(animation).length
	print("REPORT ", JSON.stringify({"name": animation, "length": length, "shapes": names, "values": values}))
	scene.queue_free()
	quit()
