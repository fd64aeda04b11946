extends "res://tests/test_case.gd"
## Heads whose blend shapes and bones follow weights. tests/godot/test_face.py gives the models and takes the pictures.

const JAW_OPEN := 17


## What a TalkingHead tells, said by a test.
class Teller:
	extends Node
	signal weights_changed(arkit: PackedFloat32Array, pose: PackedFloat32Array)
	var visemes := PackedFloat32Array()

	func _init() -> void:
		visemes.resize(15)

	func get_visemes() -> PackedFloat32Array:
		return visemes

	func tell(named: Dictionary, pose: Array = [0.0, 0.0, 0.0, 0.0]) -> void:
		var weights := PackedFloat32Array()
		weights.resize(52)
		visemes.fill(0.0)
		for name: String in named:
			if name.begins_with("viseme_"):
				visemes[FlashHeadNames.VISEMES.find(StringName(name.trim_prefix("viseme_")))] = named[name]
			else:
				weights[FlashHeadNames.BLENDSHAPES.find(StringName(name))] = named[name]
		weights_changed.emit(weights, PackedFloat32Array(pose))


var teller: Teller
var parent: Node3D
var face: TalkingHeadBlendShapes


func before() -> void:
	teller = Teller.new()
	parent = Node3D.new()
	face = TalkingHeadBlendShapes.new()
	face.talking_head = teller
	tree.root.add_child(parent)


func after() -> void:
	if not face.is_inside_tree():
		face.free()
	parent.queue_free()
	if is_instance_valid(teller):
		teller.free()
	await tree.process_frame


func test_names() -> void:
	var mesh := _mesh(
		["Head.jawOpen", "blendShape2.eyeBlink_L", "MOUTH_FUNNEL", "rig:mouth Pucker", "browInnerUp", "jawOpening"]
	)
	_attach([mesh])
	teller.tell(
		{
			"jawOpen": 0.5,
			"eyeBlinkLeft": 0.25,
			"eyeBlinkRight": 1.0,
			"mouthFunnel": 0.75,
			"mouthPucker": 0.125,
			"browInnerUp": 1.0
		}
	)
	check_equal(_values(mesh), [0.5, 0.25, 0.75, 0.125, 1.0, 0.0], "weights by name")


## A rig with names of its own; what one shape has of several sources, and several shapes of one.
func test_mapping() -> void:
	var mesh := _mesh(["Mund_auf", "Mund_weit", "jawOpen", "Lippen"])
	face.mapping = TalkingHeadBlendShapeMapping.new()
	face.mapping.shapes = {
		"Mund_auf": {"jawOpen": 0.8, "mouthFunnel": 0.5},
		"mundweit": {"jawOpen": 2.0},
		"Lippen": {"viseme_PP": 1.0, "jawOpen": -1.0},
	}
	_attach([mesh])
	teller.tell({"jawOpen": 0.5, "mouthFunnel": 0.25, "viseme_PP": 0.75})
	check(_is_near(_values(mesh), [0.525, 1.0, 0.0, 0.25]), "mapped weights: %s" % [_values(mesh)])
	face.mapping.shapes = {"jawOpen": {"jawOpen": 1.0}}
	teller.tell({"jawOpen": 0.75})
	check_equal(_values(mesh)[2], 0.75, "the mapping was changed")


func test_presets() -> void:
	var oculus := _mesh(["viseme_sil", "viseme_PP", "viseme_I", "viseme_O", "viseme_U", "eyeBlinkLeft", "jawOpen"])
	face.mapping = TalkingHeadBlendShapeMapping.oculus_visemes()
	_attach([oculus])
	teller.tell(
		{
			"viseme_PP": 0.5,
			"viseme_ih": 0.125,
			"viseme_oh": 0.25,
			"viseme_ou": 0.125,
			"eyeBlinkLeft": 1.0,
			"jawOpen": 1
		}
	)
	check_equal(_values(oculus), [0.0, 0.5, 0.125, 0.25, 0.125, 1.0, 0.0], "Oculus")
	var vrm := _mesh(["Face.M_F00.Fcl_MTH_A", "Fcl_MTH_I", "Fcl_MTH_U", "Fcl_MTH_E", "Fcl_MTH_O", "Fcl_EYE_Close_L"])
	face.mapping = TalkingHeadBlendShapeMapping.vrm_vowels()
	face.meshes = [vrm]
	parent.add_child(vrm)
	teller.tell({"viseme_aa": 0.5, "viseme_DD": 0.5, "eyeBlinkLeft": 0.5})
	check(_is_near(_values(vrm), [0.5, 0.15, 0.0, 0.0, 0.0, 0.5]), "VRM: %s" % [_values(vrm)])
	teller.tell({"viseme_PP": 1.0})
	check_equal(_values(vrm), [0.0, 0.0, 0.0, 0.0, 0.0, 0.0], "VRM: p, b and m close the mouth")
	check_equal(face.mapping.unknown_sources(), PackedStringArray(), "sources of the preset")


## The eyes still close with a mouth that moves less.
func test_mouth_gain() -> void:
	var mesh := _mesh(["jawOpen", "eyeBlinkLeft", "tongueOut"])
	face.mouth_gain = 0.5
	_attach([mesh])
	teller.tell({"jawOpen": 1.0, "eyeBlinkLeft": 1.0, "tongueOut": 1.0})
	check_equal(_values(mesh), [0.5, 1.0, 0.5], "half the gain")
	face.mouth_gain = 2.0
	teller.tell({"jawOpen": 0.75, "eyeBlinkLeft": 0.5})
	check_equal(_values(mesh), [1.0, 0.5, 0.0], "no weight exceeds 1")


## The same at 30 and 120 frames a second.
func test_smoothing() -> void:
	var mesh := _mesh(["jawOpen"])
	face.smoothing_s = 0.1
	_attach([mesh])
	for fps: int in [30, 120]:
		mesh.set_blend_shape_value(0, 0.0)
		face.bind()
		teller.tell({"jawOpen": 1.0})
		@warning_ignore("integer_division")
		for frame in fps / 10:
			face._process(1.0 / fps)
		check(absf(_values(mesh)[0] - (1.0 - exp(-1.0))) < 0.002, "%d a second: %s" % [fps, _values(mesh)])
	check(face.is_processing(), "it goes on")
	for frame in 120:
		face._process(1.0 / 60)
	check(not face.is_processing() and _values(mesh)[0] > 0.998, "it arrives, and rests: %s" % [_values(mesh)])


func test_warnings() -> void:
	face.talking_head = null
	parent.add_child(face)
	check(_warns("who speaks") and _warns("Give it meshes"), "nothing is set")
	face.talking_head = parent
	check(_warns("no signal weights_changed"), "no talking head")
	face.talking_head = teller
	var bare := MeshInstance3D.new()
	bare.name = "Hat"
	bare.mesh = BoxMesh.new()
	var foreign := _mesh(["Mund_auf", "Lid"])
	foreign.name = "Kopf"
	parent.add_child(bare)
	parent.add_child(foreign)
	face.meshes = [bare, foreign]
	check(_warns("Hat has no blend shapes"), "a mesh without blend shapes")
	check(_warns("of Kopf is ARKit's; give a mapping. It has: Mund_auf, Lid."), "a mesh with others")
	face.mapping = TalkingHeadBlendShapeMapping.new()
	face.mapping.shapes = {"Lid": {"eyeBlinkLeft": 1.0, "eyeBlinkLinks": 1.0}}
	check(_warns("sources that do not exist: eyeBlinkLinks"), "a source that is misspelt")
	face.mapping.shapes = {"Lid": {"eyeBlinkLeft": 1.0}}
	face.meshes = [foreign]
	check_equal(Array(face._get_configuration_warnings()), [], "all is well")


## Whatever is freed while it speaks.
func test_freed() -> void:
	var one := _mesh(["jawOpen"])
	var other := _mesh(["jawOpen"])
	_attach([one, other])
	one.free()
	teller.tell({"jawOpen": 0.5})
	check_equal(_values(other), [0.5], "the other mesh")
	teller.free()
	await tree.process_frame
	face.talking_head = null


func test_head_node() -> void:
	var node := Node3D.new()
	node.rotation.y = 0.5
	parent.add_child(node)
	face.head = node
	_attach([])
	teller.tell({}, [0.25, 0.0, 0.0, 0.0])
	check(absf(node.rotation.y - 0.75) < 1e-4, "yaw on top of the rest")
	face.head = null
	check(absf(node.rotation.y - 0.5) < 1e-4, "turned back")


## Bones whose axes point anywhere turn as the face does.
func test_bones() -> void:
	var skeleton := Skeleton3D.new()
	var neck := skeleton.add_bone("Neck")
	skeleton.set_bone_rest(neck, Transform3D(Basis.from_euler(Vector3(1.2, -0.7, 0.4)), Vector3(0, 1, 0)))
	for name: String in ["Head", "LeftEye", "RightEye"]:
		var bone := skeleton.add_bone(name)
		skeleton.set_bone_parent(bone, neck if name == "Head" else skeleton.find_bone("Head"))
		skeleton.set_bone_rest(bone, Transform3D(Basis.from_euler(Vector3(-0.3, 0.9, 2.0)), Vector3(0, 0.2, 0)))
	skeleton.reset_bone_poses()
	parent.add_child(skeleton)
	var bones := TalkingHeadBones.new()
	bones.talking_head = teller
	skeleton.add_child(bones)
	check_equal(Array(bones._get_configuration_warnings()), [], "warnings")

	var head := await _turned(skeleton, "Head", {}, [0.3, 0.0, 0.0, 0.0])
	check((head * Vector3.BACK).is_equal_approx(Vector3(sin(0.3), 0, cos(0.3))), "yaw: to its own left")
	head = await _turned(skeleton, "Head", {}, [0.0, 0.3, 0.0, 0.0])
	check((head * Vector3.BACK).is_equal_approx(Vector3(0, -sin(0.3), cos(0.3))), "pitch: down")
	head = await _turned(skeleton, "Head", {}, [0.0, 0.0, 0.3, 0.0])
	check((head * Vector3.UP).is_equal_approx(Vector3(-sin(0.3), cos(0.3), 0)), "roll: to its own right")
	var angle := 0.5 * deg_to_rad(25.0)
	var look := {"eyeLookOutLeft": 0.5, "eyeLookInRight": 0.5}
	for eye: String in ["LeftEye", "RightEye"]:
		var turned := await _turned(skeleton, eye, look)
		check((turned * Vector3.BACK).is_equal_approx(Vector3(sin(angle), 0, cos(angle))), "%s to the left" % eye)
	look = {"eyeLookDownLeft": 0.5, "eyeLookDownRight": 0.5}
	for eye: String in ["LeftEye", "RightEye"]:
		var turned := await _turned(skeleton, eye, look)
		check((turned * Vector3.BACK).is_equal_approx(Vector3(0, -sin(angle), cos(angle))), "%s down" % eye)
	bones.head_bone = "Kopf"
	check(
		'no bone "Kopf". It has: Neck, Head' in "".join(bones._get_configuration_warnings()),
		"a bone that is not there"
	)


## What a bone was turned by against its rest, in the skeleton's space.
func _turned(skeleton: Skeleton3D, bone_name: String, named: Dictionary, pose: Array = [0.0, 0.0, 0.0, 0.0]) -> Basis:
	var bone := skeleton.find_bone(bone_name)
	teller.tell(named, pose)
	# What the modifiers made is taken back after the signal.
	await skeleton.skeleton_updated
	var turned := skeleton.get_bone_global_pose(bone).basis * skeleton.get_bone_global_rest(bone).basis.inverse()
	return turned.orthonormalized()


func _attach(meshes: Array[MeshInstance3D]) -> void:
	for mesh in meshes:
		parent.add_child(mesh)
	face.meshes = meshes
	parent.add_child(face)


## A triangle with blend shapes of these names.
func _mesh(names: Array) -> MeshInstance3D:
	var mesh := ArrayMesh.new()
	for name: String in names:
		mesh.add_blend_shape(name)
	var arrays := []
	arrays.resize(Mesh.ARRAY_MAX)
	arrays[Mesh.ARRAY_VERTEX] = PackedVector3Array([Vector3.ZERO, Vector3.UP, Vector3.RIGHT])
	var moved := []
	moved.resize(Mesh.ARRAY_MAX)
	moved[Mesh.ARRAY_VERTEX] = PackedVector3Array([Vector3.DOWN, Vector3.UP, Vector3.RIGHT])
	var shapes: Array[Array] = []
	for name: String in names:
		shapes.append(moved)
	mesh.add_surface_from_arrays(Mesh.PRIMITIVE_TRIANGLES, arrays, shapes)
	var instance := MeshInstance3D.new()
	instance.mesh = mesh
	return instance


func _values(mesh: MeshInstance3D) -> Array:
	return range(mesh.get_blend_shape_count()).map(mesh.get_blend_shape_value)


func _is_near(found: Array, wanted: Array) -> bool:
	return range(wanted.size()).all(func(index: int) -> bool: return absf(found[index] - wanted[index]) < 1e-5)


func _warns(words: String) -> bool:
	return words in "\n".join(face._get_configuration_warnings())
