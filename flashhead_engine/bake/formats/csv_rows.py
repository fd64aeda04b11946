"""CSV files with a line for every row of the track, written row by row so that hours need no memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...drivers.base import WEIGHTS_HZ, Outputs, TimedFrame
from ..manifest import Output
from .base import FrameCounter
from .text_output import TextOutput


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """`cells` gives the cells of a row from its index and its frame."""

    kind: str
    name: str
    header: Sequence[str]
    cells: Callable[[int, TimedFrame], Sequence[str]]


class CsvRowsWriter:
    needs = Outputs.BLENDSHAPES

    def __init__(self, path: Path, csv_format: CsvFormat) -> None:
        self._format = csv_format
        self._counter = FrameCounter(WEIGHTS_HZ)
        self._output = TextOutput(path)
        self._output.write(",".join(csv_format.header) + "\n")

    def write(self, frame: TimedFrame) -> None:
        index = self._counter.count
        self._counter.add(frame)
        self._output.write(",".join(self._format.cells(index, frame)) + "\n")

    def finish(self) -> Output:
        self._output.commit()
        return Output(
            kind=self._format.kind,
            file=self._output.path.name,
            format=self._format.name,
            fps=WEIGHTS_HZ,
            frames=self._counter.count,
        )

    def abort(self) -> None:
        self._output.discard()
