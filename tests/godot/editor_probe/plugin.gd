@tool
extends EditorPlugin
## Run by tests/godot/test_editor.py in a project of its own.

const WorkerTest := preload("res://addons/flashhead/inspector/worker_test.gd")


func _ready() -> void:
	_probe.call_deferred()


func _probe() -> void:
	await get_tree().create_timer(2.0).timeout
	EditorInterface.open_scene_from_path("res://stage.tscn")
	await get_tree().create_timer(1.0).timeout
	var stage := EditorInterface.get_edited_scene_root()
	var head: Node = stage.get_node("Head")
	var screen: TextureRect = stage.get_node("Screen")
	_report("autoload", ProjectSettings.has_setting("autoload/FlashHeadWorker"))
	_report("setting", ProjectSettings.has_setting("flashhead/worker/program"))
	_report("previewed", screen.texture == head.texture and head.texture.get_size() == Vector2(320, 320))
	_report("warnings", Array(head._get_configuration_warnings()))
	var bare := TalkingHead.new()
	_report("bare_warnings", Array(bare._get_configuration_warnings()))
	bare.free()
	EditorInterface.mark_scene_as_unsaved()
	EditorInterface.save_scene()
	await get_tree().create_timer(1.0).timeout
	_report("still_previewed", screen.texture == head.texture)
	var button := Button.new()
	EditorInterface.get_base_control().add_child(button)
	WorkerTest.new()._test(button)
	while button.disabled:
		await get_tree().process_frame
	_report("worker", button.tooltip_text)
	get_tree().quit()


func _report(name: String, value: Variant) -> void:
	print("REPORT %s %s" % [name, JSON.stringify(value)])
