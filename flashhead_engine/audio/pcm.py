"""The PCM that a session is pushed: float32, mono, 16 kHz, in [-1, 1]."""

import numpy as np

from ..errors import AudioError

SAMPLE_RATE_HZ = 16_000

_INT16_SCALE = np.float32(1 / 32768)


def checked_pcm(pcm: np.ndarray) -> np.ndarray:
    """Return `pcm` as contiguous float32 (n,) in [-1, 1]; n may be 0.

    Accepts float32 and float64 in [-1, 1] and int16, which is scaled by 1/32768. Values beyond +-1 are clipped.
    The result may share memory with `pcm`. Raises AudioError on another dtype or shape and on NaN or infinity.
    """
    if not isinstance(pcm, np.ndarray):
        raise AudioError(f"PCM is a {type(pcm).__name__}: push a numpy array of float32 samples.")
    if pcm.ndim != 1:
        raise AudioError(f"PCM has the shape {pcm.shape}: push one channel as a 1-D array of samples.")
    if pcm.dtype == np.int16:
        return pcm.astype(np.float32) * _INT16_SCALE
    if pcm.dtype not in (np.float32, np.float64):
        raise AudioError(f"PCM has the type {pcm.dtype}: push float32 in [-1, 1], float64 or int16.")

    finite = np.isfinite(pcm)
    if not finite.all():
        position = int(np.argmin(finite))
        raise AudioError(
            f"PCM sample {position} is {pcm[position]}: replace values that are not numbers before pushing."
        )
    if pcm.size and np.abs(pcm).max() > 1.0:
        pcm = np.clip(pcm, -1.0, 1.0)
    return np.ascontiguousarray(pcm, np.float32)
