"""A client that talks is killed again and again: how soon its sessions are free, and what another client misses.

    python benchmarks/worker/kill_client.py [--kills 100]

Limits: free within 3 s, no frame lost, nothing left in /dev/shm.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field

import numpy as np
from real import Honest, RealWorker, real_worker, rings_of, spoken_line, verdict, with_progress

from flashhead_engine.client import connect
from flashhead_engine.drivers.base import Outputs

FREED_S = 3.0
_NAME = "victim"
_PATIENCE_S = 20.0
_HEADS = 3


@dataclass
class Result:
    """Seconds from each kill until the worker told of no session of the client; frames that the other client missed,
    and was shown; rings left at the end."""

    freed_s: list[float] = field(default_factory=list)
    missed: int = 0
    shown: int = 0
    left: int = 0

    @property
    def kept(self) -> bool:
        return max(self.freed_s) <= FREED_S and self.missed == 0 and self.shown > 0 and self.left == 0


def run(kills: int) -> Result:
    """Raises RuntimeError when the worker dies, or a client cannot be served."""
    result = Result()
    with real_worker() as worker, worker.client("watcher") as watcher:
        with Honest(worker) as honest:
            for _ in with_progress(kills, "killing clients"):
                victim = _start(worker)
                try:
                    _until(lambda: _sessions(watcher) == _HEADS and "speaking" in _states(watcher))
                finally:
                    os.kill(victim.pid, signal.SIGKILL)
                    killed_s = time.monotonic()
                    victim.wait()
                _until(lambda: _sessions(watcher) == 0)
                result.freed_s.append(time.monotonic() - killed_s)
        result.missed, result.shown = honest.missed, honest.shown
    result.left = rings_of(worker.process.pid)
    return result


def _start(worker: RealWorker) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, __file__, "--victim", worker.endpoint, worker.token])


def _be_victim(endpoint: str, token: str) -> None:
    with connect(endpoint, token, name=_NAME, timeout_s=20) as connection:
        pcm = spoken_line()
        heads = [connection.open() for _ in range(_HEADS - 1)]
        heads.append(connection.open("guard", outputs=Outputs.VIDEO, size=256))
        for head in heads:
            head.speak(pcm)
        time.sleep(60)


def _of_victim(watcher) -> list:
    return [session for session in watcher.status().sessions if session.client == _NAME]


def _sessions(watcher) -> int:
    return len(_of_victim(watcher))


def _states(watcher) -> set[str]:
    return {session.state for session in _of_victim(watcher)}


def _until(condition) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"what was waited for did not happen within {_PATIENCE_S:.0f} s")
        time.sleep(0.02)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--victim", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.victim:
        _be_victim(*options.victim)
        return
    result = run(options.kills)
    print("| kills | sessions free, p50 s | worst s | limit s | frames of another client | missed |")
    print("|---|---|---|---|---|---|")
    freed = f"{np.median(result.freed_s):.2f} | {max(result.freed_s):.2f} | {FREED_S}"
    print(f"| {options.kills} | {freed} | {result.shown} | {result.missed} |")
    verdict(result.kept, f"rings left in shared memory: {result.left}; ")


if __name__ == "__main__":
    main()
