extends "test_case.gd"
## Where workers and avatars are looked for.

const Places := preload("res://addons/flashhead/client/places.gd")

var folder := ""


func before() -> void:
	folder = OS.get_temp_dir().path_join("flashhead_places_%d" % OS.get_process_id())


func after() -> void:
	for path: String in ["bin/python3", "flashhead-worker", "bin", ""]:
		DirAccess.remove_absolute(folder.path_join(path))


func test_a_folder_without_a_worker_has_none() -> void:
	check_equal(Places.worker_in(folder, "/game"), PackedStringArray(), "a folder that is not there")
	DirAccess.make_dir_recursive_absolute(folder)
	check_equal(Places.worker_in(folder, "/game"), PackedStringArray(), "an empty one")


func test_a_python_with_the_worker_is_found() -> void:
	touch("bin/python3")
	var wanted := [folder.path_join("bin/python3"), "-m", "flashhead_engine.worker", "--allow-path", "/game"]
	check_equal(Places.worker_in(folder, "/game"), PackedStringArray(wanted), "its command")


func test_a_program_goes_before_a_python() -> void:
	touch("bin/python3")
	touch("flashhead-worker")
	var wanted := [folder.path_join("flashhead-worker"), "--allow-path", "/game"]
	check_equal(Places.worker_in(folder, "/game"), PackedStringArray(wanted), "its command")


func test_a_command_may_be_given_relative_to_the_project() -> void:
	var here := ProjectSettings.globalize_path("res://")
	for first: String in ["res://worker/python", "worker/python"]:
		var command := Places.program([first, "-m", "it"])
		check_equal(command, PackedStringArray([here.path_join("worker/python"), "-m", "it"]), first)
	check_equal(Places.program(["python3"]), PackedStringArray(["python3"]), "one of the PATH")
	check_equal(Places.program(["/usr/bin/python3"]), PackedStringArray(["/usr/bin/python3"]), "an absolute one")


func test_the_worker_is_told_a_name_or_a_whole_path() -> void:
	check_equal(Places.avatar_for_worker("guard"), "guard", "a sample")
	var here := ProjectSettings.globalize_path("res://")
	check_equal(Places.avatar_for_worker("res://avatars/smith/"), here.path_join("avatars/smith"), "a folder")
	check_equal(Places.avatar_for_worker("/avatars/smith"), "/avatars/smith", "an absolute one")


func touch(name: String) -> void:
	var path := folder.path_join(name)
	DirAccess.make_dir_recursive_absolute(path.get_base_dir())
	FileAccess.open(path, FileAccess.WRITE).close()
