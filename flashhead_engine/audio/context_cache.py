"""The Temporal Audio Context Cache of FlashHead (arXiv 2602.07449): a chunk hears the last 8 s."""

import numpy as np

from .pcm import SAMPLE_RATE_HZ

CONTEXT_SAMPLES = 8 * SAMPLE_RATE_HZ


def empty_context() -> np.ndarray:
    """The context before anybody spoke: float32 (128000,) of silence."""
    return np.zeros(CONTEXT_SAMPLES, np.float32)


def appended(context: np.ndarray, pcm: np.ndarray) -> np.ndarray:
    """A new context that ends with `pcm`, float32 mono at 16 kHz; as much is forgotten at its beginning."""
    return np.concatenate([context, pcm])[-CONTEXT_SAMPLES:]
