## Loads a head into Godot as a game would at run time, checks the names of its targets, and takes pictures.
##
##     godot --headless --script check_in_godot.gd -- scholar.glb names.txt
##     godot --script check_in_godot.gd -- scholar.glb names.txt pictures/
##
## names.txt: the 52 names, one a line. Exit code 0: every name is there once, in whatever order.
extends SceneTree

const SHOWN := {
	"rest": {},
	"jaw": {"jawOpen": 1.0},
	"smile": {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0},
	"blink": {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
	"funnel": {"mouthFunnel": 1.0},
	"look_left": {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0},
}
const MESH := "Face"


func _initialize() -> void:
	var args := OS.get_cmdline_user_args()
	if args.size() < 2:
		printerr("usage: check_in_godot.gd -- HEAD.glb NAMES.txt [FOLDER for pictures]")
		quit(2)
		return
	var head := _loaded(args[0])
	if head == null:
		quit(1)
		return
	var face := head.find_child(MESH, true, false) as MeshInstance3D
	if face == null or not _has_names(face, args[1]):
		printerr("%s: no mesh %s with these targets." % [args[0], MESH])
		quit(1)
		return
	if args.size() > 2:
		await _take_pictures(head, face, args[2])
	head.free()
	quit(0)


func _loaded(path: String) -> Node:
	var state := GLTFState.new()
	# The editor's binary would else write the textures beside the file and import them, which needs the editor.
	state.handle_binary_image = GLTFState.HANDLE_BINARY_EMBED_AS_UNCOMPRESSED
	var document := GLTFDocument.new()
	var error := document.append_from_file(path, state)
	if error != OK:
		printerr("%s: %s" % [path, error_string(error)])
		return null
	return document.generate_scene(state)


func _has_names(face: MeshInstance3D, names_file: String) -> bool:
	var wanted := FileAccess.get_file_as_string(names_file).strip_edges().split("\n")
	var mesh := face.mesh as ArrayMesh
	var found := PackedStringArray()
	for index in mesh.get_blend_shape_count():
		found.append(mesh.get_blend_shape_name(index))
	print("%d surfaces, %d blend shapes: %s" % [mesh.get_surface_count(), found.size(), ", ".join(found)])
	var missing := Array(wanted).filter(func(name: String) -> bool: return found.count(name) != 1)
	var others := Array(found).filter(func(name: String) -> bool: return not wanted.has(name))
	if missing or others or wanted.size() != 52:
		printerr("wanted %d; missing or doubled: %s; unknown: %s" % [wanted.size(), missing, others])
		return false
	return true


func _take_pictures(head: Node, face: MeshInstance3D, folder: String) -> void:
	root.add_child(head)
	_add_studio()
	DirAccess.make_dir_recursive_absolute(folder)
	for picture: String in SHOWN:
		for index in face.get_blend_shape_count():
			face.set_blend_shape_value(index, 0.0)
		for target: String in SHOWN[picture]:
			face.set_blend_shape_value(face.find_blend_shape_by_name(target), SHOWN[picture][target])
		for frame in 3:
			await process_frame
		await RenderingServer.frame_post_draw
		root.get_texture().get_image().save_png(folder.path_join(picture + ".png"))
	root.remove_child(head)


func _add_studio() -> void:
	var camera := Camera3D.new()
	camera.position = Vector3(0.0, -0.02, 0.95)
	camera.fov = 24.0
	root.add_child(camera)
	_add_light(Vector3(-35, -40, 0), 1.5)
	_add_light(Vector3(-5, 60, 0), 0.5)
	var world := WorldEnvironment.new()
	world.environment = Environment.new()
	world.environment.background_mode = Environment.BG_COLOR
	world.environment.background_color = Color(0.17, 0.19, 0.22)
	world.environment.ambient_light_source = Environment.AMBIENT_SOURCE_COLOR
	world.environment.ambient_light_color = Color(0.55, 0.55, 0.6)
	root.add_child(world)


func _add_light(degrees: Vector3, energy: float) -> void:
	var light := DirectionalLight3D.new()
	light.rotation_degrees = degrees
	light.light_energy = energy
	root.add_child(light)
