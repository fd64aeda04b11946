extends "test_case.gd"
## What the worker gets of an AudioStream.

const UtteranceAudio := preload("res://addons/flashhead/client/utterance_audio.gd")
const PushedAudio := preload("res://addons/flashhead/client/pushed_audio.gd")
const Sounds := preload("sounds.gd")


func test_samples_of_16_bit_are_taken_as_they_are() -> void:
	for stereo: bool in [false, true]:
		var stream := Sounds.tone(5.3, 11025, stereo)
		var audio := UtteranceAudio.new(stream)
		var taken := PackedByteArray()
		for piece: PackedByteArray in await pieces_of(audio):
			taken.append_array(piece)
		check(taken == stream.data, "every sample, once and in order")
		check_equal(audio.sample_rate_hz, 11025, "the rate")
		check_equal(audio.channels, 2 if stereo else 1, "channels")
		check(absi(audio.taken_us - 5_300_000) < 100, "the time that was taken: %d us" % audio.taken_us)


func test_the_first_piece_is_short() -> void:
	var first: PackedByteArray = UtteranceAudio.new(Sounds.tone(5.0, 16000)).peek()
	check_equal(first.size(), 2 * 4000, "bytes of a quarter of a second")


func test_what_is_decoded_is_what_is_heard() -> void:
	var plain := await rms_of(Sounds.tone(3.0))
	for stream in [in_8_bit(Sounds.tone(3.0)), Sounds.tone(3.0, 3000)]:
		var audio := UtteranceAudio.new(stream)
		var pieces := await pieces_of(audio)
		check(pieces[0] is PackedVector2Array, "it is decoded")
		check(absi(audio.taken_us - 3_000_000) < 2_000, "all of it: %d us" % audio.taken_us)
		check(absf(await rms_of(stream) - plain) < 0.01, "as loud as the samples themselves")


func test_files_of_every_kind_are_decoded_whole() -> void:
	for file: String in ["guard_en.wav", "guard_de.mp3", "merchant_fr.ogg"]:
		var stream := Sounds.speech(argument("dialogue"), file)
		var audio := UtteranceAudio.new(stream)
		await pieces_of(audio)
		check(stream.get_length() > 2.0, "%s has audio" % file)
		check(absf(audio.taken_us / 1e6 - stream.get_length()) < 0.03, "%s: %d us" % [file, audio.taken_us])


func test_a_compressed_wav_is_decoded() -> void:
	var path := argument("dialogue").path_join("guard_en.wav")
	var plain := await rms_of(AudioStreamWAV.load_from_file(path))
	for mode in [AudioStreamWAV.FORMAT_IMA_ADPCM, AudioStreamWAV.FORMAT_QOA]:
		var options := {"compress/mode": 1 if mode == AudioStreamWAV.FORMAT_IMA_ADPCM else 2}
		var stream := AudioStreamWAV.load_from_file(path, options)
		check_equal(stream.format, mode, "the format under test")
		check(absf(await rms_of(stream) - plain) < 0.1 * plain, "as loud as it was")


func test_a_playlist_is_decoded_to_its_end() -> void:
	var list := AudioStreamPlaylist.new()
	list.loop = false
	list.stream_count = 2
	list.set_list_stream(0, Sounds.tone(1.0))
	list.set_list_stream(1, Sounds.tone(0.5))
	var audio := UtteranceAudio.new(list)
	await pieces_of(audio)
	check(absi(audio.taken_us - 1_500_000) < 50_000, "%d us" % audio.taken_us)


func test_of_a_randomizer_one_stream_is_picked_for_ears_and_eyes() -> void:
	var random := AudioStreamRandomizer.new()
	var streams: Array[AudioStream] = [Sounds.tone(0.1), Sounds.tone(0.2)]
	random.add_stream(-1, streams[0], 1.0)
	random.add_stream(-1, streams[1], 0.0)
	for _try in 8:
		check_equal(UtteranceAudio.resolved(random), streams[0], "the one that has all the weight")


func test_a_randomizer_with_a_place_that_cannot_be_spoken_is_refused() -> void:
	var random := AudioStreamRandomizer.new()
	random.add_stream(-1, Sounds.tone(0.1), 0.0)
	check_equal(UtteranceAudio.refusal(random), "", "one that can")
	check(UtteranceAudio.resolved(random) != null, "though its weight is 0")
	for stream: AudioStream in [null, Sounds.tone(0.0)]:
		random.add_stream(1, stream)
		check(UtteranceAudio.refusal(random).length() > 20, "with %s" % stream)
		random.remove_stream(1)


func test_a_loop_is_spoken_once() -> void:
	var stream := Sounds.tone(0.5)
	stream.loop_mode = AudioStreamWAV.LOOP_FORWARD
	stream.loop_end = 11025
	check_equal(UtteranceAudio.resolved(stream).loop_mode, AudioStreamWAV.LOOP_DISABLED, "no loop")
	check_equal(stream.loop_mode, AudioStreamWAV.LOOP_FORWARD, "the game's own stream stays")
	var folder := argument("dialogue")
	var mp3 := Sounds.speech(folder, "guard_de.mp3")
	for other: AudioStream in [mp3, Sounds.speech(folder, "merchant_fr.ogg"), AudioStreamPlaylist.new()]:
		other.loop = true
		check_equal(UtteranceAudio.resolved(other).loop, false, other.get_class())


func test_what_cannot_be_spoken_is_refused_in_words() -> void:
	for stream: AudioStream in [
		Sounds.tone(0.0),
		AudioStreamWAV.new(),
		AudioStreamGenerator.new(),
		AudioStreamMicrophone.new(),
		AudioStreamPolyphonic.new(),
		AudioStreamRandomizer.new(),
	]:
		check(UtteranceAudio.refusal(stream).length() > 20, "%s is refused" % stream)
	check_equal(UtteranceAudio.refusal(Sounds.tone(0.1)), "", "a tone is not")
	check_equal(UtteranceAudio.stream_of("res://nothing.ogg"), null, "a path that leads nowhere")
	check_equal(UtteranceAudio.stream_of("res://tests/sounds.gd"), null, "a path of something else")
	check_equal(UtteranceAudio.stream_of(7), null, "a number")


func test_a_stream_that_is_dropped_while_it_is_decoded_hurts_nobody() -> void:
	for _time in 20:
		var stream := in_8_bit(Sounds.tone(2.0))
		UtteranceAudio.new(stream)
	await tree.process_frame


func test_pushed_pieces_reach_the_worker_in_order_and_are_all_of_one_kind() -> void:
	var audio := PushedAudio.new(8000)
	check_equal(audio.empty_piece(), null, "its kind is not known")
	check_equal(audio.push(PackedFloat32Array([0.5, 0.25])), "", "a piece")
	check_equal(typeof(audio.empty_piece()), TYPE_PACKED_FLOAT32_ARRAY, "its kind")
	check(audio.push(PackedByteArray([0, 0])).contains("one kind"), "another kind is refused")
	check(audio.push("words").contains("not String"), "words are refused")
	check_equal(audio.push(PackedFloat32Array([0.125])), "", "another piece")
	check_equal(audio.duration_us, 375, "three samples")
	check_equal(audio.peek(), PackedFloat32Array([0.5, 0.25]), "the first")
	audio.pop()
	audio.end()
	check_equal(audio.peek(), PackedFloat32Array([0.125]), "the second")
	check(not audio.complete, "one is not taken yet")
	audio.pop()
	check(audio.complete, "all are taken")
	check(PushedAudio.new(8000).push(PackedByteArray([1])).contains("odd"), "half a sample is refused")


func test_pushed_pieces_reach_the_player_in_two_channels() -> void:
	var bytes := PackedByteArray()
	bytes.resize(4)
	bytes.encode_s16(0, 16384)
	bytes.encode_s16(2, -8192)
	var wanted := PackedVector2Array([Vector2(0.5, 0.5), Vector2(-0.25, -0.25)])
	for samples: Variant in [bytes, PackedFloat32Array([0.5, -0.25]), wanted]:
		check_equal(PushedAudio._stereo(samples, 0, 2), wanted, type_string(typeof(samples)))
		check_equal(PushedAudio._stereo(samples, 1, 1), wanted.slice(1), "from the second on")


func pieces_of(audio: UtteranceAudio) -> Array:
	var pieces := []
	while not audio.complete:
		var piece: Variant = audio.peek()
		if piece == null:
			await tree.process_frame
			continue
		pieces.append(piece)
		audio.pop()
	return pieces


## Loudness of what the worker gets.
func rms_of(stream: AudioStream) -> float:
	var audio := UtteranceAudio.new(stream)
	var sum := 0.0
	var count := 0
	for piece: Variant in await pieces_of(audio):
		var values := PackedFloat32Array()
		if piece is PackedVector2Array:
			for frame: Vector2 in piece:
				values.append(frame.x)
		else:
			for index in range(0, piece.size(), 2):
				values.append(piece.decode_s16(index) / 32768.0)
		for value in values:
			sum += value * value
		count += values.size()
	return sqrt(sum / count)


func in_8_bit(stream: AudioStreamWAV) -> AudioStreamWAV:
	var coarse := AudioStreamWAV.new()
	coarse.format = AudioStreamWAV.FORMAT_8_BITS
	coarse.mix_rate = stream.mix_rate
	var samples := PackedByteArray()
	for index in range(1, stream.data.size(), 2):
		samples.append(stream.data[index])
	coarse.data = samples
	return coarse
