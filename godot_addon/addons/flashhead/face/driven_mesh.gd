@tool
extends RefCounted
## One mesh whose blend shapes are moved. Names are matched once, here; a frame only multiplies and sets.

const _ARKIT := 52
## The mouth, jaw and tongue among the 52 of ARKit.
const _MOUTH_FIRST := 14
const _MOUTH_LAST := 40
const _MOUTH_OTHERS: Array[int] = [46, 51]
## Changes that nobody sees are not sent to the renderer.
const _SEEN := 0.0005

var mesh: MeshInstance3D

## The shapes that move, by their index in the mesh, and the weight that each has now and is to have.
var _shapes := PackedInt32Array()
var _now := PackedFloat32Array()
var _wanted := PackedFloat32Array()
## For each shape where its sources end; their indices among blendshapes and visemes; what each counts.
var _ends := PackedInt32Array()
var _sources := PackedInt32Array()
var _factors := PackedFloat32Array()


func _init(driven: MeshInstance3D, mapping: TalkingHeadBlendShapeMapping, mouth_gain: float) -> void:
	mesh = driven
	var sources_of := _sources_by_name(mapping)
	var shapes := mesh.mesh as ArrayMesh
	for index in mesh.get_blend_shape_count():
		var sources: Dictionary = sources_of.get(plain(shapes.get_blend_shape_name(index)), {})
		if sources.is_empty():
			continue
		_shapes.append(index)
		_now.append(mesh.get_blend_shape_value(index))
		for source: int in sources:
			_sources.append(source)
			_factors.append(sources[source] * (mouth_gain if _is_mouth(source) else 1.0))
		_ends.append(_sources.size())
	_wanted.resize(_shapes.size())


## How many of its shapes are moved.
func count() -> int:
	return _shapes.size()


## Takes a face as the one to show.
func aim(weights: PackedFloat32Array, visemes: PackedFloat32Array) -> void:
	var source := 0
	for shape in _shapes.size():
		var sum := 0.0
		while source < _ends[shape]:
			var index := _sources[source]
			if index < _ARKIT:
				sum += weights[index] * _factors[source]
			elif visemes:
				sum += visemes[index - _ARKIT] * _factors[source]
			source += 1
		_wanted[shape] = clampf(sum, 0.0, 1.0)


## Goes a part of the way to it, 0 to 1. False when it was there already.
func move(part: float) -> bool:
	var moved := false
	for shape in _shapes.size():
		var step := _wanted[shape] - _now[shape]
		if absf(step) < _SEEN:
			continue
		_now[shape] += step * part
		mesh.set_blend_shape_value(_shapes[shape], _now[shape])
		moved = true
	return moved


## A shape's name as it is compared: without a prefix that ends in a dot or colon, case, underscores, blanks; L and R
## at the end are left and right.
static func plain(name: String) -> String:
	var own := name.get_slice(":", name.get_slice_count(":") - 1)
	own = own.get_slice(".", own.get_slice_count(".") - 1).to_lower()
	if own.ends_with("_l"):
		own = own.trim_suffix("_l") + "left"
	elif own.ends_with("_r"):
		own = own.trim_suffix("_r") + "right"
	return own.replace("_", "").replace("-", "").replace(" ", "")


static func _sources_by_name(mapping: TalkingHeadBlendShapeMapping) -> Dictionary:
	var found := {}
	if mapping == null:
		for index in _ARKIT:
			found[plain(FlashHeadNames.BLENDSHAPES[index])] = {index: 1.0}
		return found
	for shape in mapping.shapes:
		var sources := {}
		for source: String in mapping.shapes[shape]:
			var index := TalkingHeadBlendShapeMapping.source_index(source)
			if index >= 0:
				sources[index] = float(mapping.shapes[shape][source])
		found[plain(shape)] = sources
	return found


static func _is_mouth(source: int) -> bool:
	return source >= _ARKIT or source in _MOUTH_OTHERS or source >= _MOUTH_FIRST and source <= _MOUTH_LAST
