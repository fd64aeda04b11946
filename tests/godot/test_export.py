"""A game exported with Godot's release template: what is in it, what lies beside it, and that it runs."""

import functools
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from exports import Exported, add_loader, command, exported, libraries

ROOT = Path(__file__).parents[2]
AVATAR = ROOT / "flashhead_engine" / "avatar" / "samples" / "guard"
GAME = """
extends Node

func _ready() -> void:
	var line := load("res://lines/guard_en.flashhead.json") as FlashHeadBakedLine
	var head := TalkingHead.new()
	head.audio_player = $Player
	add_child(head)
	var widest := [0.0]
	head.weights_changed.connect(func(weights: PackedFloat32Array, _pose: Variant) -> void:
		widest[0] = maxf(widest[0], weights[17]))
	var result := await head.play_baked(line)
	print("NATIVE ", ClassDB.class_exists("FlashHeadClient"))
	print("SPOKE %d %.2f %s" % [result, widest[0], line.video.file])
	print("FILES ", _files("res://"))
	$Player.stream = null
	get_tree().quit()


func _files(folder: String) -> String:
	var found := ""
	for name in DirAccess.get_files_at(folder):
		found += " " + folder + name
	for inner in DirAccess.get_directories_at(folder):
		found += " " + _files(folder + inner + "/")
	return found
"""
LIVE = """
extends Node

func _ready() -> void:
	var head := TalkingHead.new()
	head.profile = TalkingHeadProfile.new()
	head.profile.avatar = "guard"
	head.audio_player = $Player
	head.worker_failed.connect(func(reason: String) -> void:
		print("FAILED ", reason)
		get_tree().quit())
	head.first_frame.connect(func(_latency_ms: float) -> void: print("FIRST FRAME"))
	add_child(head)
	await head.worker_started
	var result := await head.speak("res://lines/guard_en.wav")
	print("SPOKE %d %d" % [result, head.texture.frames_shown])
	$Player.stream = null
	get_tree().quit()
"""
SCENE = """[gd_scene load_steps=2 format=3]
[ext_resource type="Script" path="res://game.gd" id="1"]
[node name="Game" type="Node"]
script = ExtResource("1")
[node name="Player" type="AudioStreamPlayer" parent="."]
"""
WEB_PRESET = """[preset.0]
name="Web"
platform="Web"
runnable=true
export_filter="all_resources"
[preset.0.options]
custom_template/release=""
"""


def make_game(godot, script: str) -> None:
    """Of a project: a scene with a script and an audio player, and an avatar."""
    (godot.project / "game.gd").write_text(script)
    (godot.project / "game.tscn").write_text(SCENE)
    settings = godot.project / "project.godot"
    main_scene = '[application]\nrun/main_scene="res://game.tscn"'
    settings.write_text(settings.read_text().replace("[application]", main_scene))
    output = godot("--import")
    assert output.code == 0 and output.errors() == [], output.stderr


@pytest.fixture(scope="module")
def game(bare) -> None:
    """It speaks a baked line."""
    shutil.copytree(AVATAR, bare.project / "avatars" / "guard")
    make_game(bare, GAME)


@pytest.fixture
def export(bare, game, template, tmp_path):
    """Call with the choices of the preset."""
    return functools.partial(exported, bare, template, tmp_path / "out")


def play(game: Exported, template: Path) -> str:
    program = game.folder / "game.x86_64"
    add_loader(program, libraries(template))
    words = command(program, libraries(template))
    run = subprocess.run(words, capture_output=True, text=True, timeout=60, cwd="/")
    assert run.returncode == 0 and "SCRIPT ERROR" not in run.stderr, run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def small(bare, game, template, tmp_path_factory) -> tuple[list[str], str]:
    """The files of a game that leaves the worker out, and what it said."""
    found = exported(bare, template, tmp_path_factory.mktemp("out"))
    return found.files(), play(found, template)


def test_the_game_speaks_without_worker_and_native_library(small):
    files, said = small
    assert files == ["game.pck", "game.x86_64"]
    result, widest, video = re.search("SPOKE (.*)", said)[1].split()
    assert "NATIVE false" in said
    assert result == "0" and float(widest) > 0.2 and video == "res://lines/guard_en.ogv"


def test_the_pack_has_no_avatar_but_its_portrait_and_no_raw_track(small):
    files = small[1].split("FILES ", 1)[1].split()
    assert "res://lines/guard_en.ogv" in files
    assert "res://lines/guard_en.flashhead.json.import" in files or "res://lines/guard_en.flashhead.json" in files
    assert "res://lines/guard_en.json" not in files
    in_avatar = [name for name in files if name.startswith("res://avatars/")]
    assert in_avatar and all(Path(name).name.startswith("portrait.png") for name in in_avatar), in_avatar


def test_platforms_without_a_worker_have_neither_choice(bare, game, tmp_path):
    """Of a pack for the web, without its template, which Debian does not have."""
    (bare.project / "export_presets.cfg").write_text(WEB_PRESET)
    output = bare("--export-pack", "Web", str(tmp_path / "game.pck"))
    pack = (tmp_path / "game.pck").read_bytes()
    assert "SCRIPT ERROR" not in output.stderr and "FlashHead" not in output.stderr, output.stderr
    assert b"lines/guard_en.ogv" in pack and b"imported/portrait.png-" in pack
    assert b"imported/eye_whites.png-" not in pack


def test_worker_and_avatars_lie_beside_the_game(export, game, tmp_path):
    worker = tmp_path / "my worker"
    (worker / "bin").mkdir(parents=True)
    python = worker / "bin" / "python3"
    python.write_bytes(b"#!/bin/sh\n")
    python.chmod(0o755)
    (worker / "model.onnx").write_bytes(bytes(1000))

    found = export(worker=1, worker_folder=str(worker))
    beside = found.folder / "flashhead_worker"
    assert (beside / "bin" / "python3").stat().st_mode & 0o111
    assert (beside / "model.onnx").read_bytes() == bytes(1000)
    for file in AVATAR.rglob("*"):
        if file.is_file():
            copy = found.folder / "avatars" / "guard" / file.relative_to(AVATAR)
            assert copy.read_bytes() == file.read_bytes()

    (worker / "model.onnx").write_bytes(b"new" * 1000)
    export(worker=1, worker_folder=f"{worker}/")
    assert (beside / "model.onnx").read_bytes() == b"new" * 1000


def test_a_game_is_not_exported_into_its_worker(export, tmp_path):
    (tmp_path / "flashhead-worker").write_bytes(b"#!/bin/sh\n")
    found = export(worker=1, worker_folder=str(tmp_path))
    assert "Export it to another one" in found.stderr
    assert not (found.folder / "flashhead_worker").exists()


@pytest.mark.parametrize(
    ("folder", "reason"), [("", "Give the folder of the worker"), ("empty", "There is no worker in")]
)
def test_a_folder_without_a_worker_is_said(export, tmp_path, folder, reason):
    if folder:
        (tmp_path / folder).mkdir()
    found = export(worker=1, worker_folder=str(tmp_path / folder) if folder else "")
    assert reason in found.stderr
    assert not (found.folder / "flashhead_worker").exists()


@pytest.fixture(scope="module")
def live_game(whole) -> None:
    """It speaks with a worker."""
    make_game(whole, LIVE)


def check_it_speaks(found: Exported, template: Path) -> None:
    said = play(found, template)
    assert "FIRST FRAME" in said, said
    result, frames = map(int, re.search("SPOKE (.*)", said)[1].split())
    assert result == 0 and frames > 60


def test_the_game_speaks_with_a_worker_at_an_explicit_path(whole, live_game, template, tmp_path):
    """The setting flashhead/worker/program; the extension's library is copied beside the game."""
    settings = whole.project / "project.godot"
    without = settings.read_text()
    program = f'"{sys.executable}", "-m", "flashhead_engine.worker"'
    settings.write_text(f"{without}\n[flashhead]\nworker/program=PackedStringArray({program})\n")
    try:
        found = exported(whole, template, tmp_path / "out")
    finally:
        settings.write_text(without)
    assert "libflashhead_godot.so" in found.files()
    check_it_speaks(found, template)


def test_the_game_speaks_with_the_worker_that_was_put_beside_it(whole, live_game, template, tmp_path):
    """The Python of an environment; test_shipped.py has the worker that needs none."""
    worker = tmp_path / "worker"
    python = worker / "bin" / "python3"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    found = exported(whole, template, tmp_path / "out", worker=1, worker_folder=str(worker))
    shutil.rmtree(worker)
    assert "flashhead_worker/bin/python3" in found.files()
    check_it_speaks(found, template)
    # Without it nobody else is found.
    shutil.rmtree(found.folder / "flashhead_worker")
    said = play(found, template)
    assert "FAILED" in said and "SPOKE" not in said
