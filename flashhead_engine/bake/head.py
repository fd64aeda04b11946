"""A 3D head in a .glb file, as far as a line can animate it: its morph targets by ARKit's names."""

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct

from ..blendshapes.arkit import ARKIT_52
from ..errors import SettingsError
from .glb import GlbError, read_glb


def _plain(name: str) -> str:
    """Tools write jawOpen, JawOpen and jaw_open."""
    return name.replace("_", "").casefold()


_COLUMNS = {_plain(name): column for column, name in enumerate(ARKIT_52)}


@dataclass(frozen=True, slots=True)
class MorphedNode:
    """A node whose mesh has targets of ARKit's. `at_rest`: float32 (n,), the weights of all its targets.
    `targets`, `columns`: the places of those that ARKit knows, and of their weights in its order."""

    node: int
    at_rest: np.ndarray
    targets: list[int]
    columns: list[int]


@dataclass(frozen=True, slots=True)
class Head:
    """`gltf` and `binary` are the file's; all lines share them. `missing`: what of ARKit's 52 no mesh of it has."""

    path: Path
    sha256: str
    gltf: dict
    binary: bytes
    morphed: list[MorphedNode]
    missing: list[str]

    @property
    def warning(self) -> str | None:
        """What a person should know of it."""
        if not self.missing:
            return None
        return f"{self.path}: has no morph target for {', '.join(self.missing)}; what these do is not shown."


@functools.cache
def load_head(path: Path | None) -> Head:
    """Read a .glb file once in this process. Raises SettingsError when there is none or it cannot be animated."""
    if path is None:
        raise SettingsError("a .glb needs the head that it animates. Give it with --head, in a project as `head`.")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}). Give the path of a .glb file.") from error
    try:
        gltf, binary = read_glb(data)
        parts = msgspec.convert(gltf, _Gltf)
        morphed = [found for place, node in enumerate(parts.nodes) if (found := _morphed_node(parts, place, node))]
    except (GlbError, msgspec.ValidationError, IndexError) as error:
        raise SettingsError(f"{path}: is no head as .glb ({error}). Export it as binary glTF.") from error
    others = [part.uri for part in (*parts.buffers, *parts.images) if part.uri and not part.uri.startswith("data:")]
    if others:
        raise SettingsError(f"{path}: needs the file {others[0]}. Export the head as .glb with all parts inside.")
    known = {column for found in morphed for column in found.columns}
    if not known:
        raise SettingsError(
            f"{path}: no mesh has morph targets with ARKit's names, such as jawOpen (in its extras.targetNames). "
            "Export it with its shape keys and their names."
        )
    missing = [name for column, name in enumerate(ARKIT_52) if column not in known]
    return Head(path, hashlib.sha256(data).hexdigest(), gltf, binary, morphed, missing)


# --- What is read of a glTF's JSON ------------------------------------------------------------------------------


class _File(Struct):
    uri: str | None = None


class _Primitive(Struct):
    targets: list[dict] = []


class _Mesh(Struct):
    primitives: list[_Primitive]
    weights: list[float] = []
    extras: object = None


class _Node(Struct):
    mesh: int | None = None
    weights: list[float] = []


class _Gltf(Struct):
    buffers: list[_File]
    accessors: list[dict]
    bufferViews: list[dict]
    nodes: list[_Node] = []
    meshes: list[_Mesh] = []
    images: list[_File] = []
    animations: list[dict] = []


def _morphed_node(gltf: _Gltf, place: int, node: _Node) -> MorphedNode | None:
    if node.mesh is None:
        return None
    mesh = gltf.meshes[node.mesh]
    targets = len(mesh.primitives[0].targets)
    pairs = [
        (target, _COLUMNS[_plain(name)])
        for target, name in enumerate(_target_names(mesh)[:targets])
        if _plain(name) in _COLUMNS
    ]
    if not pairs:
        return None
    weights = node.weights or mesh.weights or [0.0] * targets
    if len(weights) != targets:
        raise GlbError(f"its node {place} has {len(weights)} weights for {targets} morph targets")
    return MorphedNode(place, np.array(weights, np.float32), *map(list, zip(*pairs, strict=True)))


def _target_names(mesh: _Mesh) -> list[str]:
    """glTF has no place of its own for names of targets; Khronos and the exporters agreed on this one."""
    names = mesh.extras.get("targetNames") if isinstance(mesh.extras, dict) else None
    return [str(name) for name in names] if isinstance(names, list) else []
