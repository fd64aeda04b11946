"""Promises of the changes that every crop of training features goes through."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra train")

from flashhead_engine.drivers.nano.features import FEATURES
from flashhead_engine.training.nano.feature_augment import varied


def crops(level: float) -> np.ndarray:
    return np.full((128, 40, FEATURES), level, np.float32)


def test_crops_keep_their_shape_and_floor_and_change_with_the_seed_alone():
    features = np.random.default_rng(0).uniform(-1, 1, (16, 40, FEATURES)).astype(np.float32)
    untouched = features.copy()
    first, again, other = (varied(features, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(features, untouched)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert first.shape == features.shape
    assert first.dtype == np.float32
    assert first.min() >= -1.0


def test_silence_among_silence_stays_silence():
    assert np.allclose(varied(crops(-1.0), np.random.default_rng(0)), -1.0, atol=0.02)


def test_a_voice_behind_a_silent_crop_stays_far_below_the_loudest():
    features = crops(-1.0)
    features[1::2] = 1.0
    silent = varied(features, np.random.default_rng(0))[::2]
    assert silent.max() > -0.9, "none was mixed in"
    assert silent.max() < 1.0 - 2.0 * 12 / 50 + 0.05, "12 dB below at least"
