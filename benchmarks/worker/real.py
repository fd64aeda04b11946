"""A real worker in a process of its own, an honest client that talks to it, and what the system says of a process."""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
from rich.console import Console
from rich.progress import track

from flashhead_engine.audio.decode import open_audio
from flashhead_engine.client import Connection, connect
from flashhead_engine.drivers.base import WEIGHTS_HZ, Outputs

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "worker"))

from real_worker import LINE, TOKEN, start


@dataclass(frozen=True, slots=True)
class RealWorker:
    endpoint: str
    token: str
    process: subprocess.Popen

    def client(self, name: str = "") -> Connection:
        return connect(self.endpoint, self.token, name=name, timeout_s=20)


@contextmanager
def real_worker(*options: str) -> Iterator[RealWorker]:
    """A private worker, alone in a folder; it must end by itself when asked to. Raises RuntimeError when it does not,
    or when it died before."""
    with tempfile.TemporaryDirectory() as folder:
        endpoint = f"ipc://{folder}/socket"
        process = start(endpoint, *options, stderr=None)
        try:
            yield RealWorker(endpoint, TOKEN, process)
            if process.poll() is not None:
                raise RuntimeError(f"the worker died with exit code {process.returncode}")
            process.stdin.close()
            if process.wait(timeout=20):
                raise RuntimeError(f"the worker ended with exit code {process.returncode}")
        finally:
            process.kill()
            process.wait()


def spoken_line() -> np.ndarray:
    """An example's PCM, float32 at 16 kHz."""
    with open_audio(LINE) as audio:
        return np.concatenate(list(audio.chunks()))


class Honest:
    """A client that talks all the time while others misbehave, and counts the frames that it missed. Raises
    RuntimeError, at its end at the latest, when it could not."""

    def __init__(self, worker: RealWorker) -> None:
        self.missed = self.shown = 0
        self._failed: Exception | None = None
        self._worker, self._stop = worker, threading.Event()
        self._thread = threading.Thread(target=self._talk)

    def __enter__(self) -> "Honest":
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, *_) -> None:
        self._stop.set()
        self._thread.join()
        if kind is None:
            self._check()

    def wait(self) -> None:
        """Until its first line is said."""
        while not self.shown:
            self._check()
            time.sleep(0.01)

    def _check(self) -> None:
        if self._failed:
            raise RuntimeError(f"the honest client failed: {self._failed}") from self._failed

    def _talk(self) -> None:
        pcm = spoken_line()
        expected = -(-len(pcm) * WEIGHTS_HZ // 16_000)
        try:
            with self._worker.client("honest") as connection, connection.open(outputs=Outputs.BLENDSHAPES) as head:
                while not self._stop.is_set():
                    seen = [frame.index for frame in head.frames(head.speak(pcm), real_time=False)]
                    self.missed += missed(seen, expected)
                    self.shown += len(seen)
        except Exception as error:  # told by the thread that asks
            self._failed = error


def missed(seen: Sequence[int], expected: int) -> int:
    """How many of the frames 0..expected-1 were not seen, in their order."""
    newest, count = -1, 0
    for index in seen:
        if index > newest:
            newest, count = index, count + 1
    return expected - count


def resident_bytes(pid: int) -> int:
    """Memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def growth(samples: Sequence[float]) -> float:
    """By what share a measure has grown since it had settled: the medians of the last quarter and of the second."""
    quarter = len(samples) // 4
    if quarter < 2:
        raise ValueError(f"{len(samples)} samples are too few to see growth: take 8 or more.")
    before, after = np.median(samples[quarter : 2 * quarter]), np.median(samples[-quarter:])
    return float(after / before - 1)


def with_progress(steps: int, label: str) -> Iterator[int]:
    """0..steps-1, with a bar on stderr."""
    yield from track(range(steps), label, console=Console(stderr=True))


def rings_of(pid: int) -> int:
    """How many shared-memory segments of a worker there are; docs/protocol.md says where its process id lies."""
    count = 0
    for path in Path("/dev/shm").glob("flashhead-*"):
        with contextlib.suppress(OSError), path.open("rb") as file:
            count += int.from_bytes(file.read(72)[64:], "little") == pid
    return count


def verdict(kept: bool, words: str = "") -> NoReturn:
    """The last line of a command that measures against limits, and its exit code."""
    print(f"\n{words}limits {'kept' if kept else 'MISSED'}")
    sys.exit(not kept)
