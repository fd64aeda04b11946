"""Promises of supervising: a worker that dies comes back under the same address, and its clients with it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_reconnecting import wait_for
from test_talking import ramp, spoken

from flashhead_engine.client import Lost, Reopened, connect
from flashhead_engine.transport.rings import sweep

TOKEN = "secret"
PROGRAM = """
import logging, sys
from flashhead_engine.worker.supervisor import supervise
logging.basicConfig(level=logging.WARNING)
sys.exit(supervise(sys.argv[2:], sys.argv[1]))
"""


def test_it_imports_nothing_of_what_a_worker_computes_with():
    listing = "import sys, flashhead_engine.worker.supervisor; print(*sys.modules)"
    listed = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True, timeout=30)
    modules = listed.stdout.split()
    assert "flashhead_engine.worker.discovery" in modules
    assert not {"numpy", "onnxruntime", "flashhead_engine.drivers", "flashhead_engine.render"} & set(modules)


def supervisor(endpoint: str, *command: str, **options) -> subprocess.Popen:
    environment = {**os.environ, "FLASHHEAD_TOKEN": TOKEN}
    return subprocess.Popen([sys.executable, "-c", PROGRAM, endpoint, *command], env=environment, **options)


@pytest.fixture
def supervised(tmp_path):
    endpoint = f"ipc://{tmp_path}/worker"
    process = supervisor(endpoint, sys.executable, "-m", "flashhead_engine.worker", "--private")
    yield process, endpoint
    process.terminate()
    assert process.wait(5) == 0
    sweep()


def test_a_killed_worker_is_back_soon(supervised):
    """Within two seconds, says benchmarks/transport/kill_worker.py; here other work on the machine is no fault."""
    _, endpoint = supervised
    with connect(endpoint, TOKEN, timeout_s=20) as worker, worker.open() as head:
        for _ in range(2):
            utterance = head.speak(ramp(9.0), interrupt=True)
            next(head.frames(utterance))
            before = worker.worker_pid
            began = time.monotonic()
            os.kill(before, signal.SIGKILL)
            wait_for(Lost, worker)
            wait_for(Reopened, head, timeout_s=6)
            assert time.monotonic() - began < 6.0
            assert worker.worker_pid != before
        assert len(spoken(head, head.speak(ramp(0.2), interrupt=True))) == 12


def test_its_end_is_the_workers_end(supervised):
    process, endpoint = supervised
    with connect(endpoint, TOKEN, timeout_s=20) as worker:
        pid = worker.worker_pid
        process.terminate()
        wait_for(Lost, worker)
    process.wait(5)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_worker_that_ends_by_itself_is_not_started_again(tmp_path):
    process = supervisor("ipc://nowhere", sys.executable, "-c", f"open({str(tmp_path / 'ran')!r}, 'a').write('x')")
    assert process.wait(10) == 0
    assert (tmp_path / "ran").read_text() == "x"


def test_a_worker_that_dies_at_once_is_not_started_without_rest(tmp_path):
    code = f"open({str(tmp_path / 'ran')!r}, 'a').write('x'); raise SystemExit(3)"
    process = supervisor("ipc://nowhere", sys.executable, "-c", code, stderr=subprocess.PIPE, text=True)
    time.sleep(2.0)
    process.terminate()
    assert process.wait(5) == 0
    assert 2 <= len((tmp_path / "ran").read_text()) <= 5
    assert "exit code 3" in process.stderr.read()


def test_a_command_that_does_not_exist_is_named():
    process = supervisor("ipc://nowhere", "/no/such/worker", stderr=subprocess.PIPE, text=True)
    assert process.wait(5) != 0
    assert "/no/such/worker" in process.stderr.read()


def test_the_command_brings_a_real_worker_back(tmp_path):
    endpoint = f"ipc://{tmp_path}/worker"
    code = "from flashhead_engine.cli import main; import sys; sys.exit(main())"
    environment = {
        **os.environ,
        "XDG_RUNTIME_DIR": str(tmp_path),
        "FLASHHEAD_ENDPOINT": endpoint,
        "FLASHHEAD_TOKEN": TOKEN,
    }
    process = subprocess.Popen([sys.executable, "-c", code, "serve", "--supervise"], env=environment)
    try:
        with connect(endpoint, TOKEN, timeout_s=20) as worker, worker.open() as head:
            before = worker.worker_pid
            os.kill(before, signal.SIGKILL)
            wait_for(Reopened, head, timeout_s=10)
            assert len(spoken(head, head.speak(ramp(0.2)))) == 12
            after = worker.worker_pid
            assert after != before
            process.kill()
            process.wait()
            wait_for(Lost, worker)
    finally:
        process.kill()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{after}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    with pytest.raises(ProcessLookupError):
        os.kill(after, 0)
