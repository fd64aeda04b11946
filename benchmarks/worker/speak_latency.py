"""From `speak` with a whole clip to its first frame in a client's hands.

    python benchmarks/worker/speak_latency.py [--utterances 200]

Limits for nano: 60 ms in the middle, 120 ms for 99 of 100.
"""

import argparse
import os
import time
from dataclasses import dataclass

import numpy as np
from real import real_worker, spoken_line, verdict, with_progress

from flashhead_engine.client import Head
from flashhead_engine.drivers.base import Outputs

P50_MS, P99_MS = 60.0, 120.0
_POLL_S = 0.0005
_PATIENCE_S = 5.0
_PAUSE_S = (0.05, 0.15)


@dataclass(frozen=True, slots=True)
class Result:
    p50_ms: float
    p99_ms: float

    @classmethod
    def of(cls, latencies_s: list[float]) -> "Result":
        p50, p99 = np.percentile(latencies_s, (50, 99))
        return cls(1000 * p50, 1000 * p99)

    @property
    def kept(self) -> bool:
        return self.p50_ms <= P50_MS and self.p99_ms <= P99_MS


def run(utterances: int, outputs: Outputs, size: int = 512) -> Result:
    """Raises RuntimeError when a frame does not come."""
    pcm, random = spoken_line(), np.random.default_rng(0)
    avatar = "guard" if Outputs.VIDEO in outputs else ""
    with (
        real_worker() as worker,
        worker.client() as connection,
        connection.open(avatar, outputs=outputs, size=size) as head,
    ):
        _latency_s(head, pcm)  # the first one warms up
        latencies_s = []
        for _ in with_progress(utterances, "speaking"):
            time.sleep(random.uniform(*_PAUSE_S))
            latencies_s.append(_latency_s(head, pcm))
        return Result.of(latencies_s)


def _latency_s(head: Head, pcm: np.ndarray) -> float:
    began_s = time.perf_counter()
    utterance = head.speak(pcm, interrupt=True)
    while head.frame_at(utterance, 0) is None:
        if time.perf_counter() - began_s > _PATIENCE_S:
            raise RuntimeError(f"no frame came within {_PATIENCE_S:.0f} s")
        time.sleep(_POLL_S)
    return time.perf_counter() - began_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--utterances", type=int, default=200)
    options = parser.parse_args()
    kept = True
    rows = []
    for name, outputs in (("blendshapes", Outputs.BLENDSHAPES), ("video, 512 px", Outputs.VIDEO)):
        result = run(options.utterances, outputs)
        kept &= result.kept
        rows.append(f"| {name} | {result.p50_ms:.1f} | {result.p99_ms:.1f} | {P50_MS:.0f} / {P99_MS:.0f} |")
    print(f"load {os.getloadavg()[0]:.1f}; {options.utterances} utterances each\n")
    print("| head | p50 ms | p99 ms | limits |\n|---|---|---|---|", *rows, sep="\n")
    verdict(kept)


if __name__ == "__main__":
    main()
