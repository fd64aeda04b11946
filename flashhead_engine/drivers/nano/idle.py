"""What a face does by itself: sway, breath, glances, blinks, and the slow lopsidedness of a mouth.

Every part is a function of the session's time and seed (events sit in cells of time, one random draw per cell), so
it is computed in blocks of a few seconds, and is the same for any push sizes.
"""

from dataclasses import dataclass

import numpy as np

from ...blendshapes.arkit import ARKIT_52, INDEX
from ..base import POSE, WEIGHTS_HZ, Performance
from .noise import smooth, uniform

FACE = (*ARKIT_52, *POSE)
"""Columns of a face row: the weights, then the pose."""

BLOCK = 4 * WEIGHTS_HZ
"""Frames that are computed at once."""
_APART = 89  # has no divisor in common with BLOCK

LID_FOLLOWS = 0.35
"""How far the lids go along with a downward gaze."""

_BLINK_CELL_S = 3.4  # people in conversation blink about 17 times a minute
_BLINK_CLOSE_S, _BLINK_HOLD_S, _BLINK_OPEN_S = 0.07, 0.03, 0.16
_SACCADE_CELL_S = 1.1
_SACCADE_S = 0.05
_BREATH_S = 4.2
_LOPSIDED = 0.05

_CHANNEL_NAMES = (
    *("blink", "blink_again", "gaze_time", "gaze_away", "gaze_x", "gaze_y", "yaw", "yaw_fine", "pitch"),
    *("pitch_fine", "roll", "breath", "lopsided", "brow", "phrase_blink", "phrase_glance"),
)
CHANNELS = {name: number for number, name in enumerate(_CHANNEL_NAMES)}
"""Independent sequences of random numbers, see `noise.uniform`."""

_YAW, _PITCH, _ROLL, _BREATH = (FACE.index(name) for name in POSE)


@dataclass(frozen=True, slots=True)
class IdleBlock:
    """Consecutive frames of a session from `first` on. `face`: float32 (frames, 56), added to the face. `lively`: the
    same, but in proportion to how lively the speech is. `shut`: lids, 0 (open) to 1 for each frame. `lopsided`: the
    left half of the mouth moves so much more than the right, about -0.05..0.05."""

    first: int
    face: np.ndarray
    lively: np.ndarray
    shut: list[float]
    lopsided: list[float]

    @property
    def end(self) -> int:
        """The frame after its last one."""
        return self.first + len(self.face)


def first_block(seed: int) -> int:
    """Frames of a session's first block: fewer for some seeds than for others, so that of many heads that were opened
    together not all make their next block at once."""
    return BLOCK - seed * _APART % BLOCK


def idle_block(seed: int, parts: Performance, first: int, frames: int) -> IdleBlock:
    """Frames `first` ... of a session, with the parts that are switched on."""
    times_s = (first + np.arange(frames)) / WEIGHTS_HZ
    face, lively = np.zeros((2, frames, len(FACE)), np.float32)
    if parts.head_sway:
        _sway(seed, times_s, face, lively)
    if parts.breath:
        _breathe(seed, times_s, face)
    if parts.saccades:
        _look(seed, times_s, face)
    shut = _blink(seed, times_s) if parts.blinks else np.zeros(frames)
    lopsided = _LOPSIDED * smooth(seed, CHANNELS["lopsided"], times_s, 0.25)
    return IdleBlock(first, face, lively, shut.tolist(), lopsided.tolist())


def both(name: str) -> list[int]:
    """Columns of a weight that both sides of the face have."""
    return [INDEX[f"{name}Left"], INDEX[f"{name}Right"]]


def blink_shape(since_s: np.ndarray) -> np.ndarray:
    """Lid closure 0..1 at a time since the blink began: quick down, short hold, slower up."""
    closing = ease(since_s / _BLINK_CLOSE_S)
    opening = ease((since_s - _BLINK_CLOSE_S - _BLINK_HOLD_S) / _BLINK_OPEN_S)
    return closing - opening


def ease(x: np.ndarray) -> np.ndarray:
    """From 0 at 0 to 1 at 1, at rest at both ends."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3 - 2 * x)


def _sway(seed: int, times_s: np.ndarray, face: np.ndarray, lively: np.ndarray) -> None:
    def drift(name: str, rate_hz: float) -> np.ndarray:
        return smooth(seed, CHANNELS[name], times_s, rate_hz)

    face[:, _YAW] += 0.07 * drift("yaw", 0.35)
    face[:, _PITCH] += 0.035 * drift("pitch", 0.4)
    face[:, _ROLL] += 0.03 * drift("roll", 0.3)
    lively[:, _YAW] = 0.025 * drift("yaw_fine", 1.1)
    lively[:, _PITCH] = 0.02 * drift("pitch_fine", 1.4)


def _breathe(seed: int, times_s: np.ndarray, face: np.ndarray) -> None:
    phase = 2 * np.pi * times_s / _BREATH_S + 0.8 * smooth(seed, CHANNELS["breath"], times_s, 0.2)
    breath = 0.5 - 0.5 * np.cos(phase)
    face[:, _BREATH] = breath
    face[:, _PITCH] -= 0.008 * breath


def _gaze(seed: int, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gaze target of each cell: x > 0 to the face's own left, y > 0 up, in -1..1; usually at the listener, straight
    ahead before the first."""
    started = cells >= 0
    cells = np.maximum(cells, 0)
    away = uniform(seed, CHANNELS["gaze_away"], cells) > 0.65
    x = 2 * uniform(seed, CHANNELS["gaze_x"], cells) - 1
    y = 2 * uniform(seed, CHANNELS["gaze_y"], cells) - 1
    # A glance away goes clearly aside; at the listener the eyes wander between their eyes and mouth.
    x = np.where(away, np.copysign(0.25 + 0.35 * np.abs(x), x), 0.16 * x)
    y = np.where(away, 0.35 * y, 0.14 * y)
    return x * started, y * started


def _look(seed: int, times_s: np.ndarray, face: np.ndarray) -> None:
    cells = np.floor(times_s / _SACCADE_CELL_S).astype(np.int64)
    onset_s = (cells + 0.8 * uniform(seed, CHANNELS["gaze_time"], cells)) * _SACCADE_CELL_S
    done = ease((times_s - onset_s) / _SACCADE_S)
    before_x, before_y = _gaze(seed, cells - 1)
    after_x, after_y = _gaze(seed, cells)
    x = before_x + done * (after_x - before_x)
    y = before_y + done * (after_y - before_y)
    left, right = np.maximum(x, 0), np.maximum(-x, 0)
    face[:, INDEX["eyeLookOutLeft"]] += left
    face[:, INDEX["eyeLookInRight"]] += left
    face[:, INDEX["eyeLookInLeft"]] += right
    face[:, INDEX["eyeLookOutRight"]] += right
    face[:, both("eyeLookUp")] += np.maximum(y, 0)[:, None]
    face[:, both("eyeLookDown")] += np.maximum(-y, 0)[:, None]
    # The upper lid follows the eyeball.
    face[:, both("eyeBlink")] += (LID_FOLLOWS * np.maximum(-y, 0))[:, None]


def _blink(seed: int, times_s: np.ndarray) -> np.ndarray:
    """Lids, 0 (open) to 1."""
    cells = np.floor(times_s / _BLINK_CELL_S).astype(np.int64)
    shut = np.zeros(len(times_s))
    for back in (0, 1):
        cell = np.maximum(cells - back, 0)
        at_s = (cell + 0.15 + 0.75 * uniform(seed, CHANNELS["blink"], cell)) * _BLINK_CELL_S
        again = uniform(seed, CHANNELS["blink_again"], cell) > 0.87
        for start_s, happens in ((at_s, cells >= back), (at_s + 0.32, again & (cells >= back))):
            shut = np.maximum(shut, np.where(happens, blink_shape(times_s - start_s), 0.0))
    return shut
