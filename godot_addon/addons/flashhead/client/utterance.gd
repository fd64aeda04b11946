extends RefCounted
## One piece of dialogue that a head was asked to speak.

signal ended
## It was spoken, cancelled or given up: see `result`.

const NONE := -1

var stream: AudioStream
## What the player plays.
var audio: RefCounted
## The same for the worker: utterance_audio.gd or pushed_audio.gd. Null: the worker is not needed.
var line: Resource
## A baked line.
var emotion := ""
var number := 0
## Of the session's utterance; 0: the worker was not asked.
var all_sent := false
## The worker gets no more of it.
var first_since_ms := NONE
## Since when it is the next one to be heard.
var playing := false
var has_face := false
## Its first frame was told.
var result := NONE
## Of TalkingHead.Result.


func end(how: int) -> void:
	if result != NONE:
		return
	result = how
	ended.emit()
