"""How fast lines are baked to 512x512 MP4 at 25 fps, and how much memory a long line takes.

    python benchmarks/bake.py                 speed, medians of five runs
    python benchmarks/bake.py --memory        peak memory while lines of up to 3 hours become tracks

Each run is a process of its own, start-up included where it says so.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

# As the flashhead command does; must be set before numpy is imported.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

from flashhead_engine.audio.decode import SAMPLE_RATE_HZ, open_audio
from flashhead_engine.bake.line import bake_line
from flashhead_engine.bake.plan import LineRequest
from flashhead_engine.bake.pool import bake_lines
from flashhead_engine.drivers.base import SessionSettings

DIALOGUE = Path(__file__).resolve().parent.parent / "examples" / "dialogue"
LINES = ("guard_en.wav", "guard_de.mp3")
RUNS = 5


def ignore(_: float) -> None:
    """No progress bar."""


def seconds_of(path: Path) -> float:
    with open_audio(path) as audio:
        return sum(map(len, audio.chunks())) / SAMPLE_RATE_HZ


def request(folder: Path, line: str, extension: str) -> LineRequest:
    output = (folder / line).with_suffix(extension)
    return LineRequest(DIALOGUE / line, (output,), "guard", "nano", SessionSettings())


def one_line(folder: Path, extension: str) -> float:
    """Times real time of one line in this process, everything loaded."""
    begun = time.perf_counter()
    bake_line(request(folder, LINES[0], extension), ignore)
    return seconds_of(DIALOGUE / LINES[0]) / (time.perf_counter() - begun)


def two_processes(folder: Path) -> float:
    """Times real time of four lines in two processes, their start-up included."""
    requests = []
    for copy in range(2):
        (folder / str(copy)).mkdir(exist_ok=True)
        requests += [request(folder / str(copy), line, ".mp4") for line in LINES]
    begun = time.perf_counter()
    for result in bake_lines(requests, 2, ignore):
        if isinstance(result, Exception):
            raise result
    elapsed = time.perf_counter() - begun
    return 2 * sum(seconds_of(DIALOGUE / line) for line in LINES) / elapsed


def whole_command(folder: Path) -> float:
    """Times real time of `flashhead bake` as a person runs it: start of Python included."""
    command = [sys.executable, "-m", "flashhead_engine", "bake", DIALOGUE / LINES[0], "-o", folder / "line.mp4"]
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return seconds_of(DIALOGUE / LINES[0]) / (time.perf_counter() - begun)


def speed() -> None:
    print("| what | x real time, median | min | max |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cases = {
            "one line, MP4 512x512 25 fps, one process": lambda: one_line(folder, ".mp4"),
            "one line, WebM with alpha, one process": lambda: one_line(folder, ".webm"),
            "one line, blendshape track JSON": lambda: one_line(folder, ".json"),
            "four lines, MP4, --jobs 2, start-up included": lambda: two_processes(folder),
            "flashhead bake line.wav -o line.mp4, start-up included": lambda: whole_command(folder),
        }
        for what, case in cases.items():
            case()
            figures = [case() for _ in range(RUNS)]
            print(f"| {what} | {statistics.median(figures):.1f} | {min(figures):.1f} | {max(figures):.1f} |")


def peak_of_long_line(minutes: int) -> float:
    """Peak resident megabytes of a process that bakes the sample line repeated for so long."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with open_audio(DIALOGUE / LINES[0]) as audio:
            line = (np.concatenate(list(audio.chunks())) * 32767).astype(np.int16).tobytes()
        with wave.open(str(folder / "long.wav"), "wb") as file:
            file.setparams((1, 2, 16_000, 0, "NONE", ""))
            for _ in range(-(-minutes * 60 * 16_000 * 2 // len(line))):
                file.writeframesraw(line)
        command = [sys.executable, "-m", "flashhead_engine", "bake", folder / "long.wav", "-o", folder / "long.json"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000


def memory() -> None:
    print("| line | peak MB |\n|---|---|")
    for minutes in (10, 60, 180):
        print(f"| {minutes} min | {peak_of_long_line(minutes):.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", action="store_true", help="measure memory instead of speed")
    if parser.parse_args().memory:
        memory()
    else:
        speed()


if __name__ == "__main__":
    main()
