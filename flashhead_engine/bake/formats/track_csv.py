"""Blendshape track as CSV: one row per frame, time in seconds first."""

from pathlib import Path

from ...blendshapes.arkit import ARKIT_52
from ...blendshapes.visemes import VISEMES
from ...drivers.base import POSE, WEIGHTS_HZ, TimedFrame
from . import track
from .base import BakeTarget
from .csv_rows import CsvFormat, CsvRowsWriter

HEADER = ("time", *ARKIT_52, *POSE, *(f"viseme_{name}" for name in VISEMES))


def _cells(index: int, frame: TimedFrame) -> list[str]:
    return [f"{index / WEIGHTS_HZ:.6f}", *(f"{value:g}" for value in track.row(frame))]


class CsvTrackWriter(CsvRowsWriter):
    def __init__(self, path: Path, target: BakeTarget) -> None:
        super().__init__(path, CsvFormat("blendshapes", "csv", HEADER, _cells))
