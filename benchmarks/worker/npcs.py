"""How many NPCs talk at once, in real time, without a dropped frame.

    python benchmarks/worker/npcs.py [--seconds 30]

Goals on two cores: 6 heads of 512 x 512 at 25 fps, or 40 without video. The client looks at every head 60 times a
second, as a game does. When there are too many, their frame rates stay within 10 % of the mean.
"""

import argparse
import os
import time
from dataclasses import dataclass

import numpy as np
from real import real_worker, verdict

from flashhead_engine.avatar.bundle import SAMPLES
from flashhead_engine.client import Connection, Head, Utterance
from flashhead_engine.drivers.base import WEIGHTS_HZ, Outputs

SPREAD = 0.1
_FPS = 25
_TICK_S = 1 / 60
_RATE_HZ = 16_000
_START_S = 20.0
_SETTLE_S = 1.0  # after the rush of the start


@dataclass(frozen=True, slots=True)
class Result:
    """`ticks`: looks at every head, 60 a second. `stale`: those that found no frame of their time. `late`: frames
    that the worker published after their time. `fps`: different frames a second that were seen of each head. `load`:
    share of the time that the worker spent computing."""

    ticks: int
    stale: int
    late: int
    fps: tuple[float, ...]
    load: float

    @property
    def spread(self) -> float:
        """How far a head's frame rate is from the mean, at most, as a share of it."""
        mean = float(np.mean(self.fps))
        return max(abs(fps - mean) for fps in self.fps) / mean


class _Npc:
    """Shows what is due, by a clock that starts with its first frame."""

    def __init__(self, head: Head, pcm: np.ndarray) -> None:
        self.restart()
        self._head = head
        self._utterance: Utterance = head.speak(pcm)
        self._began_s: float | None = None

    def restart(self) -> None:
        """Count from now on."""
        self.ticks = self.stale = self.seen = 0
        self._newest = -1

    def tick(self) -> bool:
        """Whether it has begun to talk."""
        now_us = 0 if self._began_s is None else round(1e6 * (time.monotonic() - self._began_s))
        if self._began_s is not None:
            self._head.clock(self._utterance, now_us)
        frame = self._head.frame_at(self._utterance, now_us)
        if frame is None:
            return False
        if self._began_s is None:
            self._began_s = time.monotonic()
        self.ticks += 1
        self.seen += frame.index > self._newest
        self._newest = frame.index
        self.stale += now_us >= frame.pts_us + frame.duration_us
        return True


def run(heads: int, video: bool, seconds: float, size: int = 512) -> Result:
    """Raises RuntimeError when a head does not begin to talk."""
    random = np.random.default_rng(0)
    pcm = (0.1 * random.standard_normal(round((seconds + _START_S) * _RATE_HZ))).astype(np.float32)
    with real_worker() as worker, worker.client() as connection:
        npcs = [_Npc(_opened(connection, number, video, size), pcm) for number in range(heads)]
        _tick_until(npcs, time.monotonic() + _START_S, all_talk=True)
        _tick_until(npcs, time.monotonic() + _SETTLE_S)
        before = connection.status()
        for npc in npcs:
            npc.restart()
        _tick_until(npcs, time.monotonic() + seconds)
        after = connection.status()
        return Result(
            ticks=sum(npc.ticks for npc in npcs),
            stale=sum(npc.stale for npc in npcs),
            late=sum(head.late for head in after.sessions) - sum(head.late for head in before.sessions),
            fps=tuple(npc.seen / seconds for npc in npcs),
            load=after.load,
        )


def _opened(connection: Connection, number: int, video: bool, size: int) -> Head:
    if video:
        return connection.open(SAMPLES[number % len(SAMPLES)], outputs=Outputs.VIDEO, size=size, seed=number)
    return connection.open(seed=number)


def _tick_until(npcs: list[_Npc], end_s: float, all_talk: bool = False) -> None:
    while time.monotonic() < end_s:
        tick_s = time.monotonic()
        if all([npc.tick() for npc in npcs]) and all_talk:
            return
        time.sleep(max(0.0, _TICK_S - (time.monotonic() - tick_s)))
    if all_talk:
        raise RuntimeError(f"not all {len(npcs)} heads talk within {_START_S:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0)
    options = parser.parse_args()
    crowds = (
        (f"6 video, 512 px, {_FPS} fps", 6, True, 512, lambda result: result.stale == result.late == 0),
        (f"40 blendshapes, {WEIGHTS_HZ} Hz", 40, False, 512, lambda result: result.stale == result.late == 0),
        (f"12 video, 1024 px, {_FPS} fps: too many", 12, True, 1024, lambda result: result.spread <= SPREAD),
    )
    kept = True
    rows = []
    for name, heads, video, size, is_kept in crowds:
        result = run(heads, video, options.seconds, size)
        kept &= is_kept(result)
        fps = f"{min(result.fps):.1f} to {max(result.fps):.1f} | {100 * result.spread:.0f} %"
        rows.append(
            f"| {name} | {result.stale} of {result.ticks} | {result.late} | {fps} | {100 * result.load:.0f} % |"
        )
    print(f"load {os.getloadavg()[0]:.1f}; {options.seconds:.0f} s\n")
    print("| heads | looks without their frame | late frames | frames/s seen | spread | time spent computing |")
    print("|---|---|---|---|---|---|", *rows, sep="\n")
    verdict(kept)


if __name__ == "__main__":
    main()
