"""Heads of lite and pro: a chunk of pictures takes long, so it is computed beside everything else."""

from collections.abc import Callable

import numpy as np

from ..drivers.base import DriverSession, Gaze, TimedFrame
from ..transcript.alignment import Alignment


class GeneratingSession:
    """A session whose driver steps on another thread. What is asked of it meanwhile is done when the step is over, in
    the order in which it was asked."""

    def __init__(self, inner: DriverSession) -> None:
        self.inner = inner
        self.chunk_s = inner.chunk_s
        self.has_work = False
        """Whether something was asked that no step has seen."""
        self._stepping = False
        self._later: list[Callable[[], None]] = []

    @property
    def unfinished(self) -> bool:
        """Whether frames may come without anything more being asked."""
        return self.has_work or self._stepping

    def begin_step(self) -> None:
        self.has_work = False
        self._stepping = True

    def end_step(self) -> None:
        self._stepping = False
        asked, self._later = self._later, []
        for call in asked:
            call()

    def push(self, pcm: np.ndarray, end: bool = False) -> None:
        self._ask(lambda: self.inner.push(pcm, end))

    def follow(self, alignment: Alignment) -> None:
        self._ask(lambda: self.inner.follow(alignment))

    def idle(self, frames: int) -> None:
        self._ask(lambda: self.inner.idle(frames))

    def cancel(self, shown: TimedFrame | None = None) -> None:
        self._ask(lambda: self.inner.cancel(shown))

    def close(self) -> None:
        self._ask(self.inner.close)

    def frames(self) -> list[TimedFrame]:
        return [] if self._stepping else self.inner.frames()

    def set(self, **changes: object) -> None:
        self.inner.set(**changes)  # touches nothing that a step is in the middle of

    def look_at(self, gaze: Gaze | None) -> None:
        self.inner.look_at(gaze)

    def _ask(self, call: Callable[[], None]) -> None:
        self.has_work = True
        if self._stepping:
            self._later.append(call)
        else:
            call()
