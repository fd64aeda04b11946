@tool
extends Node
## Finds or launches the worker that draws all talking heads, and keeps one connection to it. The plugin makes it an
## autoload; [TalkingHead] uses it by itself.
##
## Where it looks, in this order:
## [br]1. the environment variables FLASHHEAD_ENDPOINT and FLASHHEAD_TOKEN;
## [br]2. the project setting flashhead/worker/program: launched, ends with the game;
## [br]3. in an exported game the folder flashhead_worker beside the executable: launched, ends with the game;
## [br]4. a worker that [code]flashhead serve[/code] announced;
## [br]5. in the editor the .venv of the checkout that the project is in: launched, ends with the game.

## A worker answers, for the first time or again.
signal worker_started
## None answers, or it was lost; it is looked for all the time.
signal worker_failed(reason: String)
## There is another connection, or none any more; sessions of the old one are gone.
signal client_changed

const Bridge := preload("bridge.gd")
const Places := preload("places.gd")
const Settings := preload("settings.gd")
const Warnings := preload("warnings.gd")

const AUTOLOAD := "FlashHeadWorker"
## The connection outlives the last head so long, so that a change of scenes does not start another worker.
const _KEPT_S := 10.0

## A worker that was launched does not answer at once.
const _STARTS_S := 10.0
## The library's words for it.
const _NO_ANSWER := "no worker answers there"

const _NO_LIBRARY := "its native library does not exist for this platform. Baked lines play without it"
const _NO_WORKER := "no worker answers: %s. In a game, give the project setting %s"
const _LOST := "the worker was lost: %s. It is looked for, and started again if the game started it"

static var _instance: Node

## The connection, a FlashHeadClient; null: there is none, or not yet.
var client: RefCounted
## Why no worker answers; empty: one does, or it is not known yet.
var failure := ""

var _heads := 0
var _unused_s := 0.0
## A connection of which it is not known whether there is a worker.
var _asked: RefCounted
## What is tried when there is none.
var _others: Array[Dictionary] = []
var _is_launched := false
## A launched worker may go on starting for so long.
var _starts_for_s := 0.0


func _init() -> void:
	process_mode = Node.PROCESS_MODE_ALWAYS


## The autoload; where the plugin is not enabled, a node that takes its place.
static func of(tree: SceneTree) -> Node:
	if not is_instance_valid(_instance):
		_instance = tree.root.get_node_or_null(AUTOLOAD)
	if _instance == null:
		_instance = new()
		_instance.name = AUTOLOAD
		tree.root.add_child.call_deferred(_instance)
	return _instance


## A head needs the worker; connects for the first one.
func attach() -> void:
	_heads += 1
	_unused_s = 0.0
	# Not before the head's scene listens to its signals.
	_connect.call_deferred()


## A head does not need it any more.
func detach() -> void:
	_heads -= 1


## Whether a worker answers, as far as is known.
func is_answering() -> bool:
	return client != null and failure.is_empty() and client.get_info().connected


## What is known of the worker: connected, worker_pid, reconnects, worker_version, tiers. Empty: nothing.
func get_info() -> Dictionary:
	return client.get_info() if client else {}


func _process(delta: float) -> void:
	if client == null and _asked == null:
		return
	_read_log()
	_wait_for_start(delta)
	_unused_s = 0.0 if _heads > 0 else _unused_s + delta
	if _unused_s > _KEPT_S:
		_disconnect()
		return
	while client or _asked:
		var event: Dictionary = (_asked if _asked else client).poll()
		if event.is_empty():
			return
		_hear(event)


func _exit_tree() -> void:
	_disconnect()


func _connect() -> void:
	if client or _asked or _heads == 0:
		return
	if not Bridge.exists():
		_fail(_NO_LIBRARY)
		return
	_others = _candidates()
	_try_next()


## What connect_worker() is given, the best first. {}: where the environment says, else a worker that was announced.
func _candidates() -> Array[Dictionary]:
	var program := Settings.program()
	if OS.get_environment("FLASHHEAD_ENDPOINT"):
		return [{}]
	if not program.is_empty():
		return [{"program": Places.program(program)}]
	program = Places.worker_beside_game() if Places.is_exported() else Places.worker_of_checkout()
	if program.is_empty():
		return [{}]
	if Places.is_exported():
		return [{"program": program}]
	return [{}, {"program": program}]


func _try_next() -> void:
	_asked = Bridge.new_client()
	var options: Dictionary = _others.pop_front()
	options["name"] = _name_of_game()
	_is_launched = options.has("program")
	_starts_for_s = _STARTS_S if _is_launched else 0.0
	if _asked.connect_worker(options) != Bridge.OK:
		_fail(_asked.get_last_error())
	if _others.is_empty():
		_adopt()


## Heads may open sessions.
func _adopt() -> void:
	if _asked == null:
		return
	client = _asked
	_asked = null
	client_changed.emit()


func _hear(event: Dictionary) -> void:
	match event.type:
		Bridge.EVENT_CONNECTED:
			_others.clear()
			_adopt()
			_starts_for_s = 0.0
			failure = ""
			worker_started.emit()
		Bridge.EVENT_NOT_CONNECTED when not _others.is_empty():
			_try_next()
		Bridge.EVENT_NOT_CONNECTED when _starts_for_s == 0.0 or event.message != _NO_ANSWER:
			_adopt()
			_starts_for_s = 0.0
			_fail(_NO_WORKER % [_sentence(event.message), Settings.PROGRAM])
		Bridge.EVENT_LOST:
			_starts_for_s = _STARTS_S if _is_launched else 0.0
			_fail(_LOST % _sentence(event.message))


func _wait_for_start(delta: float) -> void:
	if _starts_for_s == 0.0:
		return
	_starts_for_s = maxf(0.0, _starts_for_s - delta)
	if _starts_for_s == 0.0:
		_fail(_NO_WORKER % ["the one that was launched is still silent", Settings.PROGRAM])


func _fail(reason: String) -> void:
	if failure == reason:
		return
	failure = reason
	Warnings.say(reason + ". Portraits stand still, the audio plays.")
	worker_failed.emit(reason)


func _disconnect() -> void:
	_asked = null
	_others.clear()
	failure = ""
	if client:
		client = null
		client_changed.emit()


func _read_log() -> void:
	var connection := client if client else _asked
	while true:
		var entry: Dictionary = connection.poll_log()
		if entry.is_empty():
			return
		print_verbose("FlashHead: ", entry.line)


static func _sentence(message: String) -> String:
	return message.trim_suffix(".")


static func _name_of_game() -> String:
	var name: String = ProjectSettings.get_setting("application/config/name", "")
	return name.left(64) if name else "Godot game"
