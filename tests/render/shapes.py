"""Weights and poses by name, shared by the tests of the renderer."""

import numpy as np

from flashhead_engine.blendshapes.arkit import ARKIT_52, INDEX
from flashhead_engine.drivers.base import POSE

STILL = np.zeros(len(POSE), np.float32)


def shape(**values: float) -> np.ndarray:
    """Weights (52,) of which only some are not 0."""
    weights = np.zeros(len(ARKIT_52), np.float32)
    for name, value in values.items():
        weights[INDEX[name]] = value
    return weights


def pose(**values: float) -> np.ndarray:
    """A pose (4,) of which only some values are not 0."""
    result = STILL.copy()
    for name, value in values.items():
        result[POSE.index(name)] = value
    return result


def both(name: str, value: float) -> dict[str, float]:
    """The same weight on both sides."""
    return {f"{name}Left": value, f"{name}Right": value}
