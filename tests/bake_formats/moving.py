"""A track that moves as faces do: smoothly, some shapes not at all. Random rows would make every row a key."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from synthetic import timed_frame, write_all

from flashhead_engine.drivers.base import WEIGHTS_HZ, TimedFrame

ROWS = 139
TOLERANCE = 0.0051
"""Of the keyframes, and of a track's four decimals."""


def moving_frames(rows: int = ROWS) -> Iterator[TimedFrame]:
    shape = np.arange(52)
    for index in range(rows):
        waves = 0.5 + 0.5 * np.sin(2 * np.pi * (0.3 + shape / 50) * index / WEIGHTS_HZ + shape)
        yield replace(timed_frame(index, WEIGHTS_HZ), weights=np.where(shape % 5, waves, 0).astype(np.float32))


def weights_at(times: np.ndarray, rows: int = ROWS) -> np.ndarray:
    """(t, 52): straight lines between the rows, the last one held."""
    weights = np.stack([frame.weights for frame in moving_frames(rows)])
    return np.stack([np.interp(times, np.arange(rows) / WEIGHTS_HZ, column) for column in weights.T], axis=1)


def bake(path, target, frames=None):
    return write_all(path, target, frames or moving_frames())
