extends RefCounted
## Audio for tests.


## A tone of 16 bit.
static func tone(seconds: float, rate_hz := 22050, stereo := false) -> AudioStreamWAV:
	var channels := 2 if stereo else 1
	var samples := PackedByteArray()
	var frames := roundi(seconds * rate_hz)
	samples.resize(2 * channels * frames)
	for frame in frames:
		for channel in channels:
			var value := roundi(12000.0 * sin(frame * TAU * 220.0 / rate_hz))
			samples.encode_s16(2 * (channels * frame + channel), value)
	var stream := AudioStreamWAV.new()
	stream.format = AudioStreamWAV.FORMAT_16_BITS
	stream.mix_rate = rate_hz
	stream.stereo = stereo
	stream.data = samples
	return stream


## Speech of the repository, by its file's name, given as dialogue=FOLDER after `--`.
static func speech(folder: String, file: String) -> AudioStream:
	return preload("res://addons/flashhead/client/utterance_audio.gd").stream_of(folder.path_join(file))
