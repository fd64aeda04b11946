@tool
class_name FlashHeadBakedLine
extends Resource
## One line of dialogue that `flashhead bake` made: its audio with a video or a blendshape track, or both.
##
## A `*.flashhead.json` in the project is imported as this resource; [FlashHeadBakedLoader] makes one at run time.
## Nothing in here needs the worker or the native library. Time is that of the dialogue, in microseconds.
## [codeblock]
## talking_head.play_baked(load("res://lines/guard_hello.flashhead.json"))
## [/codeblock]

## Numbers in a row of the track: blendshapes, pose, visemes.
const COLUMNS := 71
## Bytes of a row: every number is a signed 16-bit integer, little-endian.
const ROW_BYTES := 2 * COLUMNS
## What one step of such an integer is worth; a baked track has four decimals.
const STEP := 0.0001

## Name of the line, unique among the lines of a game.
@export var id := ""
## Length of the dialogue.
@export var duration_us := 0
## What made it: nano, lite or pro.
@export var tier := ""
## The dialogue. A locale's recording takes its place through Project Settings > Localization > Remaps.
@export var audio: AudioStream

@export_group("Video")
## The talking portrait, Ogg Theora; null without.
@export var video: VideoStream
## Pictures a second.
@export var video_fps := 0
@export var video_frame_count := 0
## Size of the portrait, without the matte.
@export var video_size := Vector2i.ZERO
## The picture is twice as wide: colour at the left, its alpha as grey at the right.
@export var video_has_matte := false

@export_group("Track")
## Rows a second; 0 without a track.
@export var fps := 0
@export var frame_count := 0
## The rows, [constant ROW_BYTES] each.
@export_storage var rows := PackedByteArray()

## What [method sample] found: 52 weights in the order of [constant FlashHeadNames.BLENDSHAPES], the pose, the
## visemes. The arrays stay the same ones; duplicate() what is to be kept.
var weights := _zeros(52)
var pose := _zeros(4)
var visemes := _zeros(15)


func has_track() -> bool:
	return frame_count > 0


func has_video() -> bool:
	return video != null


## Takes the face at this time of the dialogue into [member weights], [member pose] and [member visemes].
## Before the line it is the first row, after it the last. Returns the row's index, -1 without a track.
func sample(audio_us: int) -> int:
	if frame_count == 0:
		return -1
	var last := frame_count - 1
	var time := clampi(audio_us, 0, duration_us) * fps
	@warning_ignore("integer_division")
	var row := mini(time / 1_000_000, last)
	var next := mini(row + 1, last)
	var part := (time - row * 1_000_000) / 1_000_000.0
	var column := _mix(weights, row * ROW_BYTES, next * ROW_BYTES, part)
	column += _mix(pose, row * ROW_BYTES + column, next * ROW_BYTES + column, part)
	_mix(visemes, row * ROW_BYTES + column, next * ROW_BYTES + column, part)
	return row


## The 52 weights at this time of the dialogue: [member weights] after [method sample].
func weights_at(audio_us: int) -> PackedFloat32Array:
	sample(audio_us)
	return weights


## Index of the picture that is shown at this time of the dialogue, -1 without video.
func video_frame_at(audio_us: int) -> int:
	@warning_ignore("integer_division")
	return mini(maxi(audio_us, 0) * video_fps / 1_000_000, video_frame_count - 1)


## Fills `values` from two rows of the track; returns how many bytes that were.
func _mix(values: PackedFloat32Array, here: int, there: int, part: float) -> int:
	var size := values.size()
	for index in size:
		var value := rows.decode_s16(here + 2 * index)
		values[index] = (value + part * (rows.decode_s16(there + 2 * index) - value)) * STEP
	return 2 * size


static func _zeros(size: int) -> PackedFloat32Array:
	var values := PackedFloat32Array()
	values.resize(size)
	return values
