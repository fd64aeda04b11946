"""Keyframes of the 52 weights: a row of the track becomes a key only where a straight line would miss it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...blendshapes.arkit import ARKIT_52
from .track import rounded
from .whole_track import Track

TOLERANCE = 0.005
"""By how much a weight, 0 to 1, may differ from the track's between keys; as in the Unity package."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Straight lines between keys, the first at 0 and the last at the end of the track."""

    shape: str
    times: list[float]
    values: list[float]


def curves(track: Track) -> Iterator[Curve]:
    """A curve for each blend shape, those that never move among them: an animation before may have moved them."""
    times = [*track.times.tolist(), track.duration_s]
    for shape, column in zip(ARKIT_52, track.weights.T, strict=True):
        values = rounded(column)
        values.append(values[-1])
        kept = _kept(times, values)
        yield Curve(shape, [times[key] for key in kept], [values[key] for key in kept])


def _kept(times: list[float], values: list[float]) -> list[int]:
    """Places of the keys. From each, the slopes narrow that pass every later value within the tolerance; the value
    that lies outside of them is not reached any more, and the one before it becomes the next key."""
    kept = [0]
    key, lowest, highest = 0, -np.inf, np.inf
    for place in range(1, len(times)):
        elapsed, rise = times[place] - times[key], values[place] - values[key]
        if not lowest <= rise / elapsed <= highest:
            key = place - 1
            kept.append(key)
            lowest, highest = -np.inf, np.inf
            elapsed, rise = times[place] - times[key], values[place] - values[key]
        lowest = max(lowest, (rise - TOLERANCE) / elapsed)
        highest = min(highest, (rise + TOLERANCE) / elapsed)
    kept.append(len(times) - 1)
    return kept
