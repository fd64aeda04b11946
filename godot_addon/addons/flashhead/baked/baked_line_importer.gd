@tool
extends EditorImportPlugin
## Imports `*.flashhead.json`, the manifest of a baked line, as a [FlashHeadBakedLine].

## After the line's audio, which Godot imports at 0.
const _ORDER := 200


func _get_importer_name() -> String:
	return "flashhead.baked_line"


func _get_visible_name() -> String:
	return "FlashHead Baked Line"


func _get_recognized_extensions() -> PackedStringArray:
	return [FlashHeadBakedLoader.SUFFIX.trim_prefix(".")]


func _get_save_extension() -> String:
	return "res"


func _get_resource_type() -> String:
	return "Resource"


func _get_priority() -> float:
	return 1.0


func _get_import_order() -> int:
	return _ORDER


func _get_preset_count() -> int:
	return 0


func _get_import_options(_path: String, _preset: int) -> Array[Dictionary]:
	return []


## The line's audio is loaded, which only the main thread may wait for.
func _can_import_threaded() -> bool:
	return false


func _import(
	source: String, save_path: String, _options: Dictionary, _variants: Array[String], _files: Array[String]
) -> Error:
	var loader := FlashHeadBakedLoader.new()
	var line := loader.load_line(source)
	if line == null:
		push_error(loader.error)
		return ERR_FILE_CORRUPT
	for warning in loader.warnings:
		push_warning(warning)
	return ResourceSaver.save(line, "%s.%s" % [save_path, _get_save_extension()], ResourceSaver.FLAG_COMPRESS)
