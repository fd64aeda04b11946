"""Random numbers that can be asked for by position, so that a performance does not depend on push sizes."""

from functools import lru_cache

import numpy as np

_PAGE = 256
_PAGES = 4096  # 8 MiB: those of a hundred heads


@lru_cache(maxsize=_PAGES)
def _page(seed: int, channel: int, page: int) -> np.ndarray:
    generator = np.random.Generator(np.random.Philox(key=[seed & (2**64 - 1), channel], counter=[page, 0, 0, 0]))
    return generator.random(_PAGE)


def uniform(seed: int, channel: int, indices: np.ndarray) -> np.ndarray:
    """Uniform numbers in [0, 1) for integer `indices` >= 0: float64 of the same shape.

    Philox keyed by (seed, channel), so index i always has the same number, whatever was asked before.
    """
    indices = np.asarray(indices)
    values = np.empty(indices.shape)
    for page in np.unique(indices // _PAGE):
        inside = indices // _PAGE == page
        values[inside] = _page(seed, channel, int(page))[indices[inside] % _PAGE]
    return values


def smooth(seed: int, channel: int, times_s: np.ndarray, rate_hz: float) -> np.ndarray:
    """Smooth noise in [-1, 1] that changes about `rate_hz` times a second, at `times_s` >= 0 (same shape)."""
    position = np.asarray(times_s) * rate_hz
    cell = np.floor(position).astype(np.int64)
    x = position - cell
    x = x * x * x * (x * (6 * x - 15) + 10)  # Perlin's quintic: velocity and acceleration join without a kink
    first = uniform(seed, channel, cell)
    second = uniform(seed, channel, cell + 1)
    return 2 * (first + x * (second - first)) - 1
