extends RefCounted
## Where things are, in a project and in an exported game: worker programs, avatar folders, the checkout that the
## addon is used from.

## Beside an exported game's executable.
const _WORKER_FOLDER := "flashhead_worker"
const _WORKER := "flashhead-worker"
const _PYTHONS: PackedStringArray = ["bin/python3", "python.exe", "Scripts/python.exe"]
const _MODULE: PackedStringArray = ["-m", "flashhead_engine.worker"]
const _ALLOW_PATH := "--allow-path"
const _PORTRAIT := "portrait.png"


## Whether this is an exported game, not a project that the editor runs.
static func is_exported() -> bool:
	return OS.has_feature("template")


## A path that other programs understand. What an exported game has in res:// of files for them lies beside it.
static func globalised(path: String) -> String:
	if path.begins_with("res://") and is_exported():
		return beside_game(path.trim_prefix("res://"))
	return ProjectSettings.globalize_path(path)


static func beside_game(path: String) -> String:
	return OS.get_executable_path().get_base_dir().path_join(path)


## The folder of the worker beside a game that is in this one.
static func beside(folder: String) -> String:
	return folder.path_join(_WORKER_FOLDER)


## The command that starts the worker which was put beside an exported game; empty: there is none.
static func worker_beside_game() -> PackedStringArray:
	return worker_in(beside(beside_game("")), beside_game(""))


## The same of a folder. `allowed`: whose files it may read, too.
static func worker_in(folder: String, allowed: String) -> PackedStringArray:
	for name: String in [_WORKER, _WORKER + ".exe"]:
		if FileAccess.file_exists(folder.path_join(name)):
			return [folder.path_join(name), _ALLOW_PATH, allowed]
	for python in _PYTHONS:
		if FileAccess.file_exists(folder.path_join(python)):
			return PackedStringArray([folder.path_join(python)]) + _MODULE + PackedStringArray([_ALLOW_PATH, allowed])
	return []


## The command that starts the worker of a checkout's .venv; empty: the project is in none.
static func worker_of_checkout() -> PackedStringArray:
	var root := checkout()
	return worker_in(root.path_join(".venv"), globalised("res://")) if root else []


## The checkout of FlashHead Engine that the project is in or beside; empty: none.
static func checkout() -> String:
	if is_exported():
		return ""
	var folder := globalised("res://").trim_suffix("/")
	while folder != folder.get_base_dir() and folder:
		if DirAccess.dir_exists_absolute(folder.path_join("flashhead_engine/avatar/samples")):
			return folder
		folder = folder.get_base_dir()
	return ""


## The first word of a command may be relative to the project, or to an exported game's executable.
static func program(words: PackedStringArray) -> PackedStringArray:
	var first := words[0]
	if first.contains("://"):
		words[0] = globalised(first)
	elif first.is_relative_path() and first.contains("/"):
		words[0] = globalised("res://" + first)
	return words


## How the worker calls an avatar: a sample's name, or a bundle's folder.
static func avatar_for_worker(avatar: String) -> String:
	return globalised(avatar).trim_suffix("/") if _is_folder(avatar) else avatar


## An avatar's folder; empty: it is a sample, and there is no checkout.
static func avatar_folder(avatar: String) -> String:
	if _is_folder(avatar):
		return avatar_for_worker(avatar)
	var root := checkout()
	return root.path_join("flashhead_engine/avatar/samples").path_join(avatar) if root else ""


## An avatar's portrait as it is in its folder; null: it cannot be found.
static func portrait_of(avatar: String) -> Image:
	if avatar.is_empty():
		return null
	# An imported one, which is all that an exported game without a folder beside it has.
	var imported := avatar.path_join(_PORTRAIT)
	if avatar.begins_with("res://") and ResourceLoader.exists(imported, "Texture2D"):
		return load(imported).get_image()
	var file := avatar_folder(avatar).path_join(_PORTRAIT)
	return Image.load_from_file(file) if FileAccess.file_exists(file) else null


static func _is_folder(avatar: String) -> bool:
	return avatar.contains("/") or avatar.contains("\\")
