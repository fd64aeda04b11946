extends Control
## Where the demos are started from.

@onready var _demos: Dictionary[Button, String] = {
	%Dialogue: "res://demo/dialogue_2d/dialogue_2d.tscn",
	%Room: "res://demo/room_3d/room_3d.tscn",
	%Crowd: "res://demo/crowd/crowd.tscn",
}


func _ready() -> void:
	for button: Button in _demos:
		button.pressed.connect(get_tree().change_scene_to_file.bind(_demos[button]))
	%Dialogue.grab_focus()


func _unhandled_input(event: InputEvent) -> void:
	if event.is_action_pressed(&"ui_cancel"):
		get_tree().quit()
