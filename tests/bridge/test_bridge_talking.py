"""Promises of a head that talks, in a real worker: right frames for the audio, in order, none after a cancel."""

import time

import numpy as np
import pytest
from bridge_library import CANCELLED, FAILED, FINISHED, LAST_ACQUIRED, OK, VIDEO, WEIGHTS, Statistics, byref
from real_worker import LINE

from flashhead_engine.audio.decode import open_audio
from flashhead_engine.blendshapes.arkit import INDEX

RATE_HZ = 16_000


def speech(seconds: float) -> np.ndarray:
    """The beginning of an example line, over and over."""
    with open_audio(LINE) as audio:
        pcm = np.concatenate(list(audio.chunks()))
    return np.resize(pcm, round(seconds * RATE_HZ))


def talk(bridge, session, utterance, seconds, show):
    """Play an utterance by the wall clock; `show(audio_us)` as often as an engine draws."""
    bridge.wait_for("first_frame", session)
    began = time.monotonic()
    while (audio_us := round(1e6 * (time.monotonic() - began))) < seconds * 1e6:
        bridge.need(bridge.c.clock(session, utterance, audio_us, 1))
        show(audio_us)
        time.sleep(0.004)


def stepped(bridge, session, utterance, acquire, times_us) -> list:
    """What is acquired for each of these times, the audio standing there until it is: independent of the machine."""
    found = []
    for audio_us in times_us:
        end = time.monotonic() + 10
        bridge.need(bridge.c.clock(session, utterance, audio_us, 0))
        while (one := acquire(audio_us)) is None or one.pts_us + one.duration_us <= audio_us:
            assert time.monotonic() < end, f"nothing for {audio_us} us"
            time.sleep(0.001)
        found.append(one)
    return found


@pytest.mark.parametrize("messages", [0, 1])
def test_every_picture_comes_in_order_at_its_time(bridge, opened, messages):
    session = opened(VIDEO, avatar=b"guard", size=256, frames_as_messages=messages)
    utterance = bridge.speak(session, speech(1.0))
    pixels, shown = np.zeros((256, 256, 4), np.uint8), []

    def acquire(audio_us):
        if frame := bridge.video(session, utterance, audio_us, pixels):
            shown.append(pixels.copy())
        return frame

    frames = stepped(bridge, session, utterance, acquire, range(0, 1_000_000, 40_000))
    assert [frame.index for frame in frames] == list(range(25))
    assert [frame.pts_us for frame in frames] == list(range(0, 1_000_000, 40_000))
    assert {(frame.utterance, frame.width, frame.height) for frame in frames} == {(utterance, 256, 256)}
    assert frames[0].flags & 2 and frames[-1].flags & 4
    assert shown[0][..., 3].max() == 255 and (shown[0] != shown[-1]).any()
    bridge.wait_for("finished", session)
    assert bridge.state(session, utterance) == FINISHED
    info = bridge.session_info(session)
    assert (info.open, info.pictures, info.weights) == (1, 25, 0)


@pytest.mark.parametrize("messages", [0, 1])
def test_every_weight_comes_in_order_at_its_time(bridge, opened, messages):
    session = opened(frames_as_messages=messages)
    utterance = bridge.speak(session, speech(1.0))
    jaws = []

    def acquire(audio_us):
        if (found := bridge.weights(session, utterance, audio_us)) is None:
            return None
        jaws.append(found.arkit[INDEX["jawOpen"]])
        return found.frame

    frames = stepped(bridge, session, utterance, acquire, [-(-index * 1_000_000 // 60) for index in range(60)])
    assert [frame.index for frame in frames] == list(range(60))
    assert np.ptp(jaws) > 0.05, "the mouth moves"


def test_in_real_time_nothing_comes_before_its_time_or_twice(bridge, opened):
    session = opened(VIDEO | WEIGHTS, avatar=b"guard", size=256)
    utterance = bridge.speak(session, speech(2.0))
    pixels, pictures, weights = np.zeros((256, 256, 4), np.uint8), [], []

    def show(audio_us):
        if frame := bridge.video(session, utterance, audio_us, pixels):
            assert frame.pts_us <= audio_us
            pictures.append(frame.index)
        if found := bridge.weights(session, utterance, audio_us):
            assert found.frame.pts_us <= audio_us
            weights.append(found.frame.index)

    talk(bridge, session, utterance, 2.1, show)
    for indices in (pictures, weights):
        assert len(indices) > 10 and indices == sorted(set(indices))


def test_an_idle_head_moves_and_its_newest_picture_is_given_once(bridge, opened):
    session = opened(VIDEO, avatar=b"fox", size=256)
    pixels, seen, end = np.zeros((256, 256, 4), np.uint8), [], time.monotonic() + 5
    while len(seen) < 10 and time.monotonic() < end:
        if frame := bridge.video(session, 0, 0, pixels):
            assert frame.utterance == 0 and frame.flags & 1
            seen.append(pixels.copy())
        time.sleep(0.005)
    assert len(seen) == 10
    assert any((seen[0] != other).any() for other in seen[1:])


def test_after_a_cancel_nothing_old_is_given(bridge, opened):
    session = opened()
    for _ in range(5):
        utterance = bridge.speak(session, speech(3.0))
        shown = []
        talk(
            bridge, session, utterance, 0.3, lambda us, u=utterance, s=shown: s.append(bridge.weights(session, u, us))
        )
        assert any(shown)
        bridge.need(bridge.c.cancel(session, LAST_ACQUIRED))
        cancelled_s = time.monotonic()
        assert bridge.state(session, utterance) == CANCELLED
        assert bridge.weights(session, utterance, 10**9) is None
        idle = None
        while time.monotonic() - cancelled_s < 5 and idle is None:
            idle = bridge.weights(session, 0, 0)
        assert idle is not None and idle.frame.utterance == 0, "the next thing shown is its rest"
        told = bridge.wait_for("cancelled", session)
        assert told[-1].utterance == utterance and idle.frame.epoch >= told[-1].epoch


def test_a_cancel_that_is_not_waited_for_and_a_new_line(bridge, opened):
    session = opened()
    first = bridge.speak(session, speech(2.0))
    second = bridge.speak(session, speech(0.5), interrupt=1)
    third = bridge.speak(session, speech(0.2))
    assert bridge.state(session, first) == CANCELLED
    for utterance, seconds in ((second, 0.6), (third, 0.3)):
        indices = []

        def show(audio_us, utterance=utterance, indices=indices):
            if found := bridge.weights(session, utterance, audio_us):
                assert found.frame.utterance == utterance
                indices.append(found.frame.index)

        talk(bridge, session, utterance, seconds, show)
        assert indices == sorted(indices) and indices
        assert bridge.state(session, utterance) == FINISHED


@pytest.mark.parametrize("kind", [np.float32, np.int16])
def test_streamed_audio_of_another_rate(bridge, opened, kind):
    session = opened()
    t = np.arange(48_000) / 48_000
    pcm = np.repeat(0.3 * np.sin(2 * np.pi * 150 * t)[:, None], 2, axis=1)
    pcm = (pcm * 32767).astype(np.int16) if kind is np.int16 else pcm.astype(np.float32)
    utterance = bridge.speak(session, pcm[:0], 48_000, streamed=1)
    for start in range(0, len(pcm), 4800):
        bridge.push(session, utterance, np.ascontiguousarray(pcm[start : start + 4800]))
    bridge.need(bridge.c.end(session, utterance))
    indices = []

    def show(audio_us):
        if found := bridge.weights(session, utterance, audio_us):
            indices.append(found.frame.index)

    talk(bridge, session, utterance, 1.1, show)
    assert bridge.state(session, utterance) == FINISHED
    assert indices[-1] >= 30, "it goes on after the first pieces"


def test_samples_that_are_no_numbers_fail_with_a_reason(bridge, opened):
    session = opened()
    utterance = bridge.speak(session, np.array([0, np.nan], np.float32))
    told = bridge.wait_for("error", session)
    assert told[-1].code == "bad_audio" and "NaN" in told[-1].message
    assert bridge.state(session, utterance) == FAILED


def test_a_head_that_cannot_be_opened_says_why(bridge, client):
    session = bridge.open(client, VIDEO, avatar=b"nobody")
    told = bridge.wait_for("closed", session)
    assert any(event.name == "error" and "nobody" in event.message for event in told)


def test_statistics_come_by_asking_again(bridge, client, opened):
    opened()
    statistics, end = Statistics(), time.monotonic() + 5
    while bridge.c.get_statistics(client, byref(statistics)) != OK or statistics.sessions == 0:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert statistics.uptime_s > 0 and statistics.memory_bytes > 1e6
