extends Control
## Six guests of a tavern, who all speak at once.

const Conversation := preload("res://demo/ui/conversation.gd")
const Guest := preload("res://demo/crowd/guest.gd")

const _APART_S := 0.4
## Between the beginnings of two lines.

var _conversation := Conversation.new("res://demo/crowd/tavern.json")

@onready var _guests: Array[Node] = %Guests.get_children()
@onready var _numbers: Label = %Numbers
@onready var _everybody: Button = %Everybody


func _ready() -> void:
	for index in _guests.size():
		var guest: Guest = _guests[index]
		var line: Conversation.Line = _conversation.lines.values()[index]
		guest.introduce(_conversation.speakers[line.speaker], line)
	_everybody.pressed.connect(_speak_all)
	_everybody.grab_focus()
	_speak_all()


func _process(_delta: float) -> void:
	var shown := 0
	for guest: Guest in _guests:
		# Without the native library a head has a plain texture, which counts nothing.
		var count: Variant = guest.head.texture.get(&"frames_shown")
		shown += count if count else 0
	_numbers.text = "%d fps    %d pictures shown" % [Engine.get_frames_per_second(), shown]


func _unhandled_input(event: InputEvent) -> void:
	if event.is_action_pressed(&"ui_cancel"):
		get_tree().change_scene_to_file("res://demo/menu.tscn")


func _speak_all() -> void:
	for guest: Guest in _guests:
		guest.say()
		await get_tree().create_timer(_APART_S).timeout
		if not is_inside_tree():
			return
