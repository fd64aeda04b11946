"""Unity AnimationClip as text (`.anim`): a curve for each blend shape of one SkinnedMeshRenderer.

Unity imports it without our package. It has the fields that Unity writes itself; `m_EditorCurves` repeats the curves,
for the Animation window shows those.
"""

import zlib
from itertools import pairwise
from pathlib import Path

from ...drivers.base import WEIGHTS_HZ
from .base import BakeTarget
from .keyframes import Curve, curves
from .whole_track import Track, WholeTrackFormat, WholeTrackWriter

_PERCENT = 100
"""Unity's weights go from 0 to 100."""
_SKINNED_MESH_RENDERER = 137
_BLEND_SHAPE_BINDING = 20
_LINEAR_BOTH_SIDES = 69

_HEAD = """\
%YAML 1.1
%TAG !u! tag:unity3d.com,2011:
--- !u!74 &7400000
AnimationClip:
  m_ObjectHideFlags: 0
  m_CorrespondingSourceObject: {{fileID: 0}}
  m_PrefabInstance: {{fileID: 0}}
  m_PrefabAsset: {{fileID: 0}}
  m_Name: {name}
  serializedVersion: 6
  m_Legacy: 0
  m_Compressed: 0
  m_UseHighQualityCurve: 1
  m_RotationCurves: []
  m_CompressedRotationCurves: []
  m_EulerCurves: []
  m_PositionCurves: []
  m_ScaleCurves: []
  m_FloatCurves:
"""
_MIDDLE = """\
  m_PPtrCurves: []
  m_SampleRate: {rate}
  m_WrapMode: 0
  m_Bounds:
    m_Center: {{x: 0, y: 0, z: 0}}
    m_Extent: {{x: 0, y: 0, z: 0}}
  m_ClipBindingConstant:
    genericBindings:
{bindings}    pptrCurveMapping: []
  m_AnimationClipSettings:
    serializedVersion: 2
    m_AdditiveReferencePoseClip: {{fileID: 0}}
    m_AdditiveReferencePoseTime: 0
    m_StartTime: 0
    m_StopTime: {stop}
    m_OrientationOffsetY: 0
    m_Level: 0
    m_CycleOffset: 0
    m_HasAdditiveReferencePose: 0
    m_LoopTime: 0
    m_LoopBlend: 0
    m_LoopBlendOrientation: 0
    m_LoopBlendPositionY: 0
    m_LoopBlendPositionXZ: 0
    m_KeepOriginalOrientation: 0
    m_KeepOriginalPositionY: 1
    m_KeepOriginalPositionXZ: 0
    m_HeightFromFeet: 0
    m_Mirror: 0
  m_EditorCurves:
"""
_END = """\
  m_EulerEditorCurves: []
  m_HasGenericRootTransform: 0
  m_HasMotionFloatCurves: 0
  m_Events: []
"""
_KEY = """\
      - serializedVersion: 3
        time: {time}
        value: {value}
        inSlope: {before}
        outSlope: {after}
        tangentMode: {tangents}
        weightedMode: 0
        inWeight: 0.33333334
        outWeight: 0.33333334
"""
_CURVE = """\
  - curve:
      serializedVersion: 2
      m_Curve:
{keys}      m_PreInfinity: 2
      m_PostInfinity: 2
      m_RotationOrder: 4
    attribute: blendShape.{shape}
    path: {path}
    classID: {type}
    script: {{fileID: 0}}
"""
_BINDING = """\
    - serializedVersion: 2
      path: {path}
      attribute: {attribute}
      script: {{fileID: 0}}
      typeID: {type}
      customType: {kind}
      isPPtrCurve: 0
"""


def _text(text: str) -> str:
    """A YAML scalar in double quotes; Python's escapes of other letters are YAML's too."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.encode("ascii", "backslashreplace").decode() + '"'


def _number(value: float) -> str:
    return f"{value:.7g}"


def _curve(curve: Curve, path: str) -> str:
    values = [_PERCENT * value for value in curve.values]
    points = list(zip(curve.times, values, strict=True))
    slopes = [(there - here) / (end - start) for (start, here), (end, there) in pairwise(points)]
    keys = [
        _KEY.format(
            time=_number(time),
            value=_number(value),
            before=_number(before),
            after=_number(after),
            tangents=_LINEAR_BOTH_SIDES,
        )
        for (time, value), before, after in zip(points, [0.0, *slopes], [*slopes, 0.0], strict=True)
    ]
    return _CURVE.format(keys="".join(keys), shape=curve.shape, path=_text(path), type=_SKINNED_MESH_RENDERER)


def _binding(shape: str, path: str) -> str:
    return _BINDING.format(
        path=zlib.crc32(path.encode()),
        attribute=zlib.crc32(shape.encode()),
        type=_SKINNED_MESH_RENDERER,
        kind=_BLEND_SHAPE_BINDING,
    )


def _render(track: Track, target: BakeTarget) -> bytes:
    path = target.rig.mesh
    moved = list(curves(track))
    text = "".join(_curve(curve, path) for curve in moved)
    middle = _MIDDLE.format(
        rate=WEIGHTS_HZ,
        bindings="".join(_binding(curve.shape, path) for curve in moved),
        stop=_number(track.duration_s),
    )
    return "".join([_HEAD.format(name=_text(track.line)), text, middle, text, _END]).encode()


class UnityAnimWriter(WholeTrackWriter):
    def __init__(self, path: Path, target: BakeTarget) -> None:
        super().__init__(path, target, WholeTrackFormat("animation", "anim", _render))
