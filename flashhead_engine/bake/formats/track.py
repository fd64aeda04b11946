"""What the JSON and the CSV blendshape track have in common: columns, rounding, and the JSON's schema.

The format is explained in docs/track-format.md; docs/track.schema.json is made from `BlendshapeTrack`.
"""

from typing import Annotated, Literal

import numpy as np
from msgspec import Meta, Struct

from ...blendshapes.arkit import ARKIT_52
from ...blendshapes.visemes import VISEMES
from ...drivers.base import POSE, TimedFrame

SCHEMA = "flashhead-track"
VERSION = "1.0"
COLUMNS = len(ARKIT_52) + len(POSE) + len(VISEMES)
_DECIMALS = 4


class BlendshapeTrack(Struct, frozen=True, kw_only=True):
    """A JSON track. A row of `frames` holds what `blendshapes`, `pose` and `visemes` name, in this order."""

    schema: Literal["flashhead-track"]
    version: Annotated[str, Meta(pattern=r"^1\.[0-9]+$")]
    fps: Annotated[int, Meta(ge=1)]
    audio: Annotated[str, Meta(description="Name of the dialogue file, without its folder.")]
    blendshapes: Annotated[list[str], Meta(description="ARKit names; weights from 0 to 1.")]
    pose: Annotated[list[str], Meta(description="Head angles in radians, then the breath from 0 to 1.")]
    visemes: Annotated[list[str], Meta(description="Oculus names; posteriors that sum to 1.")]
    frames: list[Annotated[list[float], Meta(min_length=COLUMNS, max_length=COLUMNS)]]
    frame_count: Annotated[int, Meta(ge=1)]


def row(frame: TimedFrame) -> list[float]:
    """The rounded values of one frame in the order of a track's columns."""
    return rounded(np.concatenate([frame.weights, frame.pose, frame.visemes]))


def rounded(values: np.ndarray) -> list[float]:
    # Adding zero turns -0.0, which would be printed as such, into 0.0.
    return (values.astype(np.float64).round(_DECIMALS) + 0.0).tolist()
