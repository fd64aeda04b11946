"""Blendshape track as CSV: one row per frame, time in seconds first."""

from pathlib import Path

from ...blendshapes.arkit import ARKIT_52
from ...blendshapes.visemes import VISEMES
from ...drivers.base import POSE, WEIGHTS_HZ, Outputs, TimedFrame
from ..manifest import Output
from . import track
from .base import BakeTarget, FrameCounter
from .text_output import TextOutput

HEADER = ("time", *ARKIT_52, *POSE, *(f"viseme_{name}" for name in VISEMES))


class CsvTrackWriter:
    needs = Outputs.BLENDSHAPES

    def __init__(self, path: Path, target: BakeTarget) -> None:
        self._counter = FrameCounter(WEIGHTS_HZ)
        self._output = TextOutput(path)
        self._output.write(",".join(HEADER) + "\n")

    def write(self, frame: TimedFrame) -> None:
        time = self._counter.count / WEIGHTS_HZ
        self._counter.add(frame)
        values = ",".join(f"{value:g}" for value in track.row(frame))
        self._output.write(f"{time:.6f},{values}\n")

    def finish(self) -> Output:
        self._output.commit()
        return Output(
            kind="blendshapes",
            file=self._output.path.name,
            format="csv",
            fps=WEIGHTS_HZ,
            frames=self._counter.count,
        )

    def abort(self) -> None:
        self._output.discard()
