"""Hours of talk, as fast as the worker makes it: whether memory grows.

    python benchmarks/worker/long_talk.py [--hours 2]

Two heads, one with video of 256 pixels, say a line again and again, with changes of mood, glances and interruptions.
Limits: resident memory of worker and client flat to 2 % once it has settled, no frame missed.
"""

import argparse
import itertools
import os
from dataclasses import dataclass, field

import numpy as np
from real import growth, missed, open_files, real_worker, resident_bytes, spoken_line, verdict, with_progress

from flashhead_engine.client import Head
from flashhead_engine.drivers.base import Outputs

GROWTH = 0.02
_SAMPLES = 40
_FPS = {Outputs.VIDEO: 25, Outputs.BLENDSHAPES: 60}


@dataclass
class Result:
    """`worker`, `client`: memory in bytes, forty times. `files`: of the worker. `talked_s`: of each head."""

    worker: list[int] = field(default_factory=list)
    client: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    talked_s: float = 0.0
    missed: int = 0

    @property
    def kept(self) -> bool:
        return max(growth(self.worker), growth(self.client), growth(self.files)) <= GROWTH and self.missed == 0


def run(seconds: float, seed: int = 0) -> Result:
    """Talk for so much time of audio. Raises RuntimeError when the worker dies."""
    result, random, pcm = Result(), np.random.default_rng(seed), spoken_line()
    duration_s = len(pcm) / 16_000
    with real_worker() as worker, worker.client() as connection:
        heads = {
            Outputs.BLENDSHAPES: connection.open(),
            Outputs.VIDEO: connection.open("guard", outputs=Outputs.VIDEO, size=256),
        }
        for sample in with_progress(_SAMPLES, "talking"):
            while result.talked_s * _SAMPLES < seconds * (sample + 1):
                for kind, head in heads.items():
                    result.missed += _talk(head, pcm, -(-len(pcm) * _FPS[kind] // 16_000), random)
                result.talked_s += duration_s
            result.worker.append(resident_bytes(worker.process.pid))
            result.client.append(resident_bytes(os.getpid()))
            result.files.append(open_files(worker.process.pid))
    return result


def _talk(head: Head, pcm: np.ndarray, expected: int, random: np.random.Generator) -> int:
    """Say the line once, perhaps after an interrupted one; how many frames were missed."""
    head.set(
        emotion=str(random.choice(["neutral", "happy", "angry"])), mouth_strength=float(random.uniform(0.5, 1.5))
    )
    head.look_at(float(random.uniform(-0.5, 0.5)), 0.0)
    if random.random() < 0.3:
        for _ in itertools.islice(head.frames(head.speak(pcm), real_time=False), int(random.integers(1, 40))):
            pass
        head.cancel()
    shown = [frame.index for frame in head.frames(head.speak(pcm), real_time=False)]
    head.events()
    return missed(shown, expected)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=2.0)
    options = parser.parse_args()
    result = run(3600 * options.hours)
    print("| process | memory at the end | grew by | limit |\n|---|---|---|---|")
    for name, memory in (("worker", result.worker), ("client", result.client)):
        print(f"| {name} | {memory[-1] >> 20} MiB | {100 * growth(memory):.2f} % | {100 * GROWTH:.0f} % |")
    verdict(
        result.kept, f"{result.talked_s / 3600:.2f} h of talk by each of two heads, {result.missed} frames missed; "
    )


if __name__ == "__main__":
    main()
