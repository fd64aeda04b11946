"""Blendshape track as JSON, written frame by frame so that hours need no memory."""

from pathlib import Path

import msgspec

from ...blendshapes.arkit import ARKIT_52
from ...blendshapes.visemes import VISEMES
from ...drivers.base import POSE, WEIGHTS_HZ, Outputs, TimedFrame
from ..manifest import Output
from . import track
from .base import BakeTarget, FrameCounter
from .text_output import TextOutput


class JsonTrackWriter:
    needs = Outputs.BLENDSHAPES

    def __init__(self, path: Path, target: BakeTarget) -> None:
        self._counter = FrameCounter(WEIGHTS_HZ)
        self._encoder = msgspec.json.Encoder()
        self._output = TextOutput(path)
        self._output.write(self._head(target))

    def _head(self, target: BakeTarget) -> str:
        """All of the object before its first frame."""
        head = {
            "schema": track.SCHEMA,
            "version": track.VERSION,
            "fps": WEIGHTS_HZ,
            "audio": target.audio.name,
            "blendshapes": ARKIT_52,
            "pose": POSE,
            "visemes": VISEMES,
        }
        return self._encoder.encode(head).decode().removesuffix("}") + ',"frames":['

    def write(self, frame: TimedFrame) -> None:
        separator = ",\n" if self._counter.count else "\n"
        self._counter.add(frame)
        self._output.write(separator + self._encoder.encode(track.row(frame)).decode())

    def finish(self) -> Output:
        self._output.write(f'\n],"frame_count":{self._counter.count}}}\n')
        self._output.commit()
        return Output(
            kind="blendshapes",
            file=self._output.path.name,
            format="json",
            fps=WEIGHTS_HZ,
            frames=self._counter.count,
        )

    def abort(self) -> None:
        self._output.discard()
