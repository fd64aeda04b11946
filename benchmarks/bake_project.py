"""How fast a project of many short lines is baked, how soon it is known that nothing has changed, and how long its
report takes.

    python benchmarks/bake_project.py [--lines 10000] [--seconds 1] [--broken 10] [--jobs 2] [--executor ray]

Limits: a run over 10,000 lines in which nothing has changed takes under 20 s and 500 MB; nano's blendshapes alone are
baked 135 times faster than real time on each core; a broken file fails alone. Lines are pieces of the sample dialogue
of --seconds to twice that, written to a temporary folder. Processor time is that of all processes on this side, start
included. A Ray cluster of this machine takes some seconds to start, which are in its figures. On Linux.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from flashhead_engine.audio.decode import SAMPLE_RATE_HZ, open_audio

DIALOGUE = Path(__file__).parents[1] / "examples" / "dialogue"
SAMPLES = ("guard_en.wav", "heroine_en.flac", "guard_de.mp3", "merchant_fr.ogg")
PROJECT = """version = "1.0"
output = "baked"
formats = {formats}

[characters.guard]

[[sources]]
kind = "csv"
file = "lines.csv"
character = "guard"
"""
RERUN_S, RERUN_MB, X_REAL_TIME = 20.0, 500.0, 135.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=1.0, help="of the shortest line")
    parser.add_argument("--broken", type=int, default=10, help="of them, files that are no audio")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--executor", choices=("local", "ray"), default="local")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = write_project(Path(folder), arguments.lines, arguments.broken, seconds=arguments.seconds)
        first, first_mb, first_cpu_s = run(project, arguments.jobs, arguments.executor)
        again, again_mb, again_cpu_s = run(project, arguments.jobs, arguments.executor)
        report_s, page_mb = report(project)
    per_core = first["x_real_time"] / arguments.jobs
    what = f"{arguments.lines} lines, {arguments.jobs} processes, {arguments.executor}"
    print(f"| {what} | s | processor s | lines/s | x real time of a core | MB |")
    print("|---|---|---|---|---|---|")
    print(
        f"| all new | {first['elapsed_s']:.1f} | {first_cpu_s:.1f} | {first['lines_per_s']:.0f} | {per_core:.0f} | "
        f"{first_mb:.0f} |\n"
        f"| nothing changed | {again['elapsed_s']:.1f} | {again_cpu_s:.1f} | | | {again_mb:.0f} |\n"
        f"| report, a page of {page_mb:.1f} MB | {report_s:.1f} | | | | |\n"
    )
    good = arguments.lines - arguments.broken
    kept = {
        f"{arguments.broken} broken files fail, {good} lines are baked": (
            len(first["failed"]) == arguments.broken and first["baked"] == good
        ),
        "nothing is baked again": again["baked"] == 0 and again["unchanged"] == good,
        f"the second run takes under {RERUN_S:.0f} s and {RERUN_MB:.0f} MB": (
            again["elapsed_s"] < RERUN_S and again_mb < RERUN_MB
        ),
    }
    if arguments.executor == "local":
        kept[f"{X_REAL_TIME:.0f} x real time of a core"] = per_core >= X_REAL_TIME
    for words, is_kept in kept.items():
        print(f"{'kept' if is_kept else 'MISSED'}: {words}")
    return 0 if all(kept.values()) else 1


def write_project(
    folder: Path, lines: int, broken: int, formats: Sequence[str] = ("json",), seconds: float = 1.0
) -> Path:
    speech = np.concatenate([_pcm(DIALOGUE / name) for name in SAMPLES])
    random = np.random.default_rng(0)
    (folder / "voice").mkdir()
    rows = ["id,audio"]
    for number in range(lines):
        path = folder / "voice" / f"{number:06d}.wav"
        if number < broken:
            path.write_bytes(b"no audio")
        else:
            length = int(random.uniform(seconds, 2 * seconds) * SAMPLE_RATE_HZ)
            start = int(random.integers(0, len(speech) - length))
            _write_wav(path, speech[start : start + length])
        rows.append(f"{number:06d},voice/{path.name}")
    (folder / "lines.csv").write_text("\n".join(rows), encoding="utf-8")
    project = folder / "dialogue.toml"
    project.write_text(PROJECT.format(formats=list(formats)), encoding="utf-8")
    return project


def _pcm(path: Path) -> np.ndarray:
    with open_audio(path) as audio:
        return np.concatenate(list(audio.chunks()))


def _write_wav(path: Path, pcm: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE_HZ, 0, "NONE", ""))
        file.writeframes((pcm.clip(-1, 1) * 32767).astype("<i2").tobytes())


def run(project: Path, jobs: int, executor: str = "local") -> tuple[dict, float, float]:
    """A run's summary, the most memory that one of its processes had, in MB, and the processor time of all, in s."""
    command = [sys.executable, "-m", "flashhead_engine", "bake-project", "run", str(project)]
    command += ["--json", "--jobs", str(jobs), "--executor", executor]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    answer = process.stdout.read()
    _, _, usage = os.wait4(process.pid, 0)
    if not answer:
        sys.exit(1)  # it has said why
    return json.loads(answer), usage.ru_maxrss / 1000, usage.ru_utime + usage.ru_stime


def report(project: Path) -> tuple[float, float]:
    """Seconds that the report takes, and the size of its page in MB."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-m", "flashhead_engine", "bake-project", "report", str(project)], check=True)
    return time.perf_counter() - begun, (project.parent / "baked" / "report.html").stat().st_size / 1e6


if __name__ == "__main__":
    sys.exit(main())
