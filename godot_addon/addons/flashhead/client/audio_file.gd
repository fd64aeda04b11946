@tool
extends RefCounted
## Audio files outside of the project, by Godot's own decoders.


## Null when Godot cannot play it.
static func load_file(path: String) -> AudioStream:
	match path.get_extension().to_lower():
		"wav":
			return AudioStreamWAV.load_from_file(path)
		"ogg":
			return AudioStreamOggVorbis.load_from_file(path)
		"mp3":
			return AudioStreamMP3.load_from_file(path)
	return null
