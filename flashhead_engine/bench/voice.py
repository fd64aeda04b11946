"""A sound that a mouth follows, made of nothing: what a measurement speaks where no recording is to be had."""

import numpy as np

from ..audio.pcm import SAMPLE_RATE_HZ

_PITCH_HZ = 120.0
_SYLLABLE_S = 0.18
_VOWELS_HZ = ((730, 1090), (270, 2290), (300, 870), (530, 1840), (570, 840))
"""First and second formant of [a i u e o] (Peterson and Barney 1952, men)."""
_BANDWIDTH_HZ = 90.0
_LOUDNESS = 0.1


def babble(seconds: float, seed: int = 0) -> np.ndarray:
    """Syllables of random vowels, float32 mono at 16 kHz; the mouth opens and shuts about five times a second."""
    random = np.random.default_rng(seed)
    samples = round(seconds * SAMPLE_RATE_HZ)
    time_s = np.arange(samples) / SAMPLE_RATE_HZ
    syllable = (time_s / _SYLLABLE_S).astype(int)
    formants = np.array(_VOWELS_HZ)[random.integers(0, len(_VOWELS_HZ), syllable[-1] + 1)][syllable]
    swell = np.sin(np.pi * (time_s / _SYLLABLE_S % 1.0)) ** 0.5
    pcm = np.zeros(samples)
    for harmonic in range(1, int(SAMPLE_RATE_HZ / 4 / _PITCH_HZ)):
        frequency = harmonic * _PITCH_HZ
        near = _BANDWIDTH_HZ**2 / (_BANDWIDTH_HZ**2 + (formants - frequency) ** 2)
        pcm += near.sum(axis=1) * np.sin(2 * np.pi * frequency * time_s)
    pcm *= swell
    return (_LOUDNESS * pcm / np.sqrt((pcm**2).mean())).clip(-1.0, 1.0).astype(np.float32)
