"""Make every crop of training features new: cheap changes of log-mel features, drawn afresh for every step.

They stand in for what `augment` does to the sound, which is too slow to repeat in every epoch.
"""

import numpy as np

from ...drivers.nano.log_mel import FEATURE_PER_DB, MEL_BANDS, SUBFRAMES

_EQUALISED_SHARE, _EQUALISER_DB, _EQUALISER_KNOTS = 0.5, 4.0, 7
_WARPED_SHARE, _WARP_BANDS = 0.5, 2.0
_MIXED_SHARE, _MIXED_SNR_DB = 0.25, (12.0, 30.0)
_MASKED_SHARE, _WIDEST_MASK = 0.3, 8
_LOUD = 95  # percentile of the frames' loudest bands that stands for the running maximum


def varied(crops: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Crops (B, T, 80) of features as other microphones and throats, over other voices, would give them."""
    count, frames, _ = crops.shape
    bands = crops.reshape(count, frames, SUBFRAMES, MEL_BANDS)
    bands = _warped(bands, random)
    bands = _equalised(bands, random)
    bands = _over_each_other(bands, random)
    for row in np.flatnonzero(random.random(count) < _MASKED_SHARE):
        _mask_band(bands[row], random)
    return np.maximum(bands, -1.0).reshape(crops.shape)


def _warped(bands: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Longer and shorter throats: every crop moved along the mel scale by a fraction of bands."""
    shift = random.uniform(-_WARP_BANDS, _WARP_BANDS, len(bands)) * (random.random(len(bands)) < _WARPED_SHARE)
    source = np.clip(np.arange(MEL_BANDS) + shift[:, None], 0, MEL_BANDS - 1)
    lower = np.minimum(source.astype(np.int64), MEL_BANDS - 2)
    share = (source - lower).astype(np.float32)[:, None, None]
    lower = np.broadcast_to(lower[:, None, None], bands.shape)
    below, above = (np.take_along_axis(bands, lower + step, 3) for step in (0, 1))
    return below + share * (above - below)


def _equalised(bands: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Other frequency responses; each crop's running maximum stays where it was."""
    count = len(bands)
    knots = random.normal(0, _EQUALISER_DB, (count, _EQUALISER_KNOTS)) * FEATURE_PER_DB
    knots *= (random.random(count) < _EQUALISED_SHARE)[:, None]
    places = np.linspace(0, _EQUALISER_KNOTS - 1, MEL_BANDS)
    response = np.array([np.interp(places, np.arange(_EQUALISER_KNOTS), row) for row in knots], np.float32)
    loudest = _loudest(bands)
    # What lies on the floor is silence, whatever the microphone.
    heard = np.where(bands > -1.0, bands + response[:, None, None], bands)
    return heard - (_loudest(heard) - loudest)[:, None, None, None]


def _loudest(bands: np.ndarray) -> np.ndarray:
    return np.percentile(bands.max((2, 3)), _LOUD, axis=1).astype(np.float32)


def _over_each_other(bands: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Another crop's sound behind some crops. Powers add up; the mouth follows the louder one."""
    behind = np.flatnonzero(random.random(len(bands)) < _MIXED_SHARE)
    quieter = random.uniform(*_MIXED_SNR_DB, len(behind)).astype(np.float32)[:, None, None, None]
    other = bands[(behind + random.integers(1, len(bands), len(behind))) % len(bands)] - quieter * FEATURE_PER_DB
    nepers = np.float32(np.log(10.0) / 10.0 / FEATURE_PER_DB)
    mixed = bands.copy()
    mixed[behind] = np.logaddexp(bands[behind] * nepers, other * nepers) / nepers
    return mixed


def _mask_band(crop: np.ndarray, random: np.random.Generator) -> None:
    """Silence some neighbouring mel bands (T, 2, 40) in place, as SpecAugment does (Park et al., 2019)."""
    width = int(random.integers(1, _WIDEST_MASK + 1))
    first = int(random.integers(0, MEL_BANDS - width + 1))
    crop[..., first : first + width] = -1.0
