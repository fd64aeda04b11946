extends RefCounted
## The project settings of the addon, in Project Settings under FlashHead.

const PROGRAM := "flashhead/worker/program"
## The command that starts a worker, such as ["res://worker/bin/python3", "-m", "flashhead_engine.worker"]. Empty:
## see FlashHeadWorker.
const START_LIMIT_S := "flashhead/speaking/start_limit_s"
## Audio waits at most so long for its first frame; then it plays with the mouth at rest.

const _DEFAULTS := {PROGRAM: [], START_LIMIT_S: 2.0}
const _HINTS := {
	PROGRAM: {"type": TYPE_PACKED_STRING_ARRAY, "hint": PROPERTY_HINT_NONE, "hint_string": ""},
	START_LIMIT_S: {"type": TYPE_FLOAT, "hint": PROPERTY_HINT_RANGE, "hint_string": "0,10,0.1,suffix:s"},
}


static func program() -> PackedStringArray:
	return PackedStringArray(ProjectSettings.get_setting(PROGRAM, _DEFAULTS[PROGRAM]))


static func start_limit_s() -> float:
	return ProjectSettings.get_setting(START_LIMIT_S, _DEFAULTS[START_LIMIT_S])


## Make them known to the editor, with their defaults.
static func register() -> void:
	for setting: String in _DEFAULTS:
		var value: Variant = _DEFAULTS[setting]
		if setting == PROGRAM:
			value = PackedStringArray(value)
		if not ProjectSettings.has_setting(setting):
			ProjectSettings.set_setting(setting, value)
		ProjectSettings.set_initial_value(setting, value)
		var info: Dictionary = _HINTS[setting].duplicate()
		info["name"] = setting
		ProjectSettings.add_property_info(info)
		ProjectSettings.set_as_basic(setting, true)
