"""A game exported with Godot's release template: what is in it, what lies beside it, and that it runs."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

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
SCENE = """[gd_scene load_steps=2 format=3]
[ext_resource type="Script" path="res://game.gd" id="1"]
[node name="Game" type="Node"]
script = ExtResource("1")
[node name="Player" type="AudioStreamPlayer" parent="."]
"""
PRESET = """[preset.0]
name="Linux"
platform="Linux"
runnable=true
export_filter="all_resources"
export_path="{target}"
[preset.0.options]
custom_template/debug="{template}"
custom_template/release="{template}"
binary_format/embed_pck=false
flashhead/worker={worker}
flashhead/worker_folder="{folder}"
"""


@dataclass(frozen=True)
class Exported:
    folder: Path
    stderr: str

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def template(godot_program) -> Path:
    """Godot's release template for Linux, beside the Godot that `build.py godot` gets."""
    folder = Path(shutil.which(godot_program)).resolve().parent
    found = folder / "root" / "usr" / "bin" / "godot-template-release"
    if not found.exists():
        pytest.skip(f"no export template: {found}; python3 build.py godot gets one")
    return found


@pytest.fixture(scope="module")
def game(bare) -> Path:
    """The project of a game: a scene that speaks a baked line, and an avatar."""
    (bare.project / "game.gd").write_text(GAME)
    (bare.project / "game.tscn").write_text(SCENE)
    shutil.copytree(AVATAR, bare.project / "avatars" / "guard")
    settings = bare.project / "project.godot"
    main_scene = '[application]\nrun/main_scene="res://game.tscn"'
    settings.write_text(settings.read_text().replace("[application]", main_scene))
    output = bare("--import")
    assert output.code == 0 and output.errors() == [], output.stderr
    return bare.project


@pytest.fixture
def export(bare, game, template, tmp_path):
    """Call with the choices of the preset."""

    def call(worker: int = 0, folder: str = "") -> Exported:
        target = tmp_path / "out" / "game.x86_64"
        target.parent.mkdir(exist_ok=True)
        choices = {"target": target, "template": template, "worker": worker, "folder": folder}
        (game / "export_presets.cfg").write_text(PRESET.format(**choices))
        output = bare("--export-release", "Linux", str(target))
        return Exported(target.parent, output.stdout + output.stderr)

    return call


def play(exported: Exported, template: Path, *words: str) -> str:
    """Runs the game. Debian's template finds its libraries by the program that starts its Godot."""
    runner = template.parents[3] / "run"
    command = [str(runner), str(exported.folder / "game.x86_64"), "--headless", *words]
    run = subprocess.run(
        [*command, "--main-pack", str(exported.folder / "game.pck")], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0 and "SCRIPT ERROR" not in run.stderr, run.stderr
    return run.stdout


def test_the_game_speaks_without_worker_and_native_library(export, template):
    exported = export()
    assert exported.files() == ["game.pck", "game.x86_64"]

    said = dict(
        line.split(" ", 1) for line in play(exported, template).splitlines() if line[:5] in "NATIVE SPOKE FILES"
    )
    result, widest, video = said["SPOKE"].split()
    assert said["NATIVE"] == "false"
    assert result == "0" and float(widest) > 0.2 and video == "res://lines/guard_en.ogv"


def test_the_pack_has_no_avatar_but_its_portrait_and_no_raw_track(export, template):
    said = play(export(), template)
    files = said.split("FILES ", 1)[1].split()
    assert "res://lines/guard_en.ogv" in files
    assert "res://lines/guard_en.flashhead.json.import" in files or "res://lines/guard_en.flashhead.json" in files
    assert "res://lines/guard_en.json" not in files
    in_avatar = [name for name in files if name.startswith("res://avatars/")]
    assert in_avatar and all(Path(name).name.startswith("portrait.png") for name in in_avatar), in_avatar


def test_worker_and_avatars_lie_beside_the_game(export, game, tmp_path):
    worker = tmp_path / "my worker"
    (worker / "bin").mkdir(parents=True)
    python = worker / "bin" / "python3"
    python.write_bytes(b"#!/bin/sh\n")
    python.chmod(0o755)
    (worker / "model.onnx").write_bytes(bytes(1000))

    exported = export(worker=1, folder=str(worker))
    beside = exported.folder / "flashhead_worker"
    assert (beside / "bin" / "python3").stat().st_mode & 0o111
    assert (beside / "model.onnx").read_bytes() == bytes(1000)
    for file in AVATAR.rglob("*"):
        if file.is_file():
            copy = exported.folder / "avatars" / "guard" / file.relative_to(AVATAR)
            assert copy.read_bytes() == file.read_bytes()

    (worker / "model.onnx").write_bytes(b"new" * 1000)
    export(worker=1, folder=str(worker))
    assert (beside / "model.onnx").read_bytes() == b"new" * 1000


@pytest.mark.parametrize(
    ("folder", "reason"), [("", "Give the folder of the worker"), ("empty", "There is no worker in")]
)
def test_a_folder_without_a_worker_is_said(export, tmp_path, folder, reason):
    if folder:
        (tmp_path / folder).mkdir()
    exported = export(worker=1, folder=str(tmp_path / folder) if folder else "")
    assert reason in exported.stderr
    assert not (exported.folder / "flashhead_worker").exists()
