"""The control messages between a client and the worker, as docs/protocol.md describes them.

A message is one msgpack map whose "type" names it; `Speak` and `Audio` carry their samples in a second part of the
same ZeroMQ message, `Frame` its payload. Both sides of Python use these classes; other languages follow the document.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from ..drivers.base import VIDEO_FPS, Outputs, SessionSettings
from ..errors import SettingsError, TransportError
from .version import PROTOCOL

AHEAD_FRAMES = 4
"""A frame is published at most so many of its track's frames before its PTS."""

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""Of all parts of one message. About four minutes of float32 at 16 kHz; longer audio comes in pieces."""

Number = Annotated[int, Meta(ge=0, lt=2**32)]
Time = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Name = Annotated[str, Meta(max_length=64)]
Text = Annotated[str, Meta(max_length=4096)]


class _Message(msgspec.Struct, tag_field="type", tag=str.lower, frozen=True, omit_defaults=True):
    pass


class RingInfo(msgspec.Struct, frozen=True):
    """Where a session's ring lies: a POSIX shared-memory name and the generation its header must have."""

    name: Name
    generation: Annotated[int, Meta(ge=0)]


# --- from the client ---------------------------------------------------------------------------------------------


class Hello(_Message):
    """First message of a connection. `token`: from the environment or the discovery file. `client`: a name for
    logs and `flashhead status`."""

    token: Text
    protocol: Number = PROTOCOL
    client: Name = ""


class Open(_Message):
    """Open a talking head; the answer is `Opened`, or an `Error` with the same `request`.

    `avatar`: name of a sample, or path of a bundle that the worker may read; empty without video. `outputs`: "video",
    "blendshapes" or both. `frames`: "shared_memory", or "messages" where the two sides share none.
    `lower_tier`: whether a lower tier may stand in for one that cannot run.
    """

    request: Number
    avatar: Text = ""
    tier: Name = "nano"
    outputs: tuple[Name, ...] = ("blendshapes",)
    size: Number = 512
    fps: Number = VIDEO_FPS[1]
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    emotion: Name = "neutral"
    emotion_intensity: Share = 1.0
    mouth_strength: Annotated[float, Meta(ge=0, le=2)] = 1.0
    frames: Name = "shared_memory"
    lower_tier: bool = False

    def session_settings(self) -> SessionSettings:
        """Raises SettingsError for a value outside its range."""
        known = {part.name.lower(): part for part in Outputs}
        outputs = Outputs(0)
        for name in self.outputs:
            if name not in known:
                raise SettingsError(f"outputs '{name}': must be {' or '.join(known)}.")
            outputs |= known[name]
        if not outputs:
            raise SettingsError("outputs: ask for video, blendshapes or both.")
        return SessionSettings(
            outputs=outputs,
            size=self.size,
            fps=self.fps,
            seed=self.seed,
            emotion=self.emotion,
            emotion_intensity=self.emotion_intensity,
            mouth_strength=self.mouth_strength,
        )


class Speak(_Message):
    """Begin an utterance. `utterance`: 1 or more, new in its session. The second part holds samples in `format`
    ("f32" or "s16", little-endian, interleaved) at `sample_rate_hz`, `channels`; more may follow in `Audio`.
    Instead of samples, `path` is an audio file that the worker may read. `interrupt`: cancel what is spoken or
    waits, else queue behind it. `end`: no `Audio` follows. `last_pts_us`: with `interrupt`, PTS of the frame shown
    last, see `Cancel`.
    """

    session: Number
    utterance: Annotated[int, Meta(ge=1, lt=2**32)]
    sample_rate_hz: Number = 16_000
    channels: Number = 1
    format: Name = "f32"
    end: bool = True
    path: Text = ""
    interrupt: bool = False
    last_pts_us: Time = -1


class Audio(_Message):
    """More samples of an utterance that began without `end`, in the format that it began with."""

    session: Number
    utterance: Number
    end: bool = False


class Cancel(_Message):
    """Stop the utterance that is spoken and drop those that wait. `last_pts_us`: PTS of the frame shown last; the
    face goes on from there. -1: none was shown."""

    session: Number
    last_pts_us: Time = -1


class Clock(_Message):
    """Where the client's audio is: sent when it starts, pauses, is sought, and four times a second. Frames are
    published at most four before this time."""

    session: Number
    utterance: Number
    audio_us: Time
    playing: bool


class Set(_Message):
    """Change how a head performs; what is absent stays."""

    session: Number
    emotion: Name | None = None
    emotion_intensity: Share | None = None
    mouth_strength: Annotated[float, Meta(ge=0, le=2)] | None = None


class Look(_Message):
    """Where to look: radians, `yaw` > 0 to the face's own left, `pitch` > 0 down. `free`: let it wander again."""

    session: Number
    yaw: Annotated[float, Meta(ge=-1, le=1)] = 0.0
    pitch: Annotated[float, Meta(ge=-1, le=1)] = 0.0
    free: bool = False


class Pause(_Message):
    """Stop or resume a head altogether, idle motion too; a game sends it while it loads. `session`: 0 for all of
    this client, those that it opens meanwhile too."""

    session: Number
    paused: bool


class Close(_Message):
    """Close a head; the answer is `Closed`."""

    session: Number


class Status(_Message):
    """Ask what the worker does; the answer is `Statistics` with the same `request`."""

    request: Number


class Ping(_Message):
    """Sent at least twice a second; a client that is silent for two seconds loses its sessions."""


FromClient = Hello | Open | Speak | Audio | Cancel | Clock | Set | Look | Pause | Close | Status | Ping


# --- from the worker ---------------------------------------------------------------------------------------------


class Welcome(_Message):
    """The answer to `Hello`. `worker`: random, another one after a restart. `tiers`: those that can run here."""

    worker: Name
    protocol: Number
    version: Name
    pid: Number
    tiers: list[Name]


class Opened(_Message):
    """`tier`: the one that runs, perhaps lower than asked for. `weights`, `video`: the rings; absent for outputs that
    were not asked for, and when frames come as messages."""

    request: Number
    session: Number
    tier: Name
    weights: RingInfo | None = None
    video: RingInfo | None = None


class Started(_Message):
    """An utterance has left the queue and is spoken now. `epoch`: of its frames."""

    session: Number
    utterance: Number
    epoch: Number


class FirstFrame(_Message, tag="first_frame"):
    """The first frame of an utterance can be read: start the audio. `latency_us`: since its `Speak` arrived, or since
    it reached the head of the queue."""

    session: Number
    utterance: Number
    epoch: Number
    latency_us: Time


class Finished(_Message):
    """The last frame of an utterance was published."""

    session: Number
    utterance: Number
    epoch: Number


class Cancelled(_Message):
    """The answer to `Cancel`. `epoch`: the new one; frames of older ones must not be shown any more. `utterances`:
    those that were dropped."""

    session: Number
    epoch: Number
    utterances: list[Number]


class Underrun(_Message):
    """A frame could not be made in time. `cause`: "audio" (its samples have not come) or "compute"."""

    session: Number
    utterance: Number
    pts_us: Time
    cause: Name


class Warning(_Message):
    """Something was done otherwise than asked for. `code`: "lower_tier"."""

    session: Number
    code: Name
    message: Text


class Error(_Message):
    """Something that was asked for was not done. `request`, `session` and `utterance` say which, 0: none of them.
    Which codes end the utterance that they name: docs/protocol.md."""

    code: Name
    message: Text
    request: Number = 0
    session: Number = 0
    utterance: Number = 0


class Closed(_Message):
    """A session ended. `reason`: "client" (it asked), "worker" (it ends) or "failed" (an `Error` came before)."""

    session: Number
    reason: Name


class Frame(_Message):
    """A frame as a message, for sessions with `frames` = "messages"; the second part is the payload of the slot that
    a ring would hold. `track`: "weights" or "video"."""

    session: Number
    track: Name
    utterance: Number
    epoch: Number
    index: Number
    pts_us: Time
    duration_us: Number
    flags: Number


class SessionStatus(msgspec.Struct, frozen=True):
    """`fps`: video frames, or weights without video, published in the last second. `late`: frames published after
    their PTS so far. `share`: of the video frames that are rendered, below 1 when the machine is overloaded."""

    session: Number
    client: Name
    avatar: Text
    tier: Name
    state: Name
    fps: float
    late: Number
    share: float


class Statistics(_Message):
    """The answer to `Status`. Latencies from `Speak` to first frame, milliseconds, of the last 1000 utterances;
    memory of the worker in bytes; `load`: share of the time that computing took in the last second."""

    request: Number
    uptime_s: float
    load: float
    memory_bytes: Annotated[int, Meta(ge=0)]
    latency_p50_ms: float
    latency_p99_ms: float
    sessions: list[SessionStatus]


class Pong(_Message):
    """The answer to `Ping`."""


FromWorker = (
    Welcome
    | Opened
    | Started
    | FirstFrame
    | Finished
    | Cancelled
    | Underrun
    | Warning
    | Error
    | Closed
    | Frame
    | Statistics
    | Pong
)

_encoder = msgspec.msgpack.Encoder()
_from_client = msgspec.msgpack.Decoder(FromClient)
_from_worker = msgspec.msgpack.Decoder(FromWorker)


def encode(message: FromClient | FromWorker) -> bytes:
    """The first part of a ZeroMQ message."""
    return _encoder.encode(message)


def decode_from_client(data: bytes) -> FromClient:
    """Raises TransportError, in words that name the field, for anything that is not a message of a client."""
    return _decode(_from_client, data)


def decode_from_worker(data: bytes) -> FromWorker:
    """Raises TransportError for anything that is not a message of a worker."""
    return _decode(_from_worker, data)


def _decode(decoder: msgspec.msgpack.Decoder, data: bytes):
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise TransportError(f"not a message of protocol {PROTOCOL}: {error}") from error
