"""What every output format has in common."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ...drivers.base import Outputs, TimedFrame
from ..manifest import Output


@dataclass(frozen=True, slots=True)
class BakeTarget:
    """What is baked, as far as a file format needs to know.

    `audio`: the original dialogue file, muxed into videos. `fps`, `size` (pixels, square): of the video.
    `background`: sRGB 0..255, shown behind the portrait where a file carries no alpha. `alpha`: the portrait has
    transparent parts and formats that can keep them do.
    """

    audio: Path
    fps: int
    size: int
    background: tuple[int, int, int] = (0, 0, 0)
    alpha: bool = True


class FrameWriter(Protocol):
    """One output being written. The file appears under its name at finish(), whole, or never.

    Constructed with (path, target), which raises OutputError or MissingDependencyError when this output can never
    be written, before any work is done.
    """

    needs: Outputs
    """The frames to write: VIDEO those with pixels at the target's fps, BLENDSHAPES those of the 60 Hz track."""

    def write(self, frame: TimedFrame) -> None:
        """Add the next frame; frames come in order from PTS 0 without holes. Raises OutputError, AudioError."""

    def finish(self) -> Output:
        """Complete the file, give it its name and describe it for the manifest, `file` being the bare name.

        Raises OutputError and AudioError."""

    def abort(self) -> None:
        """Remove what was written. Does nothing after finish(), so it may stand in a `finally`."""


class FrameCounter:
    """Counts frames and sees to it that none is missing, doubled or at another time than its place says."""

    def __init__(self, fps: int) -> None:
        self._fps = fps
        self.count = 0

    def add(self, frame: TimedFrame) -> None:
        """Raises ValueError, for it is the driver's mistake and nothing that a user can mend."""
        expected_us = self.count * 1_000_000 / self._fps
        if abs(frame.pts_us - expected_us) > 1:
            raise ValueError(f"frame {self.count} has the PTS {frame.pts_us} us, expected {expected_us:.0f} us")
        self.count += 1
