"""A baked .glb is the head that was given with one animation more, whose weights are the line's by their names."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from heads import read_animation, write_head
from moving import ROWS, bake, weights_at

from flashhead_engine.bake.formats import BakeTarget
from flashhead_engine.bake.formats.base import Rig
from flashhead_engine.bake.glb import write_glb
from flashhead_engine.bake.head import load_head
from flashhead_engine.blendshapes.arkit import ARKIT_52, INDEX
from flashhead_engine.errors import SettingsError

ROOT = Path(__file__).parents[2]
SCHOLAR = ROOT / "examples" / "art3d" / "scholar.glb"
TIMES = np.linspace(0, ROWS / 60, 4 * ROWS + 1)
BACKWARDS = ARKIT_52[::-1]


def baked(folder: Path, head: Path | None) -> Path:
    path = folder / "line.glb"
    output = bake(path, BakeTarget(audio=path, fps=25, size=256, rig=Rig(head=head)))
    assert (output.kind, output.format, output.frames) == ("animation", "glb", ROWS)
    return path


def check(path: Path) -> None:
    content, times, weights = read_animation(path)
    assert content["animations"][-1]["name"] == "line"
    assert times[-1] == pytest.approx(ROWS / 60)
    shown = np.stack([np.interp(TIMES, times, column) for column in weights.T], axis=1)
    names = content["meshes"][0]["extras"]["targetNames"]
    np.testing.assert_allclose(shown[:, [names.index(name) for name in ARKIT_52]], weights_at(TIMES), atol=1e-4)


def test_the_weights_at_any_time_are_those_of_the_line(tmp_path):
    check(baked(tmp_path, write_head(tmp_path / "head.glb", BACKWARDS)))


@pytest.mark.parametrize("spoil", ["names", "times", "weight"])
def test_a_spoiled_animation_is_seen(tmp_path, spoil):
    path = baked(tmp_path, write_head(tmp_path / "head.glb", BACKWARDS))
    content, times, weights = read_animation(path)
    names = content["meshes"][0]["extras"]["targetNames"]
    if spoil == "names":
        names[10], names[11] = names[11], names[10]
    times, weights = times * (1.1 if spoil == "times" else 1), weights.copy()
    weights[50, 7] += 0.1 if spoil == "weight" else 0
    start = content["bufferViews"][-2]["byteOffset"]
    binary = path.read_bytes()[-content["buffers"][0]["byteLength"] :][:start]
    path.write_bytes(write_glb(content, binary + times.tobytes() + weights.tobytes()))
    with pytest.raises(AssertionError):
        check(path)


def test_what_the_head_has_stays(tmp_path):
    head = write_head(
        tmp_path / "head.glb",
        ["Wink", *ARKIT_52],
        node={"weights": [0.25] + [0.0] * 52, "extras": {"of": "ours"}},
        animations=[{"name": "nod", "channels": [], "samplers": []}],
        extensions={"EXT_unknown": {"kept": [1, 2]}},
    )
    content, _, weights = read_animation(baked(tmp_path, head))
    assert [animation["name"] for animation in content["animations"]] == ["nod", "line"]
    assert content["nodes"][1]["extras"] == {"of": "ours"} and content["extensions"] == {
        "EXT_unknown": {"kept": [1, 2]}
    }
    assert (weights[:, 0] == 0.25).all(), "a target that is not ARKit's keeps its weight"


def test_targets_are_known_by_name_without_regard_to_case_and_underscores(tmp_path):
    spelled = [re.sub(r"([A-Z])", r"_\1", name).lower() for name in ARKIT_52[:26]]
    spelled += [name[0].upper() + name[1:] for name in ARKIT_52[26:]]
    head = load_head(write_head(tmp_path / "head.glb", spelled))
    assert head.morphed[0].columns == list(range(52)) and head.warning is None


def test_shapes_that_a_head_does_not_have_are_named(tmp_path):
    names = [name for name in ARKIT_52 if name not in ("tongueOut", "cheekPuff")]
    path = write_head(tmp_path / "head.glb", names)
    assert f"{path}: has no morph target for cheekPuff, tongueOut;" in load_head(path).warning
    _, _, weights = read_animation(baked(tmp_path, path))
    expected = weights_at(np.arange(ROWS) / 60)[:, [INDEX[name] for name in names]]
    np.testing.assert_allclose(weights[:-1], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"names": ["smile", "frown"]}, "no mesh has morph targets with ARKit's names"),
        ({"buffers": [{"byteLength": 36, "uri": "head.bin"}]}, "needs the file head.bin"),
        ({"images": [{"uri": "skin.png"}]}, "needs the file skin.png"),
        ({"nodes": [{"mesh": 7}]}, "is no head as .glb"),
        ({"nodes": [{"mesh": "Face"}]}, "is no head as .glb (Expected"),
        ({"node": {"weights": [0.0, 1.0]}}, "2 weights for 52 morph targets"),
    ],
)
def test_heads_that_cannot_be_animated_are_refused_in_words(tmp_path, change, words):
    path = write_head(tmp_path / "head.glb", **change)
    with pytest.raises(SettingsError) as caught:
        baked(tmp_path, path)
    assert words in str(caught.value) and str(path) in str(caught.value)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("length", [0, 4, 15, 30, 500, -8])
def test_damaged_files_are_refused_in_words(tmp_path, length):
    path = write_head(tmp_path / "head.glb")
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(SettingsError, match=r"is no head as \.glb"):
        load_head(path)


def test_a_glb_without_a_head_says_where_to_give_one(tmp_path):
    with pytest.raises(SettingsError, match="Give it with --head"):
        baked(tmp_path, None)


# --- The validator of Khronos --------------------------------------------------------------------------------------


@pytest.fixture
def validated(need_program):
    """Call with a file: whether the validator finds neither errors nor warnings."""
    node = need_program("node")
    modules = ROOT / ".venv-gltf" / "node_modules"
    if not modules.exists():
        message = f"examples/art3d/README.md says how to install gltf-validator into {modules.parent}"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)

    def run(path: Path) -> bool:
        script = ROOT / "examples" / "art3d" / "validate.cjs"
        environment = {**os.environ, "NODE_PATH": str(modules)}
        result = subprocess.run([node, script, path], capture_output=True, text=True, env=environment, timeout=60)
        assert "gltf-validator" in result.stdout, result.stderr
        return result.returncode == 0

    return run


@pytest.mark.parametrize("head", ["scholar", "triangle"])
def test_the_validator_of_khronos_finds_nothing(tmp_path, validated, head):
    path = tmp_path / "head.glb"
    shutil.copy(SCHOLAR, path) if head == "scholar" else write_head(path)
    assert validated(path), "before anything is added"
    assert validated(baked(tmp_path, path))


def test_the_validator_sees_a_spoiled_animation(tmp_path, validated):
    path = baked(tmp_path, write_head(tmp_path / "head.glb"))
    data = path.read_bytes()
    assert data.count(b'"path":"weights"') == 1
    path.write_bytes(data.replace(b'"path":"weights"', b'"path":"rotated"'))
    assert not validated(path)
