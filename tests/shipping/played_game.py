"""A game that runs with a worker of its own, and what must be true of it."""

import contextlib
import os
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ENOUGH = 20
"""Pictures of a speaking head that a worker must have made before it is killed."""
_PATIENCE_S = 40.0


class Game:
    """`words`: its command. It says `SHOWS <process id of the worker> <pictures>` when a head speaks and so many
    pictures of this worker were shown."""

    def __init__(self, words: Sequence[str | Path], environment: dict[str, str]) -> None:
        self._said: list[str] = []
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            words, env=environment, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._process.stdout:
            self._lines.put(line)

    def wait_for(self, words: str) -> None:
        """Wait until it says what this expression matches."""
        self._wait_for(lambda line: re.search(words, line))

    def worker(self, other_than: int = 0) -> int:
        """Wait until a head speaks with a worker's pictures; the worker's process id."""

        def shows(line: str) -> re.Match | None:
            found = re.match(r"SHOWS (\d+) (\d+)$", line)
            return found if found and int(found[1]) != other_than and int(found[2]) >= ENOUGH else None

        return int(self._wait_for(shows)[1])

    def _wait_for(self, wanted: Callable[[str], re.Match | None]) -> re.Match:
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end and (self._process.poll() is None or not self._lines.empty()):
            with contextlib.suppress(queue.Empty):
                self._said.append(self._lines.get(timeout=0.1))
                if found := wanted(self._said[-1]):
                    return found
        raise AssertionError(f"the game said: {''.join(self._said)}")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(timeout=10)


@contextlib.contextmanager
def played(words: Sequence[str | Path], **environment: str) -> Iterator[Game]:
    """A game without any environment but this."""
    game = Game(words, environment)
    try:
        yield game
    finally:
        game.kill()


def check_it_outlives_its_worker_and_leaves_nothing(game: Game) -> None:
    """Kills the worker, then the game."""
    first = game.worker()
    os.kill(first, signal.SIGKILL)
    second = game.worker(other_than=first)
    assert segments(second), "this check sees the memory that a worker shares"
    game.kill()
    wait_until_gone(second)
    # What the killed worker left was swept by the one that came after it.
    assert segments(first) == segments(second) == []


def segments(pid: int) -> list[Path]:
    """The shared memory of a worker; docs/protocol.md says where its process id lies."""
    found = []
    for path in Path("/dev/shm").glob("flashhead-*"):
        with contextlib.suppress(OSError), path.open("rb") as file:
            if int.from_bytes(file.read(72)[64:], "little") == pid:
                found.append(path)
    return found


def wait_until_gone(pid: int, timeout_s: float = 5.0) -> None:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        # One that nobody has waited for yet has ended, too.
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                time.sleep(0.02)
                continue
        return
    raise AssertionError(f"the worker {pid} outlives its game")
