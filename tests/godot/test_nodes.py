"""The nodes of the addon: without the native library, without a worker, and with a live one."""

import contextlib
import shutil
import sys
import threading
from pathlib import Path

import pytest
import zmq

from flashhead_engine.transport.messages import PROTOCOL, Welcome, encode

ROOT = Path(__file__).parents[2]
GUARD = ROOT / "flashhead_engine" / "avatar" / "samples" / "guard"
FILES = (f"dialogue={ROOT / 'examples' / 'dialogue'}", f"portrait={GUARD / 'portrait.png'}")
CANCEL_MS = 200
"""From a cancel to the first picture of the resting face: two frames, and what a busy machine adds."""
SPOKEN_FRAMES = 133  # of guard_en.wav at 25 fps


@contextlib.contextmanager
def another_version(endpoint: str):
    """Answers every client as a worker of the next protocol version would."""
    context = zmq.Context()
    socket = context.socket(zmq.ROUTER)
    socket.bind(endpoint)
    welcome = encode(Welcome("0" * 16, PROTOCOL + 1, "9.9.9", 1, ["nano"]))
    stopping = threading.Event()

    def answer() -> None:
        while not stopping.is_set():
            if socket.poll(50):
                client, *_ = socket.recv_multipart()
                socket.send_multipart([client, welcome])

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield {"FLASHHEAD_ENDPOINT": endpoint, "FLASHHEAD_TOKEN": "any"}
    finally:
        stopping.set()
        thread.join()
        context.destroy(linger=0)


@pytest.fixture(scope="module")
def floor(bare):
    output = bare("--import")
    assert output.code == 0 and output.errors() == [], output.stderr
    return bare


def test_the_audio_clock(floor):
    floor.test("test_audio_clock.gd")


def test_the_audio_that_the_worker_gets(floor):
    floor.test("test_utterance_audio.gd", *FILES)


def test_without_the_native_library_the_portrait_stays_and_the_audio_plays(floor):
    output = floor.test("test_floor.gd", *FILES)
    assert "native library" in output.reports["warning"][0]


def test_without_the_native_library_heads_speak_all_the_same(floor):
    floor.test("test_speaking.gd")


def test_places_of_workers_and_avatars(floor):
    floor.test("test_places.gd")


def test_the_adapters_for_dialogue_addons(floor):
    floor.test("test_adapters.gd")


def test_heads_speak_with_a_live_worker(godot, worker):
    godot.test("test_speaking.gd", **worker)


def test_heads_are_seen_with_a_live_worker(godot, worker):
    output = godot.test("test_live.gd", *FILES, **worker)
    assert max(output.reports["cancel_ms"]) <= CANCEL_MS


@pytest.fixture
def clocked(godot, tmp_path):
    """The addon in a project whose dummy sound card mixes every 21 ms instead of every 93."""
    shutil.copytree(godot.project, tmp_path, dirs_exist_ok=True, symlinks=True)
    settings = tmp_path / "project.godot"
    settings.write_text(f"{settings.read_text()}\n[audio]\n\ndriver/mix_rate=192000\n")
    return type(godot)(godot.program, tmp_path)


def test_the_picture_shown_is_that_of_the_audio_heard(clocked, worker):
    """And a clock that is 80 ms late is found out."""
    at = [*FILES, "test_live_clock.gd"]
    (right,) = clocked.test(*at, "test_the_picture_is_that_of_the_audio", **worker).reports["excess"]
    assert right["looks"] > 300 and right["p95_ms"] == 0.0
    assert right["pictures"] >= 0.95 * SPOKEN_FRAMES
    (pitched,) = clocked.test(*at, "test_a_player_of_another_pitch_is_followed", **worker).reports["excess"]
    assert pitched["looks"] > 200 and pitched["p95_ms"] == 0.0
    (late,) = clocked.test(*at, "test_a_clock_that_is_late_is_found_out", **worker).reports["excess"]
    assert late["p95_ms"] > 30.0


def test_a_worker_that_is_not_there_is_told_once(godot, tmp_path):
    nowhere = {"FLASHHEAD_ENDPOINT": f"ipc://{tmp_path}/nobody", "FLASHHEAD_TOKEN": "none"}
    output = godot.test("test_floor.gd", *FILES, **nowhere)
    assert "no worker answers" in output.reports["warning"][0]


def test_a_worker_of_another_version_is_told(godot, tmp_path):
    with another_version(f"ipc://{tmp_path}/other") as environment:
        output = godot.test("test_floor.gd", "test_the_audio_plays_with_one_warning", **environment)
    assert "protocol" in output.reports["warning"][0]


def test_a_worker_is_launched_killed_and_back(godot):
    godot.test("test_launched.gd", *FILES, f"python={sys.executable}")
