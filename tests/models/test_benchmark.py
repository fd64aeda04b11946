"""The benchmark of GPUs runs here too, small."""

import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "flashhead" / "generate.py"


def test_it_measures_every_part_of_a_chunk() -> None:
    words = ("--tier", "tiny-random", "--device", "cpu", "--size", "64", "--batch", "2", "--chunks", "2")
    told = subprocess.run([sys.executable, str(SCRIPT), *words], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    rows = dict(re.findall(r"^\| (\w+) \| ([\d.]+) \|", told.stdout, re.MULTILINE))
    assert list(rows) == ["hear", "denoise", "show", "remember", "all"]
    parts = [float(rows[part]) for part in list(rows)[:-1]]
    assert min(parts) > 0 and sum(parts) < 1.5 * float(rows["all"]) + 1
    rate = float(re.search(r"([\d.]+) pictures/s", told.stdout)[1])
    assert abs(rate - 2 * 24 / float(rows["all"]) * 1e3) < 0.02 * rate
