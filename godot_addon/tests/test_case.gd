extends RefCounted
## What a test may use. A test is a script `test_*.gd` that extends this one; its methods `test_*` are run in order,
## each awaited, with `before` and `after` around every one.

## The running tree: `await tree.process_frame`.
var tree: SceneTree
## What did not hold in the present test.
var failures: PackedStringArray


func before() -> void:
	pass


func after() -> void:
	pass


## The test fails, and goes on, unless this holds.
func check(holds: bool, what: String) -> bool:
	if not holds:
		failures.append(what)
	return holds


func check_equal(found: Variant, wanted: Variant, what: String) -> bool:
	return check(found == wanted, "%s: %s, not %s" % [what, found, wanted])


## Hands a value to the Python side: REPORT name JSON.
func report(name: String, value: Variant) -> void:
	print("REPORT %s %s" % [name, JSON.stringify(value)])


## Waits until `condition` returns true, one frame at a time; fails after `timeout_s`.
func wait_until(condition: Callable, what: String, timeout_s := 10.0) -> bool:
	var end := Time.get_ticks_usec() + int(timeout_s * 1e6)
	while not condition.call():
		if Time.get_ticks_usec() > end:
			return check(false, "not within %s s: %s" % [timeout_s, what])
		await tree.process_frame
	return true


## An argument after `--`, given as `name=value`.
func argument(name: String, otherwise := "") -> String:
	for word in OS.get_cmdline_user_args():
		if word.begins_with(name + "="):
			return word.trim_prefix(name + "=")
	return otherwise
