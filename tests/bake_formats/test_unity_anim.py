"""The .anim has the fields of a clip that Unity wrote, and its curves are the track's. Not run in Unity."""

import re
import zlib
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from moving import ROWS, TOLERANCE, bake, moving_frames, weights_at

from flashhead_engine.bake.formats.base import BakeTarget, Rig
from flashhead_engine.blendshapes.arkit import ARKIT_52

# Top-level fields, in order, of a clip with blend-shape curves that Unity saved (serializedVersion 6).
UNITYS_FIELDS = """
    m_ObjectHideFlags m_CorrespondingSourceObject m_PrefabInstance m_PrefabAsset m_Name serializedVersion m_Legacy
    m_Compressed m_UseHighQualityCurve m_RotationCurves m_CompressedRotationCurves m_EulerCurves m_PositionCurves
    m_ScaleCurves m_FloatCurves m_PPtrCurves m_SampleRate m_WrapMode m_Bounds m_ClipBindingConstant
    m_AnimationClipSettings m_EditorCurves m_EulerEditorCurves m_HasGenericRootTransform m_HasMotionFloatCurves
    m_Events
"""
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in Python takes a minute
TIMES = np.linspace(0, ROWS / 60, 997)


def clip_of(path) -> dict:
    text = path.read_text(encoding="ascii")
    head = "%YAML 1.1\n%TAG !u! tag:unity3d.com,2011:\n--- !u!74 &7400000\nAnimationClip:\n"
    assert text.startswith(head)
    # The tag names Unity's class, which YAML need not know.
    [(name, clip)] = yaml.load(text.replace(head, "AnimationClip:\n"), _LOADER).items()
    assert name == "AnimationClip"
    return clip


def check_curves(clip: dict, path: str) -> None:
    """Each blend shape of the mesh has one curve, straight between its keys, that follows the track."""
    found = {curve["attribute"]: curve for curve in clip["m_FloatCurves"]}
    assert list(found) == [f"blendShape.{name}" for name in ARKIT_52]
    for column, curve in zip(weights_at(TIMES).T, found.values(), strict=True):
        assert (curve["path"], curve["classID"], curve["script"]) == (path, 137, {"fileID": 0})
        keys = curve["curve"]["m_Curve"]
        times = np.array([key["time"] for key in keys])
        values = np.array([key["value"] for key in keys])
        assert (np.diff(times) > 0).all()
        assert times[-1] == pytest.approx(ROWS / 60, abs=1e-6)
        np.testing.assert_allclose(np.interp(TIMES, times, values), 100 * column, atol=100 * TOLERANCE)
        slopes = np.diff(values) / np.diff(times)
        np.testing.assert_allclose([key["outSlope"] for key in keys[:-1]], slopes, rtol=1e-3, atol=0.01)
        np.testing.assert_allclose([key["inSlope"] for key in keys[1:]], slopes, rtol=1e-3, atol=0.01)


@pytest.fixture(scope="module")
def read_clip(tmp_path_factory) -> dict:
    path = tmp_path_factory.mktemp("unity") / "line.anim"
    output = bake(path, BakeTarget(audio=path, fps=25, size=256, rig=Rig("Body/Face")))
    assert (output.kind, output.format, output.fps, output.frames) == ("animation", "anim", 60, ROWS)
    return clip_of(path)


@pytest.fixture
def clip(read_clip) -> dict:
    return deepcopy(read_clip)


def test_the_fields_are_unitys(clip):
    assert list(clip) == UNITYS_FIELDS.split()
    assert (clip["m_Name"], clip["serializedVersion"], clip["m_SampleRate"]) == ("line", 6, 60)
    assert clip["m_AnimationClipSettings"]["m_StopTime"] == pytest.approx(ROWS / 60, abs=1e-6)
    assert clip["m_EditorCurves"] == clip["m_FloatCurves"]


def test_the_curves_are_the_tracks(clip):
    check_curves(clip, "Body/Face")


def _late(clip):
    for key in clip["m_FloatCurves"][17]["curve"]["m_Curve"][1:-1]:
        key["time"] += 0.05


def _fraction(clip):
    for key in clip["m_FloatCurves"][17]["curve"]["m_Curve"]:
        key["value"] /= 100


def _swapped(clip):
    first, second = clip["m_FloatCurves"][1:3]
    first["curve"], second["curve"] = second["curve"], first["curve"]


@pytest.mark.parametrize("spoil", [_late, _fraction, _swapped])
def test_spoiled_curves_are_seen(clip, spoil):
    spoil(clip)
    with pytest.raises(AssertionError):
        check_curves(clip, "Body/Face")


def test_bindings_are_hashed_as_unity_does(clip):
    # From a clip that Unity saved: path Body, attribute blendShape.CheekPuffLeft.
    assert (zlib.crc32(b"Body"), zlib.crc32(b"CheekPuffLeft")) == (2073732236, 833535628)
    bindings = clip["m_ClipBindingConstant"]["genericBindings"]
    assert [binding["attribute"] for binding in bindings] == [zlib.crc32(name.encode()) for name in ARKIT_52]
    assert {binding["path"] for binding in bindings} == {zlib.crc32(b"Body/Face")}
    assert {(binding["typeID"], binding["customType"]) for binding in bindings} == {(137, 20)}


@pytest.mark.parametrize("name", ["Wache – Привет 🙂", "true", "it's #1 {x}", "- a, b", "100 %"])
def test_any_name_is_kept(tmp_path, target, name):
    bake(tmp_path / f"{name}.anim", replace(target, rig=Rig("Kopf ä/Gesicht")), list(moving_frames(3)))
    clip = clip_of(tmp_path / f"{name}.anim")
    assert clip["m_Name"] == name
    assert {curve["path"] for curve in clip["m_FloatCurves"]} == {"Kopf ä/Gesicht"}


def test_keys_are_left_out_where_lines_are_straight(clip):
    keys = [len(curve["curve"]["m_Curve"]) for curve in clip["m_FloatCurves"]]
    assert keys[0] == 2, "a shape that does not move has two keys"
    assert 2 < np.mean(keys) < ROWS / 3


def test_the_unity_package_names_shapes_alike():
    source = (Path(__file__).parents[2] / "unity_package" / "Editor" / "BakedAnimation.cs").read_text()
    assert '"blendShape." + mesh.sharedMesh.GetBlendShapeName' in source
    assert re.search(r"WeightTolerance = 0\.5f", source)
