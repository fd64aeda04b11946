extends SceneTree
## Runs the tests of this folder, or those that are named:
##   godot --headless --path godot_addon --script res://tests/run_tests.gd
##     -- [test_client.gd] [test_name] [name=value]
## Prints a line for each test, then the end marker, without which the run counts as broken: a
## script error ends only the function that it is in. What Godot itself calls an error is judged by
## tests/godot/conftest.py.

const FOLDER := "res://tests"
const LIMIT_S := 300.0


func _initialize() -> void:
	create_timer(LIMIT_S, true, false, true).timeout.connect(
		func() -> void:
			print("FAIL everything: not done after %s s" % LIMIT_S)
			quit(1)
	)
	_run.call_deferred()


func _run() -> void:
	await process_frame
	var files: PackedStringArray = []
	var names: PackedStringArray = []
	for word in OS.get_cmdline_user_args():
		if word.ends_with(".gd"):
			files.append(word)
		elif not word.contains("="):
			names.append(word)
	if files.is_empty():
		for file in DirAccess.get_files_at(FOLDER):
			if file.begins_with("test_") and file.ends_with(".gd") and file != "test_case.gd":
				files.append(file)
	var failed := 0
	var passed := 0
	for file in files:
		var script: GDScript = load(FOLDER.path_join(file))
		if script == null or not script.can_instantiate():
			print("FAIL %s: cannot be loaded" % file)
			failed += 1
			continue
		for method in script.get_script_method_list():
			var test: String = method.name
			if not test.begins_with("test_") or (not names.is_empty() and test not in names):
				continue
			var failures := await _run_one(script, test)
			for failure in failures:
				print("FAIL %s %s: %s" % [file, test, failure])
			if failures.is_empty():
				print("PASS %s %s" % [file, test])
				passed += 1
			else:
				failed += 1
	print("END passed=%d failed=%d" % [passed, failed])
	quit(0 if failed == 0 and passed > 0 else 1)


func _run_one(script: GDScript, test: String) -> PackedStringArray:
	var case: RefCounted = script.new()
	case.tree = self
	await case.before()
	await case.call(test)
	await case.after()
	return case.failures
