"""What the worker bundle costs a player: disk, start-up, memory.

    python benchmarks/shipping/worker_bundle.py [FOLDER] [--runs 9]

FOLDER: what `python3 build.py worker-bundle` made; where it is not given, the one in dist/. Limits: 150 MB, and 1.5 s
from the start of the process to the first open session (median); ends with 1 when one is not kept.
"""

import argparse
import statistics
import sys
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path

from flashhead_engine.client import launch
from flashhead_engine.drivers.base import Outputs
from flashhead_engine.worker.manifest import PROGRAM, read_manifest
from flashhead_engine.worker.self_test import read_sample

LARGEST_MB, LATEST_S = 150.0, 1.5
_DIST = Path(__file__).resolve().parents[2] / "dist" / f"{PROGRAM}-{sysconfig.get_platform()}"


@dataclass(frozen=True)
class Start:
    """Seconds since the process was started; memory in MB, of the whole process (resident), once it has spoken."""

    answered_s: float
    opened_s: float
    memory_mb: float


def start(program: Path, outputs: Outputs) -> Start:
    began_s = time.perf_counter()
    with launch([str(program)]) as worker:
        answered_s = time.perf_counter() - began_s
        with worker.open("guard", outputs=outputs) as head:
            opened_s = time.perf_counter() - began_s
            for _ in head.frames(head.speak(*read_sample()), real_time=False):
                pass
            return Start(answered_s, opened_s, worker.status().memory_bytes / 1e6)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=_DIST)
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    manifest = read_manifest(options.folder)
    print(f"{manifest.files} files, {manifest.bytes / 1e6:.1f} MB, {manifest.system}, glibc {manifest.glibc}\n")
    print("| first session | answers after s, median (min to max) | session open after s | memory MB |")
    print("|---|---|---|---|")
    late = False
    for outputs in (Outputs.BLENDSHAPES, Outputs.VIDEO):
        runs = [start(options.folder / PROGRAM, outputs) for _ in range(options.runs)]
        memory = statistics.median(run.memory_mb for run in runs)
        answered, opened = _spread([run.answered_s for run in runs]), _spread([run.opened_s for run in runs])
        print(f"| {outputs.name.lower()} | {answered} | {opened} | {memory:.0f} |")
        late |= statistics.median(run.opened_s for run in runs) > LATEST_S
    return int(late or manifest.bytes / 1e6 > LARGEST_MB)


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    sys.exit(main())
