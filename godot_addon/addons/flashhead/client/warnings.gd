extends RefCounted
## Each warning is said once, however many heads it is about and however often it comes.

static var _said: Dictionary[String, bool] = {}


static func say(message: String) -> void:
	if _said.has(message):
		return
	_said[message] = true
	push_warning("FlashHead: " + message)


## What was said so far.
static func said() -> PackedStringArray:
	return PackedStringArray(_said.keys())


## Say everything anew, as after something was changed.
static func forget() -> void:
	_said.clear()
