"""The 15 visemes alone as CSV, for rigs and players that have nothing else: time in seconds first."""

from pathlib import Path

from ...blendshapes.visemes import VISEMES
from ...drivers.base import WEIGHTS_HZ, TimedFrame
from . import track
from .base import BakeTarget
from .csv_rows import CsvFormat, CsvRowsWriter

HEADER = ("time", *VISEMES)


def _cells(index: int, frame: TimedFrame) -> list[str]:
    return [f"{index / WEIGHTS_HZ:.6f}", *(f"{value:g}" for value in track.rounded(frame.visemes))]


class VisemesCsvWriter(CsvRowsWriter):
    def __init__(self, path: Path, target: BakeTarget) -> None:
        super().__init__(path, CsvFormat("visemes", "visemes-csv", HEADER, _cells))
