extends Button
## One guest of the tavern: press the card and it says its line.

const Conversation := preload("res://demo/ui/conversation.gd")

const _SHADE := 0.3
## Of the guest's colour, behind it.

@export var profile: TalkingHeadProfile

var line: Conversation.Line

@onready var head: TalkingHead = %Head
@onready var _back: Panel = %Back
@onready var _name: Label = %Name
@onready var _mood: Label = %Mood
@onready var _words: Label = %Words


func introduce(speaker: Conversation.Speaker, its_line: Conversation.Line) -> void:
	line = its_line
	head.profile = profile
	_back.self_modulate = speaker.colour.darkened(1.0 - _SHADE)
	_name.text = speaker.name
	_name.add_theme_color_override(&"font_color", speaker.colour.lightened(0.3))
	_mood.text = line.emotion
	_words.text = line.text


func say() -> void:
	head.cancel()
	_words.show()
	await head.speak(line.voice, line.emotion)
	_words.visible = head.is_speaking()


func _ready() -> void:
	_words.hide()
	pressed.connect(say)
