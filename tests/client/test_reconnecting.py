"""Promises for the day the worker dies: it is noticed, nothing blocks or raises, and talking goes on where it was."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from real_worker import TOKEN
from test_talking import JAW, follows, heard_jaws, ramp, speech, spoken

from flashhead_engine.client import Lost, Reconnected, Reopened
from flashhead_engine.drivers.base import Outputs
from flashhead_engine.transport.rings import sweep

NOTICED_S = 0.3


def wait_for(kind: type, source, timeout_s: float = 5.0):
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        for event in source.events():
            if isinstance(event, kind):
                return event
        time.sleep(0.005)
    raise AssertionError(f"no {kind.__name__} within {timeout_s} s")


@pytest.mark.parametrize("frames", ["shared_memory", "messages"])
def test_a_killed_worker_is_noticed_at_once(worker, process, frames):
    head = worker.open(frames=frames)
    began = time.monotonic()
    process.kill()
    wait_for(Lost, worker)
    wait_for(Lost, head)
    assert time.monotonic() - began < NOTICED_S


@pytest.mark.parametrize("outputs", [Outputs.BLENDSHAPES, Outputs.VIDEO | Outputs.BLENDSHAPES])
def test_talking_goes_on_at_the_present_audio_time(worker, process, outputs):
    fps = 25 if Outputs.VIDEO in outputs else 60
    pcm = speech(8.0)
    with worker.open("guard", outputs=outputs, size=256) as head:
        utterance = head.speak(pcm)
        shown, mouth, killed_at = [], {}, None
        for frame in head.frames(utterance):
            shown.append((time.monotonic(), frame))
            weights = head.weights_at(utterance, frame.pts_us)
            if weights is not None:
                mouth[weights.index] = weights.weights[JAW]
            if killed_at is None and frame.pts_us > 1_000_000:
                killed_at, killed_index = time.monotonic(), round(frame.pts_us * 60 / 1e6)
                process.kill()
                process.start()
        events = head.events()
    assert any(isinstance(event, Reopened) for event in events)
    began = shown[0][0]
    for at, frame in shown:
        assert at - began - frame.pts_us / 1e6 < 2.0
    again = [index for index in sorted(mouth) if index > killed_index + 30]
    assert len(again) > 60, "talks again"
    heard = heard_jaws(pcm)
    assert follows([mouth[index] for index in again], heard[again]), "the right audio"
    assert not follows([mouth[index] for index in again], heard[np.array(again) - 5])
    indices = [frame.index for _, frame in shown]
    assert indices == sorted(set(indices)), "nothing is said twice"
    assert indices[-1] == 8 * fps - 1


def test_an_address_that_went_stale_costs_no_second(worker, process):
    """As when the one who starts a worker anew has not been told yet that it was killed."""
    from flashhead_engine.client.connection import Connection
    from flashhead_engine.worker.discovery import WorkerAddress

    addresses = iter([WorkerAddress(process.endpoint + "-before", TOKEN)])
    began = time.monotonic()
    with Connection(lambda: next(addresses, WorkerAddress(process.endpoint, TOKEN)), "", timeout_s=5) as connection:
        assert connection.worker_pid
        assert time.monotonic() - began < 0.9


def test_what_waits_or_is_not_shown_yet_is_spoken_whole_by_the_next_worker(worker, process):
    with worker.open() as head:
        process.kill()
        wait_for(Lost, head)
        first, second = head.speak(ramp(0.5)), head.speaking()
        second.push(ramp(0.5))
        process.start()
        assert len(spoken(head, first)) == 30
        second.end()
        assert len(spoken(head, second)) == 30


def test_settings_and_what_was_cancelled_survive(worker, process):
    with worker.open(emotion="happy") as head:
        head.set(emotion="sad", mouth_strength=0.5)
        utterance = head.speak(ramp(5.0))
        next(head.frames(utterance))
        process.kill()
        head.cancel()
        process.start()
        wait_for(Reopened, head)
        assert (head.settings.emotion, head.settings.mouth_strength) == ("sad", 0.5)
        assert head.frame_at(utterance, 10_000_000) is None
        assert len(spoken(head, head.speak(ramp(0.2)))) == 12


def test_an_utterance_that_is_over_by_then_is_finished(worker, process):
    with worker.open() as head:
        utterance = head.speak(ramp(1.0))
        next(head.frames(utterance))
        process.kill()
        time.sleep(1.3)
        process.start()
        wait_for(Reopened, head)
        assert utterance.state == "finished"


def test_no_call_waits_for_a_dead_or_a_hanging_worker(worker, process):
    with worker.open() as head:
        os.kill(process.process.pid, signal.SIGSTOP)
        began = time.monotonic()
        for _ in range(100):
            utterance = head.speak(ramp(0.5))
            head.clock(utterance, 0)
            head.frame_at(utterance, 0)
            head.set(emotion="sad")
            head.cancel()
        assert time.monotonic() - began < 0.5
        lost = wait_for(Lost, worker)
        assert "hangs" in lost.reason or "not answer" in lost.reason
        os.kill(process.process.pid, signal.SIGCONT)
        wait_for(Reconnected, worker)
        wait_for(Reopened, head)
        assert len(spoken(head, head.speak(ramp(0.2)))) == 12


def test_a_live_stream_keeps_only_what_another_worker_would_need(worker):
    with worker.open() as head:
        utterance = head.speaking()
        for second in range(60):
            utterance.push(np.zeros(16_000, np.float32))
            head.clock(utterance, second * 1_000_000, playing=False)
        deadline = time.monotonic() + 2
        while utterance.audio.duration_us < 60_000_000 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)  # for the last clock
        assert utterance.audio.duration_us == 60_000_000
        assert sum(map(len, utterance.audio._pieces)) <= 4 * 64_000


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="shared memory is not a folder on this system")
def test_ten_deaths_leave_nothing_and_are_survived(worker, process):
    before = set(Path("/dev/shm").glob("flashhead-*"))
    heads = [worker.open() for _ in range(3)]
    utterances = [head.speak(ramp(9.0)) for head in heads]
    for _ in range(10):
        process.kill()
        for head in heads:
            wait_for(Lost, head)
        sweep()  # as a worker does when it starts
        process.start()
        for head in heads:
            wait_for(Reopened, head)
    for head, utterance in zip(heads, utterances, strict=True):
        assert next(head.frames(utterance)) is not None
    worker.close()
    process.kill()
    sweep()
    assert set(Path("/dev/shm").glob("flashhead-*")) <= before
