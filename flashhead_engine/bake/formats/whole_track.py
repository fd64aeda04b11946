"""Formats whose file is made of the whole track at once: cues and animations."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...drivers.base import WEIGHTS_HZ, Outputs, TimedFrame
from ..manifest import Output
from ..outputs import PendingFile, explained
from . import line_name
from .base import BakeTarget, FrameCounter


@dataclass(frozen=True, slots=True)
class Track:
    """What the face does during the line of this name, 60 rows a second: float32 (n, 52), (n, 4) and (n, 15), as in
    TimedFrame."""

    line: str
    weights: np.ndarray
    pose: np.ndarray
    visemes: np.ndarray

    @property
    def times(self) -> np.ndarray:
        """float64 (n,): seconds of the rows."""
        return np.arange(len(self.weights)) / WEIGHTS_HZ

    @property
    def duration_s(self) -> float:
        """To the end of the last row."""
        return len(self.weights) / WEIGHTS_HZ


@dataclass(frozen=True, slots=True)
class WholeTrackFormat:
    """`render` makes the bytes of the file. `prepare` raises what can be said before any work."""

    kind: str
    name: str
    render: Callable[[Track, BakeTarget], bytes]
    has_frames: bool = True
    prepare: Callable[[BakeTarget], None] = lambda target: None


class WholeTrackWriter:
    """A FrameWriter that keeps the rows, some 300 bytes each, until the last one is there."""

    needs = Outputs.BLENDSHAPES

    def __init__(self, path: Path, target: BakeTarget, file_format: WholeTrackFormat) -> None:
        file_format.prepare(target)
        self._format = file_format
        self._target = target
        self._counter = FrameCounter(WEIGHTS_HZ)
        self._rows: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._line = line_name(path)
        self._output = PendingFile(path)
        with explained(self._output.path):
            self._file = self._output.temporary.open("wb")

    def write(self, frame: TimedFrame) -> None:
        self._counter.add(frame)
        self._rows.append((frame.weights.copy(), frame.pose.copy(), frame.visemes.copy()))

    def finish(self) -> Output:
        track = Track(self._line, *(np.stack(column) for column in zip(*self._rows, strict=True)))
        data = self._format.render(track, self._target)
        with explained(self._output.path, needed_bytes=len(data)):
            self._file.write(data)
            self._file.close()
        self._output.commit()
        return Output(
            kind=self._format.kind,
            file=self._output.path.name,
            format=self._format.name,
            fps=WEIGHTS_HZ if self._format.has_frames else None,
            frames=self._counter.count if self._format.has_frames else None,
        )

    def abort(self) -> None:
        with suppress(OSError):
            self._file.close()
        self._output.discard()
