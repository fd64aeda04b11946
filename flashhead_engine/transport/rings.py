"""Rings of timed frames: the worker writes, any number of clients read, and nobody waits for anybody.

The ring itself is native (`bridge_cpp/src/core`), because Python has no memory fences; this module turns its slots
into `TimedFrame`s. A reader maps the memory read-only and copies what it takes, so a frame it holds never changes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..drivers.base import TimedFrame
from ..errors import MissingDependencyError, TransportError
from .payload import frame_of, payload_bytes, payload_of

WEIGHTS_SLOTS = 64
"""About a second of weights at 60 Hz: a client that hitches for a second still finds the frame for its audio."""
FRAMES_SLOTS = 8
"""Frames are published at most four before their PTS; as many older ones stay for a client that is late."""

_TRIES = 8  # a reader that is overtaken so often keeps the picture it has


def _native():
    try:
        from flashhead_engine import _bridge
    except ImportError as error:
        raise MissingDependencyError(
            "Shared memory needs the native module flashhead_engine._bridge, which was not built: no C++ compiler "
            "or no headers of Python were found, or its build failed. Install them (Debian, Ubuntu: sudo apt install "
            "g++ python3-dev) and install again."
        ) from error
    return _bridge


@dataclass(frozen=True, slots=True)
class RingAddress:
    """What a client must be told to open a ring. `generation`: random, so that an old name never opens a new ring."""

    name: str
    generation: int


class RingWriter:
    """The only writer of a ring, in the worker.

    With a `size` it is a ring of RGBA frames of size x size pixels, else one of weights. Raises TransportError when
    the shared memory cannot be had, MissingDependencyError without the native module. Deleting it, or the end of its
    process in any way, ends the ring; `sweep` removes what a killed process left.
    """

    def __init__(self, size: int | None = None, slots: int | None = None) -> None:
        native = _native()
        try:
            if size is None:
                geometry = native.RingGeometry.weights(slots or WEIGHTS_SLOTS)
            else:
                geometry = native.RingGeometry.frames(slots or FRAMES_SLOTS, size, size)
            self._ring = native.RingWriter(geometry)
        except native.RingError as error:
            raise TransportError(f"no shared memory for a session: {error}") from error
        self._size = size
        self.address = RingAddress(self._ring.name, self._ring.generation)

    def publish(self, frame: TimedFrame) -> None:
        """Put a frame into the next slot, over the oldest one.

        Raises TransportError when a ring of frames gets one without pixels, or of another size.
        """
        if self._ring is None:
            raise TransportError("this ring is closed; frames are published to an open one.")
        if self._size is not None:
            self._check_pixels(frame)
        # By position and in one call: from a cold cache, names and an object of their own took as long as a fifth of
        # the copy.
        self._ring.publish(
            frame.epoch,
            frame.utterance,
            frame.index,
            frame.pts_us,
            frame.duration_us,
            frame.flags,
            payload_of(frame),
        )

    def beat(self) -> None:
        """Tell readers that the worker is alive; ten times a second."""
        if self._ring is not None:
            self._ring.beat()

    def close(self) -> None:
        """End the ring: readers see it at once, its name is gone. Calling it again does nothing."""
        self._ring = None

    def _check_pixels(self, frame: TimedFrame) -> None:
        wanted = (self._size, self._size, 4)
        if frame.pixels is None or frame.pixels.shape != wanted or frame.pixels.dtype != np.uint8:
            found = None if frame.pixels is None else f"{frame.pixels.dtype} {frame.pixels.shape}"
            raise TransportError(f"this ring takes uint8 pixels of shape {wanted}, not {found}.")


class RingReader:
    """A reader of a ring, in a client. Frames it returns are copies.

    From a ring of frames, `weights`, `pose` and `visemes` are empty; from one of weights, `pixels` is None. Raises
    TransportError when the ring is gone, of another generation or version, or not sound.
    """

    def __init__(self, address: RingAddress) -> None:
        native = _native()
        try:
            self._ring = native.RingReader(address.name, address.generation)
        except native.RingError as error:
            raise TransportError(f"cannot read frames: {error}") from error
        geometry = self._ring.geometry
        self._picture = (geometry.height, geometry.width) if geometry.is_frames else None
        self._bytes = payload_bytes(self._picture)
        self._seen = 0

    @property
    def published(self) -> int:
        """How many frames were published so far."""
        return self._ring.published

    @property
    def writer_lives(self) -> bool:
        """False once the worker closed the ring or ended, even by kill -9."""
        return self._ring.writer_lives

    @property
    def writer_died(self) -> bool:
        """True once the worker ended without having closed the ring."""
        return self._ring.writer_died

    @property
    def heartbeat_age_s(self) -> float:
        """Seconds since the worker said that it lives; it hangs when this grows past half a second."""
        return self._ring.heartbeat_age_ns * 1e-9

    def newest(self) -> TimedFrame | None:
        """The frame that was published last; None when there is none, or when the writer is too fast to be read."""
        for _ in range(_TRIES):
            published = self._ring.published
            if published and (frame := self._read(published - 1)):
                return frame
        return None

    def at(self, epoch: int, utterance: int, audio_us: int) -> TimedFrame | None:
        """The frame to show at this time of the utterance's audio: the latest whose PTS is not after it. None when
        the ring holds none; frames of another epoch or utterance are never returned."""
        for _ in range(_TRIES):
            number = self._ring.find(epoch, utterance, audio_us)
            if number is None:
                return None
            if frame := self._read(number):
                return frame
        return None

    def unread(self) -> Iterator[TimedFrame]:
        """The frames since the last call, in order; those that were overwritten meanwhile are left out."""
        published = self._ring.published
        if self._seen > published:  # a count that leapt ahead was not true
            self._seen = max(0, published - 1)
        for number in range(max(self._seen, published - self._ring.geometry.slots), published):
            self._seen = number + 1
            if frame := self._read(number):
                yield frame

    def _read(self, number: int) -> TimedFrame | None:
        payload = np.empty(self._bytes, np.uint8)
        info = self._ring.read(number, payload)
        return None if info is None else frame_of(info, payload, self._picture)


def sweep() -> int:
    """Remove the rings that killed processes of this user left; returns how many. Rings in use are left alone."""
    return _native().sweep()
