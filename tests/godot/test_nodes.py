"""The nodes of the addon: without the native library, without a worker, and with a live one."""

import contextlib
import re
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
COST_US = 300  # a head's part of a frame
CANCEL_MS = 80  # two frames
HALF_A_FRAME_MS = 20.0
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


def test_the_audio_clock(bare):
    bare.test("test_audio_clock.gd")


def test_the_audio_that_the_worker_gets(bare):
    bare.test("test_utterance_audio.gd", *FILES)


def test_without_the_native_library_the_portrait_stays_and_the_audio_plays(bare):
    output = bare.test("test_floor.gd", *FILES)
    assert "native library" in output.reports["warning"][0]


def test_without_the_native_library_heads_speak_all_the_same(bare):
    bare.test("test_speaking.gd")


def test_places_of_workers_and_avatars(bare):
    bare.test("test_places.gd")


def test_the_adapters_for_dialogue_addons(bare):
    bare.test("test_adapters.gd")


def test_heads_speak_with_a_live_worker(godot, worker):
    godot.test("test_speaking.gd", **worker)


def test_heads_are_seen_with_a_live_worker(godot, worker):
    output = godot.test("test_live.gd", *FILES, **worker)
    print("from cancel to rest, ms:", output.reports["cancel_ms"])
    assert sorted(output.reports["cancel_ms"])[2] <= CANCEL_MS


@pytest.fixture
def clocked(copied):
    """A project whose dummy sound card mixes every 21 ms instead of every 93."""
    settings = copied.project / "project.godot"
    settings.write_text(f"{settings.read_text()}\n[audio]\n\ndriver/mix_rate=192000\n")
    return copied


def test_the_picture_shown_is_that_of_the_audio_heard(clocked, worker):
    """And a clock that is 80 ms late is found out."""
    at = [*FILES, "test_live_clock.gd"]
    (right,) = clocked.test(*at, "test_the_picture_is_that_of_the_audio", **worker).reports["excess"]
    assert right["looks"] > 300 and right["p95_ms"] == 0.0
    assert right["pictures"] >= 0.95 * SPOKEN_FRAMES
    (pitched,) = clocked.test(*at, "test_a_player_of_another_pitch_is_followed", **worker).reports["excess"]
    assert pitched["looks"] > 200 and pitched["p95_ms"] <= HALF_A_FRAME_MS
    (late,) = clocked.test(*at, "test_a_clock_that_is_late_is_found_out", **worker).reports["excess"]
    assert late["p95_ms"] > HALF_A_FRAME_MS
    print("excess:", right, "pitch 1.25:", pitched, "80 ms late:", late)


def test_a_head_costs_the_main_thread_little(godot, worker):
    (cost,) = godot.test("test_cost.gd", "heads=1", "size=512", *FILES, **worker).reports["cost"]
    assert cost["median_us"] < COST_US
    print("a head:", cost)


def test_a_worker_that_is_not_there_is_told_once(godot, tmp_path):
    nowhere = {"FLASHHEAD_ENDPOINT": f"ipc://{tmp_path}/nobody", "FLASHHEAD_TOKEN": "none"}
    output = godot.test("test_floor.gd", *FILES, "patience_ms=1800", **nowhere)
    assert "no worker answers" in output.reports["warning"][0]


def test_a_worker_of_another_version_is_told(godot, tmp_path):
    with another_version(f"ipc://{tmp_path}/other") as environment:
        output = godot.test("test_floor.gd", "test_the_audio_plays_with_one_warning", **environment)
    assert "protocol" in output.reports["warning"][0]


def test_a_worker_is_launched_killed_and_back(godot):
    godot.test("test_launched.gd", *FILES, f"python={sys.executable}")


def test_in_a_checkout_its_own_worker_is_launched(godot, tmp_path):
    if not (ROOT / ".venv" / "bin" / "python3").exists():
        pytest.skip("the checkout has no .venv: python3 build.py test makes one")
    # No worker is announced in a folder of the test's own.
    environment = {"FLASHHEAD_ENDPOINT": "", "XDG_RUNTIME_DIR": str(tmp_path)}
    godot.test("test_live.gd", "test_the_audio_starts_with_the_first_frame", *FILES, **environment)


def test_without_the_autoload_heads_speak_all_the_same(copied, worker):
    settings = copied.project / "project.godot"
    text = settings.read_text()
    settings.write_text(re.sub(r'FlashHeadWorker="[^"]*"', "", text))
    assert settings.read_text() != text
    copied.test("test_live.gd", "test_the_audio_starts_with_the_first_frame", *FILES, **worker)


SCENE = """[gd_scene load_steps=2 format=3]
[ext_resource type="Script" path="res://npc.gd" id="1"]
[node name="NPC" type="TextureRect"]
script = ExtResource("1")
[node name="Voice" type="AudioStreamPlayer" parent="."]
"""


def test_the_ten_lines_of_the_docs_speak(copied, worker):
    script = re.search(r"```gdscript\n(.*?)```", (ROOT / "docs" / "godot.md").read_text(), re.DOTALL)[1]
    (copied.project / "npc.gd").write_text(script.replace('"said")', '"said")\n\tget_tree().quit()'))
    (copied.project / "npc.tscn").write_text(SCENE)
    (copied.project / "voice").mkdir()
    shutil.copy(ROOT / "examples" / "dialogue" / "merchant_fr.ogg", copied.project / "voice" / "halt.ogg")
    assert copied("--import").code == 0
    output = copied("res://npc.tscn", **worker)
    assert output.stdout.strip().endswith("said") and output.errors() == [], output
    assert "FlashHead:" not in output.stderr, "no warning"
