"""The short form of benchmarks/kill_bake.py; what it measures with (benchmarks/snapshots.py) sees what is wrong."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from snapshots import Snapshot, wrong

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "kill_bake.py"
CONTENT = {f"{name}{end}": end.encode() for name in "ab" for end in (".csv", ".flashhead.json")}
UNDISTURBED = Snapshot(CONTENT, {name: (place, 1) for place, name in enumerate(CONTENT)})
KILLED = Snapshot({"a.csv": b".csv", "a.flashhead.json": b"", "b.csv": b""}, UNDISTURBED.written)


def test_killed_runs_go_on_to_the_same_bytes():
    command = [sys.executable, BENCHMARK, "--kills", "3", "--lines", "30"]
    process = subprocess.run(command, capture_output=True, text=True, timeout=200)
    assert process.returncode == 0, process.stdout + process.stderr
    assert "kept: the same bytes" in process.stdout


@pytest.mark.parametrize(
    ("after", "baked", "words"),
    [
        (UNDISTURBED, 1, None),
        (UNDISTURBED, 2, "1 lines were complete and 2 were baked"),
        (replace(UNDISTURBED, content=CONTENT | {"b.csv": b"other"}), 1, "b.csv is not as"),
        (replace(UNDISTURBED, content=CONTENT | {".flashhead-1.part": b""}), 1, ".flashhead-1.part is not as"),
        (replace(UNDISTURBED, written=UNDISTURBED.written | {"a.csv": (0, 2)}), 1, "a.csv was written twice"),
        (replace(UNDISTURBED, written=UNDISTURBED.written | {"b.csv": (0, 2)}), 1, None),
    ],
)
def test_what_is_wrong_is_seen(after, baked, words):
    found = wrong(UNDISTURBED, KILLED, after, baked)
    assert [what[: len(words)] for what in found] == [words] if words else not found
