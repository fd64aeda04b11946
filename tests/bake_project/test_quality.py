"""The quality gate: a line as it is baked passes, and what is wrong with a spoiled one is named."""

import functools
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from flashhead_engine.audio.decode import open_audio
from flashhead_engine.bake.gate import QualityLimits, judge
from flashhead_engine.bake.quality import Quality, QualityMeter
from flashhead_engine.blendshapes.aperture import lip_aperture
from flashhead_engine.blendshapes.arkit import INDEX
from flashhead_engine.drivers import load_driver
from flashhead_engine.drivers.base import Outputs, SessionSettings, TimedFrame
from flashhead_engine.transcript.phonemes import phonemise

from .conftest import DIALOGUE

TEXT = "Halt! Nobody passes after dark. Put the weapon down."
OTHER_TEXT = "They sealed the gate before sunrise. If we follow the river, we reach the bridge by morning."


def read(name: str) -> np.ndarray:
    with open_audio(DIALOGUE / name) as audio:
        return np.concatenate(list(audio.chunks()))


class Baked:
    """A line, its frames, and its text where it has one."""

    def __init__(self, pcm: np.ndarray, text: str | None) -> None:
        driver = load_driver("nano")
        session = driver.open(None, SessionSettings())
        self.pcm = pcm
        self.words = phonemise(text, "en") if text is not None else None
        self.aligned = driver.align(pcm, self.words) if text is not None else None
        if self.aligned is not None and self.aligned.fits:
            session.follow(self.aligned.alignment)
        session.push(pcm, end=True)
        driver.step([session])
        self.frames = session.frames()

    def measure(self, frames: list[TimedFrame] | None = None, piece: int = 3_200) -> Quality:
        meter = QualityMeter(Outputs.BLENDSHAPES)
        for start in range(0, len(self.pcm), piece):
            meter.hear(self.pcm[start : start + piece])
        for frame in self.frames if frames is None else frames:
            meter.see(frame)
        return meter.result(self.words, self.aligned)

    def with_mouth_of(self, times_s) -> list[TimedFrame]:
        """Frames whose mouths are those of other times: `times_s` gives the time to take for each."""
        last = len(self.frames) - 1
        taken = [min(last, max(0, round(times_s(frame.pts_us / 1e6) * 60))) for frame in self.frames]
        mouths = [self.frames[index].weights for index in taken]
        return [replace(frame, weights=mouth) for frame, mouth in zip(self.frames, mouths, strict=True)]


@functools.cache
def baked(text: str | None) -> Baked:
    return Baked(read("guard_en.wav"), text)


@pytest.fixture(params=[None, TEXT], ids=["audio alone", "text"])
def line(request, need_program) -> Baked:
    if request.param is not None:
        need_program("espeak-ng")
    return baked(request.param)


def beyond(quality: Quality, **limits: float) -> set[str]:
    return set(judge(quality, QualityLimits(**limits)).beyond)


def test_a_line_as_it_is_baked_passes(line):
    quality = line.measure()
    assert beyond(quality) == set()
    assert judge(quality, QualityLimits()).score > 0.6
    assert abs(quality.lag_ms) <= 20 and quality.correlation > 0.6
    widest = max(line.frames, key=lambda frame: float(lip_aperture(frame.weights)))
    assert quality.widest_ms == round(widest.pts_us / 1000)
    if line.words is not None:
        assert (quality.text_fits, quality.closures, quality.closures_made) == (True, 4, 4)
        assert 8 < quality.sounds_per_s < 16


def test_the_same_in_any_pieces(line):
    assert line.measure(piece=777) == line.measure()


def test_80_ms_late_or_early_is_named(line):
    late = line.measure(line.with_mouth_of(lambda time: time - 0.080))
    early = line.measure(line.with_mouth_of(lambda time: time + 0.080))
    assert beyond(late) == beyond(early) == {"lag_ms"}
    assert 65 < late.lag_ms < 105 and -105 < early.lag_ms < -65
    assert "late" in judge(late, QualityLimits()).beyond["lag_ms"]


def test_the_mouth_of_another_line_is_named(line):
    other = Baked(read("heroine_en.flac"), None).frames
    frames = [replace(frame, weights=spoiled.weights) for frame, spoiled in zip(line.frames, other, strict=False)]
    assert {"correlation", "lag_ms"} & beyond(line.measure(frames))


@pytest.mark.parametrize("opening", [0.0, 1.0])
def test_a_frozen_mouth_is_named_open_or_shut(line, opening):
    widest = max(line.frames, key=lambda frame: float(frame.weights.sum()))
    frozen = [replace(frame, weights=opening * widest.weights) for frame in line.frames]
    found = beyond(line.measure(frozen))
    assert {"mouth_motion", "correlation"} <= found
    assert ("closures" in found) is (line.words is not None)


def test_closures_that_are_missed_are_named(need_program):
    need_program("espeak-ng")
    line = baked(TEXT)
    agape = []
    for frame in line.frames:
        weights = frame.weights.copy()
        weights[INDEX["mouthClose"]] = 0
        weights[INDEX["jawOpen"]] = max(0.5, weights[INDEX["jawOpen"]])
        agape.append(replace(frame, weights=weights))
    quality = line.measure(agape)
    assert quality.closures_made == 0 and "closures" in beyond(quality)


def test_noise_and_clipping_are_named():
    noise = 0.1 * np.random.default_rng(0).standard_normal(48_000).astype(np.float32)
    assert "confidence" in beyond(Baked(noise, None).measure())
    loud = np.clip(30 * read("guard_en.wav"), -1, 1)
    assert "clipping" in beyond(Baked(loud, None).measure())


def test_another_text_and_a_hurried_one_are_named(need_program):
    need_program("espeak-ng")
    pcm = read("guard_en.wav")
    wrong = Baked(pcm, OTHER_TEXT)
    quality = wrong.measure()
    assert "text_fits" in beyond(quality) and quality.closures is None
    assert beyond(quality, text_must_fit=False) == set()
    hurried = Baked(pcm, f"{TEXT} {OTHER_TEXT}").measure()
    assert "sounds_per_s" in beyond(hurried)


def test_too_short_a_line_has_no_lag():
    quality = Baked(read("guard_en.wav")[:16_000], None).measure()
    assert quality.lag_ms is None and quality.correlation is None
    assert beyond(quality) == set()


def test_limits_may_ask_for_the_ideal():
    good = Quality(silence=0.1, clipping=0.0, mouth_motion=0.15, closures=3, closures_made=3)
    assert judge(good, QualityLimits(min_closures=1.0, max_clipping=0.0, min_mouth_motion=0.1)).score > 0.9
    missed = judge(msgspec.structs.replace(good, closures_made=2), QualityLimits())
    assert missed.beyond == {} and 0.5 < missed.score < 0.6
    strict = judge(msgspec.structs.replace(good, clipping=1e-6), QualityLimits(max_clipping=0.0))
    assert set(strict.beyond) == {"clipping"} and strict.score <= 0.5
