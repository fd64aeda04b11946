"""A private worker in a process of its own, as a game starts one."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

LINE = Path(__file__).parents[2] / "examples" / "dialogue" / "guard_en.wav"
TOKEN = "a token"


def start(endpoint, *options, stderr=subprocess.PIPE):
    environment = {**os.environ, "FLASHHEAD_ENDPOINT": endpoint, "FLASHHEAD_TOKEN": TOKEN}
    command = [sys.executable, "-m", "flashhead_engine.worker", "--private", *options]
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stderr=stderr)


@contextlib.contextmanager
def running(folder, *options):
    """A worker whose socket is in an empty folder: its endpoint. It must end by itself and leave nothing there."""
    endpoint = f"ipc://{folder}/socket"
    process = start(endpoint, *options)
    yield endpoint
    process.stdin.close()
    assert process.wait(timeout=10) == 0
    assert list(folder.iterdir()) == [], "neither socket nor lock is left"


def wait_for(head, kind, timeout_s=5.0):
    seen, end = [], time.monotonic() + timeout_s
    while time.monotonic() < end:
        seen += head.events()
        if any(isinstance(event, kind) for event in seen):
            return seen
        time.sleep(0.01)
    raise AssertionError(f"no {kind.__name__}: {seen}")
