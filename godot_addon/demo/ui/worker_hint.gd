extends PanelContainer
## Says how to start a worker while there is none. The demos go on without it: portraits stand still, voices are heard.

const _WAITS_S := 1.5

@onready var _worker: Node = get_node_or_null(^"/root/FlashHeadWorker")


func _ready() -> void:
	hide()
	if _worker == null:
		return
	_worker.worker_failed.connect(_on_worker_failed)
	_worker.worker_started.connect(hide)
	if _worker.failure:
		show()


func _on_worker_failed(_reason: String) -> void:
	# One that is just being started or looked for is not missing yet.
	await get_tree().create_timer(_WAITS_S).timeout
	visible = not _worker.failure.is_empty()
