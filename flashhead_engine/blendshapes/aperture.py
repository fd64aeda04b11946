"""Lip aperture: how far apart the lips are, as one number, from ARKit weights."""

import numpy as np

from .arkit import INDEX

# mouthClose shuts the lips relative to jawOpen; the others lift, lower, press or roll a lip. The factors are
# those of the project's lip-sync score, so that the score and the player agree on what "closed" means.
_COEFFICIENTS = np.zeros(len(INDEX), np.float32)
for _name, _factor in {
    "mouthLowerDownLeft": 0.175,
    "mouthLowerDownRight": 0.175,
    "mouthUpperUpLeft": 0.175,
    "mouthUpperUpRight": 0.175,
    "mouthFunnel": 0.15,
    "mouthPressLeft": -0.125,
    "mouthPressRight": -0.125,
    "mouthRollLower": -0.15,
    "mouthRollUpper": -0.15,
}.items():
    _COEFFICIENTS[INDEX[_name]] = _factor
_JAW_OPEN, _MOUTH_CLOSE = INDEX["jawOpen"], INDEX["mouthClose"]


def lip_aperture(weights: np.ndarray) -> np.ndarray:
    """Lip aperture of weights with shape (..., 52): shape (...), 0 = lips meet, about 0.4 = a spoken [a]."""
    opened_by_jaw = np.maximum(0.0, weights[..., _JAW_OPEN] - weights[..., _MOUTH_CLOSE])
    return np.maximum(0.0, opened_by_jaw + weights @ _COEFFICIENTS)
