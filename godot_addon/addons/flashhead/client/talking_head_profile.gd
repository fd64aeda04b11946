@tool
@icon("../icons/talking_head_profile.svg")
class_name TalkingHeadProfile
extends Resource
## Who a [TalkingHead] is: its avatar and how it performs. Several heads may share one; it may be changed or
## swapped while they are on stage.

enum Tier { NANO, LITE, PRO }
enum Emotion { NEUTRAL, HAPPY, SAD, ANGRY, SURPRISED, AFRAID }
## What a face does while it is silent.
enum IdleStyle {
	## It breathes, blinks and looks about.
	LIVELY,
	## It breathes and blinks, and looks straight ahead.
	ATTENTIVE,
	## It stands still, and costs nothing.
	STILL,
}

## A sample's name, such as [code]guard[/code], or an avatar bundle's folder, such as
## [code]res://avatars/smith[/code]. Empty: no picture, only blendshape weights.
@export var avatar := "":
	set(value):
		avatar = value.strip_edges()
		emit_changed()
## What is shown until the worker draws, and wherever there is none. Empty: portrait.png of the avatar's folder,
## which an exported game has only where that folder lies beside it.
@export var portrait: Texture2D:
	set(value):
		portrait = value
		emit_changed()
## How the face is made. Where the worker cannot run one it takes the next lower one.
@export var tier := Tier.NANO:
	set(value):
		tier = value
		emit_changed()
## Pictures a second.
@export_enum("24:24", "25:25", "30:30", "60:60") var fps := 25:
	set(value):
		fps = value
		emit_changed()
## Pixels of the picture's side.
@export_range(256, 1024, 32, "suffix:px") var size := 512:
	set(value):
		size = value
		emit_changed()
## The same seed gives the same idle life.
@export_range(0, 1000000, 1, "or_greater") var random_seed := 0:
	set(value):
		random_seed = value
		emit_changed()

@export_group("Performance")
## Of a line that is spoken without another one.
@export var emotion := Emotion.NEUTRAL:
	set(value):
		emotion = value
		emit_changed()
@export_range(0.0, 1.0, 0.05) var intensity := 1.0:
	set(value):
		intensity = value
		emit_changed()
## 1: as recorded people.
@export_range(0.0, 2.0, 0.05) var mouth_strength := 1.0:
	set(value):
		mouth_strength = value
		emit_changed()
@export var idle_style := IdleStyle.LIVELY:
	set(value):
		idle_style = value
		emit_changed()


## Whether there is an emotion of this name, such as [code]"happy"[/code].
static func has_emotion(name: String) -> bool:
	return name.to_upper() in Emotion.keys()


## Its name, as [method TalkingHead.speak] takes it.
func emotion_name() -> String:
	return Emotion.keys()[emotion].to_lower()
