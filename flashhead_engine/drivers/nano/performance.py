"""What a face does besides speaking: blinks, saccades, head sway, breath, brows, emotion.

Every part is a function of the session's time and seed (events sit in cells of time, one random draw per cell), so
a performance is the same for any push sizes. Only two things have memory: how lively the speech is just now, and
an emotion on its way to another.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from ...blendshapes.aperture import lip_aperture
from ...blendshapes.arkit import ARKIT_52, INDEX, MOUTH
from ...blendshapes.emotions import EMOTIONS
from ..base import POSE, WEIGHTS_HZ, Performance
from .noise import smooth, uniform

_BLINK_CELL_S = 3.4  # people in conversation blink about 17 times a minute
_BLINK_CLOSE_S, _BLINK_HOLD_S, _BLINK_OPEN_S = 0.07, 0.03, 0.16
_SACCADE_CELL_S = 1.1
_SACCADE_S = 0.05
_ACCENT_CELL_S = 1.3
_ACCENT_S = 0.45
_BREATH_S = 4.2
_EMOTION_FADE_S = 0.25
_ACTIVITY_ATTACK_S, _ACTIVITY_RELEASE_S = 0.12, 0.6
_SPOKEN_APERTURE = 0.15  # mean aperture of running speech; normalises the activity to about 1

_CHANNEL_NAMES = (
    *("blink", "blink_again", "gaze_time", "gaze_away", "gaze_x", "gaze_y", "accent_time", "accent_size"),
    *("yaw", "yaw_fine", "pitch", "pitch_fine", "roll", "breath"),
)
_CHANNELS = {name: number for number, name in enumerate(_CHANNEL_NAMES)}
_OPENING = np.array([INDEX[n] for n in ARKIT_52 if n.startswith(("jawOpen", "mouthFunnel", "mouthUpperUp"))])
_JAW_OPEN, _MOUTH_CLOSE = INDEX["jawOpen"], INDEX["mouthClose"]
_YAW, _PITCH, _ROLL, _BREATH = (POSE.index(name) for name in ("headYaw", "headPitch", "headRoll", "breath"))


def _both(name: str) -> list[int]:
    return [INDEX[f"{name}Left"], INDEX[f"{name}Right"]]


def _ease(x: np.ndarray) -> np.ndarray:
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3 - 2 * x)


@dataclass
class Performer:
    """The performance of one session.

    `apply` turns the network's weights into the face that is shown; call it once per block of frames, in order.
    """

    seed: int
    parts: Performance
    emotion: str
    emotion_intensity: float
    mouth_strength: float
    _frame: int = 0
    _activity: float = 0.0
    _emotion_now: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self._emotion_now = EMOTIONS[self.emotion] * self.emotion_intensity

    def apply(self, speech: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """`speech`: float32 (T, 52) from the network -> weights (T, 52) in 0..1 and pose (T, 4), both float32."""
        times_s = (self._frame + np.arange(len(speech))) / WEIGHTS_HZ
        activity = self._follow_activity(speech)
        weights = speech.astype(np.float64)
        weights[:, MOUTH] *= self.mouth_strength
        weights += self._emotion(weights)
        pose = np.zeros((len(speech), len(POSE)))
        if self.parts.head_sway:
            self._sway(times_s, activity, pose)
        if self.parts.breath:
            self._breathe(times_s, pose)
        if self.parts.brows:
            self._accent_brows(times_s, activity, weights)
        if self.parts.saccades:
            self._look(times_s, weights)
        if self.parts.blinks:
            self._blink(times_s, weights)
        np.clip(weights, 0.0, 1.0, out=weights)
        np.minimum(weights[:, _MOUTH_CLOSE], weights[:, _JAW_OPEN], out=weights[:, _MOUTH_CLOSE])
        self._frame += len(speech)
        return weights.astype(np.float32), pose.astype(np.float32)

    def _follow_activity(self, speech: np.ndarray) -> np.ndarray:
        """How lively the speech is, 0 (silent) to about 1: the aperture through a fast attack, slow release."""
        attack = 1 - math.exp(-1 / (_ACTIVITY_ATTACK_S * WEIGHTS_HZ))
        release = 1 - math.exp(-1 / (_ACTIVITY_RELEASE_S * WEIGHTS_HZ))
        activity = np.empty(len(speech))
        level = self._activity
        for index, target in enumerate(np.minimum(lip_aperture(speech) / _SPOKEN_APERTURE, 1.5).tolist()):
            level += (attack if target > level else release) * (target - level)
            activity[index] = level
        self._activity = level
        return np.minimum(activity, 1.0)

    def _emotion(self, weights: np.ndarray) -> np.ndarray:
        """The emotion's share (T, 52): fades to its target, and lets the lips meet where speech closes them."""
        target = EMOTIONS[self.emotion] * self.emotion_intensity
        kept = np.exp(-np.arange(1, len(weights) + 1) / (_EMOTION_FADE_S * WEIGHTS_HZ))
        share = target + kept[:, None] * (self._emotion_now - target)
        if len(share):
            self._emotion_now = share[-1].copy()
        closed = weights[:, _MOUTH_CLOSE] / np.maximum(weights[:, _JAW_OPEN], 1e-3)
        share[:, _OPENING] *= (1 - np.clip(closed, 0.0, 1.0))[:, None]
        return share

    def _sway(self, times_s: np.ndarray, activity: np.ndarray, pose: np.ndarray) -> None:
        def drift(name: str, rate_hz: float) -> np.ndarray:
            return smooth(self.seed, _CHANNELS[name], times_s, rate_hz)

        lively = 0.5 + 0.5 * activity
        pose[:, _YAW] += 0.07 * drift("yaw", 0.35) + 0.025 * lively * drift("yaw_fine", 1.1)
        pose[:, _PITCH] += 0.035 * drift("pitch", 0.4) + 0.03 * lively * drift("pitch_fine", 1.4)
        pose[:, _ROLL] += 0.03 * drift("roll", 0.3)

    def _breathe(self, times_s: np.ndarray, pose: np.ndarray) -> None:
        phase = 2 * np.pi * times_s / _BREATH_S + 0.8 * smooth(self.seed, _CHANNELS["breath"], times_s, 0.2)
        breath = 0.5 - 0.5 * np.cos(phase)
        pose[:, _BREATH] = breath
        pose[:, _PITCH] -= 0.008 * breath

    def _accent_brows(self, times_s: np.ndarray, activity: np.ndarray, weights: np.ndarray) -> None:
        cells = np.floor(times_s / _ACCENT_CELL_S).astype(np.int64)
        for back in (0, 1):
            cell = np.maximum(cells - back, 0)
            onset_s = (cell + 0.7 * uniform(self.seed, _CHANNELS["accent_time"], cell)) * _ACCENT_CELL_S
            size = uniform(self.seed, _CHANNELS["accent_size"], cell)
            x = (times_s - onset_s) / _ACCENT_S
            bump = np.where((x > 0) & (x < 1) & (cells >= back), np.sin(np.pi * np.clip(x, 0, 1)) ** 2, 0.0)
            raised = bump * activity * np.where(size > 0.35, size, 0.0)
            lowered = bump * activity * np.where(size <= 0.35, 0.35 - size, 0.0)
            weights[:, INDEX["browInnerUp"]] += 0.35 * raised
            weights[:, _both("browOuterUp")] += (0.3 * raised)[:, None]
            weights[:, _both("eyeWide")] += (0.12 * raised)[:, None]
            weights[:, _both("cheekSquint")] += (0.15 * raised)[:, None]
            weights[:, _both("browDown")] += (0.9 * lowered)[:, None]
            weights[:, _both("eyeSquint")] += (0.6 * lowered + 0.1 * raised)[:, None]
            weights[:, _both("noseSneer")] += (0.4 * lowered)[:, None]

    def _gaze(self, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gaze target of each cell: x > 0 to the face's own left, y > 0 up, in -1..1; usually at the listener."""
        away = uniform(self.seed, _CHANNELS["gaze_away"], cells) > 0.65
        x = 2 * uniform(self.seed, _CHANNELS["gaze_x"], cells) - 1
        y = 2 * uniform(self.seed, _CHANNELS["gaze_y"], cells) - 1
        # A glance away goes clearly aside; at the listener the eyes wander between their eyes and mouth.
        x = np.where(away, np.copysign(0.25 + 0.35 * np.abs(x), x), 0.16 * x)
        y = np.where(away, 0.35 * y, 0.14 * y)
        started = cells >= 0
        return x * started, y * started

    def _look(self, times_s: np.ndarray, weights: np.ndarray) -> None:
        cells = np.floor(times_s / _SACCADE_CELL_S).astype(np.int64)
        onset_s = (cells + 0.8 * uniform(self.seed, _CHANNELS["gaze_time"], cells)) * _SACCADE_CELL_S
        done = _ease((times_s - onset_s) / _SACCADE_S)
        before_x, before_y = self._gaze_before(cells)
        after_x, after_y = self._gaze(cells)
        x = before_x + done * (after_x - before_x)
        y = before_y + done * (after_y - before_y)
        left, right = np.maximum(x, 0), np.maximum(-x, 0)
        weights[:, INDEX["eyeLookOutLeft"]] += left
        weights[:, INDEX["eyeLookInRight"]] += left
        weights[:, INDEX["eyeLookInLeft"]] += right
        weights[:, INDEX["eyeLookOutRight"]] += right
        weights[:, _both("eyeLookUp")] += np.maximum(y, 0)[:, None]
        weights[:, _both("eyeLookDown")] += np.maximum(-y, 0)[:, None]
        # The upper lid follows the eyeball.
        weights[:, _both("eyeBlink")] += (0.35 * np.maximum(-y, 0))[:, None]

    def _gaze_before(self, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gaze target of the cell before each; straight ahead before the first."""
        x, y = self._gaze(np.maximum(cells - 1, 0))
        return np.where(cells > 0, x, 0.0), np.where(cells > 0, y, 0.0)

    def _blink(self, times_s: np.ndarray, weights: np.ndarray) -> None:
        cells = np.floor(times_s / _BLINK_CELL_S).astype(np.int64)
        shut = np.zeros(len(times_s))
        for back in (0, 1):
            cell = np.maximum(cells - back, 0)
            at_s = (cell + 0.15 + 0.75 * uniform(self.seed, _CHANNELS["blink"], cell)) * _BLINK_CELL_S
            again = uniform(self.seed, _CHANNELS["blink_again"], cell) > 0.87
            for start_s, happens in ((at_s, cells >= back), (at_s + 0.32, again & (cells >= back))):
                shut = np.maximum(shut, np.where(happens, _blink_shape(times_s - start_s), 0.0))
        for index in _both("eyeBlink"):
            weights[:, index] = np.maximum(weights[:, index], shut)
        weights[:, _both("eyeWide")] *= (1 - shut)[:, None]


def _blink_shape(since_s: np.ndarray) -> np.ndarray:
    """Lid closure 0..1 at a time since the blink began: quick down, short hold, slower up."""
    closing = _ease(since_s / _BLINK_CLOSE_S)
    opening = _ease((since_s - _BLINK_CLOSE_S - _BLINK_HOLD_S) / _BLINK_OPEN_S)
    return closing - opening
