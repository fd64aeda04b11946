"""The real worker in a process of its own, and the client that games' clients follow."""

import os
import time

import numpy as np
import pytest
from real_worker import LINE, TOKEN, start, wait_for

pytest.importorskip(
    "flashhead_engine._bridge", reason="the native module was not built (no C++ compiler, or no headers of Python)"
)

from flashhead_engine.audio.decode import open_audio
from flashhead_engine.blendshapes.arkit import INDEX
from flashhead_engine.client import connect
from flashhead_engine.drivers.base import FrameFlags, Outputs
from flashhead_engine.errors import SettingsError, TransportError
from flashhead_engine.transport.messages import Cancelled, Finished, FirstFrame, Started


@pytest.fixture(scope="module")
def pcm():
    with open_audio(LINE) as audio:
        return np.concatenate(list(audio.chunks()))[:32_000]


@pytest.fixture
def worker(endpoint):
    with connect(endpoint, TOKEN, timeout_s=20) as connection:
        yield connection


def test_a_line_is_shown_frame_by_frame_in_order(worker, pcm):
    with worker.open("guard", outputs=Outputs.VIDEO, size=256) as head:
        frames = list(head.frames(head.speak(pcm, 16_000), real_time=False))
        assert [frame.pts_us for frame in frames] == [number * 40_000 for number in range(50)]
        assert FrameFlags.LAST in frames[-1].flags
        assert frames[0].pixels.shape == (256, 256, 4)
        assert len({frame.pixels.tobytes() for frame in frames}) > 40, "the picture moves"
        events = wait_for(head, Finished)
    assert [type(event) for event in events] == [Started, FirstFrame, Finished]
    assert 0 < events[1].latency_us < 1_000_000


def test_otherwise_frames_come_faster_than_they_are_shown(worker, pcm):
    for outputs, avatar in ((Outputs.BLENDSHAPES, ""), (Outputs.VIDEO, "guard")):
        with worker.open(avatar, outputs=outputs, size=256) as head:
            began = time.monotonic()
            list(head.frames(head.speak(np.tile(pcm, 3), 16_000), real_time=False))
            assert time.monotonic() - began < 3, "six seconds of audio"


def test_in_real_time_the_last_frame_is_never_left_out(worker, pcm):
    with worker.open() as head:
        for _ in range(5):
            frames = list(head.frames(head.speak(pcm[:8000], 16_000)))
            assert frames[-1].index == 29


def test_any_rate_gives_the_mouth_of_16_khz(worker, pcm):
    at_48 = np.repeat(pcm, 3)
    jaws = []
    for samples, rate in ((pcm, 16_000), (at_48, 48_000)):
        with worker.open() as head:
            frames = list(head.frames(head.speak(samples, rate), real_time=False))
            jaws.append(np.array([frame.weights[INDEX["jawOpen"]] for frame in frames]))
    assert len(jaws[0]) == len(jaws[1])
    assert np.corrcoef(*jaws)[0, 1] > 0.95
    assert np.corrcoef(jaws[0][5:], jaws[1][:-5])[0, 1] < 0.9, "80 ms late is seen"


def test_nothing_is_published_more_than_four_frames_before_its_time(worker, pcm):
    with worker.open(outputs=Outputs.VIDEO, avatar="guard", size=256) as head:
        utterance = head.speak(pcm, 16_000)
        wait_for(head, FirstFrame)
        time.sleep(0.5)
        assert head.frame_at(utterance, 2_000_000).pts_us == 3 * 40_000
        head.clock(utterance, 1_000_000, playing=False)
        time.sleep(0.7)
        assert head.frame_at(utterance, 2_000_000).pts_us == 28 * 40_000


def test_a_cancel_raises_the_epoch_and_drops_what_waits(worker, pcm):
    with worker.open() as head:
        first = head.speak(pcm, 16_000)
        head.speak(pcm, 16_000)
        wait_for(head, FirstFrame)
        head.cancel()
        cancelled = next(event for event in wait_for(head, Cancelled) if isinstance(event, Cancelled))
        assert cancelled.epoch == 1
        assert len(cancelled.utterances) == 2
        assert head.frame_at(first, 0) is None


def test_bad_requests_are_refused_in_words_and_others_go_on(worker, pcm):
    with pytest.raises(TransportError, match="nobody"):
        worker.open("nobody", outputs=Outputs.VIDEO)
    with pytest.raises((TransportError, SettingsError), match="size"):
        worker.open("guard", outputs=Outputs.VIDEO, size=100)
    with worker.open() as head:
        assert len(list(head.frames(head.speak(pcm, 16_000), real_time=False))) == 120


def test_a_wrong_token_is_refused(endpoint):
    with pytest.raises(TransportError, match="token"):
        connect(endpoint, "another token", timeout_s=5)


def test_a_second_worker_on_the_endpoint_says_so(worker, endpoint):
    process = start(endpoint)
    _, words = process.communicate(timeout=20)
    assert process.returncode == 1
    assert b"another worker" in words
    assert worker.status().uptime_s > 0


def test_nothing_is_left_in_shared_memory(endpoint):
    def rings():
        return [name for name in os.listdir("/dev/shm") if name.startswith("flashhead-")]

    before = len(rings())
    with connect(endpoint, TOKEN) as worker:
        worker.open("guard", outputs=Outputs.VIDEO | Outputs.BLENDSHAPES, size=256)
        assert len(rings()) == before + 2
    end = time.monotonic() + 5
    while len(rings()) > before and time.monotonic() < end:
        time.sleep(0.05)
    assert len(rings()) == before


def test_a_worker_that_ends_while_heads_are_opened_leaves_nothing(tmp_path):
    before = set(os.listdir("/dev/shm"))
    process = start(f"ipc://{tmp_path}/socket")
    with connect(f"ipc://{tmp_path}/socket", TOKEN, timeout_s=20) as worker:
        for size in (256, 320, 384, 448):
            with pytest.raises(TransportError, match="within 0 s"):
                worker.open("guard", outputs=Outputs.VIDEO, size=size, timeout_s=0)
        process.stdin.close()
        assert process.wait(timeout=10) == 0
    assert not {name for name in set(os.listdir("/dev/shm")) - before if name.startswith("flashhead-")}
