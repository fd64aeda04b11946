extends "stage.gd"
## No native library or no worker: the portrait stays, the audio plays, one warning, nothing stalls.


func test_the_audio_plays_with_one_warning() -> void:
	var asked_ms := Time.get_ticks_msec()
	speak(Sounds.tone(0.4))
	await wait_until(func() -> bool: return said.has("speaking_started"), "it speaks")
	var waited_ms := Time.get_ticks_msec() - asked_ms
	check(waited_ms < int(argument("patience_ms", "300")), "soon: after %d ms" % waited_ms)
	await wait_until(func() -> bool: return results.size() == 1, "it ended")
	await head.speak(Sounds.tone(0.2))
	check(not said.has("first_frame"), "no frame is promised")
	check_equal(said.count("worker_failed"), 1, "how often the head says that there is none")
	check_equal(Warnings.said().size(), 1, "warnings: %s" % ", ".join(Warnings.said()))
	report("warning", Warnings.said()[0])


func test_a_head_that_comes_later_says_so_too() -> void:
	await wait_until(func() -> bool: return said.has("worker_failed"), "it says that there is none")
	await seconds(0.1)
	check_equal(said, ["worker_failed"] as Array[String], "once")


func test_the_portrait_is_shown_pixel_by_pixel() -> void:
	var painted := Image.load_from_file(argument("portrait"))
	var profile := profile_of("")
	profile.portrait = ImageTexture.create_from_image(painted)
	painted.convert(Image.FORMAT_RGBA8)
	painted.resize(256, 256, Image.INTERPOLATE_LANCZOS)
	check(picture_of(profile).get_data() == painted.get_data(), "of the profile")


func test_an_avatars_folder_has_its_portrait() -> void:
	var painted := Image.load_from_file(argument("portrait"))
	var profile := profile_of(argument("portrait").get_base_dir())
	profile.size = painted.get_width()
	painted.convert(Image.FORMAT_RGBA8)
	check(picture_of(profile).get_data() == painted.get_data(), "of the folder")


func test_no_frame_takes_long() -> void:
	speak(Sounds.tone(0.5))
	var longest_us := 0
	while results.is_empty():
		var began_us := Time.get_ticks_usec()
		head._process(0.0)
		longest_us = maxi(longest_us, Time.get_ticks_usec() - began_us)
		await tree.process_frame
	check(longest_us < 20_000, "the longest took %d us" % longest_us)


func test_without_any_portrait_the_picture_is_transparent() -> void:
	for profile: TalkingHeadProfile in [profile_of("nobody"), profile_of("res://nowhere"), null]:
		var picture := picture_of(profile)
		check_equal(picture.get_size(), Vector2i(256, 256), "its size")
		check(picture.is_invisible(), "it is transparent")


## What a head of this profile shows. Without a window a texture only tells the picture that it was given first.
func picture_of(profile: TalkingHeadProfile) -> Image:
	var other := TalkingHead.new()
	other.profile = profile
	var picture := other.texture.get_image()
	other.free()
	return picture
