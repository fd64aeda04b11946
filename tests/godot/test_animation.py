"""What Godot makes of baked animations, .tres and .glb: they show the line's weights. Needs no addon."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "bake_formats"))

from moving import ROWS, TOLERANCE, bake, weights_at

from flashhead_engine.bake.formats import BakeTarget
from flashhead_engine.bake.formats.base import Rig
from flashhead_engine.blendshapes.arkit import ARKIT_52

PROBE = Path(__file__).with_name("animation_probe.gd")
GLTF_PROBE = Path(__file__).with_name("gltf_probe.gd")
SCHOLAR = Path(__file__).parents[2] / "examples" / "art3d" / "scholar.glb"
TIMES = np.linspace(0, ROWS / 60, 41).round(5)


@pytest.fixture
def animation(tmp_path) -> Path:
    path = tmp_path / "line.tres"
    output = bake(path, BakeTarget(audio=path, fps=25, size=256, rig=Rig("Head/Face")))
    assert (output.kind, output.format, output.frames) == ("animation", "tres", ROWS)
    return path


def seen(godot_program: str, path: Path, probe: Path = PROBE) -> dict | None:
    (path.parent / "project.godot").touch()
    command = [godot_program, "--headless", "--path", str(path.parent), "--script", str(probe)]
    command += ["--", str(path), ",".join(map(str, TIMES))]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return json.loads(re.search(r"^REPORT (.*)$", run.stdout, re.MULTILINE).group(1))


def check(found: dict) -> None:
    assert found["length"] == pytest.approx(ROWS / 60, abs=1e-5)
    assert [track["path"] for track in found["tracks"]] == [f"Head/Face:{name}" for name in ARKIT_52]
    values = np.array([track["values"] for track in found["tracks"]]).T
    np.testing.assert_allclose(values, weights_at(TIMES), atol=TOLERANCE)


def test_godot_shows_the_weights_of_the_line(godot_program, animation):
    check(seen(godot_program, animation))


@pytest.mark.parametrize(
    ("pattern", "spoiled"),
    [
        (r":jawOpen", ":jawForward"),
        (r"length = .*", "length = 9.0"),
        (r"(?s)(tracks/17/keys = PackedFloat32Array\(0, 1, )[^,]*", r"\g<1>7.0"),
        (r'tracks/17/type = "blend_shape"', 'tracks/17/type = "value"'),
    ],
)
def test_a_spoiled_animation_is_seen(godot_program, animation, pattern, spoiled):
    text, changes = re.subn(pattern, spoiled, animation.read_text())
    assert changes
    animation.write_text(text)
    found = seen(godot_program, animation)
    with pytest.raises((AssertionError, ValueError)):
        check(found)


def check_head(found: dict) -> None:
    assert found["name"] == "line" and found["length"] == pytest.approx(ROWS / 60, abs=1e-5)
    values = np.array(found["values"])[:, [found["shapes"].index(name) for name in ARKIT_52]]
    np.testing.assert_allclose(values, weights_at(TIMES), atol=TOLERANCE)


def test_godot_shows_the_weights_on_the_head(godot_program, tmp_path):
    path = tmp_path / "line.glb"
    bake(path, BakeTarget(audio=path, fps=25, size=256, rig=Rig(head=SCHOLAR)))
    found = seen(godot_program, path, GLTF_PROBE)
    check_head(found)
    found["values"][20][17] += 0.1
    with pytest.raises(AssertionError):
        check_head(found)
