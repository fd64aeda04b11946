"""From windows of sound to features: log-mel powers with loudness taken out.

Native where the module was built, else numpy. Both count in float32: their features differ by less than 1e-5, their
levels by less than 1e-4 dB.
"""

import math

import numpy as np

from ...audio.pcm import SAMPLE_RATE_HZ
from ..base import WEIGHTS_HZ

try:
    from ._native import LogMel as _Native
except ImportError:
    _Native = None

MEL_BANDS = 40
SUBFRAMES = 2
FEATURES = SUBFRAMES * MEL_BANDS

WINDOW = 400  # samples, 25 ms
_FFT = 512
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 7_600.0

# Logarithms are natural, of power; 10 dB are 2.303 of them. A full-scale sine has a band power of about 1.
_NEPERS_PER_DB = math.log(10.0) / 10.0
_SMALLEST_POWER = 1e-10
FIRST_REFERENCE = -30.0 * _NEPERS_PER_DB
"""Loudest band of ordinary dialogue, until real speech tells better."""
_LOWEST_REFERENCE = -50.0 * _NEPERS_PER_DB  # below this, sound counts as silence and is not lifted
_REFERENCE_FALL = 1.0 * _NEPERS_PER_DB / WEIGHTS_HZ  # 1 dB a second
_DEPTH_DB = 50.0  # what lies deeper under the reference is flattened
FEATURE_PER_DB = 2.0 / _DEPTH_DB
"""How much a feature grows when its band becomes 1 dB louder."""


def _mel(hz: np.ndarray | float) -> np.ndarray:
    """Mel scale of O'Shaughnessy (1987), as in HTK."""
    return 2595.0 * np.log10(1.0 + np.asarray(hz) / 700.0)


def _mel_filters() -> np.ndarray:
    """Triangular filters with a peak of 1, float32 of shape (257 bins, 40 bands)."""
    corners = np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), MEL_BANDS + 2)
    bins = _mel(np.arange(_FFT // 2 + 1) * SAMPLE_RATE_HZ / _FFT)[:, None]
    rising = (bins - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - bins) / (corners[2:] - corners[1:-1])
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


class NumpyLogMel:
    """See `LOG_MEL`.

    `window`: float32 (400,), what a window is shaped with. `filters`: float32 (257 bins, bands). `loudness_bins`: of
    the level's band, the first and the one after its last. `sine_power`: what turns that band's power into one that a
    full-scale sine has as 1. Logarithms are of power plus `smallest_power`. References, `reference_fall` (of a frame)
    and `depth` are in nepers of power.
    """

    def __init__(
        self,
        *,
        window: np.ndarray,
        filters: np.ndarray,
        loudness_bins: tuple[int, int],
        sine_power: float,
        smallest_power: float,
        lowest_reference: float,
        reference_fall: float,
        depth: float,
    ) -> None:
        self._window = window
        # A complex spectrum seen as floats alternates real and imaginary parts; each has the filter of its bin.
        self._part_filters = np.repeat(filters, 2, axis=0)
        self._loudness_parts = slice(2 * loudness_bins[0], 2 * loudness_bins[1])
        self._sine_power = np.float32(sine_power)
        self._smallest_power = np.float32(smallest_power)
        self._lowest_reference = lowest_reference
        self._reference_fall = reference_fall
        self._scale = 2.0 / depth

    def extract(
        self, samples: np.ndarray, starts: np.ndarray, offset: int, reference: float
    ) -> tuple[np.ndarray, np.ndarray, float]:
        length = len(self._window)
        # Every possible window as a view; a row is a window, chosen by its first sample.
        views = np.ndarray((len(samples) - length + 1, length), np.float32, samples, strides=(4, 4))
        windows = views[starts + offset]
        windows -= np.add.reduce(windows, 1, keepdims=True) * np.float32(1 / length)
        windows *= self._window
        parts = np.fft.rfft(windows, _FFT).view(np.float32)
        parts *= parts
        # Sums within a row do not depend on the number of rows. So features and loudness, and what is decided by
        # them, are the same for any push sizes, to the bit.
        frames = len(starts) // SUBFRAMES
        power = np.add.reduce(parts[:, self._loudness_parts].reshape(frames, -1), 1) * self._sine_power
        loudness_db = 10.0 * np.log10(power + self._smallest_power)
        bands = parts.reshape(frames, SUBFRAMES, -1) @ self._part_filters  # one product a frame, for the same reason
        features = np.log(bands + self._smallest_power).reshape(frames, -1)
        references = []
        for level in np.maximum.reduce(features, 1).tolist():
            reference = max(level, reference - self._reference_fall, self._lowest_reference)
            references.append(reference)
        features -= np.array(references, np.float32)[:, None]
        features *= self._scale
        features += 1.0
        return np.maximum(features, -1.0, out=features), loudness_db, reference


SETTINGS = {
    "window": np.hanning(WINDOW + 1)[:-1].astype(np.float32) / np.float32(WINDOW / 4),
    "filters": _mel_filters(),
    "loudness_bins": (200 * _FFT // SAMPLE_RATE_HZ, 4_000 * _FFT // SAMPLE_RATE_HZ),
    # A full-scale sine has 1.5 bins' worth of power under a Hann window, more of them by the padding.
    "sine_power": 1 / (SUBFRAMES * 1.5 * _FFT / WINDOW),
    "smallest_power": _SMALLEST_POWER,
    "lowest_reference": _LOWEST_REFERENCE,
    "reference_fall": _REFERENCE_FALL,
    "depth": _DEPTH_DB * _NEPERS_PER_DB,
}
"""What nano's features are made with, native or not."""

LOG_MEL = (_Native or NumpyLogMel)(**SETTINGS)
"""`LOG_MEL.extract(samples, starts, offset, reference)` gives the features of windows of float32 `samples`: windows
begin at `starts` + `offset`, int64 (2 * n,), two to a frame. `reference` is the loudness reference before them: a
running maximum of bands that rises at once and falls slowly.

Returns features float32 (n, 80) in about -1..1, their levels in dB (n,), see `FeatureExtractor.loudness_db`, and the
reference after them. No frame depends on which others are asked for with it."""
