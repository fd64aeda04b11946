@tool
@icon("../icons/blend_shape_mapping.svg")
class_name TalkingHeadBlendShapeMapping
extends Resource
## Which blend shapes of a rig are moved by what, where they are not ARKit's. No others move.
##
## Sources are the 52 blendshapes of ARKit ([code]jawOpen[/code]) and the 15 visemes ([code]viseme_aa[/code]). A shape
## may have several, whose weights add up, and a source may move several shapes. Begin with a preset and change it.

const _VISEME := "viseme_"

## For each shape of the rig its sources and how much each counts: [code]{"Mouth_Open": {"jawOpen": 0.8}}[/code].
## Names of shapes are matched without regard to case, underscores and prefixes. A shape that a mesh has not is
## skipped.
@export var shapes: Dictionary[String, Dictionary] = {}:
	set(value):
		shapes = value
		emit_changed()


## Eyes and brows of ARKit, and for the mouth the visemes of Oculus by the names that Ready Player Me and many others
## give them.
static func oculus_visemes() -> TalkingHeadBlendShapeMapping:
	var mapping := _eyes_and_brows()
	for viseme in FlashHeadNames.VISEMES:
		mapping.shapes[_VISEME + viseme] = {_VISEME + viseme: 1.0}
	for pair: Array in [["ih", "I"], ["oh", "O"], ["ou", "U"]]:
		mapping.shapes[_VISEME + pair[1]] = {_VISEME + pair[0]: 1.0}
	return mapping


## The five vowels and the blinks of VRM, by the names of VRM 0, VRM 1 and VRoid. Most consonants open the mouth a
## little; p, b, m, f and v leave it closed.
static func vrm_vowels() -> TalkingHeadBlendShapeMapping:
	var open := {"viseme_TH": 0.3, "viseme_DD": 0.3, "viseme_kk": 0.3, "viseme_SS": 0.3, "viseme_nn": 0.3}
	var round_lips := {"viseme_CH": 0.4, "viseme_RR": 0.3}
	var mapping := _eyes_and_brows()
	var sources := {
		"aa": {"viseme_aa": 1.0},
		"ih": {"viseme_ih": 1.0}.merged(open),
		"ou": {"viseme_ou": 1.0}.merged(round_lips),
		"ee": {"viseme_E": 1.0},
		"oh": {"viseme_oh": 1.0},
		"blinkLeft": {"eyeBlinkLeft": 1.0},
		"blinkRight": {"eyeBlinkRight": 1.0},
	}
	var names := {
		"aa": ["A", "Fcl_MTH_A"],
		"ih": ["I", "Fcl_MTH_I"],
		"ou": ["U", "Fcl_MTH_U"],
		"ee": ["E", "Fcl_MTH_E"],
		"oh": ["O", "Fcl_MTH_O"],
		"blinkLeft": ["Blink_L", "Fcl_EYE_Close_L"],
		"blinkRight": ["Blink_R", "Fcl_EYE_Close_R"],
	}
	for shape: String in sources:
		for name: String in [shape] + names[shape]:
			mapping.shapes[name] = sources[shape]
	return mapping


## ARKit's shapes that are no part of the mouth, which visemes would move twice.
static func _eyes_and_brows() -> TalkingHeadBlendShapeMapping:
	var mapping := TalkingHeadBlendShapeMapping.new()
	for name in FlashHeadNames.BLENDSHAPES:
		if name.begins_with("eye") or name.begins_with("brow"):
			mapping.shapes[String(name)] = {String(name): 1.0}
	return mapping


## Where a source's weight is among the blendshapes followed by the visemes; -1 when there is none of that name.
static func source_index(source: String) -> int:
	if source.begins_with(_VISEME):
		var viseme := FlashHeadNames.VISEMES.find(StringName(source.trim_prefix(_VISEME)))
		return viseme + FlashHeadNames.BLENDSHAPES.size() if viseme >= 0 else -1
	return FlashHeadNames.BLENDSHAPES.find(StringName(source))


## Sources that are misspelt.
func unknown_sources() -> PackedStringArray:
	var unknown := PackedStringArray()
	for shape in shapes:
		for source: String in shapes[shape]:
			if source_index(source) < 0:
				unknown.append(source)
	return unknown
