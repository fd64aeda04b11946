"""Encodes on a second core while the driver computes the next frames on the first."""

import queue
import threading

from ..drivers.base import TimedFrame
from .formats import FrameWriter
from .manifest import Output

_FRAMES_WAITING = 16  # bounds the memory: a 1024x1024 frame is 4 MB


class BackgroundWriter:
    """A FrameWriter that hands its frames to another one in a thread of its own.

    What the other one raises comes out of the next call here.
    """

    def __init__(self, writer: FrameWriter) -> None:
        self.needs = writer.needs
        self._writer = writer
        self._frames: queue.Queue[TimedFrame | None] = queue.Queue(_FRAMES_WAITING)
        self._error: Exception | None = None
        self._dropping = False
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        for frame in iter(self._frames.get, None):
            # Frames are taken even when none is wanted any more: write() may be waiting for a place.
            if self._dropping:
                continue
            try:
                self._writer.write(frame)
            except Exception as error:
                self._error = error
                self._dropping = True

    def write(self, frame: TimedFrame) -> None:
        self._raise_error()
        self._frames.put(frame)

    def finish(self) -> Output:
        self._join()
        self._raise_error()
        return self._writer.finish()

    def abort(self) -> None:
        self._dropping = True
        self._join()
        self._writer.abort()

    def _join(self) -> None:
        if self._thread.is_alive():
            self._frames.put(None)
            self._thread.join()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error
