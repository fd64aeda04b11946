"""The samples' scenes for the C# tests: each .unity file as JSON, with its sounds and pictures decoded beside it."""

import json
from pathlib import Path

import numpy as np
import scenes
from metas import PACKAGE, SAMPLES, assets, guid_of, meta_of
from PIL import Image

from flashhead_engine.audio.decode import open_audio
from flashhead_engine.audio.pcm import SAMPLE_RATE_HZ


def write(folder: Path) -> Path:
    """Returns `folder`."""
    files = {guid_of(meta_of(path)): path for path in assets(PACKAGE)}
    for path in (PACKAGE / SAMPLES).glob("*/*.unity"):
        objects = scenes.read(path)
        (script,) = (one for one in objects if one.class_id == scenes.SCRIPT)
        (root,) = (one for one in objects if one.class_id == scenes.GAME_OBJECT)
        assert files[script.fields["m_Script"]["guid"]].stem == path.stem
        fields = {name: _plain(value, files, folder) for name, value in script.serialized().items()}
        text = {"name": root.fields["m_Name"], "fields": fields}
        if path.stem == "TalkingNpc":
            text["expected"] = head(path.with_name("scholar.glb.bytes"))
        (folder / f"{path.stem}.json").write_text(json.dumps(text), "utf-8")
    return folder


def _plain(value, files: dict[str, Path], folder: Path):
    if isinstance(value, list):
        return [_plain(one, files, folder) for one in value]
    if not isinstance(value, dict):
        return value
    if "fileID" not in value:
        return {name: _plain(one, files, folder) for name, one in value.items()}
    return _asset(files[value["guid"]], folder) if "guid" in value else None


def _asset(path: Path, folder: Path) -> dict:
    target = folder / f"{path.name}.raw"
    asset = {"name": path.stem, "file": target.name}
    if path.suffix == ".ogg":
        with open_audio(path) as audio:
            pcm = np.concatenate(list(audio.chunks()))
        pcm.astype("<f4").tofile(target)
        return {**asset, "kind": "sound", "rate": SAMPLE_RATE_HZ}
    if path.suffix == ".png":
        with Image.open(path) as image:
            # Unity's first row is the bottom.
            np.asarray(image.convert("RGBA"))[::-1].tofile(target)
            return {**asset, "kind": "picture", "width": image.width, "height": image.height}
    target.write_bytes(path.read_bytes())
    return {**asset, "kind": "bytes"}


def head(path: Path) -> dict:
    """Sums of what a head's file holds, read with another reader than the sample's."""
    file = path.read_bytes()
    length = int.from_bytes(file[12:16], "little")
    root = json.loads(file[20 : 20 + length])
    binary = np.frombuffer(file, "u1", offset=28 + length)

    def view(source: dict, dtype: str, count: int) -> np.ndarray:
        begin = root["bufferViews"][source["bufferView"]].get("byteOffset", 0) + source.get("byteOffset", 0)
        return binary[begin : begin + count * np.dtype(dtype).itemsize].view(dtype)

    def total(index: int) -> np.ndarray:
        accessor = root["accessors"][index]
        if sparse := accessor.get("sparse"):
            assert "bufferView" not in accessor, "all but the sparse values is 0"
            return view(sparse["values"], "<f4", 3 * sparse["count"]).reshape(-1, 3).sum(0, dtype=float)
        if "bufferView" not in accessor:
            return np.zeros(3)
        return view(accessor, "<f4", 3 * accessor["count"]).reshape(-1, 3).sum(0, dtype=float)

    def over(primitives: list[dict]) -> list[float]:
        return sum((total(one["POSITION"]) for one in primitives), np.zeros(3)).tolist()

    face = next(mesh for mesh in root["meshes"] if "targets" in mesh["primitives"][0])
    return {
        "meshes": [{"positions": over([one["attributes"] for one in mesh["primitives"]])} for mesh in root["meshes"]],
        "shapes": [
            over([one["targets"][shape] for one in face["primitives"]])
            for shape in range(len(face["extras"]["targetNames"]))
        ],
    }
