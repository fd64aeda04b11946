@tool
@icon("../icons/talking_head_blend_shapes.svg")
class_name TalkingHeadBlendShapes
extends Node
## Moves the blend shapes of 3D heads as a [TalkingHead] speaks, live and baked alike.
##
## Meshes with the 52 blend shapes of ARKit work as they are: names are matched without regard to case, underscores
## and prefixes ([code]Head.jawOpen[/code], [code]eyeBlink_L[/code]). Other rigs need a [member mapping]. For head and
## eye bones there is [TalkingHeadBones].

const DrivenMesh := preload("driven_mesh.gd")

## Who speaks: a [TalkingHead], or any node with a signal [code]weights_changed(arkit, pose)[/code].
@export var talking_head: Node:
	set = set_talking_head
## What is moved. Empty: every mesh below the parent node that has blend shapes.
@export var meshes: Array[MeshInstance3D] = []:
	set(value):
		meshes = value
		bind()
## For rigs without ARKit's shapes.
@export var mapping: TalkingHeadBlendShapeMapping:
	set = set_mapping
## How far the mouth moves; 1: as it was recorded. Eyes and brows stay as they are.
@export_range(0.0, 2.0, 0.05) var mouth_gain := 1.0:
	set(value):
		mouth_gain = value
		bind()
## Time in which a change is done by two thirds; 0: at once. More than some 0.03 s blurs speech.
@export_range(0.0, 0.3, 0.005, "suffix:s") var smoothing_s := 0.0
## Turned as the head turns, where the model has no bones for that: the whole head, with its origin in the neck.
@export var head: Node3D:
	set(value):
		_turn_back()
		head = value
		_head_at_rest = head.basis if head else Basis()

var _driven: Array[DrivenMesh] = []
var _head_at_rest := Basis()


func set_talking_head(value: Node) -> void:
	_connect(false)
	talking_head = value
	_connect(true)
	update_configuration_warnings()


func set_mapping(value: TalkingHeadBlendShapeMapping) -> void:
	if mapping:
		mapping.changed.disconnect(bind)
	mapping = value
	if mapping:
		mapping.changed.connect(bind)
	bind()


## Call it after a mesh was exchanged or added: looks for the blend shapes anew.
func bind() -> void:
	_driven.clear()
	set_process(false)
	if not is_inside_tree():
		return
	for mesh in _all_meshes():
		var driven := DrivenMesh.new(mesh, mapping, mouth_gain)
		if driven.count():
			_driven.append(driven)
	update_configuration_warnings()


## Shows a face: 52 weights, the head's angles and, for a mapping that has them, 15 visemes. A talking head calls it.
func show_face(weights: PackedFloat32Array, pose: PackedFloat32Array, visemes := PackedFloat32Array()) -> void:
	for driven in _driven:
		driven.aim(weights, visemes)
	if is_instance_valid(head):
		head.basis = _head_at_rest * Basis.from_euler(Vector3(pose[1], pose[0], pose[2]))
	if smoothing_s > 0.0:
		set_process(true)
	else:
		_move(1.0)


func _ready() -> void:
	bind()


func _exit_tree() -> void:
	_turn_back()


## Only runs while a face is on its way.
func _process(delta: float) -> void:
	set_process(_move(1.0 - exp(-delta / maxf(smoothing_s, 1e-6))))


func _get_configuration_warnings() -> PackedStringArray:
	var warnings := PackedStringArray()
	if talking_head == null:
		warnings.append("Give it a talking head: who speaks.")
	elif not talking_head.has_signal(&"weights_changed"):
		warnings.append("%s is no TalkingHead: it has no signal weights_changed." % talking_head.name)
	var all := _all_meshes()
	if all.is_empty():
		warnings.append("Give it meshes with blend shapes, or put it beside the mesh of a head.")
	for mesh in all:
		if not _driven.any(func(driven: DrivenMesh) -> bool: return driven.mesh == mesh):
			warnings.append(_why_not(mesh))
	if mapping and mapping.unknown_sources():
		warnings.append("The mapping has sources that do not exist: %s." % ", ".join(mapping.unknown_sources()))
	return warnings


## Goes a part of the way to the face that is to be shown. False when it was shown already.
func _move(part: float) -> bool:
	var moving := false
	for driven in _driven:
		if is_instance_valid(driven.mesh):
			moving = driven.move(part) or moving
	return moving


func _why_not(mesh: MeshInstance3D) -> String:
	var names := _names(mesh)
	if names.is_empty():
		return "%s has no blend shapes. Were they left out when it was exported or imported?" % mesh.name
	var known := "the mapping's" if mapping else "ARKit's"
	return "None of the blend shapes of %s is %s; give a mapping. It has: %s." % [mesh.name, known, ", ".join(names)]


static func _names(mesh: MeshInstance3D) -> PackedStringArray:
	var names := PackedStringArray()
	for index in mesh.get_blend_shape_count():
		names.append((mesh.mesh as ArrayMesh).get_blend_shape_name(index))
	return names


func _all_meshes() -> Array[MeshInstance3D]:
	var found: Array[MeshInstance3D] = []
	if meshes.is_empty() and get_parent():
		for mesh: MeshInstance3D in get_parent().find_children("*", "MeshInstance3D", true, false):
			if mesh.get_blend_shape_count() > 0:
				found.append(mesh)
		return found
	for mesh in meshes:
		if is_instance_valid(mesh):
			found.append(mesh)
	return found


func _connect(connected: bool) -> void:
	if not is_instance_valid(talking_head) or not talking_head.has_signal(&"weights_changed"):
		return
	if connected:
		talking_head.connect(&"weights_changed", _on_weights_changed)
	else:
		talking_head.disconnect(&"weights_changed", _on_weights_changed)


func _turn_back() -> void:
	if is_instance_valid(head):
		head.basis = _head_at_rest


func _on_weights_changed(weights: PackedFloat32Array, pose: PackedFloat32Array) -> void:
	var has_visemes := talking_head.has_method(&"get_visemes")
	show_face(weights, pose, talking_head.call(&"get_visemes") if has_visemes else PackedFloat32Array())
