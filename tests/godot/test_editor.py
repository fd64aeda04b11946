"""The addon in Godot's editor: the portrait is shown there and is no part of the scene; warnings; "Test worker"."""

import shutil
from pathlib import Path

import pytest

SCENE = """[gd_scene load_steps=4 format=3]

[ext_resource type="Script" path="res://addons/flashhead/client/talking_head.gd" id="1"]
[ext_resource type="Script" path="res://addons/flashhead/client/talking_head_profile.gd" id="2"]

[sub_resource type="Resource" id="Profile"]
script = ExtResource("2")
avatar = "res://avatars/guard"
size = 320

[node name="Stage" type="Node"]

[node name="Screen" type="TextureRect" parent="."]

[node name="Voice" type="AudioStreamPlayer" parent="."]

[node name="Head" type="Node" parent="." node_paths=PackedStringArray("audio_player", "screen")]
script = ExtResource("1")
profile = SubResource("Profile")
audio_player = NodePath("../Voice")
screen = NodePath("../Screen")
"""
GUARD = Path(__file__).parents[2] / "flashhead_engine" / "avatar" / "samples" / "guard"


@pytest.fixture
def stage(copied):
    """A project with a head on stage, and a plugin that looks at it in the editor."""
    folder = copied.project
    shutil.copytree(GUARD, folder / "avatars" / "guard")
    (folder / "avatars" / ".gdignore").touch()
    (folder / "stage.tscn").write_text(SCENE)
    shutil.copytree(Path(__file__).parent / "editor_probe", folder / "addons" / "editor_probe")
    settings = folder / "project.godot"
    plugins = '"res://addons/flashhead/plugin.cfg", "res://addons/editor_probe/plugin.cfg"'
    settings.write_text(f"{settings.read_text()}\n[editor_plugins]\n\nenabled=PackedStringArray({plugins})\n")
    return copied


def test_a_head_in_the_editor(stage, worker):
    output = stage("--editor", **worker)
    # Without a window the editor fails to draw the thumbnail of a scene that it saves.
    assert output.errors(('Parameter "t" is null', "resources still in use at exit")) == [], output.stderr
    seen = {name: values[0] for name, values in output.reports.items()}
    assert seen["autoload"] and seen["setting"]
    assert seen["warnings"] == []
    assert any("profile" in warning for warning in seen["bare_warnings"])
    assert any("audio player" in warning for warning in seen["bare_warnings"])
    assert "tiers: nano" in seen["worker"]

    assert seen["previewed"] and seen["still_previewed"]
    saved = (stage.project / "stage.tscn").read_text()
    assert saved != SCENE, "the editor saved it in its own way"
    assert "res://avatars/guard" in saved
    assert "ImageTexture" not in saved and "texture =" not in saved, "the portrait is no part of the scene"
