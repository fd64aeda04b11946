"""Promises of a nano session that lives on between and across utterances: idle, cancel, gaze, fewer pictures."""

from pathlib import Path

import numpy as np
import pytest

from flashhead_engine.audio.decode import open_audio
from flashhead_engine.avatar.bundle import load_avatar
from flashhead_engine.blendshapes.arkit import INDEX, MOUTH
from flashhead_engine.drivers import load_driver
from flashhead_engine.drivers.base import FrameFlags, Gaze, Outputs, Performance, SessionSettings
from flashhead_engine.errors import FlashHeadError, SettingsError

LINE = Path(__file__).parents[2] / "examples" / "dialogue" / "guard_en.wav"
BOTH = Outputs.BLENDSHAPES | Outputs.VIDEO
ONE_SECOND = 60


@pytest.fixture(scope="module")
def driver():
    return load_driver("nano")


@pytest.fixture(scope="module")
def pcm() -> np.ndarray:
    with open_audio(LINE) as audio:
        return np.concatenate(list(audio.chunks()))[:32_000]


def taken(driver, session, track=True):
    driver.step([session])
    return [frame for frame in session.frames() if (frame.pixels is None) == track]


def weights_of(frames):
    return np.stack([frame.weights for frame in frames])


def largest_step(frames) -> float:
    """Of the mouth, from one frame to the next."""
    return float(np.abs(np.diff(weights_of(frames)[:, MOUTH], axis=0)).max())


def open_mouthed(frames):
    """Position of the frame with the widest jaw."""
    return int(weights_of(frames)[:, INDEX["jawOpen"]].argmax())


def test_idle_frames_are_marked_and_count_from_the_end_of_the_utterance(driver, pcm):
    session = driver.open(None, SessionSettings())
    session.idle(30)
    session.idle(30)
    frames = taken(driver, session)
    assert [frame.index for frame in frames] == list(range(ONE_SECOND))
    assert all(FrameFlags.IDLE in frame.flags for frame in frames)
    assert frames[-1].pts_us == 59 * 1_000_000 // 60

    session.push(pcm, end=True)
    assert not any(FrameFlags.IDLE in frame.flags for frame in taken(driver, session))
    session.idle(2)
    assert [(frame.index, FrameFlags.IDLE in frame.flags) for frame in taken(driver, session)] == [
        (0, True),
        (1, True),
    ]


def test_an_idle_face_lives_with_its_mouth_at_rest(driver):
    session = driver.open(None, SessionSettings(seed=1))
    session.idle(10 * ONE_SECOND)
    weights = weights_of(taken(driver, session))
    assert weights[:, MOUTH].max() < 0.05
    assert weights[:, INDEX["eyeBlinkLeft"]].max() > 0.9


def test_idle_pictures_come_at_the_rate_of_the_video(driver):
    session = driver.open(load_avatar("guard"), SessionSettings(outputs=BOTH, size=256, fps=25))
    for _ in range(12):
        session.idle(5)
    frames = taken(driver, session, track=False)
    assert [frame.pts_us for frame in frames] == [number * 40_000 for number in range(25)]


def test_an_idle_request_within_an_utterance_is_refused_in_words(driver, pcm):
    session = driver.open(None, SessionSettings())
    session.push(pcm[:1000])
    with pytest.raises(FlashHeadError, match="unfinished"):
        session.idle(1)


def test_after_a_cancel_the_face_goes_on_from_the_frame_that_was_shown(driver, pcm):
    session = driver.open(None, SessionSettings(performance=Performance.off()))
    session.push(pcm)
    spoken = taken(driver, session)
    at = open_mouthed(spoken)
    session.cancel(spoken[at])
    session.idle(ONE_SECOND)
    idle = taken(driver, session)
    np.testing.assert_allclose(idle[0].weights, spoken[at].weights, atol=1e-6)
    np.testing.assert_allclose(idle[0].pose, spoken[at].pose, atol=1e-6)
    assert largest_step([spoken[at], *idle]) < 0.15
    assert weights_of(idle)[-1, MOUTH].max() < 0.02
    # A face that had gone on from another frame would have jumped.
    closed = int(weights_of(spoken)[:, INDEX["jawOpen"]].argmin())
    assert largest_step([spoken[closed], *idle]) > 0.25


def test_an_utterance_that_interrupts_begins_with_the_mouth_that_was_shown(driver, pcm):
    session = driver.open(None, SessionSettings(performance=Performance.off()))
    session.push(pcm)
    spoken = taken(driver, session)
    at = open_mouthed(spoken)
    session.cancel(spoken[at])
    session.push(pcm, end=True)
    again = taken(driver, session)
    np.testing.assert_allclose(again[0].weights, spoken[at].weights, atol=1e-6)
    np.testing.assert_allclose(weights_of(again)[15:40], weights_of(spoken)[15:40], atol=1e-4)


def test_an_utterance_cut_off_with_an_open_mouth_closes_it_evenly(driver, pcm):
    whole = driver.open(None, SessionSettings(performance=Performance.off()))
    whole.push(pcm, end=True)
    cut = (open_mouthed(taken(driver, whole)) + 4) * 16_000 // 60
    session = driver.open(None, SessionSettings(performance=Performance.off()))
    session.push(pcm[:cut], end=True)
    session.idle(ONE_SECOND)
    frames = taken(driver, session)
    idle = [frame for frame in frames if FrameFlags.IDLE in frame.flags]
    assert largest_step([frames[len(frames) - len(idle) - 1], *idle]) < 0.15


@pytest.mark.parametrize(
    ("gaze", "weight"),
    [
        (Gaze(0.4, 0.0), "eyeLookOutLeft"),
        (Gaze(-0.4, 0.0), "eyeLookOutRight"),
        (Gaze(0.0, 0.4), "eyeLookDownLeft"),
        (Gaze(0.0, -0.4), "eyeLookUpRight"),
    ],
)
def test_eyes_hold_a_gaze_and_wander_again(driver, gaze, weight):
    session = driver.open(None, SessionSettings(seed=3))
    session.look_at(gaze)
    session.idle(5 * ONE_SECOND)
    held = weights_of(taken(driver, session))[30:, INDEX[weight]]
    assert held.min() > 0.6
    session.look_at(None)
    session.idle(5 * ONE_SECOND)
    assert weights_of(taken(driver, session))[30:, INDEX[weight]].min() < 0.2


def test_a_gaze_out_of_range_is_refused(driver):
    for yaw, pitch in ((1.5, 0.0), (0.0, float("nan"))):
        with pytest.raises(SettingsError, match="radians"):
            Gaze(yaw, pitch)


def test_a_share_of_the_pictures_is_left_out_evenly_but_never_the_ends(driver, pcm):
    session = driver.open(load_avatar("guard"), SessionSettings(outputs=BOTH, size=256, fps=25))
    session.set(video_share=0.5)
    session.push(pcm, end=True)
    indices = [frame.index for frame in taken(driver, session, track=False)]
    assert indices[0] == 0
    assert indices[-1] == 49
    assert set(np.diff(indices[1:-1])) == {2}
    with pytest.raises(SettingsError, match="video_share"):
        session.set(video_share=1.5)


def test_heads_drawn_side_by_side_are_the_same_as_alone(driver, pcm):
    settings = SessionSettings(outputs=BOTH, size=256)
    heads = [driver.open(load_avatar(name), settings) for name in ("guard", "robot", "guard")]
    for head in heads:
        head.push(pcm[:16_000], end=True)
    driver.step(heads)
    together = [[frame.pixels for frame in head.frames() if frame.pixels is not None] for head in heads]
    for head, pixels in zip(heads, together, strict=True):
        assert len(pixels) == 25
        head.close()
    alone = driver.open(load_avatar("guard"), settings)
    alone.push(pcm[:16_000], end=True)
    expected = [frame.pixels for frame in taken(driver, alone, track=False)]
    assert all(np.array_equal(a, b) for a, b in zip(together[0], expected, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(together[2], expected, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(together[1], expected, strict=True))
