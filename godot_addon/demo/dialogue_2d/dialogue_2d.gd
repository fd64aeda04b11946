extends Control
## A visual-novel dialogue: two talking portraits, text that is written while it is heard, choices, and skipping.
## Its lines are spoken by the worker, or played as they were baked.

const Conversation := preload("res://demo/ui/conversation.gd")
const DialogueBox := preload("res://demo/ui/dialogue_box.gd")

const _DIMMED := Color(0.42, 0.44, 0.52)
const _ASIDE := Color(0.42, 0.44, 0.52, 0.0)
## Of whoever does not speak, while the player chooses.
const _FADE_S := 0.25

var _conversation := Conversation.new("res://demo/dialogue_2d/gate.json")
var _line: Conversation.Line
var _head: TalkingHead

@onready var _heads: Dictionary[String, TalkingHead] = {"guard": %GuardHead, "fox": %FoxHead}
@onready var _box: DialogueBox = %DialogueBox
@onready var _choices: VBoxContainer = %Choices
@onready var _baked: CheckButton = %Baked


func _ready() -> void:
	_box.advanced.connect(_on_advanced)
	_say(_conversation.begin)


func _process(_delta: float) -> void:
	if _head.is_speaking():
		_box.write(_head.get_audio_us() / 1e6 / _line.voice.get_length())


func _unhandled_input(event: InputEvent) -> void:
	if event.is_action_pressed(&"ui_cancel"):
		get_tree().change_scene_to_file("res://demo/menu.tscn")


func _say(name: String) -> void:
	_line = _conversation.lines[name]
	_head = _heads[_line.speaker]
	_offer([])
	_light_up(_head, _DIMMED)
	var speaker := _conversation.speakers[_line.speaker]
	_box.begin(speaker.name, speaker.colour, _line.text)
	if _baked.button_pressed:
		await _head.play_baked(_line.baked)
	else:
		await _head.speak(_line.voice, _line.emotion)
	if not _choices.is_inside_tree():
		return  # The scene was left while somebody spoke.
	_box.finish(_line.choices.is_empty())
	if _line.choices:
		_light_up(_head, _ASIDE)
		_offer(_line.choices)


## While somebody speaks: skip the rest of it. Then: the next line, and after the last one the first again.
func _on_advanced() -> void:
	if _head.is_speaking():
		_head.cancel()
	elif _line.choices.is_empty():
		_say(_line.next if _line.next else _conversation.begin)


func _light_up(speaking: TalkingHead, others: Color) -> void:
	var tween := create_tween().set_parallel()
	for head: TalkingHead in _heads.values():
		var shade := Color.WHITE if head == speaking else others
		tween.tween_property(head.screen, ^"modulate", shade, _FADE_S)


func _offer(choices: Array) -> void:
	for button in _choices.get_children():
		button.queue_free()
	for choice: Dictionary in choices:
		var button := Button.new()
		button.text = choice["text"]
		button.alignment = HORIZONTAL_ALIGNMENT_LEFT
		button.pressed.connect(_say.bind(choice["next"]))
		_choices.add_child(button)
	if choices:
		_choices.get_child(-choices.size()).grab_focus()
