"""A worker of one's own: a process that ends with this one and is started again when it dies."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ..errors import TransportError
from ..worker.discovery import ENDPOINT, TOKEN, WorkerAddress
from ..worker.manifest import is_shipped, read_manifest
from ..worker.system import new_endpoint

_BETWEEN_STARTS_S = 0.5


class PrivateWorker:
    """`program`: the command that starts a worker. `options`: further ones for it."""

    def __init__(self, program: Sequence[str], options: Sequence[str]) -> None:
        program = tuple(program) or (sys.executable, "-m", "flashhead_engine.worker")
        self._command = (*program, "--private", *options)
        secret = secrets.token_hex(16)
        self._address = WorkerAddress(new_endpoint(f"private-{os.getpid()}-{secret[:8]}"), secret)
        self._process: subprocess.Popen | None = None
        self._started_s = 0.0
        self._failure_told = False

    def locate(self) -> WorkerAddress:
        """Its address; starts it where it does not run. Raises TransportError when it cannot be started, its manifest
        is missing or of another protocol, or it ended as soon as it was started: then a later call tries again."""
        if self._process is None:
            self._start()
        elif (code := self._process.poll()) is not None:
            if code > 0 and not self._failure_told:
                self._failure_told = True
                raise TransportError(f"the worker ended with exit code {code}; its own words are above.")
            if time.monotonic() - self._started_s < _BETWEEN_STARTS_S:
                raise TransportError("the worker died as soon as it was started; it is started again shortly.")
            self._end()
            self._start()
        return self._address

    def close(self) -> None:
        """End it. Calling it again does nothing."""
        self._end()

    def _start(self) -> None:
        if is_shipped(self._command[0]):
            read_manifest(Path(self._command[0]).parent)
        environment = {**os.environ, ENDPOINT: self._address.endpoint, TOKEN: self._address.token}
        try:
            # Its stdin stays open as long as this process lives: the worker ends when it closes.
            self._process = subprocess.Popen(self._command, env=environment, stdin=subprocess.PIPE)
        except OSError as error:
            raise TransportError(f"cannot start a worker with {self._command[0]}: {error.strerror}.") from error
        self._started_s = time.monotonic()
        self._failure_told = False

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.stdin.close()
        try:
            self._process.wait(timeout=2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
