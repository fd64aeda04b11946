"""One piece of dialogue audio that a head speaks, kept until it was spoken so that a new worker can go on with it."""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..drivers.base import WEIGHTS_HZ, FrameFlags, TimedFrame
from ..errors import AudioError
from .frames import Sources

_PIECE_BYTES = 1 << 20
_CONTEXT_US = 200_000
"""Spoken again before the present when another worker goes on: a sound is not recognised from its first sample."""
_KEPT_US = 2_000_000
"""Audio that stays behind the clock, for a client that seeks back a little or whose clock comes late."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the audio was, and when (time.monotonic) that was said."""

    audio_us: int
    playing: bool
    at_s: float

    def now_us(self) -> int:
        return self.audio_us + (round((time.monotonic() - self.at_s) * 1e6) if self.playing else 0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the frames of an utterance are found. `offset_us`: the time in its audio where this worker began."""

    sources: Sources
    epoch: int
    offset_us: int


class Utterance:
    """Comes from `Head.speak` and `Head.speaking`; the latter takes more audio with `push` until `end`.

    `number`: its name in events. `state`: "waiting", "speaking" (its first frame can be read: start the audio),
    "finished" (the last one can), "cancelled" or "failed" (an `Error` event says why).
    """

    def __init__(
        self, number: int, audio: "Audio | None", path: str, send: Callable[["Utterance", bytes, bool], None]
    ):
        self.number = number
        self.state = "waiting"
        self.audio = audio
        self.path = path
        self.begun = False  # a worker was asked to speak it
        self.all_there = False  # and no more audio follows
        self.offset_us = 0  # from where in it that worker speaks
        self.place: Place | None = None
        self.clock: Clock | None = None
        self.sent_clock: Clock | None = None
        self.shown_us = -1
        self._send = send

    def push(self, pcm: np.ndarray) -> None:
        """Add samples, of the type and channels of the first ones. Raises AudioError after `end`, or for PCM that
        cannot be used; see `Head.speak`."""
        if self.audio is None or self.audio.ended:
            raise AudioError(f"utterance {self.number} has ended: begin another one with speaking().")
        self._send(self, self.audio.encoded(pcm), False)

    def end(self) -> None:
        """No more audio follows. Calling it again does nothing."""
        if self.audio is not None and not self.audio.ended:
            self.audio.ended = True
            self._send(self, b"", True)

    @property
    def over(self) -> bool:
        """Whether no more frames will come."""
        return self.state in ("finished", "cancelled", "failed")

    def now_us(self) -> int:
        """Time of the audio as far as the client has told it: its clock, else the frame that was shown last."""
        return self.clock.now_us() if self.clock else max(0, self.shown_us)

    def in_own_time(self, frame: TimedFrame, offset_us: int, fps: int) -> TimedFrame:
        """A frame of a worker that began in the middle, with PTS and index of the whole utterance."""
        if not offset_us:
            return frame
        return replace(
            frame,
            pts_us=frame.pts_us + offset_us,
            index=frame.index + round(offset_us * fps / 1e6),
            flags=frame.flags & ~FrameFlags.FIRST,
        )

    def resume_us(self, fps: int) -> int:
        """Where another worker shall begin: a little before the present, where a frame of both tracks begins."""
        grid_us = 1e6 / math.gcd(fps, WEIGHTS_HZ)
        wanted_us = max(0, self.now_us() - _CONTEXT_US)
        return 0 if self.audio is None else round(wanted_us // grid_us * grid_us)


class Audio:
    """Samples of an utterance as they are sent; what lies well behind the clock is forgotten."""

    def __init__(self, sample_rate_hz: int) -> None:
        if not isinstance(sample_rate_hz, int) or sample_rate_hz <= 0:
            raise AudioError(
                f"sample rate {sample_rate_hz}: must be the samples per second of the PCM, such as 48000."
            )
        self.sample_rate_hz = sample_rate_hz
        self.channels = 1
        self.format = ""
        self.ended = False
        self._pieces: deque[bytes] = deque()
        self._begin = 0  # of the first piece, in bytes from the beginning
        self._end = 0

    @property
    def duration_us(self) -> int:
        """Of what was pushed so far."""
        return self._end // self.sample_bytes * 1_000_000 // self.sample_rate_hz

    def encoded(self, pcm: np.ndarray) -> bytes:
        """Checked samples as they are sent; the first ones determine format and channels. Raises AudioError."""
        pcm = _checked(pcm)
        channels = 1 if pcm.ndim == 1 else pcm.shape[1]
        format = "s16" if pcm.dtype == np.int16 else "f32"
        if not self.format:
            self.format, self.channels = format, channels
        if (format, channels) != (self.format, self.channels):
            raise AudioError(
                f"PCM with {channels} channels of {format} follows {self.channels} of {self.format}: push all of an "
                "utterance alike."
            )
        return pcm.tobytes()

    def append(self, data: bytes) -> None:
        if data:
            self._pieces.append(data)
            self._end += len(data)

    def clear(self) -> None:
        self._pieces.clear()
        self._begin = self._end

    def forget(self, now_us: int) -> None:
        """Drop whole pieces that lie well before this time."""
        keep = self._position(now_us - _KEPT_US)
        while self._pieces and self._begin + len(self._pieces[0]) <= keep:
            self._begin += len(self._pieces.popleft())

    def since(self, time_us: int) -> list[bytes]:
        """What is kept of the samples from this time on, in pieces that fit into a message; at least one, maybe
        empty."""
        data = b"".join(self._pieces)[max(0, self._position(time_us) - self._begin) :]
        return pieces(data, self.sample_bytes)

    @property
    def sample_bytes(self) -> int:
        """Of one sample of all channels."""
        return (2 if self.format == "s16" else 4) * self.channels

    def _position(self, time_us: int) -> int:
        return max(0, time_us) * self.sample_rate_hz // 1_000_000 * self.sample_bytes


def pieces(data: bytes, sample_bytes: int) -> list[bytes]:
    """Samples in pieces that fit into a message; at least one, maybe empty."""
    step = _PIECE_BYTES // sample_bytes * sample_bytes
    return [data[start : start + step] for start in range(0, len(data), step)] or [b""]


def _checked(pcm: np.ndarray) -> np.ndarray:
    if not isinstance(pcm, np.ndarray) or pcm.ndim not in (1, 2) or (pcm.ndim == 2 and pcm.shape[1] == 0):
        what = f"an array of shape {pcm.shape}" if isinstance(pcm, np.ndarray) else f"a {type(pcm).__name__}"
        raise AudioError(f"PCM is {what}: push a numpy array of samples, or of samples x channels.")
    if pcm.dtype == np.int16:
        return pcm.astype("<i2", copy=False)
    if pcm.dtype not in (np.float32, np.float64):
        raise AudioError(f"PCM has the type {pcm.dtype}: push float32 in [-1, 1], float64 or int16.")
    finite = np.isfinite(pcm)
    if not finite.all():
        position = int(np.argmin(finite.reshape(len(pcm), -1).all(axis=1)))
        raise AudioError(f"PCM sample {position} is not a number (NaN or infinite): replace it before pushing.")
    return pcm.astype("<f4", copy=False)
