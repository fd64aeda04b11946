"""Promises of the nano tier through the seam that everybody uses."""

from pathlib import Path

import numpy as np
import pytest

from flashhead_engine.audio.decode import open_audio
from flashhead_engine.avatar.bundle import load_avatar
from flashhead_engine.blendshapes.arkit import ARKIT_52, INDEX
from flashhead_engine.drivers import load_driver
from flashhead_engine.drivers.base import FrameFlags, Outputs, Performance, SessionSettings
from flashhead_engine.errors import AudioError, FlashHeadError, SettingsError

DIALOGUE = Path(__file__).parents[2] / "examples" / "dialogue"
BOTH = Outputs.BLENDSHAPES | Outputs.VIDEO


@pytest.fixture(scope="module")
def driver():
    return load_driver("nano")


@pytest.fixture(scope="module")
def pcm() -> np.ndarray:
    with open_audio(DIALOGUE / "guard_en.wav") as audio:
        return np.concatenate(list(audio.chunks()))[:40_123]


def speak(driver, settings, pieces, avatar=None):
    session = driver.open(avatar, settings)
    frames = []
    for number, piece in enumerate(pieces, 1):
        session.push(piece, end=number == len(pieces))
        driver.step([session])
        frames += session.frames()
    return frames


def cut(pcm, size):
    return [pcm[start : start + size] for start in range(0, len(pcm), size)]


def weights_of(frames):
    return np.stack([frame.weights for frame in frames])


@pytest.mark.parametrize("size", [1, 37, 160, 320, 1600, 16_000, 40_000])
def test_streaming_equals_offline(driver, pcm, size):
    pcm = pcm[:6000] if size == 1 else pcm
    whole = speak(driver, SessionSettings(), [pcm])
    streamed = speak(driver, SessionSettings(), cut(pcm, size))
    assert [frame.pts_us for frame in streamed] == [frame.pts_us for frame in whole]
    assert [frame.flags for frame in streamed] == [frame.flags for frame in whole]
    np.testing.assert_allclose(weights_of(streamed), weights_of(whole), atol=1e-4)
    poses = [np.stack([frame.pose for frame in frames]) for frames in (streamed, whole)]
    np.testing.assert_allclose(*poses, atol=1e-4)


def test_streamed_video_equals_offline_video(driver, pcm):
    settings = SessionSettings(outputs=Outputs.VIDEO, size=256, fps=24)
    avatar = load_avatar("guard")
    whole = speak(driver, settings, [pcm], avatar)
    streamed = speak(driver, settings, cut(pcm, 1234), avatar)
    assert len(whole) == len(streamed) == -(-len(pcm) * 24 // 16_000)
    for first, second in zip(whole, streamed, strict=True):
        difference = np.abs(first.pixels.astype(int) - second.pixels)
        assert np.mean(difference > 2) < 0.001


def test_frames_tile_the_audio(driver, pcm):
    frames = speak(driver, SessionSettings(outputs=BOTH, size=256, fps=25), cut(pcm, 5000), load_avatar("robot"))
    track = [frame for frame in frames if frame.pixels is None]
    video = [frame for frame in frames if frame.pixels is not None]
    for stream, rate in ((track, 60), (video, 25)):
        assert len(stream) == -(-len(pcm) * rate // 16_000)
        assert [frame.index for frame in stream] == list(range(len(stream)))
        assert stream[0].pts_us == 0
        ends = [frame.pts_us + frame.duration_us for frame in stream]
        assert ends[:-1] == [frame.pts_us for frame in stream[1:]]
        assert stream[0].flags & FrameFlags.FIRST
        assert [bool(frame.flags & FrameFlags.LAST) for frame in stream] == [False] * (len(stream) - 1) + [True]
    assert video[0].pixels.shape == (256, 256, 4)
    assert video[0].pixels.dtype == np.uint8


def test_frames_come_while_audio_is_still_pushed(driver, pcm):
    session = driver.open(None, SessionSettings())
    pushed = 0
    for piece in cut(pcm, 320):
        session.push(piece)
        driver.step([session])
        pushed += len(piece)
        for frame in session.frames():
            last_pts_us = frame.pts_us
    assert pushed / 16 - last_pts_us / 1000 < 60 + 1000 / 60


def test_utterances_follow_each_other_and_do_not_mix(driver, pcm):
    session = driver.open(None, SessionSettings(performance=Performance.off()))
    session.push(pcm, end=True)
    session.push(pcm[:8000], end=True)
    session.push(pcm)
    driver.step([session])
    frames = session.frames()
    by_utterance = [[frame for frame in frames if frame.utterance == number] for number in range(3)]
    assert [len(some) > 0 for some in by_utterance] == [True] * 3
    assert by_utterance[1][0].pts_us == 0
    first, third = weights_of(by_utterance[0]), weights_of(by_utterance[2])
    np.testing.assert_allclose(first[: len(third)], third, atol=1e-4)


def test_sessions_share_runs_without_touching_each_other(driver, pcm):
    pieces = [pcm, pcm[10_000:], pcm[::-1].copy()]
    alone = [speak(driver, SessionSettings(seed=seed), [piece]) for seed, piece in enumerate(pieces)]
    sessions = [driver.open(None, SessionSettings(seed=seed)) for seed in range(3)]
    for session, piece in zip(sessions, pieces, strict=True):
        session.push(piece, end=True)
    driver.step(sessions)
    for session, expected in zip(sessions, alone, strict=True):
        np.testing.assert_allclose(weights_of(session.frames()), weights_of(expected), atol=1e-4)


def test_same_seed_gives_the_same_bytes_and_another_does_not(driver, pcm):
    runs = [weights_of(speak(driver, SessionSettings(seed=seed), [pcm])) for seed in (5, 5, 6)]
    assert runs[0].tobytes() == runs[1].tobytes()
    assert runs[0].tobytes() != runs[2].tobytes()


def test_cancel_drops_everything_and_starts_a_new_epoch(driver, pcm):
    session = driver.open(None, SessionSettings(performance=Performance.off()))
    session.push(pcm)
    driver.step([session])
    session.push(pcm)
    session.cancel()
    driver.step([session])
    assert session.frames() == []
    session.push(pcm, end=True)
    driver.step([session])
    frames = session.frames()
    assert {frame.epoch for frame in frames} == {1}
    assert {frame.utterance for frame in frames} == {1}
    expected = speak(driver, SessionSettings(performance=Performance.off()), [pcm])
    # The face goes on from the one that was shown, which takes a few frames.
    np.testing.assert_allclose(weights_of(frames)[12:], weights_of(expected)[12:], atol=1e-4)


def test_bad_pcm_is_refused_and_the_session_goes_on(driver, pcm):
    session = driver.open(None, SessionSettings())
    session.push(pcm[:8000])
    spoiled = pcm[:100].copy()
    spoiled[50] = np.nan
    for bad in (spoiled, pcm[:100].reshape(2, 50), pcm[:100].astype(np.int64), [0.0, 0.1]):
        with pytest.raises(AudioError):
            session.push(bad)
    session.push(pcm[8000:], end=True)
    driver.step([session])
    expected = speak(driver, SessionSettings(), [pcm])
    np.testing.assert_allclose(weights_of(session.frames()), weights_of(expected), atol=1e-4)


def test_the_caller_may_reuse_its_buffer(driver, pcm):
    session = driver.open(None, SessionSettings())
    buffer = np.zeros(4000, np.float32)
    for piece in cut(pcm[:40_000], 4000):
        buffer[:] = piece
        session.push(buffer)
    session.push(pcm[:0], end=True)
    driver.step([session])
    expected = speak(driver, SessionSettings(), [pcm[:40_000]])
    np.testing.assert_allclose(weights_of(session.frames()), weights_of(expected), atol=1e-4)


def test_settings_change_from_the_next_frame_on(driver, pcm):
    session = driver.open(None, SessionSettings(performance=Performance.off()))
    session.set(mouth_strength=0.0, emotion="happy")
    session.push(pcm, end=True)
    driver.step([session])
    weights = weights_of(session.frames())
    assert weights[:, INDEX["jawOpen"]].max() == 0
    assert weights[-1, INDEX["mouthSmileLeft"]] > 0.4
    with pytest.raises(SettingsError, match="hungry"):
        session.set(emotion="hungry")


def test_an_empty_utterance_gives_no_frame(driver, pcm):
    session = driver.open(None, SessionSettings())
    session.push(pcm[:0], end=True)
    session.push(pcm[:1], end=True)
    driver.step([session])
    frames = session.frames()
    assert [frame.utterance for frame in frames] == [1]
    assert frames[0].flags == FrameFlags.FIRST | FrameFlags.LAST


def test_a_closed_session_says_so(driver, pcm):
    session = driver.open(None, SessionSettings())
    session.close()
    session.close()
    for call in (lambda: session.push(pcm), session.frames, session.cancel):
        with pytest.raises(FlashHeadError, match="closed"):
            call()


def test_video_needs_an_avatar(driver):
    with pytest.raises(SettingsError, match="avatar"):
        driver.open(None, SessionSettings(outputs=Outputs.VIDEO))


@pytest.mark.parametrize("line", ["guard_en.wav", "merchant_fr.ogg"])
def test_at_least_thirty_weights_move_on_the_samples(driver, line):
    with open_audio(DIALOGUE / line) as audio:
        pcm = np.concatenate(list(audio.chunks()))
    weights = weights_of(speak(driver, SessionSettings(), [pcm]))
    moving = [name for name, span in zip(ARKIT_52, np.ptp(weights, axis=0), strict=True) if span > 0.05]
    assert len(moving) >= 30, moving
    frozen = weights_of(speak(driver, SessionSettings(performance=Performance.off()), [np.zeros_like(pcm)]))
    assert np.count_nonzero(np.ptp(frozen, axis=0) > 0.05) < 30
