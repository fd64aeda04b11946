"""Writing the head as glTF, with its morphs as sparse accessors: Blender writes their normals in full."""

import json
import struct
from pathlib import Path

import bpy
import numpy as np

_INDEX_TYPES = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32}
_SMALLEST = {"POSITION": 2e-6, "NORMAL": 0.03}
"""Smaller changes of a vertex are left out: metres, and parts of a normal."""
_SMALLEST_HAIR = 2e-4
_BENDS = ("Skin", "Eye", "MouthInside")
"""Materials whose morphs change normals; hair, teeth and lashes only move."""


def export(file: Path) -> None:
    bpy.ops.export_scene.gltf(
        filepath=str(file),
        export_format="GLB",
        export_morph=True,
        export_morph_normal=True,
        export_morph_tangent=False,
        export_try_sparse_sk=True,
        export_image_format="JPEG",
        export_jpeg_quality=90,
        export_animations=False,
    )
    file.write_bytes(_Packer(file.read_bytes()).packed())


class _Packer:
    def __init__(self, data: bytes) -> None:
        length = struct.unpack("<I", data[12:16])[0]
        self._gltf = json.loads(data[20 : 20 + length])
        self._old = data[28 + length :]
        self._old_views = self._gltf["bufferViews"]
        self._views: list[dict] = []
        self._out = bytearray()

    def packed(self) -> bytes:
        gltf = self._gltf
        hair = self._slim()
        morphs = {
            accessor: kind
            for mesh in gltf["meshes"]
            for primitive in mesh["primitives"]
            for target in primitive.get("targets", [])
            for kind, accessor in target.items()
        }
        moved: dict[int, int] = {}
        for index, accessor in enumerate(gltf["accessors"]):
            if index in morphs:
                self._write_morph(accessor, _SMALLEST_HAIR if index in hair else _SMALLEST[morphs[index]])
            elif "bufferView" in accessor:
                old = accessor["bufferView"]
                if old not in moved:
                    moved[old] = self._view(self._bytes(old))
                    kept = {
                        key: self._old_views[old][key]
                        for key in ("target", "byteStride")
                        if key in self._old_views[old]
                    }
                    self._views[-1].update(kept)
                accessor["bufferView"] = moved[old]
        for image in gltf.get("images", []):
            image["bufferView"] = self._view(self._bytes(image["bufferView"]))
        self._out.extend(bytes(-len(self._out) % 4))
        gltf["bufferViews"], gltf["buffers"] = self._views, [{"byteLength": len(self._out)}]
        text = json.dumps(gltf, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        header = struct.pack("<III", 0x46546C67, 2, 28 + len(text) + len(self._out))
        chunk = struct.pack("<II", len(text), 0x4E4F534A)
        return header + chunk + text + struct.pack("<II", len(self._out), 0x004E4942) + bytes(self._out)

    def _slim(self) -> set[int]:
        """Drop what no material reads and what nobody sees. Returns the accessors that move hair."""
        gltf = self._gltf
        primitives = [primitive for mesh in gltf["meshes"] for primitive in mesh["primitives"]]
        hair: list[dict] = []
        for primitive in primitives:
            material = gltf["materials"][primitive["material"]]
            textured = "baseColorTexture" in material["pbrMetallicRoughness"]
            primitive["attributes"].pop("COLOR_0" if textured else "TEXCOORD_0", None)
            for target in primitive.get("targets", []):
                if material["name"] not in _BENDS:
                    target.pop("NORMAL", None)
                if material["name"] == "Hair":
                    hair.append(target)
        used: dict[int, int] = {}
        for primitive in primitives:
            for table in (primitive["attributes"], *primitive.get("targets", [])):
                for name, old in table.items():
                    table[name] = used.setdefault(old, len(used))
            primitive["indices"] = used.setdefault(primitive["indices"], len(used))
        gltf["accessors"] = [gltf["accessors"][old] for old in used]
        return {target["POSITION"] for target in hair}

    def _bytes(self, view: int) -> bytes:
        start = self._old_views[view].get("byteOffset", 0)
        return self._old[start : start + self._old_views[view]["byteLength"]]

    def _view(self, data: bytes) -> int:
        self._out.extend(bytes(-len(self._out) % 4))
        self._views.append({"buffer": 0, "byteOffset": len(self._out), "byteLength": len(data)})
        self._out.extend(data)
        return len(self._views) - 1

    def _values(self, accessor: dict) -> np.ndarray:
        values = np.zeros((accessor["count"], 3), np.float32)
        if "bufferView" in accessor:
            start = accessor.get("byteOffset", 0)
            flat = np.frombuffer(self._bytes(accessor["bufferView"]), np.float32, values.size, start)
            values = flat.reshape(-1, 3).copy()
        if "sparse" in accessor:
            sparse = accessor["sparse"]
            at, new = sparse["indices"], sparse["values"]
            kind = _INDEX_TYPES[at["componentType"]]
            rows = np.frombuffer(self._bytes(at["bufferView"]), kind, sparse["count"], at.get("byteOffset", 0))
            flat = np.frombuffer(
                self._bytes(new["bufferView"]), np.float32, 3 * sparse["count"], new.get("byteOffset", 0)
            )
            values[rows] = flat.reshape(-1, 3)
        return values

    def _write_morph(self, accessor: dict, smallest: float) -> None:
        values = self._values(accessor)
        values[np.abs(values).max(1) <= smallest] = 0
        rows = np.flatnonzero(values.any(1))
        rows = rows if len(rows) else np.array([0])
        for key in ("bufferView", "byteOffset", "sparse"):
            accessor.pop(key, None)
        if smallest == _SMALLEST["NORMAL"]:
            accessor.pop("min", None)
            accessor.pop("max", None)
        else:
            accessor["min"], accessor["max"] = values.min(0).tolist(), values.max(0).tolist()
        wide = len(values) > 1 << 16
        indices = self._view(rows.astype(np.uint32 if wide else np.uint16).tobytes())
        accessor["sparse"] = {
            "count": len(rows),
            "indices": {"bufferView": indices, "componentType": 5125 if wide else 5123},
            "values": {"bufferView": self._view(values[rows].tobytes())},
        }
