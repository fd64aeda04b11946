"""Emotion presets: what the resting face of each emotion adds to speech, as ARKit weights at intensity 1."""

import numpy as np

from .arkit import ARKIT_52, INDEX

_PRESETS: dict[str, dict[str, float]] = {
    "neutral": {},
    "happy": {
        "mouthSmile": 0.55,
        "cheekSquint": 0.4,
        "mouthDimple": 0.15,
        "eyeSquint": 0.2,
        "browOuterUp": 0.15,
    },
    "sad": {
        "browInnerUp": 0.65,
        "mouthFrown": 0.5,
        "mouthShrugLower": 0.2,
        "eyeSquint": 0.12,
        "eyeBlink": 0.12,
    },
    "angry": {
        "browDown": 0.85,
        "eyeSquint": 0.35,
        "noseSneer": 0.35,
        "mouthFrown": 0.3,
        "jawForward": 0.15,
    },
    "afraid": {
        "browInnerUp": 0.75,
        "browOuterUp": 0.3,
        "eyeWide": 0.6,
        "mouthStretch": 0.35,
        "mouthFrown": 0.15,
    },
    "surprised": {
        "browInnerUp": 0.65,
        "browOuterUp": 0.75,
        "eyeWide": 0.6,
        "jawOpen": 0.12,
        "mouthFunnel": 0.12,
    },
    "disgusted": {
        "noseSneer": 0.75,
        "mouthUpperUp": 0.25,
        "browDown": 0.4,
        "cheekSquint": 0.3,
        "mouthFrown": 0.25,
        "eyeSquint": 0.3,
    },
}


def _vector(preset: dict[str, float]) -> np.ndarray:
    """Weights (52,) of a preset; a name without a side sets both sides."""
    weights = np.zeros(len(ARKIT_52), np.float32)
    for name, value in preset.items():
        for full_name in (name, f"{name}Left", f"{name}Right"):
            if full_name in INDEX:
                weights[INDEX[full_name]] = value
    weights.flags.writeable = False
    return weights


EMOTIONS: dict[str, np.ndarray] = {name: _vector(preset) for name, preset in _PRESETS.items()}
