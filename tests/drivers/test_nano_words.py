"""The nano tier when the words are known, with a network that hears what it is told."""

import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from flashhead_engine.blendshapes.phone_classes import PHONE_CLASSES
from flashhead_engine.blendshapes.phones import Segment, to_atoms
from flashhead_engine.blendshapes.visemes import VISEMES
from flashhead_engine.drivers import load_driver
from flashhead_engine.drivers.base import Performance, SessionSettings
from flashhead_engine.drivers.nano.articulation import CURVES
from flashhead_engine.drivers.nano.features import FEATURES
from flashhead_engine.drivers.nano.network import LOOKAHEAD_FRAMES, Heard, animate
from flashhead_engine.drivers.nano.spoken import spoken_frames
from flashhead_engine.drivers.nano.words import SpokenMouth, animate_with_transcript
from flashhead_engine.errors import FlashHeadError
from flashhead_engine.evaluation.lipsync import Track, Truth, score
from flashhead_engine.transcript.alignment import Alignment

RATE_HZ = 16_000
LINES = Path(__file__).parents[1] / "data" / "lipsync"
SETTINGS = SessionSettings(performance=Performance.off())


class KnowingNetwork:
    """Hears the phones of a line clearly but draws a vague mouth: the curves of its truth, smeared and small."""

    def __init__(self, truth: Truth) -> None:
        frames = -(-round(truth.duration_s * RATE_HZ) * 60 // RATE_HZ) + 60
        spoken = spoken_frames(to_atoms(truth.segments), 0, frames)
        self.curves = spoken.curves.copy()
        kernel = np.ones(13) / 13
        for index in range(CURVES.index("speech")):
            self.curves[:, index] = np.convolve(spoken.curves[:, index], kernel, "same")
        logits = np.random.default_rng(5).normal(0, 1, (frames, len(PHONE_CLASSES)))
        logits[np.arange(frames), spoken.phones] += 4.0
        self.phones = (logits - np.log(np.exp(logits).sum(1, keepdims=True))).astype(np.float32)
        self.sha256 = "0" * 64

    def initial_state(self, batch: int) -> np.ndarray:
        return np.zeros((batch, 1), np.float32)

    def run(self, features: np.ndarray, state: np.ndarray) -> tuple[Heard, np.ndarray]:
        assert features.shape[2] == FEATURES
        count = features.shape[1]
        frames = state[:, :1].astype(int) + np.arange(count) - LOOKAHEAD_FRAMES
        visemes = np.full((*frames.shape, len(VISEMES)), 1 / len(VISEMES), np.float32)
        return Heard(self.curves[frames], visemes, self.phones[frames]), state + count


@pytest.fixture(scope="module")
def truth() -> Truth:
    return Truth.load(LINES / "en-02.json")


@pytest.fixture(scope="module")
def pcm(truth) -> np.ndarray:
    return np.zeros(round(truth.duration_s * RATE_HZ), np.float32)


@pytest.fixture
def driver(truth):
    driver = load_driver("nano")
    driver._network = KnowingNetwork(truth)
    return driver


def said(truth: Truth, delay_s: float = 0.0) -> Alignment:
    """The truth as an alignment; `delay_s` moves its phones."""
    times = [truth.segments[0].start, *(segment.end + delay_s for segment in truth.segments)]
    segments = [Segment(a, b, s.ipa) for (a, b), s in zip(pairwise(times), truth.segments, strict=True)]
    return Alignment(tuple(segments), 1.0, (1.0,) * len(segments))


def speak(driver, pieces, alignment: Alignment | None, session=None) -> np.ndarray:
    session = session or driver.open(None, SETTINGS)
    if alignment is not None:
        session.follow(alignment)
    for number, piece in enumerate(pieces, 1):
        session.push(piece, end=number == len(pieces))
        driver.step([session])
    return np.stack([frame.weights for frame in session.frames()])


def score_of(truth: Truth, weights: np.ndarray) -> float:
    return score([truth], [Track(np.arange(len(weights)) / 60, weights)], 60).score


def test_words_make_the_mouth_better_and_late_words_do_not(driver, truth, pcm) -> None:
    audio_alone = score_of(truth, speak(driver, [pcm], None))
    followed = score_of(truth, speak(driver, [pcm], said(truth)))
    late = score_of(truth, speak(driver, [pcm], said(truth, delay_s=0.08)))
    assert followed > audio_alone + 0.05
    assert late < followed - 0.1


@pytest.mark.parametrize("size", [320, 1234, 16_000])
def test_streaming_equals_offline(driver, truth, pcm, size) -> None:
    pieces = [pcm[start : start + size] for start in range(0, len(pcm), size)]
    whole = speak(driver, [pcm], said(truth))
    np.testing.assert_allclose(speak(driver, pieces, said(truth)), whole, atol=1e-5)


def test_words_are_those_of_one_utterance(driver, truth, pcm) -> None:
    session = driver.open(None, SETTINGS)
    with_words = speak(driver, [pcm], said(truth), session)
    without = speak(driver, [pcm], None, session)
    np.testing.assert_array_equal(without, speak(driver, [pcm], None))
    assert np.abs(with_words - without).max() > 0.05


def test_words_of_several_utterances_may_wait(driver, truth, pcm) -> None:
    session = driver.open(None, SETTINGS)
    for alignment in (said(truth), None, said(truth)):
        if alignment is not None:
            session.follow(alignment)
        session.push(pcm, end=True)
    driver.step([session])
    first, second, third = np.stack([frame.weights for frame in session.frames()]).reshape(3, -1, 52)
    np.testing.assert_array_equal(first, third)
    assert np.abs(first - second).max() > 0.05


def test_words_come_before_their_utterance(driver, truth, pcm) -> None:
    session = driver.open(None, SETTINGS)
    session.push(pcm[:4000])
    with pytest.raises(FlashHeadError, match="before its first push"):
        session.follow(said(truth))
    session.push(pcm[4000:], end=True)
    session.follow(said(truth))


def test_cancel_drops_the_words(driver, truth, pcm) -> None:
    session = driver.open(None, SETTINGS)
    session.follow(said(truth))
    session.cancel()
    np.testing.assert_array_equal(speak(driver, [pcm], None, session), speak(driver, [pcm], None))
    session.push(pcm[:100])
    session.cancel()
    session.follow(said(truth))


def test_doubtful_segments_leave_the_mouth_to_the_network(truth) -> None:
    network = KnowingNetwork(truth)
    visemes = np.full((len(network.curves), 15), 1 / 15, np.float32)
    sure = said(truth)
    doubtful = Alignment(sure.segments, 0.5, (0.0,) * len(sure.segments))
    curves, _ = SpokenMouth(doubtful).mix(0, network.curves, visemes)
    np.testing.assert_array_equal(curves, network.curves)


def test_mix_stays_in_range_and_never_wakes_the_mouth(truth) -> None:
    network = KnowingNetwork(truth)
    visemes = np.full((len(network.curves), 15), 1 / 15, np.float32)
    curves, mixed = SpokenMouth(said(truth)).mix(0, network.curves, visemes)
    assert curves.min() >= 0 and curves.max() <= 1
    np.testing.assert_allclose(mixed.sum(1), 1, atol=1e-5)
    np.testing.assert_array_equal(curves[:, CURVES.index("speech")], network.curves[:, CURVES.index("speech")])


needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


@needs_espeak
def test_text_that_is_said_is_followed(truth, pcm) -> None:
    network = KnowingNetwork(truth)
    audio_alone, _ = animate(network, pcm)
    followed, visemes = animate_with_transcript(network, pcm, truth.text, truth.language)
    assert len(followed) == len(visemes) == len(audio_alone)
    assert score_of(truth, followed) > score_of(truth, audio_alone) + 0.02


@needs_espeak
@pytest.mark.parametrize("text", ["Wrong words altogether, my old friend, whoever you may be.", "long text " * 300])
def test_text_that_is_not_said_changes_nothing(truth, pcm, text) -> None:
    network = KnowingNetwork(truth)
    followed, _ = animate_with_transcript(network, pcm, text, "en")
    np.testing.assert_array_equal(followed, animate(network, pcm)[0])
