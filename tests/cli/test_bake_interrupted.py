"""Ctrl-C, a kill by the system's shutdown, and a full disk: the command ends with an error and leaves nothing."""

import resource
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="module")
def long_line(tmp_path_factory) -> Path:
    """Three minutes of noise bursts: nobody waits until they are baked."""
    path = tmp_path_factory.mktemp("audio") / "long.wav"
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 3000, 180 * 16_000) * (np.arange(180 * 16_000) // 3000 % 2)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(np.clip(noise, -30_000, 30_000).astype(np.int16).tobytes())
    return path


def start(*words: object, **options: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "flashhead_engine", "bake", *map(str, words)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True, **options
    )


def wait_for_unfinished_files(folder: Path, count: int) -> None:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        if folder.exists() and sum(path.stat().st_size > 0 for path in folder.iterdir()) >= count:
            return
        time.sleep(0.05)
    pytest.fail(f"nothing was being written in {folder}")


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("jobs", [1, 2])
def test_ending_it_in_the_middle_leaves_nothing(ending, jobs, long_line, tmp_path):
    lines = [long_line]
    if jobs == 2:
        second = tmp_path / "second.wav"
        second.write_bytes(long_line.read_bytes())
        lines.append(second)
    out = tmp_path / "out"
    process = start(*lines, "-o", out, "-f", "mp4", "-f", "json", "--size", 256, "--jobs", jobs)
    wait_for_unfinished_files(out, count=jobs)
    process.send_signal(ending)
    output, _ = process.communicate(timeout=30)
    assert process.returncode != 0
    assert list(out.iterdir()) == []
    assert "Traceback" not in output


def test_workers_of_a_killed_command_clean_up_and_leave(long_line, tmp_path):
    second = tmp_path / "second.wav"
    second.write_bytes(long_line.read_bytes())
    out = tmp_path / "out"
    process = start(long_line, second, "-o", out, "-f", "json", "-f", "csv", "--jobs", 2)
    wait_for_unfinished_files(out, count=2)
    workers = processes_in_session(process.pid) - {process.pid}
    assert len(workers) >= 2
    process.kill()
    process.wait()
    give_up = time.monotonic() + 20
    while time.monotonic() < give_up and processes_in_session(process.pid):
        time.sleep(0.1)
    assert not processes_in_session(process.pid)
    assert list(out.iterdir()) == []


def processes_in_session(session: int) -> set[int]:
    """Living processes of the session that `start` gave the command (Linux)."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            state, session_of_process = fields[0], int(fields[3])
            if session_of_process == session and state != "Z":
                found.add(int(entry.name))
    return found


@pytest.mark.parametrize("extension", ["json", "mp4", "webm"])
def test_a_full_disk_is_an_error_and_leaves_nothing(extension, long_line, tmp_path):
    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    out = tmp_path / "out"
    process = start(long_line, "-o", out / f"line.{extension}", "--size", 256, preexec_fn=small_files_only)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "disk is full" in " ".join(output.split())
    assert "Traceback" not in output
    assert list(out.iterdir()) == []
