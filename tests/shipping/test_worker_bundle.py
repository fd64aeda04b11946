"""The worker bundle on a machine that is not the developer's."""

import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from flashhead_engine.client import Connection, launch
from flashhead_engine.worker.manifest import read_manifest
from flashhead_engine.worker.self_test import opens

LARGEST = 150_000_000
LATEST_S = 1.5
NOBODY = 65534
# The time of day jumps an hour back or forth at every look; the other clocks go on.
JUMPING_CLOCK = """
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static _Thread_local int looks;
int clock_gettime(clockid_t clock, struct timespec* now) {
  const int failed = (int)syscall(SYS_clock_gettime, clock, now);
  if (clock == CLOCK_REALTIME) now->tv_sec += ++looks % 2 ? 3600 : -3600;
  return failed;
}
int gettimeofday(struct timeval* now, void* zone) {
  struct timespec exact;
  clock_gettime(CLOCK_REALTIME, &exact);
  now->tv_sec = exact.tv_sec;
  now->tv_usec = exact.tv_nsec / 1000;
  return 0;
}
time_t time(time_t* out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
"""


def program(folder: Path) -> list[str]:
    return [str(folder / "flashhead-worker")]


def says(worker: Connection) -> float:
    with worker.open() as head:
        return opens(head)


def first_session_s(words: list[str]) -> float:
    began_s = time.perf_counter()
    with launch(words) as worker, worker.open("guard"):
        return time.perf_counter() - began_s


def test_it_is_small_and_soon_ready(bundle):
    assert read_manifest(bundle).bytes <= LARGEST
    took_s = [first_session_s(program(bundle)) for _ in range(3)]
    assert statistics.median(took_s) <= LATEST_S, took_s
    late = ["/bin/sh", "-c", f'sleep {LATEST_S}; exec "$0" "$@"', *program(bundle)]
    assert first_session_s(late) > LATEST_S, "a late one is seen"


def test_it_is_whole_and_talks_without_any_environment(bundle, self_test):
    run = self_test(bundle)
    assert run.returncode == 0 and run.stdout.endswith("ready\n"), run.stderr
    assert f"files: {read_manifest(bundle).files}, " in run.stdout


def test_another_user_in_a_folder_that_cannot_be_written(as_root, bundle, self_test):
    """Of root, whose rights are not theirs; nothing but the folder for temporary files can be written."""
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top) / "Spiele & Co" / "Ätna 東京"
        shutil.copytree(bundle, folder)
        temporary = Path(top) / "temporary"
        temporary.mkdir()
        os.chown(temporary, NOBODY, NOBODY)
        os.chmod(top, 0o755)
        other = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        run = self_test(folder, env={"TMPDIR": str(temporary)}, **other)
        assert run.returncode == 0, run.stderr
        assert [path.name for path in temporary.rglob("*") if path.is_file()] == [], "nothing is left there"


@pytest.mark.parametrize(
    ("mounts", "words"),
    [
        ("mount -t tmpfs -o size=4k tmpfs /dev/shm", "shared memory"),
        (
            "for i in /tmp /var/tmp; do mount -t tmpfs -o ro tmpfs $i; done; mount -o remount,bind,ro /",
            "TMPDIR names",
        ),
    ],
)
def test_a_disk_that_is_full_or_locked_is_told(as_root, bundle, self_test, mounts, words):
    """By mounts that this test's processes alone see."""
    run = self_test(bundle, "/usr/bin/unshare", "--mount", "/bin/sh", "-ec", f'{mounts}; exec "$0" "$1"')
    assert run.returncode == 1 and words in run.stderr, run.stdout + run.stderr
    assert "Traceback" not in run.stderr


def test_two_games_with_one_bundle(bundle):
    with launch(program(bundle)) as one, launch(program(bundle)) as other:
        assert one.worker_pid != other.worker_pid
        assert says(one) > 0.1
        one.close()
        assert says(other) > 0.1


def listening(pid: int) -> set[str]:
    """Sockets of a process that other machines could connect to, by their numbers."""
    rows = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()
    ]
    listened = {row[9] for row in rows if row[3] == "0A"}
    mine = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            mine.add(os.readlink(path).removeprefix("socket:[").removesuffix("]"))
    return mine & listened


def test_nothing_of_it_can_be_reached_from_another_machine(bundle):
    with launch(program(bundle)) as worker, worker.open("guard"):
        assert listening(worker.worker_pid) == set()
    with socket.create_server(("127.0.0.1", 0)):
        assert listening(os.getpid()), "one that listens is seen"


def test_the_time_of_day_jumps(bundle, tmp_path, need_program, monkeypatch):
    source, library = tmp_path / "clock.c", tmp_path / "clock.so"
    source.write_text(JUMPING_CLOCK)
    compiler = shutil.which("cc") or need_program("clang")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    with launch(["/usr/bin/env", f"LD_PRELOAD={library}", *program(bundle)]) as worker:
        assert library.name in Path(f"/proc/{worker.worker_pid}/maps").read_text(), "the clock is in the worker"
        assert says(worker) > 0.1
