"""Face capture CSV as the app Live Link Face records it, for importers of that.

A row has a timecode, the number of values, 52 ARKit weights under their names with a capital first letter, in the
app's order, which is not ours, and the angles of head and eyes in radians.
"""

from pathlib import Path

import numpy as np

from ...blendshapes.arkit import ARKIT_52, FULL_EYE_TURN_RAD, INDEX
from ...drivers.base import POSE, WEIGHTS_HZ, TimedFrame
from . import track
from .base import BakeTarget
from .csv_rows import CsvFormat, CsvRowsWriter

# The app has right before left for jaw and mouth.
_SWAPPED = {"jawLeft": "jawRight", "jawRight": "jawLeft", "mouthLeft": "mouthRight", "mouthRight": "mouthLeft"}
_ORDER = [_SWAPPED.get(name, name) for name in ARKIT_52]
_COLUMNS = [INDEX[name] for name in _ORDER]
_ANGLES = (
    *("HeadYaw", "HeadPitch", "HeadRoll"),
    *("LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll", "RightEyeYaw", "RightEyePitch", "RightEyeRoll"),
)
_YAW, _PITCH, _ROLL = (POSE.index(name) for name in ("headYaw", "headPitch", "headRoll"))

HEADER = ("Timecode", "BlendShapeCount", *(name[0].upper() + name[1:] for name in _ORDER), *_ANGLES)
_VALUES = len(HEADER) - 2


def _timecode(index: int) -> str:
    """Hours, minutes, seconds and frames at 60 a second; the part after the dot is a share of a frame."""
    seconds, frame = divmod(index, WEIGHTS_HZ)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}:{frame:02d}.000"


def _eyes(weights: np.ndarray) -> list[float]:
    """Yaw, pitch and roll of the left eye, then of the right; signs as of the head's angles."""

    def turn(more: str, less: str) -> float:
        return float(weights[INDEX[more]] - weights[INDEX[less]]) * FULL_EYE_TURN_RAD

    return [
        *(turn("eyeLookOutLeft", "eyeLookInLeft"), turn("eyeLookDownLeft", "eyeLookUpLeft"), 0.0),
        *(turn("eyeLookInRight", "eyeLookOutRight"), turn("eyeLookDownRight", "eyeLookUpRight"), 0.0),
    ]


def _cells(index: int, frame: TimedFrame) -> list[str]:
    angles = [*frame.pose[[_YAW, _PITCH, _ROLL]], *_eyes(frame.weights)]
    values = track.rounded(np.concatenate([frame.weights[_COLUMNS], angles]))
    return [_timecode(index), str(_VALUES), *(f"{value:.4f}" for value in values)]


class LiveLinkCsvWriter(CsvRowsWriter):
    def __init__(self, path: Path, target: BakeTarget) -> None:
        super().__init__(path, CsvFormat("blendshapes", "livelink-csv", HEADER, _cells))
