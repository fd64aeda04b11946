"""Godot 4 Animation as text (`.tres`): a blend-shape track for each of the 52 weights."""

from pathlib import Path

from .base import BakeTarget
from .keyframes import Curve, curves
from .whole_track import Track, WholeTrackFormat, WholeTrackWriter

_LINEAR = 1


def _track(index: int, curve: Curve, mesh: str) -> str:
    # Triples of time, transition and value; a transition of 1 is a straight line.
    keys = ", ".join(f"{time:.7g}, 1, {value:g}" for time, value in zip(curve.times, curve.values, strict=True))
    return (
        f'tracks/{index}/type = "blend_shape"\n'
        f"tracks/{index}/imported = false\n"
        f"tracks/{index}/enabled = true\n"
        f'tracks/{index}/path = NodePath("{mesh}:{curve.shape}")\n'
        f"tracks/{index}/interp = {_LINEAR}\n"
        f"tracks/{index}/loop_wrap = false\n"
        f"tracks/{index}/keys = PackedFloat32Array({keys})\n"
    )


def _render(track: Track, target: BakeTarget) -> bytes:
    tracks = [_track(index, curve, target.rig.mesh) for index, curve in enumerate(curves(track))]
    head = f'[gd_resource type="Animation" format=3]\n\n[resource]\nlength = {track.duration_s:.7g}\n'
    return "".join([head, *tracks]).encode()


class GodotTresWriter(WholeTrackWriter):
    def __init__(self, path: Path, target: BakeTarget) -> None:
        super().__init__(path, target, WholeTrackFormat("animation", "tres", _render))
