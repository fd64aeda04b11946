extends RefCounted
## The native library, reached by name only: scripts must parse where it is missing, as on the web and on phones.
## The numbers are those of flashhead_bridge.h, which never change.

enum { OK = 0, BUSY = -7 }
enum {
	EVENT_CONNECTED = 1,
	EVENT_NOT_CONNECTED = 2,
	EVENT_LOST = 3,
	EVENT_OPENED = 4,
	EVENT_REOPENED = 5,
	EVENT_CLOSED = 6,
	EVENT_FIRST_FRAME = 8,
	EVENT_UNDERRUN = 11,
	EVENT_WARNING = 12,
	EVENT_ERROR = 13,
}
enum { WAITING = 0, SPEAKING = 1, FINISHED = 2, CANCELLED = 3, FAILED = 4 }
enum { VIDEO = 1, WEIGHTS = 2 }


## Whether this platform has the native library.
static func exists() -> bool:
	return ClassDB.class_exists(&"FlashHeadClient")


## A FlashHeadClient; null without the library.
static func new_client() -> RefCounted:
	return ClassDB.instantiate(&"FlashHeadClient") if exists() else null


## A FlashHeadTexture; without the library a texture that shows no more than the portrait.
static func new_texture() -> ImageTexture:
	return ClassDB.instantiate(&"FlashHeadTexture") if exists() else ImageTexture.new()
