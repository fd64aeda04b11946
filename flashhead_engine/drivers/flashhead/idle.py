"""A face between utterances: a clip that FlashHead makes of silence once, played there and back for ever.

Generating silence live would cost as much as speech, for pictures that hardly differ.
"""

from dataclasses import dataclass

import numpy as np

from ...runtimes.flashhead import FlashHeadRuntime
from .generation import HeadState, Portrait, chunk_samples, next_chunk

_CHUNKS = 3
_BLENDED = 8  # pictures from what was seen last into the clip


@dataclass(frozen=True, slots=True)
class IdleClip:
    """`pictures`: RGBA uint8 (n, H, W, 4), 25 a second."""

    pictures: np.ndarray

    def picture(self, number: int, before: np.ndarray | None) -> np.ndarray:
        """Picture `number` since the clip began to be shown, when `before` was seen; None: nothing was."""
        # There and back, without showing an end twice: no jump where the clip begins again.
        last = len(self.pictures) - 1
        place = number % (2 * last)
        shown = self.pictures[min(place, 2 * last - place)]
        if before is None or number >= _BLENDED:
            return shown
        share = np.float32((number + 1) / (_BLENDED + 1))
        return np.round(before + share * (shown.astype(np.float32) - before)).astype(np.uint8)


def idle_clip(runtime: FlashHeadRuntime, portrait: Portrait, seed: int) -> IdleClip:
    """Generate the clip of one portrait."""
    silence = [np.zeros(chunk_samples(runtime.config), np.float32)]
    states = [HeadState(seed)]
    parts = []
    for _ in range(_CHUNKS):
        states, pictures = next_chunk(runtime, [portrait], states, silence)
        parts.append(pictures[0])
    return IdleClip(np.concatenate(parts))
