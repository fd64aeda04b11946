"""Mouth cues: one of Rhubarb's nine mouth shapes at a time, for drawn mouths.

A  lips pressed together (p b m)         E  slightly rounded (aw, er)
B  teeth together, lips parted (k s t, ee)  F  puckered (oo, w)
C  open (eh, unstressed a)               G  upper teeth on the lower lip (f v)
D  wide open (aa)                        H  tongue raised behind the upper teeth (l)
X  at rest

Each viseme votes for a shape with its posterior, and two things are read off the lips: lips that meet while something
is said are A whatever is heard; how far they are apart tells D from C and, for the viseme nn, which is n and l alike,
H from B. Of all ways through the votes the likeliest is taken, where every change of shape has a price: that is the
hysteresis, a mouth does not flicker between two shapes that are equally likely. Then what is shorter than the eye
reads goes to a neighbour, but for A, whose absence the eye does notice.
"""

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import pairwise

import numpy as np

from .aperture import lip_aperture
from .visemes import VISEMES

SHAPES = "ABCDEFGHX"

_SHAPE_OF_VISEME = {
    **{"sil": "X", "PP": "A", "FF": "G", "TH": "B", "DD": "B", "kk": "B", "CH": "B", "SS": "B", "nn": "B"},
    **{"RR": "E", "aa": "D", "E": "C", "ih": "B", "oh": "E", "ou": "F"},
}
_VOTES = np.zeros((len(VISEMES), len(SHAPES)))
_VOTES[np.arange(len(VISEMES)), [SHAPES.index(_SHAPE_OF_VISEME[name]) for name in VISEMES]] = 1
_A, _B, _C, _D, _H, _X = (SHAPES.index(shape) for shape in "ABCDHX")
_NN = VISEMES.index("nn")
_LIPS_READ = [SHAPES.index(shape) for shape in "BCDEFH"]
"""Shapes with parted lips. G is left out: its lower lip touches the teeth, which the aperture takes for closed."""

# Lip apertures; about 0.4 is a spoken [a].
_SHUT = 0.015
_AJAR = 0.12
_WIDE = 0.2

_CHANGE_PRICE = 1.5
"""In nats. There and back cost 3: a shape must be 20 times as likely as its neighbours for a row, or twice as likely
for some four rows, to be shown."""
_SHORTEST_S = 0.05
_LEAST_VOTE = 1e-3


@dataclass(frozen=True, slots=True)
class MouthCue:
    """`shape` is shown from `start_s` until `end_s`."""

    start_s: float
    end_s: float
    shape: str


def mouth_cues(weights: np.ndarray, visemes: np.ndarray, rate_hz: float) -> list[MouthCue]:
    """Cues without gaps from 0 to the end of a track: weights (n, 52) and viseme posteriors (n, 15), n >= 1."""
    votes = _votes(weights, visemes)
    runs = _runs(_likeliest_path(votes))
    runs = _without_short(runs, votes, round(_SHORTEST_S * rate_hz))
    return [MouthCue(start / rate_hz, end / rate_hz, SHAPES[shape]) for start, end, shape in runs]


def _votes(weights: np.ndarray, visemes: np.ndarray) -> np.ndarray:
    """float64 (n, 9): how much speaks for each shape."""
    aperture = lip_aperture(weights)
    votes = visemes @ _VOTES
    _move(votes, aperture < _WIDE, votes[:, _D].copy(), _D, _C)
    _move(votes, aperture >= _AJAR, visemes[:, _NN], _B, _H)
    shut = aperture < _SHUT
    votes[shut, _A] += votes[np.ix_(shut, _LIPS_READ)].sum(axis=1)
    votes[np.ix_(shut, _LIPS_READ)] = 0
    return votes


def _move(votes: np.ndarray, rows: np.ndarray, amount: np.ndarray, source: int, destination: int) -> None:
    votes[rows, source] -= amount[rows]
    votes[rows, destination] += amount[rows]


def _likeliest_path(votes: np.ndarray) -> np.ndarray:
    """The shape of every row (Viterbi's algorithm; all changes cost the same)."""
    gains = np.log(np.maximum(votes, _LEAST_VOTE))
    stay = np.arange(len(SHAPES))
    came_from = np.zeros(votes.shape, np.int8)
    total = gains[0]
    for row in range(1, len(votes)):
        best = total.argmax()
        changes = total[best] - _CHANGE_PRICE > total
        came_from[row] = np.where(changes, best, stay)
        total = gains[row] + np.where(changes, total[best] - _CHANGE_PRICE, total)
    path = np.empty(len(votes), np.int8)
    path[-1] = total.argmax()
    for row in range(len(votes) - 1, 0, -1):
        path[row - 1] = came_from[row, path[row]]
    return path


def _runs(path: np.ndarray) -> list[tuple[int, int, int]]:
    """(first row, row after the last, shape) of each stretch of one shape."""
    borders = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist(), len(path)]
    return [(start, end, int(path[start])) for start, end in pairwise(borders)]


def _without_short(runs: list[tuple[int, int, int]], votes: np.ndarray, shortest: int) -> list[tuple[int, int, int]]:
    """The shortest run that is too short takes the shape of that neighbour for which more speaks there, and so on."""
    found = {start: (end, shape) for start, end, shape in runs}
    start_by_end = {end: start for start, end, _ in runs}

    def is_short(start: int, end: int, shape: int) -> bool:
        return end - start < shortest and shape != _A

    queue = [(end - start, start) for start, end, shape in runs if is_short(start, end, shape)]
    heapify(queue)
    while queue and len(found) > 1:
        length, start = heappop(queue)
        end = start + length
        if start_by_end.get(end) != start:
            continue  # a neighbour has taken it in since
        neighbours = [other for other in (start_by_end.get(start), end) if other in found]
        shape = max((found[other][1] for other in neighbours), key=lambda shape: votes[start:end, shape].sum())
        joined = [start, *(other for other in neighbours if found[other][1] == shape)]
        ends = [found.pop(other)[0] for other in joined]
        for gone in ends:
            del start_by_end[gone]
        start, end = min(joined), max(ends)
        found[start], start_by_end[end] = (end, shape), start
        if is_short(start, end, shape):
            heappush(queue, (end - start, start))
    return [(start, end, shape) for start, (end, shape) in sorted(found.items())]
