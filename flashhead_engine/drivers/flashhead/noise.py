"""The random numbers of a chunk. They come from numpy's Philox, so that every runtime gets the same.

The published pipeline draws from one generator for ever, and lite's autoencoder from another that nobody seeds; there
a head can't be made again. Here a number depends on the seed, the chunk and what it is for, on nothing before it.
"""

import numpy as np

REFERENCE, MOTION, RECALLED = ((1 << 20) + number for number in range(3))
"""Purposes of noise besides the sampler's steps, which count from 0: the posteriors of the reference picture, of a
chunk's motion frames, and of pictures that a head goes on from after a cancel or a pause (lite only)."""


def noise(seed: int, chunk: int, purpose: int, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal float32. `purpose`: a step of the sampler, REFERENCE or MOTION."""
    bits = np.random.Philox(key=np.array([seed, 0], np.uint64), counter=np.array([0, purpose, chunk, 0], np.uint64))
    return np.random.Generator(bits).standard_normal(shape, np.float32)
