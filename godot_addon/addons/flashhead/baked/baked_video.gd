class_name FlashHeadBakedVideo
extends Node
## Shows the video of a baked line in time with its audio, wherever that is played.
##
## The audio leads: in every frame the video is driven to just the time that [method follow] is given. Its own sound
## stays off. Alpha is straight, also of files that have it beside the colour.
## [codeblock]
## video.play(line)
## $Sprite3D.texture = video.texture
## # in every frame:
## video.follow(talking_head.get_audio_us())
## [/codeblock]

## From here on it is quicker to go to the nearest key frame, one a second, than to decode on.
const _SEEK_S := 0.7
## Back by more than what a clock jitters.
const _BACK_S := 0.1
## After every node that may call follow(), so that the picture is shown in the same frame.
const _LAST := 1 << 20

## What is shown; null after [method stop].
var line: FlashHeadBakedLine
## The picture; the same texture for every line.
var texture: Texture2D:
	get:
		return _viewport.get_texture()

var _viewport := SubViewport.new()
var _player := VideoStreamPlayer.new()
var _matte := ShaderMaterial.new()
## In the midst of the last picture; to go further may end the player before it is shown.
var _last_s := 0.0
## The time that was asked for last.
var _time_s := 0.0


func _init() -> void:
	_matte.shader = preload("matte_right.gdshader")
	_viewport.transparent_bg = true
	_viewport.disable_3d = true
	_viewport.render_target_update_mode = SubViewport.UPDATE_DISABLED
	_player.expand = true
	_player.volume = 0.0
	_player.process_priority = _LAST
	_viewport.add_child(_player)
	add_child(_viewport)


## Whether this version of Godot has a player that can be driven to a time.
static func is_possible() -> bool:
	return ClassDB.class_has_method(&"VideoStreamPlayer", &"set_speed_scale")


## Begin with a line's video; it stands at the first picture until [method follow].
func play(baked: FlashHeadBakedLine) -> void:
	line = baked
	_viewport.size = line.video_size
	_player.size = line.video_size
	_player.material = _matte if line.video_has_matte else null
	_player.stream = line.video
	_player.speed_scale = 0.0
	_last_s = (line.video_frame_count - 0.5) / line.video_fps
	_time_s = 0.0
	_viewport.render_target_update_mode = SubViewport.UPDATE_ALWAYS
	_player.play()


## Show the picture of this time of the dialogue, from this frame on. Call it in every frame.
func follow(audio_us: int) -> void:
	var time_s := clampf(audio_us / 1e6, 0.0, _last_s)
	var went_back := time_s < _time_s
	_time_s = time_s
	if not _player.is_playing():
		# It ended itself with its last picture, which stays.
		if not went_back:
			return
		_player.play()
	var behind_s := time_s - _player.stream_position
	if behind_s > _SEEK_S or behind_s < -_BACK_S:
		_player.stream_position = time_s
		behind_s = 0.0
	var delta_s := get_process_delta_time()
	_player.speed_scale = maxf(0.0, behind_s / delta_s) if delta_s > 0.0 else 0.0


## Stop; the last picture stays in the texture.
func stop() -> void:
	line = null
	_player.stop()
	_viewport.render_target_update_mode = SubViewport.UPDATE_DISABLED
