"""What a worker refuses for its size, with the option that allows more."""

import os
import subprocess
import sys

import numpy as np
import pytest
from real_worker import TOKEN, running, wait_for

pytest.importorskip(
    "flashhead_engine._bridge", reason="the native module was not built (no C++ compiler, or no headers of Python)"
)

from flashhead_engine.client import connect
from flashhead_engine.drivers.base import VIDEO_SIZES, Outputs
from flashhead_engine.errors import SettingsError, TransportError
from flashhead_engine.transport.messages import Error, Finished
from flashhead_engine.worker.limits import Limits

LIMITS = Limits(sessions=2, audio_s=3, size=256)


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    with (
        running(tmp_path_factory.mktemp("worker"), *LIMITS.options()) as address,
        connect(address, TOKEN, timeout_s=20) as connection,
    ):
        yield connection


def test_too_many_sessions(worker):
    with worker.open(), worker.open(), pytest.raises(TransportError, match="--max-sessions"):
        worker.open()
    worker.open().close()


def test_too_large_a_picture(worker):
    with pytest.raises(TransportError, match="--max-size"):
        worker.open("guard", outputs=Outputs.VIDEO, size=288)
    worker.open("guard", outputs=Outputs.VIDEO, size=256).close()


def test_too_much_audio_waits_but_an_interruption_is_taken(worker):
    quiet = np.zeros(2 * 16_000, np.float32)
    with worker.open() as head:
        head.speak(quiet)
        refused = head.speak(quiet)
        error = next(event for event in wait_for(head, Error) if isinstance(event, Error))
        assert error.code == "too_much_audio"
        assert "--max-audio-s" in error.message
        assert error.utterance == refused.number
        wanted = head.speak(quiet, interrupt=True)
        assert len(list(head.frames(wanted, real_time=False))) == 120
        wait_for(head, Finished)


def test_audio_that_would_be_too_much_is_refused_before_it_is_kept(worker):
    """Sent in pieces: the one that would pass the limit is refused, not the one after it."""
    with worker.open() as head:
        line = head.speaking()
        line.push(np.zeros(16_000, np.float32))
        line.push(np.zeros(8 * 16_000, np.float32))
        error = next(event for event in wait_for(head, Error) if isinstance(event, Error))
        assert error.code == "too_much_audio"
        assert error.utterance == line.number
        after = head.speak(np.zeros(2 * 16_000, np.float32))
        assert len(list(head.frames(after, real_time=False))) == 120, "the next one is not held up"


def test_every_size_of_video_is_within_the_limits_that_may_be_set():
    assert Limits().size == max(VIDEO_SIZES)
    assert Limits(size=min(VIDEO_SIZES)).size == min(VIDEO_SIZES)


@pytest.mark.parametrize("wrong", [{"sessions": 0}, {"audio_s": float("nan")}, {"size": 4096}])
def test_limits_out_of_range_are_refused(wrong):
    with pytest.raises(SettingsError, match="--max-"):
        Limits(**wrong)


def test_a_worker_says_what_is_wrong_with_its_options():
    command = [sys.executable, "-m", "flashhead_engine.worker", "--private", "--max-sessions", "0"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, timeout=30)
    assert done.returncode == 2
    assert "--max-sessions 0: must be from 1 to 1000" in done.stderr
