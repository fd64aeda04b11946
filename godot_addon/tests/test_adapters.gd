extends "stage.gd"
## The adapters for dialogue addons. The addons themselves are not here: small stand-ins have their names, signals and
## methods as their sources do (Dialogue Manager 3 and 4, Dialogic 2).

const DialogueManagerAdapter := preload("res://addons/flashhead/adapters/talking_head_dialogue_manager.gd")
const DialogicAdapter := preload("res://addons/flashhead/adapters/talking_head_dialogic.gd")

const VOICE := "user://adapter_voice.wav"

var addon: Node


class Manager:
	extends Node
	signal got_dialogue(line: RefCounted)
	signal dialogue_ended(resource: Resource)


class Line:
	extends RefCounted
	var character := ""
	var tags: Dictionary[String, String] = {}

	func get_tag_value(tag: String) -> String:
		return tags.get(tag, "")


class Dialogic:
	extends Node
	var Voice := DialogicVoice.new()  # gdlint: ignore=class-variable-name
	var Text := DialogicText.new()  # gdlint: ignore=class-variable-name


class DialogicVoice:
	extends Node
	signal voiceline_started(info: Dictionary)
	signal voiceline_stopped(info: Dictionary)
	var voice_player := AudioStreamPlayer.new()


class DialogicText:
	extends RefCounted
	var speaker: Resource

	func get_current_speaker() -> Resource:
		return speaker


class Character:
	extends Resource
	var display_name := ""


func before() -> void:
	super()
	Sounds.tone(1.0).save_to_wav(VOICE)


func after() -> void:
	DirAccess.remove_absolute(VOICE)
	if is_instance_valid(addon):
		addon.free()
	await super()


func test_without_the_addons_they_say_so_and_do_nothing() -> void:
	for adapter: Node in [DialogueManagerAdapter.new(), DialogicAdapter.new()]:
		root.add_child(adapter)
	await tree.process_frame


func test_a_line_with_a_voice_is_spoken_by_its_character() -> void:
	var manager := with_dialogue_manager()
	manager.got_dialogue.emit(line_of("Guard", VOICE))
	await until_playing()
	manager.dialogue_ended.emit(null)
	check_equal(spoken_signals(), ["speaking_started", "cancelled"], "it ends with the dialogue")


func test_the_next_line_cancels_the_one_before() -> void:
	var manager := with_dialogue_manager()
	manager.got_dialogue.emit(line_of("Guard", VOICE))
	await until_playing()
	manager.got_dialogue.emit(line_of("Guard", VOICE, "happy"))
	await wait_until(func() -> bool: return said.has("speaking_finished"), "the second is heard")
	var wanted := ["speaking_started", "cancelled", "speaking_started", "speaking_finished"]
	check_equal(spoken_signals(), wanted, "one after the other")


func test_lines_without_a_voice_or_a_head_are_left_alone() -> void:
	var manager := with_dialogue_manager()
	manager.got_dialogue.emit(line_of("Guard", ""))
	manager.got_dialogue.emit(line_of("Nobody", VOICE))
	check(not head.is_speaking(), "it is silent")


func test_the_voice_of_dialogic_is_followed() -> void:
	var dialogic := with_dialogic()
	dialogic.Text.speaker.display_name = "Guard"
	dialogic.Voice.voice_player.stream = Sounds.tone(1.0)
	dialogic.Voice.voice_player.play()
	dialogic.Voice.voiceline_started.emit({"file": VOICE})
	await wait_until(func() -> bool: return head.get_audio_us() > 0, "it follows")
	check_equal(head.audio_player, dialogic.Voice.voice_player, "the player that it follows")
	await wait_until(func() -> bool: return not head.is_speaking(), "it ends with the voice")
	check_equal(spoken_signals(), ["speaking_started", "speaking_finished"], "signals in order")


func test_a_voice_that_dialogic_stops_is_cancelled() -> void:
	var dialogic := with_dialogic()
	dialogic.Text.speaker.display_name = "Guard"
	dialogic.Voice.voice_player.stream = Sounds.tone(1.0)
	dialogic.Voice.voice_player.play()
	dialogic.Voice.voiceline_started.emit({"file": VOICE})
	await wait_until(func() -> bool: return head.get_audio_us() > 0, "it follows")
	dialogic.Voice.voiceline_stopped.emit({"file": VOICE, "remaining_time": 0.5})
	check(not dialogic.Voice.voice_player.playing, "the voice stops")
	check_equal(spoken_signals(), ["speaking_started", "cancelled"], "signals in order")


func with_dialogue_manager() -> Manager:
	addon = Manager.new()
	addon.name = "DialogueManager"
	tree.root.add_child(addon)
	var adapter := DialogueManagerAdapter.new()
	root.add_child(adapter)
	adapter.heads = {"Guard": adapter.get_path_to(head)}
	return addon


func line_of(character: String, voice: String, emotion := "") -> Line:
	var line := Line.new()
	line.character = character
	line.tags = {"voice": voice, "emotion": emotion}
	return line


func with_dialogic() -> Dialogic:
	addon = Dialogic.new()
	addon.name = "Dialogic"
	addon.Text.speaker = Character.new()
	addon.add_child(addon.Voice)
	addon.Voice.add_child(addon.Voice.voice_player)
	tree.root.add_child(addon)
	var adapter := DialogicAdapter.new()
	root.add_child(adapter)
	adapter.heads = {"Guard": adapter.get_path_to(head)}
	return addon
