extends Control
## The box in which a line is written while it is heard, with the name of whoever speaks.

## The player wants to go on: to skip what is spoken, or to the next line.
signal advanced

const _MORE := 6.0
## Speed of the arrow that says that there is more.

@onready var _plate: PanelContainer = %Plate
@onready var _name: Label = %Name
@onready var _text: RichTextLabel = %Text
@onready var _arrow: Label = %Arrow


func begin(speaker: String, colour: Color, text: String) -> void:
	_name.text = speaker
	_plate.self_modulate = colour
	_text.text = text
	_text.visible_ratio = 0.0
	_arrow.hide()


## How much of the line was heard, 0 to 1.
func write(share: float) -> void:
	_text.visible_ratio = maxf(_text.visible_ratio, share)


## All of it; [param more]: something follows that the player may ask for.
func finish(more: bool) -> void:
	_text.visible_ratio = 1.0
	_arrow.visible = more


func _process(_delta: float) -> void:
	_arrow.self_modulate.a = 0.55 + 0.45 * sin(Time.get_ticks_msec() * 0.001 * _MORE)


func _gui_input(event: InputEvent) -> void:
	var click := event as InputEventMouseButton
	if click and click.pressed and click.button_index == MOUSE_BUTTON_LEFT:
		advanced.emit()


func _unhandled_input(event: InputEvent) -> void:
	if event.is_action_pressed(&"ui_accept"):
		get_viewport().set_input_as_handled()
		advanced.emit()
