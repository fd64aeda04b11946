"""What every output format has in common."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ...drivers.base import Outputs, TimedFrame
from ...errors import SettingsError
from ..manifest import Output

# What neither Unity's YAML nor Godot's node paths must escape.
_MESH_PATH = re.compile(r'[^/:"\\\x00-\x1f]+(/[^/:"\\\x00-\x1f]+)*')


@dataclass(frozen=True, slots=True)
class Rig:
    """The 3D head that an animation is for.

    `mesh`: path of its mesh with the ARKit blend shapes, below the object that plays the animation. `head`: the file
    that a .glb is a copy of.
    """

    mesh: str = "Face"
    head: Path | None = None

    def __post_init__(self) -> None:
        if not _MESH_PATH.fullmatch(self.mesh):
            raise SettingsError(
                f"mesh '{self.mesh}': give the names from the animated object down to the mesh, such as Body/Face; "
                'without : " \\ and control characters.'
            )


DEFAULT_RIG = Rig()


@dataclass(frozen=True, slots=True)
class BakeTarget:
    """What is baked, as far as a file format needs to know.

    `audio`: the original dialogue file, muxed into videos. `fps`, `size` (pixels, square): of the video.
    `background`: sRGB 0..255, shown behind the portrait where a file carries no alpha. `alpha`: the portrait has
    transparent parts and formats that can keep them do. `rig`: what animations move.
    """

    audio: Path
    fps: int
    size: int
    background: tuple[int, int, int] = (0, 0, 0)
    alpha: bool = True
    rig: Rig = DEFAULT_RIG


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
