"""glTF (`.glb`): a copy of the character's 3D head with an animation of its morph targets, named like the line."""

from pathlib import Path

import numpy as np

from ..glb import write_glb
from ..head import MorphedNode, load_head
from .base import BakeTarget
from .whole_track import Track, WholeTrackFormat, WholeTrackWriter

_FLOAT = 5126
_FLOAT_BYTES = 4


def _weights(node: MorphedNode, rows: np.ndarray) -> np.ndarray:
    """float32 (rows, targets of the node)."""
    weights = np.tile(node.at_rest, (len(rows), 1))
    weights[:, node.targets] = rows[:, node.columns]
    return weights


def _render(track: Track, target: BakeTarget) -> bytes:
    head = load_head(target.rig.head)
    binary, views, accessors = bytearray(head.binary), [*head.gltf["bufferViews"]], [*head.gltf["accessors"]]

    def add(values: np.ndarray, **bounds: list[float]) -> int:
        """The number of an accessor to float32 `values`."""
        binary.extend(bytes(-len(binary) % _FLOAT_BYTES))
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": values.size * _FLOAT_BYTES})
        binary.extend(values.astype("<f4").tobytes())
        place = {"bufferView": len(views) - 1, "componentType": _FLOAT, "count": values.size, "type": "SCALAR"}
        accessors.append(place | bounds)
        return len(accessors) - 1

    # The last row lasts as long as the others, so the animation has the length of the line.
    times = np.append(track.times, track.duration_s).astype(np.float32)
    rows = np.concatenate([track.weights, track.weights[-1:]])
    at = add(times, min=[float(times[0])], max=[float(times[-1])])
    samplers = [{"input": at, "output": add(_weights(node, rows))} for node in head.morphed]
    channels = [
        {"sampler": number, "target": {"node": node.node, "path": "weights"}}
        for number, node in enumerate(head.morphed)
    ]
    animation = {"name": track.line, "samplers": samplers, "channels": channels}
    buffers = [head.gltf["buffers"][0] | {"byteLength": len(binary)}, *head.gltf["buffers"][1:]]
    animations = [*head.gltf.get("animations", []), animation]
    changed = {"buffers": buffers, "bufferViews": views, "accessors": accessors, "animations": animations}
    return write_glb(head.gltf | changed, bytes(binary))


def _prepare(target: BakeTarget) -> None:
    load_head(target.rig.head)


class GltfWriter(WholeTrackWriter):
    def __init__(self, path: Path, target: BakeTarget) -> None:
        super().__init__(path, target, WholeTrackFormat("animation", "glb", _render, prepare=_prepare))
