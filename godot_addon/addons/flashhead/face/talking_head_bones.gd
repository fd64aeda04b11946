@tool
@icon("../icons/talking_head_bones.svg")
class_name TalkingHeadBones
extends SkeletonModifier3D
## Turns the head and eye bones of its Skeleton3D as a [TalkingHead] moves them, on top of what an animation does.
##
## The model looks along +Z with +Y up, as glTF and Godot have it.

const _OUT_LEFT := 3
const _IN_LEFT := 2
const _UP_LEFT := 4
const _DOWN_LEFT := 1
const _OUT_RIGHT := 10
const _IN_RIGHT := 9
const _UP_RIGHT := 11
const _DOWN_RIGHT := 8

## Who speaks: a [TalkingHead], or any node with a signal [code]weights_changed(arkit, pose)[/code].
@export var talking_head: Node:
	set = set_talking_head
## Names of bones; empty: not moved. Leave the eyes empty where blend shapes turn them.
@export var head_bone := "Head"
@export var left_eye_bone := "LeftEye"
@export var right_eye_bone := "RightEye"
## How much of the head's movement is taken.
@export_range(0.0, 2.0, 0.05) var head_gain := 1.0
## How far an eye turns at a look weight of 1.
@export_range(0.0, 45.0, 0.5, "radians_as_degrees") var eye_range := deg_to_rad(25.0)

## What each bone is turned by, in the skeleton's space.
var _head := Basis()
var _left_eye := Basis()
var _right_eye := Basis()


func set_talking_head(value: Node) -> void:
	if is_instance_valid(talking_head) and talking_head.has_signal(&"weights_changed"):
		talking_head.disconnect(&"weights_changed", _on_weights_changed)
	talking_head = value
	if is_instance_valid(talking_head) and talking_head.has_signal(&"weights_changed"):
		talking_head.connect(&"weights_changed", _on_weights_changed)
	update_configuration_warnings()


func _on_weights_changed(weights: PackedFloat32Array, pose: PackedFloat32Array) -> void:
	_head = Basis.from_euler(Vector3(pose[1], pose[0], pose[2]) * head_gain)
	_left_eye = _look(weights[_OUT_LEFT] - weights[_IN_LEFT], weights[_DOWN_LEFT] - weights[_UP_LEFT])
	_right_eye = _look(weights[_IN_RIGHT] - weights[_OUT_RIGHT], weights[_DOWN_RIGHT] - weights[_UP_RIGHT])


func _process_modification() -> void:
	_turn(head_bone, _head)
	_turn(left_eye_bone, _left_eye)
	_turn(right_eye_bone, _right_eye)


func _turn(bone_name: String, turn: Basis) -> void:
	var skeleton := get_skeleton()
	var bone := skeleton.find_bone(bone_name) if bone_name else -1
	if bone < 0:
		return
	var parent := skeleton.get_bone_parent(bone)
	var rest := skeleton.get_bone_global_rest(parent).basis.orthonormalized() if parent >= 0 else Basis()
	# The turn as the bone's parent sees it, whose own axes may point anywhere.
	var own := rest.inverse() * turn * rest
	skeleton.set_bone_pose_rotation(bone, own.get_rotation_quaternion() * skeleton.get_bone_pose_rotation(bone))


## Towards the face's own left, and down, each from -1 to 1.
func _look(left: float, down: float) -> Basis:
	return Basis.from_euler(Vector3(down, left, 0.0) * eye_range)


func _get_configuration_warnings() -> PackedStringArray:
	var warnings := PackedStringArray()
	if talking_head == null:
		warnings.append("Give it a talking head: who speaks.")
	elif not talking_head.has_signal(&"weights_changed"):
		warnings.append("%s is no TalkingHead: it has no signal weights_changed." % talking_head.name)
	var skeleton := get_skeleton()
	if skeleton == null:
		warnings.append("Put it below the Skeleton3D of the head.")
		return warnings
	for bone_name: String in [head_bone, left_eye_bone, right_eye_bone]:
		if bone_name and skeleton.find_bone(bone_name) < 0:
			warnings.append('%s has no bone "%s". It has: %s.' % [skeleton.name, bone_name, _bones(skeleton)])
	return warnings


static func _bones(skeleton: Skeleton3D) -> String:
	var names := PackedStringArray()
	for bone in skeleton.get_bone_count():
		names.append(skeleton.get_bone_name(bone))
	return ", ".join(names)
