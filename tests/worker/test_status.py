"""`flashhead status` of a real worker, and of none."""

import json
import os
import select
import signal
import subprocess
import sys
import time

import pytest
from real_worker import TOKEN

pytest.importorskip("typer")
pytest.importorskip(
    "flashhead_engine._bridge", reason="the native module was not built (no C++ compiler, or no headers of Python)"
)

from flashhead_engine.client import connect
from flashhead_engine.drivers.base import Outputs


@pytest.fixture
def worker(endpoint):
    with connect(endpoint, TOKEN, name="a game", timeout_s=20) as connection:
        yield connection


def command(endpoint, *options, stdout=subprocess.PIPE):
    environment = {**os.environ, "FLASHHEAD_ENDPOINT": endpoint, "FLASHHEAD_TOKEN": TOKEN, "COLUMNS": "120"}
    return subprocess.Popen(
        [sys.executable, "-m", "flashhead_engine", "status", *options],
        env=environment,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    )


def output(endpoint, *options):
    process = command(endpoint, *options)
    told, words = process.communicate(timeout=30)
    return process.returncode, told, words


def test_it_shows_each_session(worker, endpoint):
    code, told, _ = output(endpoint)
    assert code == 0
    assert "no session is open" in told
    with worker.open("guard", outputs=Outputs.VIDEO, size=256):
        code, told, _ = output(endpoint)
    assert code == 0
    row = next(line for line in told.splitlines() if "guard" in line)
    assert "a game" in row
    assert "nano" in row
    assert "idle" in row


def test_json_has_what_the_worker_told(worker, endpoint):
    with worker.open():
        time.sleep(1.5)
        code, told, _ = output(endpoint, "--json")
    assert code == 0
    (session,) = json.loads(told)["sessions"]
    assert session["client"] == "a game"
    assert 50 < session["fps"] < 70, "idle motion at 60 Hz"


def test_live_shows_it_again_and_again_until_ctrl_c(endpoint, worker):
    screen, terminal = os.openpty()
    process = command(endpoint, "--live", stdout=terminal)
    os.close(terminal)
    shown = b""
    while shown.count(b"no session is open") < 3:
        assert select.select([screen], [], [], 20)[0], shown
        shown += os.read(screen, 4096)
    process.send_signal(signal.SIGINT)
    _, words = process.communicate(timeout=10)
    os.close(screen)
    assert process.returncode in (0, 130)
    assert "Traceback" not in words


def test_without_a_worker_it_says_so(tmp_path):
    code, _, words = output(f"ipc://{tmp_path}/nobody")
    assert code == 1
    assert "error: no worker answers" in words
    assert "Traceback" not in words


def test_live_and_json_together_are_refused(endpoint):
    code, _, words = output(endpoint, "--live", "--json")
    assert code == 1
    assert "--live and --json" in words
