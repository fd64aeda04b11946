"""Where a head's frames come from: rings in shared memory, or messages where the two sides share none."""

from collections import deque
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..drivers.base import TimedFrame
from ..transport.messages import Frame
from ..transport.payload import frame_of
from ..transport.rings import FRAMES_SLOTS, WEIGHTS_SLOTS


class Source(Protocol):
    """What `RingReader` and `MessageFrames` have in common."""

    def newest(self) -> TimedFrame | None: ...

    def at(self, epoch: int, utterance: int, audio_us: int) -> TimedFrame | None: ...

    @property
    def writer_died(self) -> bool: ...

    @property
    def heartbeat_age_s(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Sources:
    """The tracks of one session; None for an output that was not asked for."""

    weights: Source | None
    video: Source | None

    def all(self) -> list[Source]:
        return [source for source in (self.weights, self.video) if source is not None]


class MessageFrames:
    """The newest frames of a track that came as messages; answers like a `RingReader`.

    `size`: pixels, of video; None for weights. The pings of the connection stand for the heartbeat.
    """

    writer_died = False
    heartbeat_age_s = 0.0

    def __init__(self, size: int | None) -> None:
        self._picture = (size, size) if size else None
        self._frames: deque[TimedFrame] = deque(maxlen=FRAMES_SLOTS if size else WEIGHTS_SLOTS)

    def add(self, frame: Frame, payload: bytes) -> None:
        """Raises TransportError when the payload is not that of a frame of this track."""
        self._frames.append(frame_of(frame, np.frombuffer(payload, np.uint8), self._picture))

    def newest(self) -> TimedFrame | None:
        return self._frames[-1] if self._frames else None

    def at(self, epoch: int, utterance: int, audio_us: int) -> TimedFrame | None:
        # A copy, for the connection's thread adds frames meanwhile.
        of_utterance = [
            frame
            for frame in self._frames.copy()
            if (frame.epoch, frame.utterance) == (epoch, utterance) and frame.pts_us <= audio_us
        ]
        return max(of_utterance, key=lambda frame: frame.pts_us, default=None)
