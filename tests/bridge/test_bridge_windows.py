"""The Windows library and its rings, run by Wine against a worker on Linux. Wine is not Windows: docs/bridge.md.

Needs `python3 build.py native --target windows-x64` and Wine; left out without.
"""

import contextlib
import os
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from bridge_library import ROOT, declared_functions
from real_worker import TOKEN, start

from flashhead_engine.drivers.base import FrameFlags, TimedFrame
from flashhead_engine.worker.system.windows import new_endpoint

pytest.importorskip("flashhead_engine._bridge", reason="the native module was not built")

from flashhead_engine.transport.rings import RingWriter

BUILT = ROOT / "build" / "native-windows-x64-portable"
WINE = shutil.which("wine64") or "/usr/lib/wine/wine64"
PROGRAMS = ("smoke.exe", "rings.exe", "flashhead_bridge.dll")
RINGS = {"FLASHHEAD_RING_FOLDER": r"Z:\dev\shm"}
FRAME_US, WEIGHTS_US = 40_000, 1e6 / 60
PATIENCE_S = 60.0

pytestmark = [
    pytest.mark.skipif(not Path(WINE).exists(), reason="Wine is not installed"),
    pytest.mark.skipif(
        not all((BUILT / name).exists() for name in PROGRAMS),
        reason="not built: python3 build.py native --target windows-x64",
    ),
]


class Wine:
    """Windows as Wine has it, new, and our programs in a folder whose name is not ASCII."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "Spiele für Jörg 遊戲"
        self.folder.mkdir()
        for name in PROGRAMS:
            shutil.copy2(BUILT / name, self.folder)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("FLASHHEAD_")},
            **{"WINEPREFIX": str(folder / "prefix"), "WINEDEBUG": "-all", "LC_ALL": "C.UTF-8"},
        }

    @contextlib.contextmanager
    def running(self, program: str, *words: str, **environment: str):
        process = subprocess.Popen(
            [WINE, str(self.folder / program), *words],
            env=self.environment | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def run(self, program: str, *words: str, **environment: str) -> tuple[int, list[str]]:
        """Exit code and printed lines of a program that ends by itself, or when its stdin closes."""
        with self.running(program, *words, **environment) as process:
            printed, _ = process.communicate(timeout=PATIENCE_S)
            return process.returncode, printed.splitlines()


@pytest.fixture(scope="module")
def wine(tmp_path_factory):
    made = Wine(tmp_path_factory.mktemp("wine"))
    subprocess.run([WINE, "wineboot", "-i"], env=made.environment, capture_output=True, timeout=2 * PATIENCE_S)
    yield made
    server = Path(WINE).with_name("wineserver64")
    subprocess.run([server if server.exists() else "wineserver", "-k"], env=made.environment, check=False)


@pytest.fixture(scope="module")
def tcp_worker(tmp_path_factory):
    """Endpoint of a real worker on Linux, and an avatar's folder that it may read, whose name is not ASCII."""
    folder = tmp_path_factory.mktemp("avatars")
    [sample, *_] = sorted((ROOT / "flashhead_engine" / "avatar" / "samples").glob("*/avatar.json"))
    shutil.copytree(sample.parent, folder / "Wächter 守衛")
    endpoint = new_endpoint("test")
    process = start(endpoint, "--allow-path", str(folder), stderr=None)
    yield endpoint, str(folder / "Wächter 守衛")
    process.stdin.close()
    assert process.wait(timeout=10) == 0


@pytest.mark.skipif(not shutil.which("objdump"), reason="objdump lists what a library exports")
def test_only_what_the_header_declares_leaves_the_library():
    command = ["objdump", "-p", BUILT / "flashhead_bridge.dll"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = listed.partition("[Ordinal/Name Pointer] Table")[2].partition("\n\n")[0]
    assert {line.split()[-1] for line in names.splitlines() if "]" in line} == declared_functions()


def line_of(process: subprocess.Popen, beginning: str) -> str:
    """The next line that begins so."""
    seen = []
    for line in process.stdout:
        seen.append(line)
        if line.startswith(beginning):
            return line.strip()
    raise AssertionError(f"no '{beginning}': {seen}")


def check_talk(lines: list[str], frame_us: int = FRAME_US) -> None:
    """What a second of talk must have shown."""
    assert lines[-1] == "shut down", lines[-5:]
    events = {line.split()[1] for line in lines if line.startswith("event")}
    assert {"connected", "opened", "started", "first_frame", "finished"} <= events
    assert not {"lost", "error", "not_connected", "closed"} & events
    for track, period_us, fewest in (("weights", WEIGHTS_US, 20), ("video", frame_us, 8)):
        rows = [line.split()[1:] for line in lines if line.startswith(track)]
        assert len(rows) >= fewest, track
        times = [int(row[2]) for row in rows]
        assert times == sorted(set(times)), "each once, in order"
        for _, index, pts_us, audio_us, *_ in rows:
            assert abs(int(pts_us) - int(index) * period_us) < 1000
            assert int(pts_us) <= int(audio_us)
        assert len({row[4] if track == "weights" else row[5] for row in rows}) > fewest // 2, "the face moves"


@pytest.mark.parametrize("frames", ["rings", "messages"])
def test_a_head_in_a_worker_on_linux_speaks(wine, tcp_worker, frames):
    code, lines = wine.run(
        "smoke.exe", "talk", tcp_worker[0], TOKEN, tcp_worker[1], frames, **(RINGS if frames == "rings" else {})
    )
    assert code == 0, lines[-10:]
    check_talk(lines)
    with pytest.raises(AssertionError):
        check_talk(lines, frame_us=33_333)
    with pytest.raises(AssertionError):
        check_talk([line for line in lines if "finished" not in line])


def test_rings_that_are_not_there_are_said(wine, tcp_worker, tmp_path):
    with wine.running(
        *("smoke.exe", "talk", tcp_worker[0], TOKEN, tcp_worker[1], "rings"),
        FLASHHEAD_RING_FOLDER=f"Z:{tmp_path}",
    ) as process:
        assert "cannot open shared memory" in line_of(process, "event error")


def test_a_wrong_token_is_said(wine, tcp_worker):
    with wine.running("smoke.exe", "talk", tcp_worker[0], "no token", tcp_worker[1], "messages") as process:
        assert "the token is not this worker's" in line_of(process, "event not_connected")


def test_a_program_that_cannot_be_started_is_said(wine):
    with wine.running("smoke.exe", "launch", r"C:\kein Wörker 無.exe") as process:
        assert r"cannot start a worker with C:\kein Wörker 無.exe: " in line_of(process, "event not_connected")


def test_a_worker_gets_its_words_and_is_asked_to_end(wine, tmp_path):
    report = tmp_path / "Bericht 報.txt"
    code, lines = wine.run("smoke.exe", "own", SMOKE_REPORT=f"Z:{report}")
    assert (code, lines[-1]) == (0, "shut down")
    told = report.read_text("utf-8").splitlines()
    assert [line.removeprefix("word ") for line in told if line.startswith("word")] == [
        *("child", "wörter mit Raum", 'a"quote', "back\\slash\\", "end in \\", "", "--private")
    ]
    assert any(line.startswith("endpoint tcp://127.0.0.1:") for line in told)
    assert "token 32" in told
    assert told[-1] == "stdin closed"


def test_a_worker_ends_with_a_game_that_is_killed(wine, tmp_path):
    report = tmp_path / "report.txt"

    def children() -> list[str]:
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                words = path.read_bytes()
                if b"smoke.exe" in words and b"--private" in words:
                    found.append(path.parent.name)
        return found

    with wine.running("smoke.exe", "own", SMOKE_REPORT=f"Z:{report}", SMOKE_STUBBORN="1") as process:
        line_of(process, "event not_connected")
        assert children()
    end = time.monotonic() + 10
    while children() and time.monotonic() < end:
        time.sleep(0.1)
    assert not children()
    assert "stdin closed" not in report.read_text("utf-8")


def test_a_ring_between_two_processes_and_the_death_of_its_writer(wine):
    with wine.running("rings.exe", "write") as writer:
        name, generation = line_of(writer, "/flashhead-").split()
        with wine.running("rings.exe", "read", name, generation) as reader:
            assert line_of(reader, "writer lives") == "writer lives 1"
            beat_ms = int(line_of(reader, "read").split()[3])
            assert beat_ms < 1000
            writer.kill()
            assert line_of(reader, "writer gone")
            assert reader.wait(10) == 0
    _, lines = wine.run("rings.exe", "read", name, generation)
    assert "cannot open shared memory" in lines[0]
    assert not Path("/dev/shm", name.removeprefix("/")).exists()


def test_a_ring_of_another_generation_is_refused(wine):
    with wine.running("rings.exe", "write") as writer:
        name, generation = line_of(writer, "/flashhead-").split()
        code, lines = wine.run("rings.exe", "read", name, str(int(generation) ^ 1))
        assert code == 1 and "generation" in lines[0]


def numbered(index: int, number: float) -> TimedFrame:
    filled = (np.full(count, number, np.float32) for count in (52, 4, 15))
    return TimedFrame(1, 1, index, index * 16_667, 16_667, FrameFlags.NONE, *filled, None)


@pytest.mark.parametrize("spoiled", [0, 1], ids=["as written", "other content"])
def test_a_ring_of_a_writer_on_linux(wine, spoiled):
    writer = RingWriter()
    address = writer.address
    for index in range(5):
        writer.publish(numbered(index, index + spoiled))
    with wine.running("rings.exe", "read", address.name, str(address.generation), **RINGS) as reader:
        assert line_of(reader, "writer lives") == "writer lives 1"
        if spoiled:
            assert line_of(reader, "torn")
            return
        assert line_of(reader, "read").startswith("read 4,")
        writer.close()
        assert line_of(reader, "writer gone")
        assert reader.wait(10) == 0
