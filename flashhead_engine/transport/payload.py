"""A timed frame as bytes, the same in a ring's slot and in a `Frame` message: a header of numbers, and a payload."""

from typing import Protocol

import numpy as np

from ..blendshapes.arkit import ARKIT_52
from ..blendshapes.visemes import VISEMES
from ..drivers.base import POSE, FrameFlags, TimedFrame
from ..errors import TransportError

_WEIGHTS, _POSE = len(ARKIT_52), len(POSE)
_NUMBERS = _WEIGHTS + _POSE + len(VISEMES)
_NO_NUMBERS = (np.empty(0, np.float32),) * 3


class Header(Protocol):
    """What is told of a frame beside its payload; fields as in `TimedFrame`."""

    utterance: int
    epoch: int
    index: int
    pts_us: int
    duration_us: int
    flags: int


def header_of(frame: TimedFrame) -> dict[str, int]:
    """The fields of a `Header` by name."""
    return {
        "utterance": frame.utterance,
        "epoch": frame.epoch,
        "index": frame.index,
        "pts_us": frame.pts_us,
        "duration_us": frame.duration_us,
        "flags": int(frame.flags),
    }


def payload_of(frame: TimedFrame) -> np.ndarray:
    """Its pixels, else its numbers as bytes: uint8, C-contiguous."""
    if frame.pixels is not None:
        return np.ascontiguousarray(frame.pixels)
    return np.concatenate([frame.weights, frame.pose, frame.visemes]).astype("<f4", copy=False).view(np.uint8)


Picture = tuple[int, int] | None
"""Height and width of a frame's pixels; None for one of numbers."""


def payload_bytes(picture: Picture) -> int:
    """Length of a payload."""
    return 4 * _NUMBERS if picture is None else 4 * picture[0] * picture[1]


def frame_of(header: Header, payload: np.ndarray, picture: Picture) -> TimedFrame:
    """The frame, whose arrays share the memory of `payload`, uint8 (n,).

    With a `picture` it has pixels and its `weights`, `pose` and `visemes` are empty; else the other way round. Raises
    TransportError for a payload of another length.
    """
    if len(payload) != payload_bytes(picture):
        raise TransportError(f"a frame came with {len(payload)} bytes instead of {payload_bytes(picture)}.")
    if picture is None:
        numbers, pixels = payload.view("<f4"), None
        parts = numbers[:_WEIGHTS], numbers[_WEIGHTS : _WEIGHTS + _POSE], numbers[_WEIGHTS + _POSE :]
    else:
        parts, pixels = _NO_NUMBERS, payload.reshape(*picture, 4)
    weights, pose, visemes = parts
    return TimedFrame(
        utterance=header.utterance,
        epoch=header.epoch,
        index=header.index,
        pts_us=header.pts_us,
        duration_us=header.duration_us,
        flags=FrameFlags(header.flags),
        weights=weights,
        pose=pose,
        visemes=visemes,
        pixels=pixels,
    )
