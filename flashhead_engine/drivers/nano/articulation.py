"""From what the network hears to how the face moves: decisions with hysteresis, then ARKit weights.

The network answers with doubt; a mouth must decide. Two of its answers pass a Schmitt trigger: the lips shut fully
for p, b and m and part only when the network is sure that they part, and the mouth wakes and rests as a whole. That
lips are shut the network says twice, as a curve and as the viseme PP; both together are right more often. A mouth
that surely spoke a moment ago does not rest within a word, where stops are silent and endings are quiet; and before
the first sure word it wakes late where something sounded in doubt, as a crowd behind somebody who has yet to speak.
"""

import math
import operator
from dataclasses import dataclass

import numpy as np

from ...blendshapes.arkit import ARKIT_52
from ...blendshapes.visemes import VISEMES

CURVES: tuple[str, ...] = ("jaw", "rounding", "spread", "lips_shut", "lips_on_teeth", "speech")
"""Order of the network's curves. The first three are positions, 0..1; the others probabilities."""

# How the mouth's parts move ARKit's muscles: weight = sum of part * factor. Hand-set by this project. jawOpen,
# mouthClose and what lip_aperture() reads decide how open the lips look; the rest brings life.
_PARTS = ("jaw", "shut_jaw", "open", "parted", "rounded", "funnelled", "spread", "teeth", "shut", "TH", "CH", "SS")
_FACTORS: dict[str, dict[str, float]] = {
    "jawOpen": {"jaw": 0.6},
    "mouthClose": {"shut_jaw": 0.6},
    "jawForward": {"CH": 0.06, "rounded": 0.05},
    "mouthPucker": {"rounded": 0.7},
    "mouthFunnel": {"funnelled": 0.3},
    "mouthStretchLeft": {"spread": 0.3, "SS": 0.05},
    "mouthStretchRight": {"spread": 0.3, "SS": 0.05},
    "mouthSmileLeft": {"spread": 0.12},
    "mouthSmileRight": {"spread": 0.12},
    "mouthDimpleLeft": {"spread": 0.06, "shut": 0.05},
    "mouthDimpleRight": {"spread": 0.06, "shut": 0.05},
    "mouthRollLower": {"teeth": 0.4, "shut": 0.1},
    "mouthRollUpper": {"shut": 0.08},
    "mouthShrugLower": {"CH": 0.12, "shut": 0.06},
    "mouthShrugUpper": {"CH": 0.1},
    "mouthPressLeft": {"shut": 0.25},
    "mouthPressRight": {"shut": 0.25},
    "mouthLowerDownLeft": {"open": 0.22, "parted": 0.1},
    "mouthLowerDownRight": {"open": 0.22, "parted": 0.1},
    "mouthUpperUpLeft": {"open": 0.1, "parted": 0.04, "teeth": 0.15},
    "mouthUpperUpRight": {"open": 0.1, "parted": 0.04, "teeth": 0.15},
    "cheekSquintLeft": {"spread": 0.05},
    "cheekSquintRight": {"spread": 0.05},
    "tongueOut": {"TH": 0.2},
}


def _mapping() -> np.ndarray:
    matrix = np.zeros((len(_PARTS), len(ARKIT_52)), np.float32)
    for name, factors in _FACTORS.items():
        for part, factor in factors.items():
            matrix[_PARTS.index(part), ARKIT_52.index(name)] = factor
    return matrix


_MATRIX = _mapping()
_SHOWN = operator.itemgetter(*(VISEMES.index(name) for name in ("PP", *_PARTS[-3:])))

# Thresholds of the two decisions, on the network's probabilities: enter above the first, leave below the second.
_SHUT_ABOVE, _PART_BELOW = 0.8, 0.2
_SPEAK_ABOVE, _REST_BELOW = 0.75, 0.2
# Beside its decision the mouth follows the probability, with its logit made this much steeper, and moved.
_SHUT_STEEPNESS, _SHUT_BIAS = 2.3, 1.6
_SPEECH_STEEPNESS, _SPEECH_BIAS = 2.9, -1.8
_LEAST_SOUND = 0.05
# The viseme PP has to win against 14 others, the curve lips_shut only against 0.5.
_PP_ODDS = math.exp(0.85)
# What sounds above the first for more than so many frames, and not yet once above the second, is less likely speech.
_AUDIBLE, _CERTAIN, _DOUBT_FRAMES, _DOUBT_BIAS = 0.1, 0.97, 6, -2.0
# In doubt the network keeps the jaw half open. This power brings back how much phones differ, and lips that are not
# shut look parted even where the jaw is nearly closed, as for s.
_JAW_CONTRAST, _LEAST_JAW = 1.25, 0.13
# For so many frames after speech above the first the mouth moves at least with the second.
_SURE, _HELD, _HELD_FRAMES = 0.9, 0.8, 5


def _odds(probability: float) -> float:
    probability = min(max(probability, 1e-6), 1 - 1e-6)
    return probability / (1 - probability)


def _steepened(probability: float, steepness: float, bias: float) -> float:
    """The logistic function of `steepness` * logit + `bias`."""
    odds = _odds(probability) ** steepness * math.exp(bias)
    return odds / (1 + odds)


def _shut_by_both(lips_shut: float, pp: float) -> float:
    """The logistic function of the mean of both logits, PP's moved by `_PP_ODDS`."""
    odds = math.sqrt(_odds(lips_shut) * _odds(pp) * _PP_ODDS)
    return odds / (1 + odds)


@dataclass
class Articulator:
    """Articulation of one utterance; call `apply` with consecutive frames, in pieces of any size."""

    _shut: bool = False
    _speaking: bool = False
    _held: int = 0  # frames
    _was_certain: bool = False
    _in_doubt: int = 0  # frames

    def apply(self, curves: np.ndarray, visemes: np.ndarray) -> np.ndarray:
        """`curves`: float32 (T, 6) in the order of `CURVES`; `visemes`: posteriors (T, 15).

        Returns ARKit weights, float32 (T, 52) in 0..1.
        """
        if not len(curves):
            return np.zeros((0, len(ARKIT_52)), np.float32)
        # Frame by frame in plain numbers: a push has one or two frames, for which numpy's calls cost more.
        frames = zip(curves.tolist(), visemes.tolist(), strict=True)
        parts = [self._parts(*curve, *_SHOWN(posteriors)) for curve, posteriors in frames]
        # Parts are in 0..1 and no weight's factors add up to more than 1, so there is nothing to clip.
        return np.array(parts, np.float32).dot(_MATRIX)

    def _parts(
        self,
        jaw: float,
        rounding: float,
        spread: float,
        lips_shut: float,
        on_teeth: float,
        speech: float,
        pp: float,
        *shown: float,
    ) -> tuple[float, ...]:
        """One frame in the order of `_PARTS`."""
        lips_shut = _shut_by_both(lips_shut, pp)
        speech = self._believed(speech)
        self._shut = lips_shut > (_PART_BELOW if self._shut else _SHUT_ABOVE)
        self._speaking = speech > (_REST_BELOW if self._speaking else _SPEAK_ABOVE)
        sounding = max(0.0, (_steepened(speech, _SPEECH_STEEPNESS, _SPEECH_BIAS) - _LEAST_SOUND) / (1 - _LEAST_SOUND))
        if self._speaking:
            sounding = max(sounding, speech)
        self._held = _HELD_FRAMES if speech > _SURE else max(0, self._held - 1)
        if self._held:
            sounding = max(sounding, _HELD)
        shut = 1.0 if self._shut else _steepened(lips_shut, _SHUT_STEEPNESS, _SHUT_BIAS)
        jaw = max(jaw**_JAW_CONTRAST, _LEAST_JAW) * sounding
        apart = (1 - shut) * sounding
        rounded = rounding * sounding
        return (
            *(jaw, jaw * shut, jaw * (1 - shut) * (1 - on_teeth), apart * (1 - on_teeth)),
            *(rounded, rounded * (1 - shut), spread * sounding, on_teeth * apart, shut * sounding),
            *(viseme * apart for viseme in shown),
        )

    def _believed(self, speech: float) -> float:
        """The next frame's probability of speech, smaller while something sounds in doubt before the first word."""
        if self._was_certain or speech > _CERTAIN:
            self._was_certain = True
            return speech
        self._in_doubt = self._in_doubt + 1 if speech > _AUDIBLE else 0
        return _steepened(speech, 1.0, _DOUBT_BIAS) if self._in_doubt > _DOUBT_FRAMES else speech
