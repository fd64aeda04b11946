"""Promises of the performance layer: what a face does besides speaking."""

from dataclasses import fields

import numpy as np
import pytest

from flashhead_engine.blendshapes.aperture import lip_aperture
from flashhead_engine.blendshapes.arkit import ARKIT_52, INDEX
from flashhead_engine.blendshapes.emotions import EMOTIONS
from flashhead_engine.drivers.base import POSE, Performance
from flashhead_engine.drivers.nano.performance import Performer

SECONDS = 40
BLINK = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
GAZE = [index for name, index in INDEX.items() if name.startswith("eyeLook")]
BROWS = [index for name, index in INDEX.items() if name.startswith("brow")]


def performer(parts=None, *, seed=1, emotion="neutral", intensity=1.0, strength=1.0) -> Performer:
    return Performer(seed, Performance() if parts is None else parts, emotion, intensity, strength)


def speech(seconds: float = SECONDS) -> np.ndarray:
    """Syllables with a closure in each, from the second second on; silence before."""
    times = np.arange(int(seconds * 60)) / 60
    weights = np.zeros((len(times), len(ARKIT_52)), np.float32)
    opening = 0.4 * np.clip(np.sin(2 * np.pi * 3 * times), 0, 1) * (times >= 2)
    closing = np.clip(np.sin(2 * np.pi * 3 * times - np.pi), 0, 1) * (times >= 2)
    weights[:, INDEX["jawOpen"]] = opening + 0.1 * closing
    weights[:, INDEX["mouthClose"]] = 0.1 * closing
    return weights


def test_same_seed_same_performance_for_any_push_sizes():
    weights = speech()
    whole, whole_pose = performer().apply(weights)
    pieces, rng, start = [], np.random.default_rng(0), 0
    in_pieces = performer()
    while start < len(weights):
        size = int(rng.integers(1, 90))
        pieces.append(in_pieces.apply(weights[start : start + size]))
        start += size
    np.testing.assert_allclose(np.concatenate([w for w, _ in pieces]), whole, atol=1e-6)
    np.testing.assert_allclose(np.concatenate([p for _, p in pieces]), whole_pose, atol=1e-6)


def test_another_seed_gives_another_performance():
    weights = speech()
    first, first_pose = performer(seed=1).apply(weights)
    second, second_pose = performer(seed=2).apply(weights)
    assert np.abs(first[:, BLINK] - second[:, BLINK]).max() > 0.5
    assert np.abs(first_pose - second_pose).max() > 0.02


def test_people_blink_ten_to_thirty_times_a_minute_and_lids_meet():
    weights, _ = performer().apply(speech(180))
    lids = weights[:, BLINK[0]]
    blinks = np.count_nonzero((lids[1:] > 0.9) & (lids[:-1] <= 0.9))
    assert 30 <= blinks <= 90
    np.testing.assert_array_equal(weights[:, BLINK[0]], weights[:, BLINK[1]])


def test_the_silent_face_lives():
    silence = np.zeros((SECONDS * 60, len(ARKIT_52)), np.float32)
    weights, pose = performer().apply(silence)
    assert weights[:, BLINK].max() > 0.9
    assert np.ptp(weights[:, GAZE], axis=0).max() > 0.1
    assert (np.ptp(pose, axis=0) > [0.05, 0.02, 0.02, 0.8]).all()
    assert lip_aperture(weights).max() < 0.01


@pytest.mark.parametrize("part", [field.name for field in fields(Performance)])
def test_each_part_can_be_switched_off_alone(part):
    shown = {
        "blinks": lambda w, p: (w[:, BLINK] > 0.9).any(),
        "saccades": lambda w, p: w[:, GAZE].max() > 0,
        "head_sway": lambda w, p: np.abs(p[:, POSE.index("headYaw")]).max() > 0,
        "breath": lambda w, p: p[:, POSE.index("breath")].max() > 0,
        "brows": lambda w, p: w[:, BROWS].max() > 0,
    }
    weights, pose = performer(Performance(**{part: False})).apply(speech())
    for name, is_shown in shown.items():
        assert is_shown(weights, pose) == (name != part), name


def test_all_off_shows_the_speech_alone():
    weights, pose = performer(Performance.off()).apply(speech())
    np.testing.assert_allclose(weights, speech(), atol=1e-6)
    assert not pose.any()


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_closures_survive_every_emotion(emotion):
    spoken = speech()
    closed = spoken[:, INDEX["mouthClose"]] > 0.09
    weights, _ = performer(emotion=emotion).apply(spoken)
    assert lip_aperture(weights)[closed].max() < 0.06
    assert (weights[:, INDEX["mouthClose"]] <= weights[:, INDEX["jawOpen"]]).all()
    assert weights.min() >= 0
    assert weights.max() <= 1


def test_intensity_scales_an_emotion_and_a_change_fades_in():
    still = Performance.off()
    silence = np.zeros((60, len(ARKIT_52)), np.float32)
    full, _ = performer(still, emotion="happy").apply(silence)
    half, _ = performer(still, emotion="happy", intensity=0.5).apply(silence)
    smile = INDEX["mouthSmileLeft"]
    np.testing.assert_allclose(half[:, smile], full[:, smile] / 2, atol=1e-6)

    changing = performer(still)
    changing.apply(silence)
    changing.emotion = "happy"
    weights, _ = changing.apply(silence)
    assert np.abs(np.diff(weights[:, smile], prepend=0)).max() < 0.06
    assert weights[-1, smile] == pytest.approx(full[-1, smile], abs=0.02)


def test_mouth_strength_scales_the_mouth_only():
    still = Performance.off()
    spoken = speech()
    spoken[:, INDEX["browInnerUp"]] = 0.3
    for strength in (0.0, 0.5, 2.0):
        weights, _ = performer(still, strength=strength).apply(spoken)
        expected = np.clip(spoken[:, INDEX["jawOpen"]] * strength, 0, 1)
        np.testing.assert_allclose(weights[:, INDEX["jawOpen"]], expected, atol=1e-6)
        np.testing.assert_allclose(weights[:, INDEX["browInnerUp"]], 0.3, atol=1e-6)
