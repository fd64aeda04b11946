"""Closures of the lips: where speech demands them, and whether a mouth makes them."""

from collections.abc import Sequence

import numpy as np

from .phones import Atom, Lips

CLOSURE_TOLERANCE_S = 0.040
CLOSED_SHARE = 0.15
"""Of a mouth's own 95th percentile of aperture while it speaks: below it lips count as closed."""
SMALLEST_APERTURE = 0.02

_ONE_CLOSURE_S = 0.03


def is_labial(atom: Atom) -> bool:
    return atom.articulation.lips is Lips.SHUT


def demanded_closures(atoms: Sequence[Atom]) -> list[tuple[float, float]]:
    """Times of p, b, m in seconds; those less than 30 ms apart count as one."""
    closures: list[tuple[float, float]] = []
    for atom in atoms:
        if not is_labial(atom):
            continue
        if closures and atom.start - closures[-1][1] < _ONE_CLOSURE_S:
            closures[-1] = (closures[-1][0], atom.end)
        else:
            closures.append((atom.start, atom.end))
    return closures


def are_closed(aperture: np.ndarray, largest: float) -> np.ndarray:
    """Which apertures are those of closed lips. `largest`: the mouth's own 95th percentile while it speaks."""
    return aperture < max(SMALLEST_APERTURE, CLOSED_SHARE * max(largest, SMALLEST_APERTURE))


class ShownLips:
    """Lips as they are shown: `closed` (n,) at `times_s` (n,), `fps` times a second."""

    def __init__(self, times_s: np.ndarray, closed: np.ndarray, fps: float) -> None:
        self._times_s = times_s
        self._closed = closed
        self._fps = fps

    def make(self, closure: tuple[float, float], atoms: Sequence[Atom]) -> bool:
        """Whether a frame within 40 ms of the closure is closed, and the lips open in one of the two nearest
        vowels: a mouth that stays shut makes no closure."""
        start, end = closure
        if not self._during(start - CLOSURE_TOLERANCE_S, end + CLOSURE_TOLERANCE_S).any():
            return False
        centre, half = (start + end) / 2, (end - start) / 2
        cores = [
            (vowel.start + 0.25 * vowel.duration, vowel.end - 0.25 * vowel.duration)
            for vowel in atoms
            if vowel.is_vowel
        ]
        cores.sort(key=lambda core: max(0, core[0] - centre - half, centre - half - core[1]))
        margin = 0.5 / self._fps
        return any((~self._during(a - margin, b + margin)).any() for a, b in cores[:2])

    def _during(self, start: float, end: float) -> np.ndarray:
        return self._closed[(self._times_s >= start) & (self._times_s <= end)]
