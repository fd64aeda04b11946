"""The Unity package's C# under Mono's two garbage collectors: what its calls cost, what it allocates, what it loses.

    python benchmarks/unity/core.py [calls] [copies] [allocations] [poll] [--seconds 60] [--size 512]

Unity's own Mono collects by Boehm's collector. Limits: a call with its P/Invoke and the choice of the frame 2 us (in
a row, where caches are warm), a copy of 1 MiB 100 us (medians); nothing allocated by a million draws, neither by the
engine-free loop nor by the components in the hand-written engine of tests/unity/fake; 6 heads at 25 fps of a
real worker, looked at 60 times a second for a minute: no frame lost, torn or out of order, and p95 of the lag
against the audio 15 ms. Needs `python3 build.py unity`.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "worker"))
sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "unity"))

from conftest import COMPILE, HERE, LIBRARY, NEWTONSOFT, NUNIT, PACKAGE, recorded_worker
from real import real_worker, spoken_line, verdict

CALL_US, COPY_US, LAG_MS = 2.0, 100.0, 15.0
RUNTIMES = ("mono-sgen", "mono-boehm")
COUNTS = ("shown", "lost", "not looked for", "out of order", "read twice", "torn")
_SPARE_S = 30.0  # of speech, for the start


def build(folder: Path) -> Path:
    """The program, in `folder` with all that it needs."""
    tests = PACKAGE / "Tests" / "Core"
    parts = {
        "FlashHead.Interop.dll": ((PACKAGE / "Runtime" / "Interop").glob("*.cs"), ()),
        "FlashHead.Core.dll": ((PACKAGE / "Runtime" / "Core").glob("*.cs"), ("FlashHead.Interop.dll", NEWTONSOFT)),
        "UnityEngine.dll": ((HERE / "fake").glob("*.cs"), ()),
        "FlashHead.dll": ((PACKAGE / "Runtime/Components").glob("*.cs"), ("FlashHead.Core.dll", "UnityEngine.dll")),
        "benchmark.exe": (
            (Path(__file__).with_name("Program.cs"), tests / "Live.cs", tests / "ShownFrames.cs"),
            ("FlashHead.Core.dll", "FlashHead.dll", "UnityEngine.dll", NUNIT),
        ),
    }
    for name, (sources, references) in parts.items():
        kind = "exe" if name.endswith(".exe") else "library"
        command = [*COMPILE[:-1], "-optimize", f"-target:{kind}", f"-out:{folder / name}"]
        subprocess.run([*command, *(f"-r:{folder / one}" for one in references), *sources], check=True)
    for file in (LIBRARY, NEWTONSOFT, NUNIT):
        shutil.copy2(file, folder)
    return folder / "benchmark.exe"


@contextmanager
def worker_of(part: str):
    """Endpoint and token."""
    if part == "poll":
        with real_worker() as worker:
            yield f"{worker.endpoint}|{worker.token}"
        return
    with recorded_worker() as endpoint:
        yield f"{endpoint}|x"


def measure(program: Path, runtime: str, part: str, seconds: float, size: int) -> dict[str, np.ndarray]:
    """The values that the program printed, by their name."""
    values = defaultdict(list)
    line = spoken_line()
    speech = program.with_name("speech.f32")
    np.resize(line, round((seconds + _SPARE_S) * 16_000)).astype("<f4").tofile(speech)
    with worker_of(part) as worker:
        environment = {**os.environ, "LD_LIBRARY_PATH": str(program.parent), "FLASHHEAD_TEST_WORKER": worker}
        command = [runtime, program, part, str(seconds), speech, str(size)]
        printed = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    for row in printed.splitlines():
        if "\t" not in row:  # Mono with Boehm's collector says at its end for what it waited
            continue
        name, value = row.split("\t")
        values[name].append(float(value))
    return {name: np.array(found) for name, found in values.items()}


def calls(results: dict[str, dict]) -> bool:
    print("| call | runtime | in a row, p50 us | six heads 60 times a second, p50 us | p99 us |")
    print("|---|---|---|---|---|")
    slowest = 0.0
    for runtime, values in results.items():
        for name in ("Clock", "StateOf", "TryAcquireVideo", "TryAcquireWeights", "TryPoll"):
            row, (p50, p99) = np.median(values[f"row {name}"]), np.percentile(values[f"drawn {name}"], (50, 99))
            print(f"| {name} | {runtime} | {row:.2f} | {p50:.1f} | {p99:.1f} |")
            slowest = max(slowest, row)
    return slowest <= CALL_US


def copies(results: dict[str, dict]) -> bool:
    print("| 1 MiB | runtime | times | p50 us | p99 us |\n|---|---|---|---|---|")
    names = {
        "cold": "TryAcquireVideo, as 60 looks a second find it",
        "plain cold": "Buffer.MemoryCopy of 256 MiB in turn, in the same loop",
        "hot": "TryAcquireVideo, two pictures in turn",
        "plain hot": "Buffer.MemoryCopy of 2 MiB in turn",
    }
    for runtime, values in results.items():
        for name, words in names.items():
            took = values[name]
            print(f"| {words} | {runtime} | {len(took)} | {np.median(took):.1f} | {np.percentile(took, 99):.1f} |")
    return all(np.median(values[name]) <= COPY_US for values in results.values() for name in ("cold", "hot"))


def allocations(results: dict[str, dict]) -> bool:
    print("| a million draws | runtime | bytes a draw | collections | us a draw |\n|---|---|---|---|---|")
    names = {
        "core": "the engine-free loop",
        "components": "the components, in the hand-written engine",
        "spoiled": "the loop with one object a draw, to check the measure",
    }
    for runtime, values in results.items():
        for name, words in names.items():
            found = (values[f"{name}.{what}"][0] for what in ("bytes", "collections", "us"))
            print(f"| {words} | {runtime} |", " | ".join(f"{value:.4g}" for value in found), "|")

    def of(name: str) -> list[float]:
        return [values[f"{name}.bytes"][0] + values[f"{name}.collections"][0] for values in results.values()]

    return max(of("core") + of("components")) == 0 and min(of("spoiled")) > 0


def poll(results: dict[str, dict]) -> bool:
    print("| 6 heads, real worker |", " | ".join(COUNTS), "| lag p50 | p95 | p99 ms |")
    print("|---" * (len(COUNTS) + 4) + "|")
    kept = True
    for runtime, values in results.items():
        counts = [int(values[name].sum()) for name in COUNTS]
        lags = [values[f"lag.p{share}"][0] for share in (50, 95, 99)]
        print(f"| {runtime} |", " | ".join([*map(str, counts), *(f"{lag:.1f}" for lag in lags)]), "|")
        shown, lost, _, disordered, again, torn = counts
        kept &= lost + disordered + torn == 0 and shown > 0 and again > 0 and lags[1] <= LAG_MS
    return kept


PARTS = {"calls": calls, "copies": copies, "allocations": allocations, "poll": poll}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all when none is given")
    parser.add_argument("--seconds", type=float, default=60.0, help="of poll; the other parts take a sixth of it")
    parser.add_argument("--size", type=int, default=512, help="pixels of poll's heads")
    parser.add_argument("--runtime", action="append", choices=RUNTIMES, help="both when none is given")
    options = parser.parse_args()
    for part in options.parts:
        if part not in PARTS:
            parser.error(f"no part {part}: take of {', '.join(PARTS)}")
    kept = True
    with tempfile.TemporaryDirectory() as folder:
        program = build(Path(folder))
        print(f"load {os.getloadavg()[0]:.1f}")
        for part in options.parts or PARTS:
            seconds = options.seconds if part == "poll" else options.seconds / 6
            size = options.size if part == "poll" else 512
            runtimes = options.runtime or RUNTIMES
            results = {runtime: measure(program, runtime, part, seconds, size) for runtime in runtimes}
            print()
            kept &= PARTS[part](results)
    verdict(kept)


if __name__ == "__main__":
    main()
