"""What a worker takes from its clients at most."""

from dataclasses import dataclass

from ..transport.messages import MAX_MESSAGE_BYTES


@dataclass(frozen=True, slots=True)
class Limits:
    """`message_bytes`: of all parts of one message. `sessions`: open at once, of all clients. `audio_s`: seconds of
    audio that wait in one session. `size`: pixels of a video frame's side."""

    message_bytes: int = MAX_MESSAGE_BYTES
    sessions: int = 64
    audio_s: float = 600.0
    size: int = 1024
