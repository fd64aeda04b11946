"""What is left when a run over a project is killed: nothing that is wrong, and nothing that is baked twice.

    python benchmarks/kill_bake.py [--kills 50] [--lines 200]

A run is killed (kill -9, its workers too) a moment after a random number of lines was complete, and run again. Then
every file must have the bytes of a run that was not disturbed, lines that were complete must not have been written
again, and all others must have been baked. All is drawn from a fixed seed. On Linux.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
from bake_project import run, write_project
from snapshots import MANIFEST, look, wrong

JOBS = 2
FORMATS = ("json", "csv")
LONGEST_DELAY_S = 0.05  # some lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--lines", type=int, default=200)
    arguments = parser.parse_args()
    random = np.random.default_rng(0)
    complete, failures = [], []
    with tempfile.TemporaryDirectory() as folder:
        project = write_project(Path(folder), arguments.lines, broken=0, formats=FORMATS)
        run(project, JOBS)
        output = Path(folder) / "baked"
        undisturbed = look(output)
        for number in range(arguments.kills):
            output.rename(Path(folder) / f"old-{number}")
            lines, delay_s = int(random.integers(arguments.lines)), float(random.uniform(0, LONGEST_DELAY_S))
            kill(project, output, lines, delay_s)
            killed = look(output)
            summary, *_ = run(project, JOBS)
            complete.append(len(killed.complete))
            found = wrong(undisturbed, killed, look(output), summary["baked"])
            failures += [f"kill {number}, {delay_s:.3f} s after line {lines}: {what}" for what in found]
    print(f"{arguments.kills} kills of a run over {arguments.lines} lines")
    print(f"complete lines at the kill: {min(complete)} to {max(complete)}, median {np.median(complete):.0f}")
    print("\n".join(failures) or "kept: the same bytes, and nothing twice")
    return 1 if failures else 0


def kill(project: Path, output: Path, lines: int, delay_s: float) -> None:
    """Start a run, and kill it some time after so many lines were complete."""
    command = [sys.executable, "-m", "flashhead_engine", "bake-project", "run", str(project), "--quiet"]
    process = subprocess.Popen([*command, "--jobs", str(JOBS)], start_new_session=True)
    while process.poll() is None and len(list(output.glob(f"*{MANIFEST}"))) < lines:
        time.sleep(0.001)
    time.sleep(delay_s)
    with suppress(ProcessLookupError):  # it has ended
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


if __name__ == "__main__":
    sys.exit(main())
