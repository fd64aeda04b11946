"""Promises of the built files: what leaves the library, the header's example, what is left after much use, bytes that
nobody meant. Runs with a sanitizer where `python3 build.py native --sanitize address` (or thread) was called."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bridge_library import BUILT, FILE, ROOT, need_built
from real_worker import TOKEN

SANITIZED = [BUILT, *(BUILT.with_name(f"{BUILT.name}-{kind}") for kind in ("address", "thread"))]
FUZZ = ROOT / "bridge_cpp" / "fuzz"
SUPPRESSIONS = FUZZ.parent / "tests" / "thread_sanitizer.txt"


@pytest.fixture(params=SANITIZED, ids=["plain", "address", "thread"])
def program(request):
    """Call to run a program of a build with arguments; it must end with 0."""

    def run(name: str, *words: object, timeout_s: float = 120, **environment: str) -> str:
        path = request.param / name
        if request.param != BUILT and not path.exists():
            pytest.skip(f"{request.param.name} was not built")
        variables = {**os.environ, "TSAN_OPTIONS": f"suppressions={SUPPRESSIONS}", **environment}
        command = [str(need_built(path)), *map(str, words)]
        result = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=timeout_s)
        assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-6000:]
        return result.stdout

    return run


@pytest.fixture
def reached(worker):
    """The environment by which a program finds the worker."""
    return {"FLASHHEAD_ENDPOINT": worker[0], "FLASHHEAD_TOKEN": TOKEN}


def leaves(library: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, FUZZ.parent / "tests" / "check_exports.py", library]
    return subprocess.run(command, capture_output=True, text=True)


def test_only_what_the_header_declares_leaves_the_library(tmp_path):
    assert leaves(need_built(FILE)).returncode == 0
    assert FILE.stat().st_size < 2_000_000
    spoiled = tmp_path / FILE.name
    spoiled.write_bytes(FILE.read_bytes().replace(b"\0flashhead_abi\0", b"\0flashhead_abx\0"))
    told = leaves(spoiled)
    assert told.returncode == 1
    assert "flashhead_abx" in told.stderr and "missing: flashhead_abi" in told.stderr


def test_it_needs_nothing_but_the_c_library():
    needed = subprocess.run(["ldd", need_built(FILE)], capture_output=True, text=True, check=True).stdout
    names = {Path(line.split()[0]).name for line in needed.splitlines()}
    assert names <= {
        "linux-vdso.so.1",
        "libc.so.6",
        "libm.so.6",
        "ld-linux-x86-64.so.2",
        "librt.so.1",
        "libpthread.so.0",
    }


def test_the_headers_example_has_a_head_speak(program, reached):
    lines = program("minimal", **reached).splitlines()
    assert len(lines) > 5
    times = [int(line.split()[0]) for line in lines]
    assert times == sorted(set(times))
    assert all("jawOpen" in line for line in lines)


def test_wrong_handles(program, reached):
    program("stress", "handles", **reached)


def test_more_than_can_wait_is_refused_and_later_taken(program, reached):
    program("stress", "flood", **reached)


def test_heads_that_are_opened_and_closed_leave_nothing(program, reached):
    program("stress", "open", 60, **reached)


def test_clients_that_connect_and_shut_down_leave_nothing(program, reached):
    program("stress", "connect", 20, **reached)


def test_heads_that_talk_are_cancelled_and_closed_under_each_others_hands(program, reached):
    program("stress", "talk", 4, 4, **reached)


@pytest.mark.parametrize("target", ["discovery", "messages", "ring"])
def test_bytes_that_nobody_meant(program, target):
    program(f"fuzz_{target}", FUZZ / "corpus" / target, 100_000)


def test_libfuzzer_finds_a_bound_that_is_not_checked(tmp_path):
    """The ring's target as it is runs on; with one check taken out of the reader it ends with a report."""
    if not shutil.which("clang++"):
        pytest.skip("needs clang with libFuzzer")
    core = FUZZ.parent / "src" / "core"
    code = (core / "ring_reader.cc").read_text("utf-8")
    check = 'Require(geometry.TotalBytes() <= memory.bytes(), "larger than its memory");'
    assert code.count(check) == 1

    def fuzz(code: str, name: str, seconds: int) -> subprocess.CompletedProcess:
        reader, program = tmp_path / f"{name}.cc", tmp_path / name
        reader.write_text(code, "utf-8")
        files = [
            FUZZ / "ring.cc",
            reader,
            core / "ring_layout.cc",
            core.parent / "platform" / "shared_memory.cc",
            core.parent / "platform" / "shared_memory_posix.cc",
        ]
        flags = ["-std=c++17", "-g", "-O1", "-fsanitize=fuzzer,address", "-I", core.parent]
        subprocess.run(["clang++", *flags, "-o", program, *files, "-lrt"], check=True)
        found = tmp_path / f"found_{name}"
        found.mkdir()
        command = [program, f"-max_total_time={seconds}", "-seed=1", found, FUZZ / "corpus" / "ring"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")

    sound = fuzz(code, "sound", 3)
    assert sound.returncode == 0, sound.stderr[-3000:]
    spoiled = fuzz(code.replace(check, ""), "spoiled", 60)
    assert spoiled.returncode != 0 and "AddressSanitizer" in spoiled.stderr
