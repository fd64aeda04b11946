extends "stage.gd"
## What holds with a worker and without one.


func test_a_line_is_heard_to_its_end() -> void:
	check_equal(await head.speak(Sounds.tone(0.5)), TalkingHead.Result.FINISHED, "how it ended")
	check_equal(spoken_signals(), ["speaking_started", "speaking_finished"], "signals in order")
	check(not head.is_speaking(), "it speaks no more")
	check(not player.playing, "the player is silent")
	check(head.get_audio_us() > 400_000, "heard: %d us" % head.get_audio_us())


func test_two_lines_of_one_frame_follow_each_other() -> void:
	speak(Sounds.tone(0.4))
	speak(Sounds.tone(0.3, 16000, true))
	check(head.is_speaking(), "both wait")
	await wait_until(func() -> bool: return results.size() == 2, "both ended")
	check_equal(results, [TalkingHead.Result.FINISHED, TalkingHead.Result.FINISHED], "how they ended")
	var one := ["speaking_started", "speaking_finished"]
	check_equal(spoken_signals(), one + one, "one after the other")


func test_a_line_may_be_asked_for_when_another_ends() -> void:
	var again := func() -> void: speak(Sounds.tone(0.3))
	head.speaking_finished.connect(again, CONNECT_ONE_SHOT)
	speak(Sounds.tone(0.3))
	await wait_until(func() -> bool: return results.size() == 2, "both ended")
	check_equal(spoken_signals().count("speaking_finished"), 2, "both were heard")


func test_cancel_ends_what_is_spoken_and_what_waits() -> void:
	speak(Sounds.tone(3.0))
	speak(Sounds.tone(3.0))
	await until_playing()
	head.cancel()
	check(not player.playing, "the sound stops at once")
	check_equal(results, [TalkingHead.Result.CANCELLED, TalkingHead.Result.CANCELLED], "how they ended")
	check_equal(spoken_signals(), ["speaking_started", "cancelled"], "one signal for all")
	head.cancel()
	check_equal(spoken_signals().count("cancelled"), 1, "nothing to cancel any more")
	check_equal(await head.speak(Sounds.tone(0.2)), TalkingHead.Result.FINISHED, "it speaks again")


func test_a_line_may_be_cancelled_as_soon_as_it_starts() -> void:
	head.speaking_started.connect(head.cancel, CONNECT_ONE_SHOT)
	var warned := Warnings.said().size()
	speak(Sounds.tone(1.0))
	await wait_until(func() -> bool: return results.size() == 1, "it ended")
	check_equal(results, [TalkingHead.Result.CANCELLED], "how it ended")
	check(not player.playing, "the player is silent")
	check_equal(Warnings.said().size(), warned, "nothing is wrong with that")
	check_equal(await head.speak(Sounds.tone(0.2)), TalkingHead.Result.FINISHED, "it speaks again")


func test_pause_holds_the_line() -> void:
	speak(Sounds.tone(1.0))
	await until_playing()
	head.pause()
	await seconds(0.2)
	var held_us := head.get_audio_us()
	await seconds(0.5)
	check_equal(head.get_audio_us(), held_us, "it holds")
	check_equal(results, [], "it did not end")
	head.resume()
	await wait_until(func() -> bool: return results.size() == 1, "it goes on to its end")
	check_equal(results, [TalkingHead.Result.FINISHED], "how it ended")


func test_a_head_that_is_paused_begins_later() -> void:
	head.pause()
	speak(Sounds.tone(0.2))
	await seconds(0.3)
	check_equal(said.has("speaking_started"), false, "it waits")
	head.resume()
	await wait_until(func() -> bool: return results.size() == 1, "it speaks")


func test_a_paused_tree_holds_the_line() -> void:
	speak(Sounds.tone(1.0))
	await until_playing()
	tree.paused = true
	await seconds(0.2)
	var held_us := head.get_audio_us()
	await seconds(0.4)
	check_equal(head.get_audio_us(), held_us, "it holds")
	tree.paused = false
	await wait_until(func() -> bool: return results.size() == 1, "it goes on to its end")
	check_equal(results, [TalkingHead.Result.FINISHED], "how it ended")


func test_a_player_that_somebody_stops_cancels() -> void:
	speak(Sounds.tone(3.0))
	await until_playing()
	player.stop()
	await wait_until(func() -> bool: return results.size() == 1, "it ended", 1.0)
	check_equal(results, [TalkingHead.Result.CANCELLED], "how it ended")


func test_a_stream_that_is_taken_away_cancels() -> void:
	speak(Sounds.tone(3.0))
	await until_playing()
	player.stream = null
	await wait_until(func() -> bool: return results.size() == 1, "it ended", 1.0)
	check_equal(results, [TalkingHead.Result.CANCELLED], "how it ended")


func test_a_player_that_is_freed_cancels_and_the_next_line_is_heard_all_the_same() -> void:
	speak(Sounds.tone(3.0))
	await until_playing()
	player.free()
	await wait_until(func() -> bool: return results.size() == 1, "it ended", 1.0)
	check_equal(results, [TalkingHead.Result.CANCELLED], "how it ended")
	check_equal(await head.speak(Sounds.tone(0.3)), TalkingHead.Result.FINISHED, "in a player of its own")


func test_a_head_that_is_freed_ends_its_lines() -> void:
	speak(Sounds.tone(3.0))
	speak(Sounds.tone(3.0))
	await until_playing()
	head.queue_free()
	await tree.process_frame
	await tree.process_frame
	check(not is_instance_valid(head), "it is freed")
	check_equal(results, [TalkingHead.Result.CANCELLED, TalkingHead.Result.CANCELLED], "how they ended")
	check(not player.playing, "the player is silent")


func test_a_head_outside_the_tree_refuses() -> void:
	var loose := TalkingHead.new()
	check_equal(await loose.speak(Sounds.tone(0.2)), TalkingHead.Result.FAILED, "it fails at once")
	check_equal(await loose.speak_streamed(16000), TalkingHead.Result.FAILED, "so does a stream")
	check(not loose.push(PackedByteArray([0, 0])), "and takes nothing")
	loose.cancel()
	loose.pause()
	loose.resume()
	check(Warnings.said()[-1].contains("inside the scene tree"), Warnings.said()[-1])
	loose.free()


func test_a_head_comes_back_into_the_tree() -> void:
	root.remove_child(head)
	root.add_child(head)
	check_equal(await head.speak(Sounds.tone(0.3)), TalkingHead.Result.FINISHED, "it speaks")


func test_what_cannot_be_spoken_fails_at_once_in_words() -> void:
	for line: Variant in [null, 7, "res://nothing.ogg", AudioStreamWAV.new(), AudioStreamGenerator.new()]:
		Warnings.forget()
		check_equal(await head.speak(line), TalkingHead.Result.FAILED, "speak(%s)" % line)
		check_equal(Warnings.said().size(), 1, "one warning for %s" % line)
	check_equal(await head.play_baked(null), TalkingHead.Result.FAILED, "no baked line")
	check_equal(await head.play_baked(FlashHeadBakedLine.new()), TalkingHead.Result.FAILED, "one without audio")
	check_equal(await head.speak_streamed(100), TalkingHead.Result.FAILED, "no such rate")
	check(not head.is_speaking(), "nothing waits")


func test_an_emotion_that_does_not_exist_is_told_and_left_out() -> void:
	check_equal(await head.speak(Sounds.tone(0.2), "sleepy"), TalkingHead.Result.FINISHED, "it speaks")
	check(Warnings.said()[-1].contains("sleepy"), Warnings.said()[-1])


func test_a_head_without_an_audio_player_is_heard() -> void:
	head.audio_player = null
	check_equal(await head.speak(Sounds.tone(0.3)), TalkingHead.Result.FINISHED, "it speaks")
	check(Warnings.said()[-1].contains("no audio player"), Warnings.said()[-1])


func test_players_with_a_place_are_followed_too() -> void:
	for placed: Node in [AudioStreamPlayer2D.new(), AudioStreamPlayer3D.new()]:
		root.add_child(placed)
		head.audio_player = placed
		check_equal(await head.speak(Sounds.tone(0.4)), TalkingHead.Result.FINISHED, placed.get_class())
		check(head.get_audio_us() > 300_000, "%s: %d us" % [placed.get_class(), head.get_audio_us()])


func test_what_the_player_plays_already_is_joined() -> void:
	player.stream = Sounds.tone(1.0)
	player.play()
	await wait_until(func() -> bool: return player.get_playback_position() > 0.1, "it plays")
	speak(player.stream)
	await until_playing()
	check(head.get_audio_us() > 100_000, "it joins at %d us" % head.get_audio_us())
	await wait_until(func() -> bool: return results.size() == 1, "it ends with the player")
	check_equal(results, [TalkingHead.Result.FINISHED], "how it ended")


func test_audio_that_is_pushed_is_heard() -> void:
	var ended := []
	var speaking := func() -> void: ended.append(await head.speak_streamed(16000))
	speaking.call()
	await seconds(0.1)
	check(not said.has("speaking_started"), "nothing was pushed yet")
	var tone := Sounds.tone(0.8, 16000).data
	for from in range(0, tone.size(), 3200):
		check(head.push(tone.slice(from, from + 3200)), "it is wanted")
		await seconds(0.03)
	head.end()
	check(not head.push(tone), "after its end nothing is")
	await wait_until(func() -> bool: return ended.size() == 1, "it ended")
	check_equal(ended, [TalkingHead.Result.FINISHED], "how it ended")
	check(absi(head.get_audio_us() - 800_000) < 20_000, "all of it was heard: %d us" % head.get_audio_us())


func test_pushed_audio_that_is_late_is_told_and_waited_for() -> void:
	var underruns := []
	head.underrun.connect(func() -> void: underruns.append(head.get_audio_us()))
	head.speak_streamed(16000)
	var tone := Sounds.tone(0.4, 16000).data
	head.push(tone)
	await wait_until(func() -> bool: return underruns.size() > 0, "it waits for audio")
	await seconds(0.3)
	check(absi(head.get_audio_us() - 400_000) < 1_000, "its clock holds at %d us" % head.get_audio_us())
	head.push(tone)
	head.end()
	await wait_until(func() -> bool: return not head.is_speaking(), "it ended")
	check(absi(head.get_audio_us() - 800_000) < 20_000, "all of it was heard: %d us" % head.get_audio_us())


func test_a_cancelled_stream_takes_no_more() -> void:
	head.speak_streamed(16000)
	head.push(Sounds.tone(2.0, 16000).data)
	await until_playing()
	head.cancel()
	check(not head.push(Sounds.tone(0.1, 16000).data), "the synthesis is told to stop")
	check(not player.playing, "the sound stops")


func test_a_stream_without_audio_ends() -> void:
	var ended := []
	var speaking := func() -> void: ended.append(await head.speak_streamed(16000))
	speaking.call()
	head.end()
	await wait_until(func() -> bool: return ended.size() == 1, "it ended", 1.0)


func test_the_texture_is_on_the_screen_and_stays_the_same() -> void:
	var texture := head.texture
	check_equal(screen.texture, texture, "the screen's texture")
	check_equal(texture.get_size(), Vector2(256, 256), "its size")
	await head.speak(Sounds.tone(0.2))
	check_equal(head.texture, texture, "after a line")
	var other := Sprite2D.new()
	root.add_child(other)
	head.screen = other
	check_equal(other.texture, texture, "another screen's texture")
	check_equal(screen.texture, null, "the first one shows nothing")


func test_a_mesh_shows_it_as_its_material() -> void:
	var mesh := MeshInstance3D.new()
	mesh.mesh = QuadMesh.new()
	root.add_child(mesh)
	head.screen = mesh
	check_equal(mesh.material_override.albedo_texture, head.texture, "the material's texture")


func test_a_profile_may_be_swapped_and_changed_while_it_speaks() -> void:
	speak(Sounds.tone(0.8))
	await until_playing()
	head.profile.emotion = TalkingHeadProfile.Emotion.HAPPY
	head.profile = profile_of("merchant")
	head.profile.size = 320
	head.profile = null
	head.profile = profile_of("fox")
	await wait_until(func() -> bool: return results.size() == 1, "it ended")
	check_equal(results, [TalkingHead.Result.FINISHED], "how it ended")


func test_a_scene_that_goes_takes_nothing_with_it() -> void:
	speak(Sounds.tone(3.0))
	await until_playing()
	root.queue_free()
	await tree.process_frame
	await tree.process_frame
	check_equal(results, [TalkingHead.Result.CANCELLED], "its line ended")
	await before()
	check_equal(await head.speak(Sounds.tone(0.3)), TalkingHead.Result.FINISHED, "the next scene speaks")
