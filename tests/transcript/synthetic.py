"""Phone posteriors as a network would give them for segments that are known."""

from collections.abc import Sequence

import numpy as np

from flashhead_engine.blendshapes.phone_classes import CLASS_OF_LETTER, PHONE_CLASSES
from flashhead_engine.blendshapes.phones import Segment

RATE_HZ = 60


def spoken(words: Sequence[Sequence[str]], random: np.random.Generator, pauses: Sequence[float]) -> list[Segment]:
    """Letters of 50 to 150 ms; `pauses`: seconds before each word and after the last one, 0 for none."""
    segments: list[Segment] = []

    def add(length: float, letter: str) -> None:
        start = segments[-1].end if segments else 0.0
        segments.append(Segment(start, start + length, letter))

    for word, pause in zip(words, pauses, strict=False):
        if pause:
            add(pause, "")
        for letter in word:
            add(random.uniform(0.05, 0.15), letter)
    add(pauses[-1], "")
    return segments


def posteriors(segments: Sequence[Segment], random: np.random.Generator, noise: float = 1.0) -> np.ndarray:
    """Log posteriors, float32 (T, 34): right on most frames at noise 1, a guess far above."""
    frames = round(segments[-1].end * RATE_HZ)
    times = np.arange(frames) / RATE_HZ
    ends = np.array([segment.end for segment in segments])
    current = np.minimum(np.searchsorted(ends, times, "right"), len(segments) - 1)
    right = np.array([CLASS_OF_LETTER[segment.ipa] for segment in segments])[current]
    logits = random.normal(0, noise, (frames, len(PHONE_CLASSES)))
    logits[np.arange(frames), right] += 4.0
    return (logits - np.log(np.exp(logits).sum(1, keepdims=True))).astype(np.float32)
