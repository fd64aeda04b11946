@tool
extends RefCounted
## What an Ogg Theora file says of itself, read without decoding: whether it is whole, and how large its pictures are.
##
## Godot's own player shows nothing where a file is bad, and does not say why.

## Theora's first header: its mark, then at these places the picture's size and the rate as a fraction.
const _MARK := "807468656f7261"
const _WIDTH := 14
const _HEIGHT := 17
const _FPS := 22
const _FPS_DIVISOR := 26
const _HEADER_BYTES := 42
## OggS, with which every page begins.
const _PAGE_MARK := "4f676753"
## The headers of all streams are in the first pages; a page has at most 65,307 bytes.
const _HEAD_BYTES := 8192
const _TAIL_BYTES := 65_536
const _PAGE_HEADER_BYTES := 27
const _FLAGS := 5
const _LAST_OF_STREAM := 4

## Why the file cannot be used; empty when it can.
var error := ""
var size := Vector2i.ZERO
var fps := 0.0


func _init(path: String) -> void:
	var file := FileAccess.open(path, FileAccess.READ)
	if file == null:
		error = "it cannot be opened (%s)" % error_string(FileAccess.get_open_error())
		return
	var head := file.get_buffer(_HEAD_BYTES)
	var hex := head.hex_encode()
	if not hex.begins_with(_PAGE_MARK):
		error = "it is no Ogg file"
		return
	@warning_ignore("integer_division")
	var start := hex.find(_MARK) / 2
	if start <= 0 or head.size() < start + _HEADER_BYTES:
		error = "it has no Theora video"
		return
	size = Vector2i(_number(head, start + _WIDTH, 3), _number(head, start + _HEIGHT, 3))
	fps = float(_number(head, start + _FPS, 4)) / maxi(1, _number(head, start + _FPS_DIVISOR, 4))
	file.seek(maxi(0, file.get_length() - _TAIL_BYTES))
	if not _ends_whole(file.get_buffer(_TAIL_BYTES)):
		error = "it is cut short"


## Does the last page end just where the file ends, and is it the last of its stream?
static func _ends_whole(tail: PackedByteArray) -> bool:
	var last := tail.size() - _PAGE_HEADER_BYTES
	while last >= 0 and tail.decode_u32(last) != 0x5367674F:  # OggS
		last -= 1
	if last < 0 or not tail[last + _FLAGS] & _LAST_OF_STREAM:
		return false
	var segments := tail[last + _PAGE_HEADER_BYTES - 1]
	var body := last + _PAGE_HEADER_BYTES + segments
	if body > tail.size():
		return false
	for index in segments:
		body += tail[last + _PAGE_HEADER_BYTES + index]
	return body == tail.size()


## A whole number, highest byte first.
static func _number(bytes: PackedByteArray, start: int, size_bytes: int) -> int:
	var value := 0
	for index in size_bytes:
		value = value << 8 | bytes[start + index]
	return value
