extends RefCounted
## A face that goes on from the one that was shown, to what is computed after it.

## As long as the worker takes for it.
const FADE_S := 0.18

## A face that nobody moves.
static var rest_weights := _zeros(52)
static var rest_pose := _zeros(4)

## The face that [method step] mixed. The arrays stay the same ones.
var weights := PackedFloat32Array()
var pose := PackedFloat32Array()

var _shown_weights: PackedFloat32Array
var _shown_pose: PackedFloat32Array
var _passed_s := FADE_S


## Go on from this face.
func start(shown_weights: PackedFloat32Array, shown_pose: PackedFloat32Array) -> void:
	_shown_weights = shown_weights.duplicate()
	_shown_pose = shown_pose.duplicate()
	weights.resize(shown_weights.size())
	pose.resize(shown_pose.size())
	_passed_s = 0.0


func is_over() -> bool:
	return _passed_s >= FADE_S


## Mixes the face of a moment later with the one that would be shown then.
func step(seconds: float, next_weights: PackedFloat32Array, next_pose: PackedFloat32Array) -> void:
	_passed_s += seconds
	var part := smoothstep(0.0, FADE_S, _passed_s)
	for index in weights.size():
		weights[index] = lerpf(_shown_weights[index], next_weights[index], part)
	for index in pose.size():
		pose[index] = lerpf(_shown_pose[index], next_pose[index], part)


static func _zeros(size: int) -> PackedFloat32Array:
	var values := PackedFloat32Array()
	values.resize(size)
	return values
