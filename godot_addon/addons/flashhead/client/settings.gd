extends RefCounted
## The project settings of the addon, in Project Settings under FlashHead.

## The command that starts a worker, such as ["res://worker/bin/python3", "-m", "flashhead_engine.worker"]. Empty:
## see FlashHeadWorker.
const PROGRAM := "flashhead/worker/program"
## Audio waits at most so long for its first frame; then it plays with the mouth at rest.
const START_LIMIT_S := "flashhead/speaking/start_limit_s"

const _START_LIMIT_S := 2.0


static func program() -> PackedStringArray:
	return ProjectSettings.get_setting(PROGRAM, PackedStringArray())


static func start_limit_s() -> float:
	return ProjectSettings.get_setting(START_LIMIT_S, _START_LIMIT_S)


## Make them known to the editor, with their defaults.
static func register() -> void:
	_register(PROGRAM, PackedStringArray(), {"type": TYPE_PACKED_STRING_ARRAY})
	var seconds := {"type": TYPE_FLOAT, "hint": PROPERTY_HINT_RANGE, "hint_string": "0,10,0.1,suffix:s"}
	_register(START_LIMIT_S, _START_LIMIT_S, seconds)


static func _register(setting: String, otherwise: Variant, info: Dictionary) -> void:
	if not ProjectSettings.has_setting(setting):
		ProjectSettings.set_setting(setting, otherwise)
	ProjectSettings.set_initial_value(setting, otherwise)
	ProjectSettings.add_property_info(info.merged({"name": setting}))
	ProjectSettings.set_as_basic(setting, true)
