extends RefCounted
## What is said in a demo, read from its JSON file: who speaks, and lines that lead on or let the player choose.


class Speaker:
	var name := ""
	## As it is shown.
	var colour := Color.WHITE


class Line:
	var speaker := ""
	var emotion := ""
	var text := ""
	var voice: AudioStream
	var baked: FlashHeadBakedLine
	## Null: only spoken live.
	var next := ""
	## Empty: nothing follows, or the player chooses.
	var choices: Array = []
	## Dictionaries with "text" and "next".


const _VOICE := "res://demo/voices/%s_%s.ogg"
const _BAKED := "res://demo/voices/%s_%s.flashhead.json"

## The line that it begins with.
var begin := ""
## Both by the names that the file gives them.
var speakers: Dictionary[String, Speaker] = {}
var lines: Dictionary[String, Line] = {}


func _init(path: String) -> void:
	var file: JSON = load(path)
	begin = file.data.get("begin", "")
	for name: String in file.data["speakers"]:
		var speaker := Speaker.new()
		speaker.name = file.data["speakers"][name]["name"]
		speaker.colour = Color(file.data["speakers"][name]["colour"])
		speakers[name] = speaker
	for name: String in file.data["lines"]:
		lines[name] = _read(file.data["lines"][name])
		var place := [path.get_file().get_basename(), name]
		lines[name].voice = load(_VOICE % place)
		if ResourceLoader.exists(_BAKED % place):
			lines[name].baked = load(_BAKED % place)


func _read(written: Dictionary) -> Line:
	var line := Line.new()
	line.speaker = written["speaker"]
	line.emotion = written["emotion"]
	line.text = written["text"]
	line.next = written.get("next", "")
	line.choices = written.get("choices", [])
	return line
