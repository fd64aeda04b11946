"""The scholar's head as glTF: its 52 targets are ARKit's and do what their names say."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from flashhead_engine.blendshapes.arkit import ARKIT_52

FILE = Path(__file__).parents[2] / "examples" / "art3d" / "scholar.glb"
LARGEST_FILE = 4_000_000
COMPONENTS = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
MILLIMETRE = 1e-3

Motions = dict[str, np.ndarray]


class Head:
    """`rest`: vertices (n, 3) of all primitives with targets; `motions`: by target name; `skin`: which are skin.

    x is the face's own left, y up, z forward, in metres.
    """

    def __init__(self, data: bytes) -> None:
        magic, version, length = struct.unpack_from("<III", data)
        assert (magic, version, length) == (0x46546C67, 2, len(data))
        text_length, kind = struct.unpack_from("<II", data, 12)
        assert kind == 0x4E4F534A
        self.gltf = json.loads(data[20 : 20 + text_length])
        self._buffer = data[28 + text_length :]
        mesh = next(mesh for mesh in self.gltf["meshes"] if mesh["name"] == "Face")
        self.names = mesh["extras"]["targetNames"]
        primitives = mesh["primitives"]
        self.rest = np.vstack([self.values(p["attributes"]["POSITION"]) for p in primitives])
        self.motions = {
            name: np.vstack([self.values(p["targets"][index]["POSITION"]) for p in primitives])
            for index, name in enumerate(self.names)
        }
        materials = [self.gltf["materials"][p["material"]]["name"] for p in primitives]
        counts = [len(self.values(p["attributes"]["POSITION"])) for p in primitives]
        self.skin = np.repeat(materials, counts) == "Skin"

    def values(self, index: int) -> np.ndarray:
        accessor = self.gltf["accessors"][index]
        width = WIDTHS[accessor["type"]]
        values = np.zeros((accessor["count"], width), COMPONENTS[accessor["componentType"]])
        if "bufferView" in accessor:
            values = self._read(accessor, accessor["componentType"], values.size).reshape(-1, width).copy()
        if "sparse" in accessor:
            sparse = accessor["sparse"]
            rows = self._read(sparse["indices"], sparse["indices"]["componentType"], sparse["count"])
            assert (np.diff(rows.astype(int)) > 0).all(), "sparse indices must rise"
            flat = self._read(sparse["values"], accessor["componentType"], sparse["count"] * width)
            values[rows] = flat.reshape(-1, width)
        return values

    def _read(self, part: dict, component: int, count: int) -> np.ndarray:
        view = self.gltf["bufferViews"][part["bufferView"]]
        start = view.get("byteOffset", 0) + part.get("byteOffset", 0)
        return np.frombuffer(self._buffer, COMPONENTS[component], count, start)

    def lip_edges(self) -> tuple[np.ndarray, np.ndarray]:
        """Vertices of the upper and of the lower lip in the middle of the mouth that lie on the same places."""
        places: dict[tuple, list[int]] = {}
        drop = self.motions["jawOpen"][:, 1]
        for index in np.flatnonzero(self.skin & (np.abs(self.rest[:, 0]) < 0.016) & (self.rest[:, 2] > 0.05)):
            places.setdefault(tuple(np.round(self.rest[index], 6)), []).append(index)
        pairs = [(max(at, key=drop.__getitem__), min(at, key=drop.__getitem__)) for at in places.values()]
        pairs = [pair for pair in pairs if np.ptp(drop[list(pair)]) > 5 * MILLIMETRE]
        assert len(pairs) >= 8, "the lips part nowhere"
        upper, lower = np.array(pairs).T
        return upper, lower


@pytest.fixture(scope="module")
def head() -> Head:
    return Head(FILE.read_bytes())


def check_targets_move(head: Head, motions: Motions) -> None:
    for name in ARKIT_52:
        assert np.abs(motions[name]).max() > 0.2 * MILLIMETRE, f"{name} moves nothing"


def check_jaw_opens(head: Head, motions: Motions) -> None:
    upper, lower = head.lip_edges()
    drop = motions["jawOpen"][:, 1]
    assert (drop[lower] < -5 * MILLIMETRE).all(), "jawOpen must lower the lower lip"
    assert (drop[lower] < drop[upper] - 5 * MILLIMETRE).all(), "jawOpen must part the lips"


def check_mouth_closes(head: Head, motions: Motions) -> None:
    upper, lower = head.lip_edges()
    closed = motions["jawOpen"] + motions["mouthClose"]
    gap = np.linalg.norm(closed[upper] - closed[lower], axis=1).max()
    assert gap < 0.5 * MILLIMETRE, f"jawOpen + mouthClose leave a gap of {gap / MILLIMETRE:.2f} mm"


def check_sides(head: Head, motions: Motions) -> None:
    for name, side in (("Left", 1), ("Right", -1)):
        moved = np.linalg.norm(motions[f"eyeBlink{name}"], axis=1) > 0.05 * MILLIMETRE
        assert (head.rest[moved, 0] * side > 0).all(), f"eyeBlink{name} moves the other side"


CHECKS = (check_targets_move, check_jaw_opens, check_mouth_closes, check_sides)


def test_file_is_small():
    assert FILE.stat().st_size < LARGEST_FILE


def test_names_are_arkits_in_order(head):
    assert head.names == list(ARKIT_52)


@pytest.mark.parametrize("check", CHECKS)
def test_targets_do_what_they_say(head, check):
    check(head, head.motions)


def _mirrored_names(motions: Motions) -> Motions:
    swapped = {"Left": "Right", "Right": "Left"}
    other = {name: name[: -len(end)] + swapped[end] for name in motions for end in swapped if name.endswith(end)}
    return {name: motions[other.get(name, name)] for name in motions}


@pytest.mark.parametrize(
    ("check", "spoil"),
    [
        (check_sides, _mirrored_names),
        (check_jaw_opens, lambda motions: motions | {"jawOpen": -motions["jawOpen"]}),
        (check_mouth_closes, lambda motions: motions | {"mouthClose": 0 * motions["mouthClose"]}),
        (check_targets_move, lambda motions: motions | {"cheekPuff": 0 * motions["cheekPuff"]}),
    ],
)
def test_spoiled_targets_are_found(head, check, spoil):
    with pytest.raises(AssertionError):
        check(head, spoil(head.motions))
