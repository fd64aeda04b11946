"""Keeps a worker running: when it dies it is started again under the same endpoint and token, and its clients come
back by themselves.

The supervisor imports nothing of what a worker computes with, so that nothing that kills a worker kills it too.
"""

import contextlib
import logging
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import TransportError
from .discovery import ENDPOINT, TOKEN
from .limits import Limits
from .parent import when_stdin_closes
from .system import ask_to_end, new_endpoint

_SHORT_LIFE_S = 5.0
_LONGEST_REST_S = 5.0
_GRACE_S = 3.0

_log = logging.getLogger(__name__)


def serve_supervised(private: bool, allowed: Iterable[Path], limits: Limits) -> int:
    """A supervised worker with its options, see `flashhead serve`; a private one ends with this process's stdin."""
    command = [sys.executable, "-m", "flashhead_engine.worker", "--end-with-stdin", *limits.options()]
    if private:
        command.append("--private")
        when_stdin_closes(lambda: signal.raise_signal(signal.SIGTERM))
    for folder in allowed:
        command += ["--allow-path", str(folder)]
    endpoint = os.environ.get(ENDPOINT) or new_endpoint(f"supervised-{os.getpid()}")
    return supervise(command, endpoint)


def supervise(command: Sequence[str], endpoint: str) -> int:
    """Run a worker until it ends by itself (exit code 0), or until this process is told to end (SIGTERM, SIGINT).

    `command`: starts the worker, which takes endpoint and token from the environment and ends when its stdin closes.
    Returns the exit code. One that dies soon after its start again and again is given ever longer rests, up to five
    seconds. Raises TransportError when the command cannot be run. Call it from the main thread.
    """
    environment = {**os.environ, ENDPOINT: endpoint, TOKEN: os.environ.get(TOKEN) or secrets.token_hex(16)}
    rest_s = 0.0
    with _Stop() as stop:
        while True:
            started_s = time.monotonic()
            code = _run(command, environment, stop)
            if stop.wanted or code == 0:
                return 0
            lived_s = time.monotonic() - started_s
            rest_s = 0.0 if lived_s >= _SHORT_LIFE_S else min(_LONGEST_REST_S, 2 * rest_s + 0.1)
            _log.warning("the worker died after %.1f s (exit code %d) and is started again", lived_s, code)
            if rest_s > 0.1:  # a first death is mended at once
                stop.sleep(rest_s)
            if stop.wanted:
                return 0


def _run(command: Sequence[str], environment: dict[str, str], stop: "_Stop") -> int:
    """Start a worker and wait for its end."""
    try:
        # The worker ends when its stdin closes, so that it cannot outlive a supervisor that is killed.
        worker = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE)
    except OSError as error:
        raise TransportError(f"cannot start a worker with {command[0]}: {error.strerror}.") from error
    stop.worker = worker
    if stop.wanted:  # between two workers
        ask_to_end(worker)
    try:
        while worker.poll() is None:
            if stop.wanted and time.monotonic() - stop.wanted_s > _GRACE_S:
                worker.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.wait(0.5)
        return worker.returncode
    finally:
        stop.worker = None
        worker.stdin.close()


class _Stop:
    """SIGTERM and SIGINT end the worker that runs and set `wanted`, at the time `wanted_s`."""

    def __init__(self) -> None:
        self.wanted = False
        self.wanted_s = 0.0
        self.worker: subprocess.Popen | None = None
        self._before: dict[int, object] = {}

    def __enter__(self) -> "_Stop":
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._asked)
        return self

    def __exit__(self, *_) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self.wanted and time.monotonic() < end:
            time.sleep(0.05)

    def _asked(self, _number: int, _frame) -> None:
        if not self.wanted:
            self.wanted, self.wanted_s = True, time.monotonic()
        if self.worker is not None:
            ask_to_end(self.worker)
