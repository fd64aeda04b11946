"""Promises of the prosody analyser: stress where the voice is loud, effort, pauses, breaths, laughter."""

import numpy as np
import pytest

from flashhead_engine.drivers.nano.features import FEATURES
from flashhead_engine.drivers.nano.prosody import Prosody, ProsodyAnalyser

VOICED = np.where(np.arange(FEATURES) % 40 < 12, 0.3, -0.4).astype(np.float32)
HISS = np.where(np.arange(FEATURES) % 40 < 12, -0.6, 0.2).astype(np.float32)


def analyse(loudness_db, spectrum=VOICED, speech=1.0) -> list[Prosody]:
    loudness_db = np.asarray(loudness_db, np.float32)
    speech = np.broadcast_to(np.float32(speech), len(loudness_db))
    return ProsodyAnalyser().analyse(loudness_db, np.tile(spectrum, (len(loudness_db), 1)), speech)


def syllables(peaks_db, rate_hz: float = 4.0, depth_db: float = 20.0) -> np.ndarray:
    """Loudness with these peaks, each in the middle of its syllable."""
    times = np.arange(int(len(peaks_db) * 60 / rate_hz)) / 60 * rate_hz
    return np.asarray(peaks_db)[times.astype(int)] - depth_db * np.cos(np.pi * (times % 1)) ** 2


def test_stress_is_found_right_after_the_louder_peaks():
    peaks = np.full(40, -15.0)
    peaks[4::6] += 6
    found = np.flatnonzero([frame.stress > 0 for frame in analyse(syllables(peaks))])
    expected = np.arange(4, 40, 6) * 15 + 7.5
    assert len(found) == len(expected)
    assert (np.abs(found - 2 - expected) <= 2).all()


@pytest.mark.parametrize("speech", [0.0, 1.0])
def test_no_stress_in_steady_sound_or_where_nobody_speaks(speech):
    steady = np.full(600, -15.0)
    loud = np.full(40, -15.0) + 6 * (np.arange(40) % 6 == 4)
    level = steady if speech else np.concatenate([np.full(60, -80.0), syllables(loud)])
    assert not any(frame.stress for frame in analyse(level, speech=speech))


def test_effort_follows_level_and_whisper():
    rising = syllables(np.repeat([-15.0, -5.0], 20))
    effort = [frame.effort for frame in analyse(rising)]
    assert abs(effort[280]) < 0.2 < max(effort[300:420])
    falling = syllables(np.repeat([-15.0, -27.0], 20))
    assert min(frame.effort for frame in analyse(falling)[300:420]) < -0.2
    assert analyse(syllables(np.full(20, -15.0)), HISS)[-1].effort < -0.7


def test_a_phrase_ends_once_in_its_pause():
    speech = np.repeat([1.0, 0.0, 1.0, 0.0], [120, 10, 120, 120])
    ends = np.flatnonzero([frame.phrase_ends for frame in analyse(np.full(370, -20.0), speech=speech)])
    assert ends.tolist() == [250 + 17]


def test_a_breath_in_a_pause_is_heard_and_a_quiet_pause_has_none():
    speech = np.repeat([1.0, 0.0], [120, 120])
    level = np.concatenate([syllables(np.full(8, -15.0)), np.full(120, -80.0)])
    assert not any(frame.breath_heard for frame in analyse(level, HISS, speech))
    level[180:200] = -45
    assert sum(frame.breath_heard for frame in analyse(level, HISS, speech)) == 1


def test_laughter_is_even_deep_bursts_and_ordinary_speech_is_not():
    laughing = [frame.laughter for frame in analyse(syllables(np.full(20, -15.0), 5.0, 25.0))]
    random = np.random.default_rng(1)
    lengths, depths = random.integers(7, 20, 200), random.uniform(4, 20, 200)
    uneven = [-15 - depth * np.cos(np.pi * np.arange(n) / n) ** 2 for n, depth in zip(lengths, depths, strict=True)]
    assert max(laughing) > 0.6
    assert max(frame.laughter for frame in analyse(np.concatenate(uneven))) < 0.3


def test_pieces_of_any_size_give_the_same():
    level = syllables(-15 + 4 * np.random.default_rng(2).standard_normal(40)).astype(np.float32)
    whole = analyse(level)
    analyser, pieces = ProsodyAnalyser(), []
    for start in range(0, len(level), 7):
        piece = level[start : start + 7]
        pieces += analyser.analyse(piece, np.tile(VOICED, (len(piece), 1)), np.ones(len(piece)))
    assert [frame.stress for frame in pieces] == pytest.approx([frame.stress for frame in whole], abs=1e-5)
