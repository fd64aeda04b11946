extends SceneTree
## Prints what Godot makes of an Animation: godot --headless --script animation_probe.gd -- FILE TIME,TIME,...


func _initialize() -> void:
	var words := OS.get_cmdline_user_args()
	var animation := ResourceLoader.load(words[0]) as Animation
	if animation == null:
		print("REPORT null")
		quit()
		return
	var tracks := []
	for track in animation.get_track_count():
		var values := []
		if animation.track_get_type(track) == Animation.TYPE_BLEND_SHAPE:
			for time in words[1].split_floats(","):
				values.append(animation.blend_shape_track_interpolate(track, time))
		tracks.append({"path": str(animation.track_get_path(track)), "values": values})
	print("REPORT ", JSON.stringify({"length": animation.length, "tracks": tracks}))
	quit()
