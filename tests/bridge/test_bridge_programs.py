"""Promises of the built files: what leaves the library, the header's example, what is left after much use, bytes that
nobody meant. Runs with a sanitizer where `python3 build.py native --sanitize address` (or thread) was called."""

import os
import subprocess
from pathlib import Path

import pytest
from bridge_library import BUILT, FILE, ROOT, declared_functions, need_built
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


def test_only_what_the_header_declares_leaves_the_library():
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", need_built(FILE)], capture_output=True, text=True, check=True
    )
    exported = {line.split()[-1] for line in listed.stdout.splitlines()}
    assert exported == declared_functions()
    assert FILE.stat().st_size < 2_000_000


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


# Open fault, cause not found: in about one run of ten with a sanitizer a frame comes up to 0.22 s earlier in the
# audio than the one before it, without a worker that was lost. docs/bridge.md says so.
@pytest.mark.xfail(strict=False, reason="now and then a frame goes back in time while many things happen at once")
def test_heads_that_talk_are_cancelled_and_closed_under_each_others_hands(program, reached):
    program("stress", "talk", 4, 4, **reached)


@pytest.mark.parametrize("target", ["messages", "ring"])
def test_bytes_that_nobody_meant(program, target):
    program(f"fuzz_{target}", FUZZ / "corpus" / target, 100_000)
