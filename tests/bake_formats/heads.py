"""A head of one triangle with named morph targets, and what a .glb says of its animation."""

import json
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from flashhead_engine.bake.glb import write_glb
from flashhead_engine.blendshapes.arkit import ARKIT_52

FLOAT = 5126
CORNERS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)


def write_head(path: Path, names: Sequence[str] = ARKIT_52, node: dict | None = None, **changes: object) -> Path:
    """`node`: more of the node of the mesh; `changes`: other values at the root of the JSON."""
    view = {"buffer": 0, "byteOffset": 0, "byteLength": CORNERS.nbytes}
    corners = {
        "bufferView": 0,
        "componentType": FLOAT,
        "count": 3,
        "type": "VEC3",
        "min": [0, 0, 0],
        "max": [1, 1, 0],
    }
    primitive = {"attributes": {"POSITION": 0}, "targets": [{"POSITION": 0} for _ in names]}
    content = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": "Head", "children": [1]}, {"name": "Face", "mesh": 0, **(node or {})}],
        "meshes": [{"primitives": [primitive], "extras": {"targetNames": list(names)}}],
        "buffers": [{"byteLength": CORNERS.nbytes}],
        "bufferViews": [view],
        "accessors": [corners],
    }
    path.write_bytes(write_glb(content | changes, CORNERS.tobytes()))
    return path


def read_animation(path: Path) -> tuple[dict, np.ndarray, np.ndarray]:
    """The JSON; of the last animation's only channel the times (n,) and the weights (n, targets)."""
    data = path.read_bytes()
    text_length = struct.unpack_from("<I", data, 12)[0]
    content, binary = json.loads(data[20 : 20 + text_length]), data[28 + text_length :]

    def values(number: int) -> np.ndarray:
        accessor = content["accessors"][number]
        start = content["bufferViews"][accessor["bufferView"]]["byteOffset"]
        assert accessor["componentType"] == FLOAT
        return np.frombuffer(binary, "<f4", accessor["count"], start)

    animation = content["animations"][-1]
    [channel] = animation["channels"]
    sampler = animation["samplers"][channel["sampler"]]
    times = values(sampler["input"])
    return content, times, values(sampler["output"]).reshape(len(times), -1)
