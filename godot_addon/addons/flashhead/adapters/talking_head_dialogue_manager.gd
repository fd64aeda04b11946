@icon("../icons/talking_head.svg")
class_name TalkingHeadDialogueManager
extends Node
## Lets heads speak the lines of the addon Dialogue Manager that have a voice:
## [code]Guard: Halt! [#voice=uid://b4x0, #emotion=angry][/code]
##
## The balloon must not play the voice itself: where the example balloon does, let it await
## [signal TalkingHead.speaking_finished] instead.

## The head of each character, by the name that the dialogue calls it.
@export var heads: Dictionary[String, NodePath] = {}

var _speaking: TalkingHead


func _ready() -> void:
	var manager := get_node_or_null(^"/root/DialogueManager")
	if manager == null:
		push_warning("FlashHead: the addon Dialogue Manager is not enabled: no head hears of its lines.")
		return
	manager.connect(&"got_dialogue", _on_got_dialogue)
	manager.connect(&"dialogue_ended", _on_dialogue_ended)


func _on_got_dialogue(line: Object) -> void:
	_cancel()
	var voice: String = line.call(&"get_tag_value", "voice")
	if voice.is_empty() or not heads.has(line.get("character")):
		return
	_speaking = get_node_or_null(heads[line.get("character")])
	if _speaking:
		_speaking.speak(voice, line.call(&"get_tag_value", "emotion"))


func _on_dialogue_ended(_resource: Variant) -> void:
	_cancel()


## A line that the player skips is not spoken on.
func _cancel() -> void:
	if is_instance_valid(_speaking):
		_speaking.cancel()
	_speaking = null
