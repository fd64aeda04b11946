"""A worker is killed again and again while heads talk: how soon that is noticed, when all talk again, what is left.

    python benchmarks/transport/kill_worker.py [--kills 100] [--heads 8] [--program COMMAND ...]

The client starts the worker itself, so it is the client that starts it again. A head talks again when it shows a
frame of its present audio time from the new worker. Limits: noticed within 300 ms, talking again within 2 s,
nothing in /dev/shm.
"""

import argparse
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from flashhead_engine.avatar.bundle import SAMPLES
from flashhead_engine.client import Connection, Head, Lost, Reopened, Utterance, launch
from flashhead_engine.drivers.base import Outputs
from flashhead_engine.transport.rings import sweep

NOTICED_S, TALKING_S = 0.3, 2.0
_RATE_HZ = 16_000
_CLIP_S = 60
_FRESH_US = 100_000
_PATIENCE_S = 20.0


@dataclass
class Result:
    """Seconds from each kill until all heads said that they lost the worker, and until all talked again; rings that
    were left in shared memory at the end."""

    noticed_s: list[float] = field(default_factory=list)
    talking_s: list[float] = field(default_factory=list)
    left: int = 0

    @property
    def kept(self) -> bool:
        return max(self.noticed_s) <= NOTICED_S and max(self.talking_s) <= TALKING_S and self.left == 0


class _Talker:
    """A head that talks without end, by the wall clock."""

    def __init__(self, worker: Connection, seed: int, outputs: Outputs) -> None:
        random = np.random.default_rng(seed)
        self._pcm = (0.2 * random.standard_normal(_CLIP_S * _RATE_HZ)).astype(np.float32)
        self.head: Head = worker.open(SAMPLES[seed % len(SAMPLES)], outputs=outputs, size=512, seed=seed)
        self.heard: set[type] = set()
        self._speak()

    def _speak(self) -> None:
        self._utterance: Utterance = self.head.speak(self._pcm, _RATE_HZ, interrupt=True)
        self._began_s = time.monotonic()

    def turn(self) -> bool:
        """Show what is due; whether it is of the present."""
        self.heard |= {type(event) for event in self.head.events()}
        audio_us = round(1e6 * (time.monotonic() - self._began_s))
        if audio_us > (_CLIP_S - 5) * 1_000_000:
            self._speak()
            return False
        self.head.clock(self._utterance, audio_us)
        frame = self.head.frame_at(self._utterance, audio_us)
        return frame is not None and audio_us - frame.pts_us < _FRESH_US


def run(kills: int, heads: int, program: tuple[str, ...] = (), outputs: Outputs = Outputs.BLENDSHAPES) -> Result:
    """Raises RuntimeError when heads do not talk again at all."""
    result = Result()
    shm = Path("/dev/shm")
    sweep()
    before = set(shm.glob("flashhead-*"))
    with launch(program) as worker:
        talkers = [_Talker(worker, seed, outputs) for seed in range(heads)]
        _until_all_talk(talkers)
        for _ in track(range(kills), "killing workers", console=Console(stderr=True)):
            for talker in talkers:
                talker.heard = set()
                talker.head.events()
            os.kill(worker.worker_pid, signal.SIGKILL)
            killed_s = time.monotonic()
            waiting = list(talkers)
            while waiting and time.monotonic() - killed_s < _PATIENCE_S:
                for talker in talkers:
                    talker.turn()
                waiting = [talker for talker in waiting if Lost not in talker.heard]
                time.sleep(0.005)
            result.noticed_s.append(time.monotonic() - killed_s)
            _until_all_talk(talkers, again=True)
            result.talking_s.append(time.monotonic() - killed_s)
    result.left = len(set(shm.glob("flashhead-*")) - before)
    return result


def _until_all_talk(talkers: list[_Talker], again: bool = False) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not all([talker.turn() and (Reopened in talker.heard or not again) for talker in talkers]):
        if time.monotonic() > end:
            raise RuntimeError(f"not all heads talk again within {_PATIENCE_S:.0f} s")
        time.sleep(0.005)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--heads", type=int, default=8)
    parser.add_argument(
        "--video", action="store_true", help="heads of 512 pixels, of all six samples, instead of weights only"
    )
    parser.add_argument("--program", nargs="+", default=(), help="the command that starts a worker")
    options = parser.parse_args()
    outputs = Outputs.VIDEO if options.video else Outputs.BLENDSHAPES
    result = run(options.kills, options.heads, tuple(options.program), outputs)
    print(f"load {os.getloadavg()[0]:.1f}; {options.kills} kills, {options.heads} heads\n")
    print("| what | p50 s | worst s | limit s |\n|---|---|---|---|")
    for name, times, limit in (
        ("noticed", result.noticed_s, NOTICED_S),
        ("all talk again", result.talking_s, TALKING_S),
    ):
        print(f"| {name} | {np.median(times):.3f} | {max(times):.3f} | {limit} |")
    print(f"\nrings left in shared memory: {result.left}; limits {'kept' if result.kept else 'MISSED'}")
    sys.exit(not result.kept)


if __name__ == "__main__":
    main()
