@tool
extends EditorInspectorPlugin
## "Test worker" in the inspector of a TalkingHead: whether a worker can be found or launched from here.

const Worker := preload("../client/flashhead_worker.gd")

const _LIMIT_S := 20.0


func _can_handle(object: Object) -> bool:
	return object is TalkingHead


func _parse_begin(_object: Object) -> void:
	var button := Button.new()
	button.text = "Test worker"
	button.pressed.connect(_test.bind(button))
	add_custom_control(button)


func _test(button: Button) -> void:
	button.disabled = true
	button.text = "Looking for a worker ..."
	var worker := Worker.new()
	button.add_child(worker)
	worker.worker_started.connect(_tell.bind(worker, button))
	worker.worker_failed.connect(func(reason: String) -> void: _end(worker, button, reason))
	worker.attach.call_deferred()
	await button.get_tree().create_timer(_LIMIT_S).timeout
	if is_instance_valid(worker):
		_end(worker, button, "no worker answered within %d seconds" % _LIMIT_S)


func _tell(worker: Worker, button: Button) -> void:
	var info := worker.get_info()
	_end(worker, button, "worker %s, pid %d, tiers: %s" % [info.worker_version, info.worker_pid, info.tiers])


func _end(worker: Worker, button: Button, words: String) -> void:
	worker.queue_free()
	button.disabled = false
	button.text = "Test worker"
	button.tooltip_text = words
	print("FlashHead: ", words)
	EditorInterface.get_editor_toaster().push_toast("FlashHead: " + words)
