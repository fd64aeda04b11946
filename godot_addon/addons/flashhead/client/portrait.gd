extends RefCounted
## The picture that stands still: what is seen until the worker draws, and wherever there is none.

const Places := preload("places.gd")

## Without a profile.
const _SIZE := 256


## RGBA8, square, as large as the profile's pictures. Without a portrait it is transparent: never a black square.
static func of(profile: TalkingHeadProfile) -> Image:
	var size := profile.size if profile else _SIZE
	var image := _painted(profile) if profile else null
	if image == null:
		return Image.create_empty(size, size, false, Image.FORMAT_RGBA8)
	if image.is_compressed():
		image.decompress()
	image.convert(Image.FORMAT_RGBA8)
	if image.get_size() != Vector2i(size, size):
		image.resize(size, size, Image.INTERPOLATE_LANCZOS)
	return image


static func exists(profile: TalkingHeadProfile) -> bool:
	return profile.portrait != null or Places.portrait_of(profile.avatar) != null


static func _painted(profile: TalkingHeadProfile) -> Image:
	return profile.portrait.get_image() if profile.portrait else Places.portrait_of(profile.avatar)
