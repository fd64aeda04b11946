extends RefCounted
## One piece of dialogue that a head was asked to speak.

## It was spoken, cancelled or given up: see `result`.
signal ended

const NONE := -1

## What the player plays.
var stream: AudioStream
## The same for the worker: utterance_audio.gd or pushed_audio.gd. Null: the worker is not needed.
var audio: RefCounted
## A baked line.
var line: FlashHeadBakedLine
var emotion := ""
## Of the session's utterance; 0: the worker was not asked.
var number := 0
## The worker gets no more of it.
var all_sent := false
## Since when it is the next one to be heard.
var first_since_ms := NONE
var playing := false
## Frames of it were there.
var is_seen := false
## Its first frame was told.
var has_face := false
## Of TalkingHead.Result.
var result := NONE


func end(how: int) -> void:
	if result != NONE:
		return
	result = how
	ended.emit()
