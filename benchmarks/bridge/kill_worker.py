"""A worker is killed again and again while heads of flashhead_bridge talk: when all talk again, how long calls take.

    python benchmarks/bridge/kill_worker.py [--kills 100] [--heads 8]

The library starts the worker itself, so it is the library that starts it again. A head talks again when it gives a
frame of its present audio time from the new worker. Limits: talking again within 2 s, no call above 100 ms (ctypes
and the scheduler included), nothing left in /dev/shm.
"""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "worker"))
sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "bridge"))

from bridge_library import Bridge
from real import rings_of, verdict, with_progress

from flashhead_engine.transport.rings import sweep

TALKING_S = 2.0
CALL_S = 0.1
_FRESH_US = 100_000
_CLIP_S = 60
_PATIENCE_S = 20.0


class Talkers:
    """Heads that talk without end, by the wall clock."""

    def __init__(self, bridge: Bridge, client: int, heads: int) -> None:
        self._bridge = bridge
        self._pcm = (0.2 * np.random.default_rng(0).standard_normal(_CLIP_S * 16_000)).astype(np.float32)
        self.heads = [bridge.open(client, seed=seed) for seed in range(heads)]
        self.slowest_s = 0.0
        self._speak()

    def _speak(self) -> None:
        self._lines = [self._bridge.speak(head, self._pcm, interrupt=1) for head in self.heads]
        self._began_s = time.monotonic()

    def turn(self) -> list[bool]:
        """Show what is due; which heads show the present."""
        audio_us = round(1e6 * (time.monotonic() - self._began_s))
        if audio_us > (_CLIP_S - 5) * 1_000_000:
            self._speak()
            return [False] * len(self.heads)
        fresh = []
        for head, line in zip(self.heads, self._lines, strict=True):
            began_s = time.monotonic()
            self._bridge.need(self._bridge.c.clock(head, line, audio_us, 1))
            found = self._bridge.weights(head, line, audio_us)
            self.slowest_s = max(self.slowest_s, (time.monotonic() - began_s) / 2)
            fresh.append(found is not None and audio_us - found.frame.pts_us < _FRESH_US)
        return fresh

    def until_all_talk(self, of_another: bool) -> None:
        """Raises RuntimeError when they do not. `of_another`: in another worker than before."""
        end = time.monotonic() + _PATIENCE_S
        reopened = {head: not of_another for head in self.heads}
        talks = dict.fromkeys(self.heads, False)
        while not all(talks.values()):
            if time.monotonic() > end:
                raise RuntimeError(f"not all heads talk again within {_PATIENCE_S:.0f} s")
            for head, fresh in zip(self.heads, self.turn(), strict=True):
                reopened[head] |= any(event.name == "reopened" for event in self._bridge.events(head))
                talks[head] |= fresh and reopened[head]
            time.sleep(0.005)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--heads", type=int, default=8)
    options = parser.parse_args()
    bridge, killed, talking_s = Bridge(), [], []
    client = bridge.connect(program=(sys.executable, "-m", "flashhead_engine.worker"))
    talkers = Talkers(bridge, client, options.heads)
    talkers.until_all_talk(of_another=False)
    talkers.slowest_s = 0.0
    for _ in with_progress(options.kills, "killing workers"):
        for head in talkers.heads:
            bridge.events(head)
        killed.append(bridge.client_info(client).worker_pid)
        os.kill(killed[-1], signal.SIGKILL)
        began_s = time.monotonic()
        talkers.until_all_talk(of_another=True)
        talking_s.append(time.monotonic() - began_s)
    killed.append(bridge.client_info(client).worker_pid)
    bridge.c.shutdown()
    left = sum(map(rings_of, killed))
    sweep()
    print(f"load {os.getloadavg()[0]:.1f}; {options.kills} kills, {options.heads} heads\n")
    print("| what | p50 | worst | limit |\n|---|---|---|---|")
    print(f"| all talk again, s | {np.median(talking_s):.3f} | {max(talking_s):.3f} | {TALKING_S} |")
    print(
        f"| slowest pair of clock and acquire, ms a call | | {1000 * talkers.slowest_s:.2f} | {1000 * CALL_S:.0f} |"
    )
    kept = max(talking_s) <= TALKING_S and talkers.slowest_s <= CALL_S and left == 0
    verdict(kept, f"rings left in shared memory: {left}; ")


if __name__ == "__main__":
    main()
