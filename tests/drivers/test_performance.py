"""Promises of the performance layer: what a face does besides speaking."""

from dataclasses import fields

import numpy as np
import pytest

from flashhead_engine.blendshapes.aperture import lip_aperture
from flashhead_engine.blendshapes.arkit import ARKIT_52, INDEX
from flashhead_engine.blendshapes.emotions import EMOTIONS
from flashhead_engine.drivers.base import POSE, Performance
from flashhead_engine.drivers.nano.features import FEATURES
from flashhead_engine.drivers.nano.idle import BLOCK, first_block, idle_block
from flashhead_engine.drivers.nano.performance import Performer

SECONDS = 40
USUAL_DB, ROOM_DB = -15.0, -70.0
BLINK = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
GAZE = [index for name, index in INDEX.items() if name.startswith("eyeLook")]
BROWS = [index for name, index in INDEX.items() if name.startswith("brow")]


def performer(parts=None, *, seed=1, emotion="neutral", intensity=1.0, strength=1.0) -> Performer:
    return Performer(seed, Performance() if parts is None else parts, emotion, intensity, strength)


def heard(mouth: np.ndarray, loudness_db: np.ndarray | None = None) -> tuple[np.ndarray, ...]:
    """What `Performer.apply` takes for a mouth that speaks where it opens, by default equally loud throughout."""
    opens = (mouth.max(1) > 0).astype(np.float32)
    voice = np.maximum.reduce([np.roll(opens, shift) for shift in range(-6, 7)])
    if loudness_db is None:
        syllables = np.where(mouth[:, INDEX["jawOpen"]] > 0.2, USUAL_DB, USUAL_DB - 15)
        loudness_db = np.where(voice > 0, syllables, ROOM_DB)
    return mouth, voice, np.full((len(mouth), FEATURES), -0.5, np.float32), loudness_db.astype(np.float32)


def perform(face: Performer, mouth: np.ndarray, loudness_db: np.ndarray | None = None):
    return face.apply(*heard(mouth, loudness_db))


def speech(seconds: float = SECONDS) -> np.ndarray:
    """Syllables with a closure in each, from the second second on; silence before."""
    times = np.arange(int(seconds * 60)) / 60
    weights = np.zeros((len(times), len(ARKIT_52)), np.float32)
    opening = 0.4 * np.clip(np.sin(2 * np.pi * 3 * times), 0, 1) * (times >= 2)
    closing = np.clip(np.sin(2 * np.pi * 3 * times - np.pi), 0, 1) * (times >= 2)
    weights[:, INDEX["jawOpen"]] = opening + 0.1 * closing
    weights[:, INDEX["mouthClose"]] = 0.1 * closing
    return weights


def louder_syllables(seconds: float = SECONDS) -> np.ndarray:
    """Loudness of `speech`, every sixth syllable 7 dB louder."""
    times = np.arange(int(seconds * 60)) / 60
    peak = USUAL_DB + 7 * (np.floor(times * 3) % 6 == 0)
    level = peak - 25 * (1 - np.clip(np.sin(2 * np.pi * 3 * times), 0, 1))
    return np.where(times >= 2, level, ROOM_DB)


def test_the_head_beats_on_the_louder_syllables_and_nowhere_else():
    still = Performance(blinks=False, saccades=False, breath=False, brows=False)
    loudness = louder_syllables()
    _, accented = perform(performer(still), speech(), loudness)
    _, even = perform(
        performer(still), speech(), np.where(loudness > USUAL_DB - 25, np.minimum(loudness, USUAL_DB), loudness)
    )
    beats = (accented - even)[:, POSE.index("headPitch")]
    onsets = np.flatnonzero((beats[1:] > 0.005) & (beats[:-1] <= 0.005)) / 60
    loud = np.arange(2, SECONDS, 2) + 1 / 12

    def share_on_syllables(times: np.ndarray) -> float:
        return float(np.mean([np.abs(times - syllable).min() < 0.08 for syllable in loud]))

    assert len(onsets) <= len(loud) + 2
    assert share_on_syllables(onsets) > 0.9
    assert share_on_syllables(onsets + 0.25) < 0.2


def test_nothing_beats_in_silence_or_steady_noise():
    still = Performance(blinks=False, saccades=False, breath=False)
    quiet = np.zeros((1200, len(ARKIT_52)), np.float32)
    random = np.random.default_rng(0)
    for level in (np.full(1200, -100.0), -30 + 4 * random.standard_normal(1200)):
        weights, pose = perform(performer(still), quiet, level)
        assert weights[:, BROWS].max() == 0
        assert np.abs(np.diff(pose[:, POSE.index("headPitch")])).max() < 0.0035


def test_shouting_opens_the_jaw_and_closures_still_close():
    mouth, loudness = speech(), louder_syllables()
    times = np.arange(len(mouth)) / 60
    jaws = {}
    for name, change in (("shout", 12.0), ("usual", 0.0), ("quiet", -12.0)):
        level = loudness + change * (times >= 20)
        weights, _ = perform(performer(), mouth, level)
        part = (times >= 22) & (times < 26)
        jaws[name] = np.percentile(weights[part, INDEX["jawOpen"]], 95)
        closed = mouth[:, INDEX["mouthClose"]] > 0.09
        assert lip_aperture(weights)[closed].max() < 0.01
    assert jaws["shout"] > 1.08 * jaws["usual"]
    assert jaws["quiet"] < 0.95 * jaws["usual"]


def test_sides_of_the_mouth_differ_a_little():
    mouth = speech()
    sides = [INDEX["mouthLowerDownLeft"], INDEX["mouthLowerDownRight"]]
    mouth[:, sides] = mouth[:, [INDEX["jawOpen"]]] / 2
    weights, _ = perform(performer(), mouth)
    left, right = weights[:, sides].T
    ratio = (left / np.maximum(right, 1e-3))[right > 0.05]
    assert 0.01 < np.abs(ratio - 1).max() < 0.12


def test_same_seed_same_performance_for_any_push_sizes():
    weights = speech()
    whole, whole_pose = perform(performer(), weights)
    pieces, rng, start = [], np.random.default_rng(0), 0
    in_pieces = performer()
    while start < len(weights):
        size = int(rng.integers(1, 90))
        pieces.append(in_pieces.apply(*(part[start : start + size] for part in heard(weights))))
        start += size
    np.testing.assert_allclose(np.concatenate([w for w, _ in pieces]), whole, atol=1e-6)
    np.testing.assert_allclose(np.concatenate([p for _, p in pieces]), whole_pose, atol=1e-6)


def test_another_seed_gives_another_performance():
    weights = speech()
    first, first_pose = perform(performer(seed=1), weights)
    second, second_pose = perform(performer(seed=2), weights)
    assert np.abs(first[:, BLINK] - second[:, BLINK]).max() > 0.5
    assert np.abs(first_pose - second_pose).max() > 0.02


def test_people_blink_ten_to_thirty_times_a_minute_and_lids_meet():
    weights, _ = perform(performer(), speech(180))
    lids = weights[:, BLINK[0]]
    blinks = np.count_nonzero((lids[1:] > 0.9) & (lids[:-1] <= 0.9))
    assert 30 <= blinks <= 90
    np.testing.assert_array_equal(weights[:, BLINK[0]], weights[:, BLINK[1]])


def test_the_silent_face_lives():
    silence = np.zeros((SECONDS * 60, len(ARKIT_52)), np.float32)
    weights, pose = perform(performer(), silence)
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
    weights, pose = perform(performer(Performance(**{part: False})), speech(), louder_syllables())
    for name, is_shown in shown.items():
        assert is_shown(weights, pose) == (name != part), name


def test_all_off_shows_the_speech_alone():
    weights, pose = perform(performer(Performance.off()), speech())
    np.testing.assert_array_equal(weights, speech())
    assert not pose.any()


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_closures_survive_every_emotion(emotion):
    spoken = speech()
    closed = spoken[:, INDEX["mouthClose"]] > 0.09
    weights, _ = perform(performer(emotion=emotion), spoken)
    assert lip_aperture(weights)[closed].max() < 0.06
    assert (weights[:, INDEX["mouthClose"]] <= weights[:, INDEX["jawOpen"]]).all()
    assert weights.min() >= 0
    assert weights.max() <= 1


def test_intensity_scales_an_emotion_and_a_change_fades_in():
    still = Performance.off()
    silence = np.zeros((60, len(ARKIT_52)), np.float32)
    full, _ = perform(performer(still, emotion="happy"), silence)
    half, _ = perform(performer(still, emotion="happy", intensity=0.5), silence)
    smile = INDEX["mouthSmileLeft"]
    np.testing.assert_allclose(half[:, smile], full[:, smile] / 2, atol=1e-6)

    changing = performer(still)
    perform(changing, silence)
    changing.emotion = "happy"
    weights, _ = perform(changing, silence)
    assert np.abs(np.diff(weights[:, smile], prepend=0)).max() < 0.06
    assert weights[-1, smile] == pytest.approx(full[-1, smile], abs=0.02)


def test_mouth_strength_scales_the_mouth_only():
    still = Performance.off()
    spoken = speech()
    spoken[:, INDEX["browInnerUp"]] = 0.3
    for strength in (0.0, 0.5, 2.0):
        weights, _ = perform(performer(still, strength=strength), spoken)
        expected = np.clip(spoken[:, INDEX["jawOpen"]] * strength, 0, 1)
        np.testing.assert_allclose(weights[:, INDEX["jawOpen"]], expected, atol=1e-6)
        np.testing.assert_allclose(weights[:, INDEX["browInnerUp"]], 0.3, atol=1e-6)


def test_of_many_heads_few_make_their_next_block_in_the_same_frame():
    begins = [first_block(seed) for seed in range(40)]
    assert min(begins) >= 1
    assert max(begins) <= BLOCK
    assert len(set(begins)) == 40, "which forty heads with blocks of one length would not"


def test_blocks_of_any_length_show_the_same():
    parts = Performance()
    whole = idle_block(5, parts, 0, 300)
    first, second = idle_block(5, parts, 0, 77), idle_block(5, parts, 77, 223)
    np.testing.assert_array_equal(whole.face, np.concatenate([first.face, second.face]))
    assert whole.shut == first.shut + second.shut
    assert whole.lopsided == first.lopsided + second.lopsided
