extends Node3D
## A talking portrait in a looking glass, and the 3D head that answers it. Both are TalkingHead nodes: one shows its
## picture on a mesh, the other moves blend shapes.

const Conversation := preload("res://demo/ui/conversation.gd")
const DialogueBox := preload("res://demo/ui/dialogue_box.gd")

const _PAUSE_S := 0.7
## Between two lines.
const _STEP := Vector3(0.035, 0.018, 0.0)
## How far the camera goes when the mouse is at the edge of the window.
const _EASE := 2.5

var _conversation := Conversation.new("res://demo/room_3d/comet.json")
var _line: Conversation.Line
var _head: TalkingHead
var _asked := 0
## Counts the lines, so that a pause that outlived its line asks for no other one.

@onready var _heads: Dictionary[String, TalkingHead] = {"robot": %RobotHead, "scholar": %ScholarHead}
@onready var _box: DialogueBox = %DialogueBox
@onready var _camera: Camera3D = %Camera
@onready var _eye := _camera.position
@onready var _candles: Array[Node] = %Candles.find_children("*", "OmniLight3D")


func _ready() -> void:
	_box.advanced.connect(_on_advanced)
	_say(_conversation.begin)


func _process(delta: float) -> void:
	if _head.is_speaking():
		_box.write(_head.get_audio_us() / 1e6 / _line.voice.get_length())
	_sway(delta)
	for index in _candles.size():
		var at := Time.get_ticks_msec() * 0.001 + index
		_candles[index].light_energy = 0.2 + 0.015 * sin(9.0 * at) + 0.015 * sin(14.3 * at)


func _unhandled_input(event: InputEvent) -> void:
	if event.is_action_pressed(&"ui_cancel"):
		get_tree().change_scene_to_file("res://demo/menu.tscn")


func _say(name: String) -> void:
	_asked += 1
	var asked := _asked
	_line = _conversation.lines[name]
	_head = _heads[_line.speaker]
	var speaker := _conversation.speakers[_line.speaker]
	_box.begin(speaker.name, speaker.colour, _line.text)
	await _head.speak(_line.voice, _line.emotion)
	_box.finish(_line.next.is_empty())
	await get_tree().create_timer(_PAUSE_S).timeout
	if asked == _asked and _line.next:
		_say(_line.next)


func _on_advanced() -> void:
	if _head.is_speaking():
		_head.cancel()
	else:
		_say(_line.next if _line.next else _conversation.begin)


func _sway(delta: float) -> void:
	var size := get_viewport().get_visible_rect().size
	var mouse := (get_viewport().get_mouse_position() / size * 2.0 - Vector2.ONE).limit_length(1.0)
	var at := Time.get_ticks_msec() * 0.001
	var breath := Vector3(0.2 * sin(0.4 * at), 0.3 * sin(0.53 * at), 0.0)
	var wanted := _eye + _STEP * (Vector3(mouse.x, -mouse.y, 0.0) + breath)
	_camera.position = _camera.position.lerp(wanted, 1.0 - exp(-_EASE * delta))
