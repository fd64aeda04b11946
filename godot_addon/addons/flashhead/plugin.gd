@tool
extends EditorPlugin

const BakedLineImporter := preload("baked/baked_line_importer.gd")

var _importer := BakedLineImporter.new()


func _enter_tree() -> void:
	add_import_plugin(_importer)


func _exit_tree() -> void:
	remove_import_plugin(_importer)
