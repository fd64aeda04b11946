"""Promises of a head that talks: every frame, in order, of the audio that was pushed, and none that was cancelled."""

import threading
import time

import numpy as np
import pytest
from real_worker import LINE, TOKEN

from flashhead_engine.audio.decode import open_audio
from flashhead_engine.blendshapes.arkit import INDEX as ARKIT_INDEX
from flashhead_engine.client import connect
from flashhead_engine.drivers import load_driver
from flashhead_engine.drivers.base import FrameFlags, Outputs, Performance, SessionSettings
from flashhead_engine.errors import AudioError, SettingsError, TransportError
from flashhead_engine.transport.messages import Error

RATE_HZ = 16_000
JAW = ARKIT_INDEX["jawOpen"]


def ramp(seconds: float) -> np.ndarray:
    """A sound of which nothing is expected but its frames."""
    return (np.arange(round(seconds * RATE_HZ)) / (10 * RATE_HZ)).astype(np.float32)


def speech(seconds: float) -> np.ndarray:
    """A spoken line, again and again."""
    with open_audio(LINE) as audio:
        pcm = np.concatenate(list(audio.chunks()))
    return np.resize(pcm, round(seconds * RATE_HZ))


def jaws(frames) -> np.ndarray:
    return np.array([frame.weights[JAW] for frame in frames])


def heard_jaws(pcm: np.ndarray) -> np.ndarray:
    """How far the mouth opens at 60 Hz, by the driver alone: no worker, no client."""
    driver = load_driver("nano")
    session = driver.open(None, SessionSettings(performance=Performance.off()))
    session.push(pcm, end=True)
    driver.step([session])
    return jaws(session.frames())


def follows(shown: np.ndarray, heard: np.ndarray) -> bool:
    """Whether a mouth is that of a sound, at its time."""
    return np.corrcoef(shown, heard)[0, 1] > 0.95


def spoken(head, utterance) -> list:
    patience = threading.Timer(20, head.close)
    patience.start()
    try:
        return list(head.frames(utterance, real_time=False))
    finally:
        patience.cancel()


@pytest.mark.parametrize("frames", ["shared_memory", "messages"])
@pytest.mark.parametrize(("outputs", "fps"), [(Outputs.BLENDSHAPES, 60), (Outputs.VIDEO, 25)])
def test_every_frame_of_a_clip_comes_in_order(worker, frames, outputs, fps):
    with worker.open("guard", outputs=outputs, size=256, frames=frames) as head:
        made = spoken(head, head.speak(ramp(2.0)))
    assert [frame.index for frame in made] == list(range(2 * fps))
    assert made[-1].flags & FrameFlags.LAST


def test_pieces_of_any_size_type_and_rate_make_the_same_mouth(worker):
    pcm = speech(2.0)
    heard = heard_jaws(pcm)
    with worker.open() as head:
        stereo = np.repeat(np.stack([pcm, pcm], axis=1), 3, axis=0)
        utterance = head.speaking(48_000)
        for start in range(0, len(stereo), 999):
            utterance.push((stereo[start : start + 999] * 32767).astype(np.int16))
        utterance.end()
        shown = jaws(spoken(head, utterance))
    assert len(shown) == len(heard) == 120
    assert follows(shown, heard)
    assert not follows(shown[5:], heard[:-5]), "80 ms late is seen"


def test_a_clip_longer_than_a_message_arrives_whole(worker):
    with worker.open() as head:
        utterance = head.speak(np.zeros((RATE_HZ * 150, 2), np.float32))
        head.clock(utterance, 149_000_000, playing=False)
        deadline = time.monotonic() + 20
        while (frame := head.frame_at(utterance, 149_000_000)) is None and time.monotonic() < deadline:
            time.sleep(0.01)
    assert frame is not None


def test_in_real_time_frames_come_at_their_time(worker):
    with worker.open() as head:
        began, late = None, []
        for frame in head.frames(head.speak(ramp(1.0))):
            began = began or time.monotonic()
            late.append(time.monotonic() - began - frame.pts_us / 1e6)
    assert 0.9 < time.monotonic() - began < 1.5
    assert np.median(late) < 0.02
    assert min(late) > -0.001, "none is shown before its time"


def test_queued_utterances_follow_each_other(worker):
    with worker.open() as head:
        first, second = head.speak(ramp(0.5)), head.speak(ramp(0.5))
        assert len(spoken(head, first)) == len(spoken(head, second)) == 30
        deadline = time.monotonic() + 2
        while second.state != "finished" and time.monotonic() < deadline:
            time.sleep(0.005)  # the event may come after the last frame
        assert first.state == second.state == "finished"


def test_no_frame_of_what_was_cancelled_is_returned(worker):
    with worker.open() as head:
        utterance = head.speak(ramp(3.0))
        frames = head.frames(utterance)
        for _ in range(10):
            last = next(frames)
        epoch = last.epoch
        head.cancel()
        assert head.frame_at(utterance, last.pts_us) is None
        assert head.newest() is None or head.newest().epoch > epoch
        assert list(frames) == []
        assert utterance.state == "cancelled"
        assert [frame.epoch for frame in spoken(head, head.speak(ramp(0.2)))] == [epoch + 1] * 12


def test_an_interrupting_clip_is_spoken_at_once(worker):
    with worker.open() as head:
        long = head.speak(ramp(9.0))
        next(head.frames(long))
        assert len(spoken(head, head.speak(ramp(0.2), interrupt=True))) == 12
        assert long.state == "cancelled"


def test_both_tracks_of_a_head(worker):
    with worker.open("guard", outputs=Outputs.VIDEO | Outputs.BLENDSHAPES, size=256) as head:
        utterance = head.speak(ramp(0.5))
        pictures = spoken(head, utterance)
        assert len(pictures) == 13
        assert all(frame.pixels is not None for frame in pictures)
        weights = head.weights_at(utterance, 100_000)
        assert (weights.pixels, weights.index) == (None, 6)


def test_pcm_that_cannot_be_used_is_refused_at_once(worker):
    with worker.open() as head:
        with pytest.raises(AudioError, match="sample 1 is not a number"):
            head.speak(np.array([0.0, np.nan], np.float32))
        with pytest.raises(AudioError, match="int64"):
            head.speak(np.zeros(4, np.int64))
        with pytest.raises(AudioError, match="sample rate 0"):
            head.speak(ramp(0.1), 0)
        utterance = head.speaking()
        utterance.push(ramp(0.1))
        with pytest.raises(AudioError, match="alike"):
            utterance.push(np.zeros(10, np.int16))
        utterance.end()
        with pytest.raises(AudioError, match="has ended"):
            utterance.push(ramp(0.1))
    with pytest.raises(TransportError, match="closed"):
        head.speak(ramp(0.1))


def test_what_cannot_be_opened_is_refused_in_words(worker, process):
    with pytest.raises(TransportError, match="nobody"):
        worker.open("nobody", outputs=Outputs.VIDEO)
    with pytest.raises(SettingsError, match="fps 26"):
        worker.open(fps=26)
    with pytest.raises(TransportError, match="token"):
        connect(process.endpoint, "wrong")
    with pytest.raises(TransportError, match="no worker answers"):
        connect(process.endpoint + "-not", TOKEN, timeout_s=0.3)


def test_the_environment_names_a_worker(process, monkeypatch):
    monkeypatch.setenv("FLASHHEAD_ENDPOINT", process.endpoint)
    monkeypatch.setenv("FLASHHEAD_TOKEN", TOKEN)
    with connect(timeout_s=20) as connection:
        assert connection.worker_pid == process.process.pid
        assert connection.status().sessions == []
        assert not any(isinstance(event, Error) for event in connection.events())
