"""Promises of a private worker: it is started, started again when it dies, and ends with its owner."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_talking import ramp, spoken

from flashhead_engine.client import launch
from flashhead_engine.drivers.base import Outputs
from flashhead_engine.errors import TransportError

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "transport"))


def ended(pid: int, timeout_s: float = 5.0) -> bool:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_it_talks_and_ends_with_the_connection():
    with launch() as worker, worker.open() as head:
        pid = worker.worker_pid
        assert len(spoken(head, head.speak(ramp(0.2)))) == 12
    assert ended(pid)


def test_it_ends_with_its_owner_however_that_ends(tmp_path):
    owner = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from flashhead_engine.client import launch; worker = launch();"
            "print(worker.worker_pid, flush=True); time.sleep(60)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    pid = int(owner.stdout.readline())
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    assert ended(pid)


@pytest.mark.parametrize("frames", ["shared_memory", "messages"])
def test_a_face_comes_whole_and_in_order(frames):
    with launch() as worker, worker.open("guard", outputs=Outputs.VIDEO, size=256, frames=frames) as head:
        made = spoken(head, head.speak(ramp(2.0)))
        assert [frame.index for frame in made] == list(range(50))
        assert made[0].pixels.shape == (256, 256, 4)
        head.cancel()
        assert len(spoken(head, head.speak(ramp(0.4)))) == 10


def test_what_cannot_be_started_is_named():
    with pytest.raises(TransportError, match="/no/such/worker"):
        launch(("/no/such/worker",))
    with pytest.raises(TransportError, match="exit code 3"):
        launch((sys.executable, "-c", "raise SystemExit(3)"))


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="shared memory is not a folder on this system")
def test_ten_kills_while_eight_heads_talk():
    from kill_worker import NOTICED_S, TALKING_S, run

    result = run(kills=10, heads=8)
    assert result.left == 0
    assert len(result.talking_s) == 10
    # The limits themselves are for the long form: other work on the machine is no fault.
    assert max(result.noticed_s) < 5 * NOTICED_S
    assert max(result.talking_s) < 5 * TALKING_S
