"""Features, native and not: the same in any pieces, the promised number of frames, the promised look-ahead."""

import numpy as np
import pytest

from flashhead_engine.drivers.nano import features
from flashhead_engine.drivers.nano.features import FEATURES, FeatureExtractor, frame_count, subframe_centres
from flashhead_engine.drivers.nano.log_mel import LOG_MEL, SETTINGS, NumpyLogMel


@pytest.fixture(autouse=True, params=[type(LOG_MEL), NumpyLogMel], ids=lambda kind: kind.__module__.split(".")[-1])
def _either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "LOG_MEL", request.param(**SETTINGS))


def _features(pcm: np.ndarray, sizes) -> np.ndarray:
    extractor = FeatureExtractor()
    pieces, position = [], 0
    while position < len(pcm):
        size = int(sizes())
        pieces.append(extractor.push(pcm[position : position + size]))
        position += size
    return np.concatenate([*pieces, extractor.finish(2)])


@pytest.mark.parametrize("samples", [1, 199, 266, 267, 16_000, 40_123])
def test_frames_cover_the_utterance(samples: int) -> None:
    features = _features(np.full(samples, 0.1, np.float32), lambda: samples)
    assert features.shape == (frame_count(samples) + 2, FEATURES)
    assert (frame_count(samples) - 1) / 60 < samples / 16_000 <= frame_count(samples) / 60


def test_windows_are_centred_on_120_hz() -> None:
    exact = np.arange(2 * 1000) * 16_000 / 120
    assert np.abs(subframe_centres(0, 1000) - exact).max() <= 0.5
    assert np.array_equal(subframe_centres(0, 1000)[500:], subframe_centres(250, 750))


def test_any_push_sizes_give_the_same_features(speech_like: np.ndarray) -> None:
    whole = _features(speech_like, lambda: len(speech_like))
    random = np.random.default_rng(1)
    for sizes in (lambda: 1, lambda: 160, lambda: 16_000, lambda: random.integers(1, 7000)):
        assert _features(speech_like, sizes).tobytes() == whole.tobytes()


def test_loudness_is_taken_out() -> None:
    """After the reference has found the level, 12 dB less make no difference."""
    random = np.random.default_rng(2)
    pcm = (0.2 * random.standard_normal(32_000)).astype(np.float32)
    loud, quiet = _features(pcm, lambda: 1600), _features(0.25 * pcm, lambda: 1600)
    assert np.abs(loud - quiet)[60:-4].max() < 0.02


def test_silence_is_not_lifted() -> None:
    random = np.random.default_rng(3)
    hiss = (1e-4 * random.standard_normal(16_000 * 60)).astype(np.float32)
    assert _features(hiss, lambda: 16_000)[-60:].mean() < -0.5


def test_loudness_is_absolute_and_the_same_for_any_push_sizes(speech_like: np.ndarray) -> None:
    def loudness(pcm: np.ndarray, size: int) -> np.ndarray:
        extractor = FeatureExtractor()
        levels = []
        for start in range(0, len(pcm), size):
            frames = extractor.push(pcm[start : start + size])
            assert extractor.loudness_db.shape == (len(frames),)
            levels.append(extractor.loudness_db)
        return np.concatenate(levels)

    whole = loudness(speech_like, len(speech_like))
    for size in (1, 320, 7001):
        assert loudness(speech_like, size).tobytes() == whole.tobytes()
    quieter = loudness(0.1 * speech_like, 320)
    np.testing.assert_allclose((whole - quieter)[whole > -60], 20, atol=0.1)
    tone = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000).astype(np.float32)
    assert loudness(tone, 320)[30] == pytest.approx(0, abs=0.1)
    assert loudness(0 * tone, 320).max() <= -99
