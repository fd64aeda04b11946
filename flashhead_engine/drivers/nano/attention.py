"""Eyes that look where they are told to."""

import math

import numpy as np

from ...blendshapes.arkit import FULL_EYE_TURN_RAD, INDEX
from ..base import WEIGHTS_HZ, Gaze
from .idle import LID_FOLLOWS, both

_TURN = 1 - math.exp(-1 / (0.04 * WEIGHTS_HZ))  # a saccade: most of the way in 80 ms

_COLUMNS = [
    INDEX[name]
    for name in (
        *("eyeLookOutLeft", "eyeLookInRight", "eyeLookInLeft", "eyeLookOutRight"),
        *("eyeLookUpLeft", "eyeLookUpRight", "eyeLookDownLeft", "eyeLookDownRight"),
    )
]
_LIDS = both("eyeBlink")


class Attention:
    """Mixes a gaze target into the wandering gaze of a performance; call `apply` with consecutive frames."""

    def __init__(self) -> None:
        self._target: np.ndarray | None = None
        self._shown = np.zeros(len(_COLUMNS), np.float32)
        self._share = 0.0

    def look_at(self, gaze: Gaze | None) -> None:
        """None lets the gaze wander again."""
        self._target = None if gaze is None else _eye_weights(gaze)

    def apply(self, weights: np.ndarray) -> None:
        """Change the eyes of float32 (T, 52) in place."""
        if self._target is None and self._share < 1e-3:
            return
        for row in weights:
            self._share += _TURN * ((self._target is not None) - self._share)
            if self._target is not None:
                self._shown += _TURN * (self._target - self._shown)
            before = row[_COLUMNS]
            row[_COLUMNS] = before + self._share * (self._shown - before)
            # The performance's lids follow its own gaze; they go along with the difference.
            lower = LID_FOLLOWS * (row[_COLUMNS[-1]] - before[-1])
            row[_LIDS] = np.clip(row[_LIDS] + lower, 0.0, 1.0)


def _eye_weights(gaze: Gaze) -> np.ndarray:
    yaw, pitch = gaze.yaw / FULL_EYE_TURN_RAD, gaze.pitch / FULL_EYE_TURN_RAD
    left, right, up, down = max(yaw, 0.0), max(-yaw, 0.0), max(-pitch, 0.0), max(pitch, 0.0)
    return np.array([left, left, right, right, up, up, down, down], np.float32).clip(0.0, 1.0)
