"""Promises of FlashHeadClient and FlashHeadTexture; their other half is in godot_addon/tests/test_native*.gd."""

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from real_worker import LINE

from flashhead_engine.audio.decode import open_audio
from flashhead_engine.avatar.bundle import load_avatar
from flashhead_engine.drivers import load_driver
from flashhead_engine.drivers.base import FrameFlags, Outputs, SessionSettings

PROJECT = Path(__file__).parents[2] / "godot_addon"
LIBRARY = PROJECT / "addons" / "flashhead" / "bin" / "linux-x64" / "libflashhead_godot.so"
RATE_HZ, FRAMES, FRAME_US, SIZE = 16_000, 25, 40_000, 256
MOST_IDLE = 60  # pictures of a face at rest before the line, at most


def speech(name: str = LINE.name) -> np.ndarray:
    """A second of an example line, in 16 bits."""
    with open_audio(LINE.with_name(name)) as audio:
        pcm = np.concatenate(list(audio.chunks()))
    return np.round(pcm[4000 : 4000 + RATE_HZ] * 32767).astype("<i2")


@pytest.fixture
def native(godot, worker, tmp_path):
    """Call with names of tests; returns what they reported."""
    (tmp_path / "pcm").write_bytes(speech().tobytes())

    def call(*names: str, **options):
        words = {
            "pcm": tmp_path / "pcm",
            "pictures": tmp_path / "pictures",
            "program": f"{sys.executable}|-m|flashhead_engine.worker",
        }
        arguments = [f"{name}={value}" for name, value in words.items()]
        return godot.test("test_native.gd", "test_native_input.gd", *names, *arguments, **worker, **options).reports

    return call


def drawn(pcm: np.ndarray, idle: int) -> np.ndarray:
    """What the driver draws for a line after so many pictures of a face at rest."""
    driver = load_driver("nano")
    session = driver.open(load_avatar("guard"), SessionSettings(outputs=Outputs.VIDEO, size=SIZE, seed=7))
    session.idle(round(idle * FRAME_US * 60 / 1e6))
    session.push(pcm.astype(np.float32) / 32768, end=True)
    driver.step([session])
    return np.array([frame.pixels for frame in session.frames() if not frame.flags & FrameFlags.IDLE])


@pytest.mark.parametrize("renderer", ["gl", "vulkan"])
def test_frames_come_in_order_with_the_drivers_pixels(native, screen, tmp_path, renderer):
    # Without a renderer Godot keeps the first picture of a texture.
    frames = np.array(native("test_frames_in_order", renderer=renderer, DISPLAY=screen)["frame"])
    audio_us, index, pts_us, duration_us, flags = frames.T
    assert len(index) >= FRAMES // 2 and all(np.diff(index) > 0)
    assert all(pts_us <= audio_us) and all(audio_us < pts_us + duration_us)
    assert all(((flags & FrameFlags.FIRST) != 0) == (index == 0))
    assert all(((flags & FrameFlags.LAST) != 0) == (index == FRAMES - 1))

    shown = np.fromfile(tmp_path / "pictures", np.uint8).reshape(len(index), SIZE, SIZE, 4)
    # How long the face was at rest before the line is the machine's affair; every picture must fit the same time.
    idle = next((count for count in range(MOST_IDLE) if (drawn(speech(), count)[index[0]] == shown[0]).all()), None)
    assert idle is not None, "the first picture is none of the driver's"
    wanted = drawn(speech(), idle)[index]
    assert (shown == wanted).all()
    # The comparison is one that fails: on another line, and on pictures that are one frame late.
    assert not (shown == drawn(speech("robot_de.flac"), idle)[index]).all()
    assert not (shown[1:] == wanted[:-1]).all()


def test_in_real_time_nothing_comes_early(native):
    reports = native("test_in_real_time_nothing_comes_early")
    for kind, least in (("picture", 8), ("weights", 15)):
        audio_us, index, pts_us = np.array(reports[kind]).T
        assert len(index) >= least
        assert all(np.diff(index) > 0), "in order, each once"
        assert all(pts_us <= audio_us)


@pytest.mark.parametrize(
    "name",
    [
        "test_frames_in_order",
        "test_after_a_cancel_no_old_frame_is_shown",
        "test_a_worker_that_is_killed_comes_back",
        "test_objects_are_freed_while_they_speak",
        "test_scenes_change_while_a_head_speaks",
        "test_bad_arguments_are_refused_in_words",
        "test_samples_of_every_kind",
        "test_audio_of_no_length_ends_at_once",
        "test_without_a_worker_nothing_waits",
        "test_a_saved_texture_has_no_pixels",
        "test_typed_and_untyped_calls_do_the_same",
    ],
)
def test_in_godot(native, name):
    native(name)


@pytest.mark.parametrize("renderer", ["gl", "vulkan"])
def test_a_portrait_gives_way_to_pictures_of_any_size(native, screen, renderer):
    native("test_a_portrait_gives_way_to_pictures_of_any_size", renderer=renderer, DISPLAY=screen)


def test_arguments_of_wrong_types_are_refused_by_godot(native):
    allowed = (
        "FlashHeadTexture.acquire: client is null, or no FlashHeadClient",
        "FlashHeadTexture.show_image: image is null",
        "'FlashHeadClient::clock': Cannot convert argument 1 from String to int",
        "'FlashHeadClient::look_at': Cannot convert argument 2 from String to float",
        "'FlashHeadClient::connect_worker': Cannot convert argument 1 from int to Dictionary",
        "'FlashHeadClient::connect_worker': Method expected 1 argument",
        "'FlashHeadClient::poll': Method expected 0 argument",
    )
    native("test_arguments_of_wrong_types_are_refused_by_godot", allowed=allowed)


def test_nothing_is_left_of_500_heads_that_were_closed(native):
    reports = native("test_nothing_is_left_of_heads_that_were_closed", timeout_s=300)
    early, late = reports["left"]
    # Of 480 heads: not one object, thread or file more; Godot itself counts a few objects up and down.
    for kind in ("objects", "resources", "threads", "files"):
        assert late[kind] <= early[kind] + 5, (early, late)
    memory, end = Path(f"/proc/{reports['worker_pid'][0]}/maps"), time.monotonic() + 5
    while "/dev/shm/flashhead" in memory.read_text():
        assert time.monotonic() < end, "the worker still has a head's memory"
        time.sleep(0.1)


def test_only_the_entry_is_exported(godot):
    printed = subprocess.check_output(["nm", "-D", "--defined-only", LIBRARY], text=True)
    assert [line.split()[-1] for line in printed.splitlines()] == ["flashhead_godot_init"]


def test_every_method_of_godot_is_called_by_a_signature_that_it_has(godot, tmp_path):
    subprocess.check_output([godot.program, "--headless", "--dump-extension-api"], cwd=tmp_path)
    classes = {one["name"]: one for one in json.loads((tmp_path / "extension_api.json").read_text())["classes"]}
    source = "".join(path.read_text() for path in (PROJECT / "native" / "src").glob("*.cc"))
    used = re.findall(r'EngineMethod \w+\("(\w+)", "(\w+)", (\d+)\)', source)
    assert len(used) >= 5
    for class_name, name, number in used:
        [method] = [one for one in classes[class_name]["methods"] if one["name"] == name]
        assert int(number) in (method["hash"], *method.get("hash_compatibility", []))


@pytest.fixture
def alone(godot, tmp_path) -> Path:
    """A project that has the native library and nothing else."""
    addon = tmp_path / "alone" / "addons" / "flashhead"
    (addon / "bin" / "linux-x64").mkdir(parents=True)
    shutil.copy(LIBRARY, addon / "bin" / "linux-x64")
    shutil.copy(PROJECT / "addons" / "flashhead" / "flashhead.gdextension", addon)
    folder = tmp_path / "alone"
    (folder / "project.godot").write_text("config_version=5\n")
    (folder / ".godot").mkdir()
    (folder / ".godot" / "extension_list.cfg").write_text("res://addons/flashhead/flashhead.gdextension\n")
    return folder


def documented(path: Path) -> dict[str, str]:
    """The description of everything in a class reference, by its signature."""
    root = ElementTree.parse(path).getroot()
    found = {"class": root.findtext("description").strip(), "brief": root.findtext("brief_description").strip()}
    for method in root.iter("method"):
        signature = [method.attrib, method.find("return").attrib, *(one.attrib for one in method.iter("param"))]
        found[str(signature)] = method.findtext("description").strip()
    for one in (*root.iter("member"), *root.iter("constant")):
        found[str(one.attrib)] = one.text.strip()
    return found


def test_everything_is_in_the_help_of_the_editor(godot, alone):
    subprocess.check_output([godot.program, "--headless", "--doctool", ".", "--gdextension-docs"], cwd=alone)
    for name in ("FlashHeadClient", "FlashHeadTexture"):
        ours = documented(PROJECT / "native" / "doc_classes" / f"{name}.xml")
        assert set(ours) == set(documented(alone / "doc_classes" / f"{name}.xml"))
        assert [signature for signature, text in ours.items() if not text] == []
        # The editor has it from the library, and finds no fault in it.
        assert ours["brief"].encode() in LIBRARY.read_bytes()
    output = godot("--editor", "--quit", project=alone)
    assert output.errors() == [] and output.code == 0, output.stderr


def test_the_library_is_reloaded_while_the_editor_runs(godot, alone, worker):
    """By a plugin that has a texture and a client with an open head each time; from the second time on the library's
    file is another one."""
    plugin = alone / "addons" / "reload"
    plugin.mkdir()
    about = {"name": "x", "description": "", "author": "", "version": "1", "script": "plugin.gd"}
    lines = [f'{key}="{value}"' for key, value in about.items()]
    (plugin / "plugin.cfg").write_text("\n".join(["[plugin]", *lines, ""]))
    (plugin / "plugin.gd").write_text(RELOADING)
    other = LIBRARY.read_bytes().replace(b"\x000.1.0\x00", b"\x009.9.9\x00")
    (alone / "addons" / "flashhead" / "bin" / "other.so").write_bytes(other)
    with (alone / "project.godot").open("a") as settings:
        settings.write('\n[editor_plugins]\nenabled=PackedStringArray("res://addons/reload/plugin.cfg")\n')
    output = godot("--editor", project=alone, timeout_s=60, **worker)
    said = f"{output.stdout}\n{output.stderr}"
    assert "RELOADED 3 times" in output.stdout and output.code == 0, said
    assert output.errors() == [], said


RELOADING = """\
@tool
extends EditorPlugin

func _enter_tree() -> void:
	run.call_deferred()

func run() -> void:
	var client: Object = ClassDB.instantiate("FlashHeadClient")
	var texture: Object = ClassDB.instantiate("FlashHeadTexture")
	for time in 3:
		client.connect_worker({})
		var head: int = client.open_session({"outputs": 1, "avatar": "guard", "size": 256})
		var shown: int = texture.frames_shown
		while not texture.acquire(client, head, 0, 0):
			await get_tree().process_frame
		assert(shown == 0 and texture.frames_shown == 1)
		if time == 1:
			var folder := DirAccess.open("res://addons/flashhead/bin")
			assert(folder.rename("other.so", "linux-x64/libflashhead_godot.so") == OK)
		var status := GDExtensionManager.reload_extension("res://addons/flashhead/flashhead.gdextension")
		assert(status == GDExtensionManager.LOAD_STATUS_OK)
		assert(client.poll_session(head).is_empty() and client.get_info().is_empty())
		assert(client.get_version() == ("0.1.0" if time < 1 else "9.9.9"))
	print("RELOADED 3 times")
	client = null
	texture = null
	get_tree().quit()
"""
