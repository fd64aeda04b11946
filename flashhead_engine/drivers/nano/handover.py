"""A face that goes on from the frame that was seen, whatever was computed after it."""

import numpy as np

from ...blendshapes.arkit import INDEX
from ..base import WEIGHTS_HZ
from .idle import ease

_FADE_S = 0.18
_FRAMES = round(_FADE_S * WEIGHTS_HZ)
_KEPT = (1 - ease(np.arange(_FRAMES, dtype=np.float32) / _FRAMES))[:, None]
_JAW_OPEN, _MOUTH_CLOSE = INDEX["jawOpen"], INDEX["mouthClose"]


class Handover:
    """Lets the difference between the face that was shown and the one that follows fade away.

    After `start`, the first frame given to `apply` is the shown one and later ones near what was computed.
    """

    def __init__(self) -> None:
        self._shown: tuple[np.ndarray, np.ndarray] | None = None
        self._difference: tuple[np.ndarray, np.ndarray] | None = None
        self._position = _FRAMES

    def start(self, weights: np.ndarray, pose: np.ndarray) -> None:
        """Go on from these weights (52,) and this pose (4,)."""
        self._shown = weights, pose
        self._position = 0

    def apply(self, weights: np.ndarray, pose: np.ndarray) -> None:
        """Change consecutive frames, float32 (T, 52) and (T, 4), in place."""
        if self._position == _FRAMES or not len(weights):
            return
        if self._shown is not None:
            self._difference = self._shown[0] - weights[0], self._shown[1] - pose[0]
            self._shown = None
        kept = _KEPT[self._position : self._position + len(weights)]
        self._position += len(kept)
        faded = weights[: len(kept)]
        faded += kept * self._difference[0]
        np.clip(faded, 0.0, 1.0, out=faded)
        np.minimum(faded[:, _MOUTH_CLOSE], faded[:, _JAW_OPEN], out=faded[:, _MOUTH_CLOSE])
        pose[: len(kept)] += kept * self._difference[1]
