@icon("../icons/talking_head.svg")
class_name TalkingHeadDialogic
extends Node
## Lets heads speak the voice events of the addon Dialogic 2. Dialogic plays a voice in its own player, which the head
## of the character that speaks follows.

## The head of each character, by its display name.
@export var heads: Dictionary[String, NodePath] = {}

var _dialogic: Node
var _speaking: TalkingHead


func _ready() -> void:
	_dialogic = get_node_or_null(^"/root/Dialogic")
	if _dialogic == null or _dialogic.get("Voice") == null:
		push_warning("FlashHead: the addon Dialogic is not enabled: no head hears of its voice events.")
		return
	_dialogic.Voice.connect(&"voiceline_started", _on_voiceline_started)
	_dialogic.Voice.connect(&"voiceline_stopped", _on_voiceline_stopped)


func _on_voiceline_started(_info: Dictionary) -> void:
	_cancel()
	var speaker: Object = _dialogic.Text.call(&"get_current_speaker")
	if speaker == null or not heads.has(speaker.get("display_name")):
		return
	_speaking = get_node_or_null(heads[speaker.get("display_name")])
	if _speaking:
		var player: AudioStreamPlayer = _dialogic.Voice.voice_player
		_speaking.audio_player = player
		_speaking.speak(player.stream)


func _on_voiceline_stopped(_info: Dictionary) -> void:
	_cancel()


func _cancel() -> void:
	if is_instance_valid(_speaking):
		_speaking.cancel()
	_speaking = null
