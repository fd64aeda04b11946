@tool
extends EditorPlugin

const BakedLineImporter := preload("baked/baked_line_importer.gd")
const ExportPlugin := preload("export/export_plugin.gd")
const Settings := preload("client/settings.gd")
const WorkerTest := preload("inspector/worker_test.gd")

const _AUTOLOAD := "FlashHeadWorker"

var _exporter := ExportPlugin.new()
var _importer := BakedLineImporter.new()
var _worker_test := WorkerTest.new()


func _enable_plugin() -> void:
	add_autoload_singleton(_AUTOLOAD, "client/flashhead_worker.gd")


func _disable_plugin() -> void:
	remove_autoload_singleton(_AUTOLOAD)


func _enter_tree() -> void:
	Settings.register()
	add_import_plugin(_importer)
	add_export_plugin(_exporter)
	add_inspector_plugin(_worker_test)


func _exit_tree() -> void:
	remove_inspector_plugin(_worker_test)
	remove_export_plugin(_exporter)
	remove_import_plugin(_importer)
