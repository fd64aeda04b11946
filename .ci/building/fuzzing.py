"""Bytes that nobody meant, thrown at the bridge by clang's libFuzzer."""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shipping.errors import BuildError

from .bridge import build_native
from .environment import make_venv
from .places import BUILD, NATIVE_SOURCES, VENV

FUZZ_CORPUS = NATIVE_SOURCES / "fuzz" / "corpus"


def fuzz_bridge(seconds: int) -> None:
    """Run all targets side by side for so many seconds; raises BuildError when a sanitizer reports something."""
    if not shutil.which("clang++"):
        raise BuildError("The fuzz targets need clang with libFuzzer: sudo apt install clang libclang-rt-dev")
    make_venv(VENV)
    targets = sorted(corpus.name for corpus in FUZZ_CORPUS.iterdir())
    folder = build_native("linux-x64", "fuzzer", programs=True, only=tuple(f"fuzz_{target}" for target in targets))
    with ThreadPoolExecutor() as side_by_side:
        runs = [
            side_by_side.submit(fuzz_one, folder / f"fuzz_{target}", FUZZ_CORPUS / target, seconds)
            for target in targets
        ]
    for run_of_target in runs:
        run_of_target.result()


def fuzz_one(program: Path, corpus: Path, seconds: int) -> None:
    """Run a target from its kept corpus, and from what earlier runs here found; raises BuildError at a report."""
    found, log = BUILD / "fuzz" / corpus.name, BUILD / "fuzz" / f"{corpus.name}.log"
    found.mkdir(parents=True, exist_ok=True)
    command = [program, f"-max_total_time={seconds}", "-print_final_stats=1", f"-artifact_prefix={found.parent}/"]
    with log.open("w") as words:
        ended = subprocess.run([*command, "-timeout=10", found, corpus], stdout=words, stderr=words).returncode
    lines = log.read_text("utf-8", "replace").splitlines()
    if ended != 0:
        print("\n".join(lines[-60:]))
        raise BuildError(f"{program.name} ended with {ended}: {log}, and the input beside it, tell why")
    statistics = dict(line.removeprefix("stat::").split(":", 1) for line in lines if line.startswith("stat::"))
    runs = int(statistics["number_of_executed_units"])
    print(f"{program.name}: {runs:,} executions in {seconds} s, {runs // seconds:,} a second, no report", flush=True)
