"""PNG sequence: `-o line.png` makes the folder `line_png` with 000000.png, 000001.png, ... with straight alpha."""

import re
from pathlib import Path

import numpy as np
from PIL import Image

from ...avatar.images import over_background
from ...drivers.base import Outputs, TimedFrame
from ..manifest import Output
from ..outputs import PendingFolder, explained
from .base import BakeTarget, FrameCounter

_FRAME_NAME = re.compile(r"\d{6,}\.png")
# zlib's 1 is four times as fast as the default for a few per cent of size.
_COMPRESSION = 1


def folder_for(path: Path) -> Path:
    """The folder that holds the pictures of `path`: "a/line.png" -> "a/line_png"."""
    return path.with_name(f"{path.stem}_png")


class PngWriter:
    needs = Outputs.VIDEO

    def __init__(self, path: Path, target: BakeTarget) -> None:
        self._target = target
        self._counter = FrameCounter(target.fps)
        self._output = PendingFolder(folder_for(Path(path)), _FRAME_NAME)

    def write(self, frame: TimedFrame) -> None:
        picture = self._output.temporary / f"{self._counter.count:06d}.png"
        self._counter.add(frame)
        if self._target.alpha:
            pixels = np.ascontiguousarray(frame.pixels)
        else:
            pixels = over_background(frame.pixels, self._target.background)
        with explained(self._output.path):
            Image.fromarray(pixels).save(picture, "PNG", compress_level=_COMPRESSION)

    def finish(self) -> Output:
        self._output.commit()
        return Output(
            kind="frames",
            file=self._output.path.name,
            format="png",
            fps=self._target.fps,
            frames=self._counter.count,
            width=self._target.size,
            height=self._target.size,
            alpha="straight" if self._target.alpha else "none",
        )

    def abort(self) -> None:
        self._output.discard()
