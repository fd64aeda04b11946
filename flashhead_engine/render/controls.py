"""From 52 ARKit weights to the motions that the renderer has fields for.

Motions are numbers without unit: 1 is the strongest spoken or played motion; `fields` gives them their pixels.
"""

import numpy as np

from ..blendshapes.arkit import ARKIT_52, INDEX

_SIDES = ("Left", "Right")

MOTIONS: tuple[str, ...] = (
    *("jaw", "lower_drop", "upper_raise", "lips_down", "lips_up", "lips_x", "jaw_x"),
    *("narrow", "thick_lower", "thick_upper", "puff"),
    *("smile_left", "smile_right", "frown_left", "frown_right"),
    *("stretch_left", "stretch_right", "dimple_left", "dimple_right"),
    *("brow_inner_left", "brow_inner_right", "brow_outer_left", "brow_outer_right"),
    *("frown_brow_left", "frown_brow_right"),
    *("lid_wide_left", "lid_wide_right", "lid_squint_left", "lid_squint_right"),
    *("cheek_left", "cheek_right", "sneer_left", "sneer_right"),
)
MOTION_INDEX = {name: index for index, name in enumerate(MOTIONS)}
MOUTH_MOTIONS = tuple(name for name in MOTIONS if MOTION_INDEX[name] <= MOTION_INDEX["dimple_right"])


def _linear() -> np.ndarray:
    """Matrix (52, motions) of everything that is proportional to a weight."""
    matrix = np.zeros((len(ARKIT_52), len(MOTIONS)), np.float32)

    def add(weight: str, motion: str, factor: float) -> None:
        matrix[INDEX[weight], MOTION_INDEX[motion]] += factor

    add("jawOpen", "jaw", 1.0)
    add("jawLeft", "jaw_x", 1.0)
    add("jawRight", "jaw_x", -1.0)
    add("mouthLeft", "lips_x", 1.0)
    add("mouthRight", "lips_x", -1.0)
    add("mouthPucker", "narrow", 1.0)
    add("mouthPucker", "thick_lower", 0.45)
    add("mouthPucker", "thick_upper", 0.45)
    add("mouthFunnel", "narrow", 0.75)
    add("mouthFunnel", "thick_lower", 0.5)
    add("mouthFunnel", "thick_upper", 0.5)
    add("mouthRollLower", "thick_lower", -1.0)
    add("mouthRollUpper", "thick_upper", -1.0)
    add("mouthShrugLower", "lips_up", 0.7)
    add("mouthShrugLower", "thick_lower", 0.35)
    add("mouthShrugUpper", "lips_up", 0.4)
    add("mouthShrugUpper", "thick_upper", 0.3)
    add("jawForward", "thick_lower", 0.3)
    add("cheekPuff", "puff", 1.0)
    add("browInnerUp", "brow_inner_left", 1.0)
    add("browInnerUp", "brow_inner_right", 1.0)
    add("browInnerUp", "brow_outer_left", 0.3)
    add("browInnerUp", "brow_outer_right", 0.3)
    for side in _SIDES:
        own = side.lower()
        add(f"mouthPress{side}", "thick_lower", -0.25)
        add(f"mouthPress{side}", "thick_upper", -0.25)
        add(f"mouthSmile{side}", f"smile_{own}", 1.0)
        add(f"mouthSmile{side}", f"cheek_{own}", 0.4)
        add(f"mouthFrown{side}", f"frown_{own}", 1.0)
        add(f"mouthStretch{side}", f"stretch_{own}", 1.0)
        add(f"mouthDimple{side}", f"dimple_{own}", 1.0)
        add(f"browOuterUp{side}", f"brow_outer_{own}", 1.0)
        add(f"browOuterUp{side}", f"brow_inner_{own}", 0.3)
        add(f"browDown{side}", f"frown_brow_{own}", 1.0)
        add(f"eyeWide{side}", f"lid_wide_{own}", 1.0)
        add(f"eyeSquint{side}", f"lid_squint_{own}", 1.0)
        add(f"cheekSquint{side}", f"cheek_{own}", 1.0)
        add(f"noseSneer{side}", f"sneer_{own}", 1.0)
    return matrix


_LINEAR = _linear()
_LOWER, _UPPER = MOTION_INDEX["lower_drop"], MOTION_INDEX["upper_raise"]
_LIPS_DOWN, _NARROW = MOTION_INDEX["lips_down"], MOTION_INDEX["narrow"]
_ROUNDED_ABOVE = 0.12
_SEAL_DOWN = 0.12
_SMALL_OPENING_GAIN = 1.6


def _both(weights: np.ndarray, name: str) -> float:
    return float(weights[INDEX[f"{name}Left"]] + weights[INDEX[f"{name}Right"]])


def as_drawn(weights: np.ndarray) -> np.ndarray:
    """Weights (52,) with the jaw of drawn characters: it moves 1.6 times as far as a real one when it opens a little,
    and as far when it opens fully, because a flat picture has no depth that shows a small opening."""
    jaw = weights[INDEX["jawOpen"]]
    gain = _SMALL_OPENING_GAIN - (_SMALL_OPENING_GAIN - 1) * jaw
    drawn = weights.copy()
    drawn[INDEX["jawOpen"]] = gain * jaw
    drawn[INDEX["mouthClose"]] = min(gain * weights[INDEX["mouthClose"]], 1.0)
    return drawn


def motions(weights: np.ndarray) -> np.ndarray:
    """Motions of weights (52,), 0..1: float32 in the order of `MOTIONS`.

    How far the lips part follows `blendshapes.aperture.lip_aperture`: mouthClose shuts what jawOpen opens, pressed
    or rolled lips part less, and never do lips overlap.
    """
    result = weights @ _LINEAR
    jaw_open = float(weights[INDEX["jawOpen"]])
    sealed = min(float(weights[INDEX["mouthClose"]]), jaw_open)
    funnel = float(weights[INDEX["mouthFunnel"]])
    lower = jaw_open - sealed + 0.175 * _both(weights, "mouthLowerDown") + 0.1 * funnel
    upper = 0.14 * (jaw_open - sealed) + 0.175 * _both(weights, "mouthUpperUp") + 0.05 * funnel
    # Enlarged as much as the opening that it takes back: a jaw parts both lips (1.14) and is drawn larger (1.6).
    taking = 1.14 * _SMALL_OPENING_GAIN * 0.15
    by_lower = taking * float(weights[INDEX["mouthRollLower"]])
    by_both = taking * float(weights[INDEX["mouthRollUpper"]] + _both(weights, "mouthPress") * 0.125 / 0.15)
    parted = lower + upper
    left = max(0.0, parted - by_lower - by_both)
    kept = max(0.0, 1.0 - by_both / parted) if parted > 0 else 0.0
    # A lower lip that rolls in comes up alone, as for [f] and [v], to the teeth below the raised upper lip.
    raised = upper * kept
    # Rounded lips make an O, not a bowl: more of the gap lies above the line of the closed mouth.
    raised += _ROUNDED_ABOVE * min(1.0, float(result[_NARROW])) * max(0.0, left - raised)
    result[_UPPER] = raised
    result[_LOWER] = left - raised
    result[_LIPS_DOWN] = _SEAL_DOWN * sealed
    return result
