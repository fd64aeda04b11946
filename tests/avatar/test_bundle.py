"""Loading bundles: the samples, and a person's answer to everything that can be wrong with one."""

import dataclasses
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

import msgspec
import numpy as np
import pytest
from PIL import Image

from flashhead_engine.avatar.bundle import SAMPLES, SAMPLES_FOLDER, Avatar, Layer, load_avatar
from flashhead_engine.avatar.manifest import json_schema
from flashhead_engine.avatar.parts import Parts, write_bundle
from flashhead_engine.blendshapes.arkit import INDEX
from flashhead_engine.errors import AvatarError
from flashhead_engine.render.portrait import PortraitRenderer

DOCS = Path(__file__).parents[2] / "docs"
SAMPLES_BYTES = 8_000_000


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    shutil.copytree(SAMPLES_FOLDER / "merchant", folder)
    return folder


def edit(bundle: Path, change: Callable[[dict], None]) -> None:
    path = bundle / "avatar.json"
    manifest = json.loads(path.read_bytes())
    change(manifest)
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_load(name):
    avatar = load_avatar(name)
    assert avatar.name == name
    assert avatar.licence == "CC0-1.0"
    assert avatar.portrait.shape == (1024, 1024, 4)
    assert avatar.mouth == ("jaw_plate" if name == "robot" else "lips")
    assert not avatar.portrait.flags.writeable


def test_samples_stay_small():
    assert sum(file.stat().st_size for file in SAMPLES_FOLDER.rglob("*.png")) < SAMPLES_BYTES


def test_left_is_the_faces_own():
    for name in SAMPLES:
        landmarks = load_avatar(name).landmarks
        for part in ("eye", "brow"):
            left, right = (np.mean(getattr(landmarks, f"{part}_{side}"), axis=0) for side in ("left", "right"))
            assert left[0] > right[0], f"{name}: {part}_left must lie on the right of the picture"


def test_same_files_same_digest(bundle):
    assert load_avatar(bundle).digest == load_avatar("merchant").digest
    edit(bundle, lambda manifest: manifest.update(licence="other"))
    assert load_avatar(bundle).digest != load_avatar("merchant").digest


def test_manifest_file_is_accepted_as_path(bundle):
    assert load_avatar(bundle / "avatar.json").name == "merchant"


@pytest.mark.parametrize("missing", ["gaurd", "/nowhere/at/all", ""])
def test_missing_avatar_lists_the_samples(missing, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AvatarError, match=r"avatar\.json|heroine, guard, merchant, robot"):
        load_avatar(missing)


def test_folder_without_manifest(tmp_path):
    with pytest.raises(AvatarError, match=r"avatar\.json.*not an avatar bundle"):
        load_avatar(tmp_path)


@pytest.mark.parametrize(
    ("version", "words"),
    [("2.0", "has version 2.0.*reads version 1.x.*Update"), ("0.9", "Make the avatar again"), ("one", "look like")],
)
def test_other_versions(bundle, version, words):
    edit(bundle, lambda manifest: manifest.update(version=version))
    with pytest.raises(AvatarError, match=words):
        load_avatar(bundle)


def test_newer_minor_version_may_have_new_fields(bundle):
    edit(bundle, lambda manifest: manifest.update(version="1.7", sparkle=True))
    assert load_avatar(bundle).name == "merchant"


def set_field(*path_and_value) -> Callable[[dict], None]:
    *path, last, value = path_and_value

    def change(manifest: dict) -> None:
        for key in path:
            manifest = manifest[key]
        manifest[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda manifest: manifest.pop("licence"), "licence"),
        (lambda manifest: manifest["layers"].pop("base"), "base"),
        (lambda manifest: manifest["landmarks"].pop("chin"), "chin"),
        (set_field("sparkle", True), r"\$\.sparkle is unknown"),
        (set_field("landmarks", "tail", [1, 2]), r"\$\.landmarks\.tail is unknown"),
        (set_field("schema", "other"), "needs"),
        (set_field("name", 3), "name"),
        (set_field("background", [1, 2]), "background"),
        (set_field("background", [1, 2, 256]), "background"),
        (set_field("mouth", "beak"), "mouth"),
        (set_field("mouth", "jaw_plate"), "plate_upper"),
        (set_field("landmarks", "jaw_drop", -3), "jaw_drop"),
        (set_field("landmarks", "jaw_drop", "far"), "jaw_drop"),
        (set_field("landmarks", "chin", [1]), "chin"),
        (set_field("landmarks", "chin", [512, 100]), "top to bottom"),
        (set_field("landmarks", "eye_left", [[1, 1], [2, 2], [3, 1], [2, 0]]), "swap the sides"),
        (set_field("landmarks", "lip_upper_inner", [[9, 1], [8, 1], [7, 1], [6, 1]]), "from the left"),
        (set_field("landmarks", "face_oval", [[0, 0], [2000, 0], [9, 9], [1, 1]]), "outside the portrait"),
        (set_field("layers", "base", "x", 900), r"layers\.base.*leaves the"),
    ],
)
def test_wrong_fields_are_named(bundle, change, words):
    edit(bundle, change)
    with pytest.raises(AvatarError, match=words) as caught:
        load_avatar(bundle)
    assert str(bundle) in str(caught.value)


def test_portraits_of_emotions(bundle):
    shown = load_avatar(bundle).portrait
    Image.fromarray(shown[:, ::-1]).save(bundle / "laughing.png")
    edit(bundle, set_field("portraits", {"happy": "laughing.png"}))
    avatar = load_avatar(bundle)
    assert list(avatar.portraits) == ["happy"]
    assert np.array_equal(avatar.portraits["happy"], shown[:, ::-1]) and not avatar.portraits["happy"].flags.writeable
    before = avatar.digest
    Image.fromarray(shown[::-1]).save(bundle / "laughing.png")
    assert load_avatar(bundle).digest != before


@pytest.mark.parametrize(
    ("portraits", "words"),
    [
        ({"hungry": "portrait.png"}, "hungry"),
        ({}, "portraits"),
        ({"happy": "small.png"}, r"small\.png: 300x300 .* as large as portrait\.png"),
        ({"happy": "../portrait.png"}, "leaves the bundle"),
        ({"happy": "gone.png"}, r"gone\.png: missing"),
    ],
)
def test_wrong_portraits_of_emotions(bundle, portraits, words):
    Image.new("RGBA", (300, 300)).save(bundle / "small.png")
    edit(bundle, set_field("portraits", portraits))
    with pytest.raises(AvatarError, match=words):
        load_avatar(bundle)


@pytest.mark.parametrize("text", ["", "[]", "{", "nonsense", '{"schema": 1}', "\ud800"])
def test_not_a_manifest(bundle, text):
    (bundle / "avatar.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(AvatarError, match=r"avatar\.json"):
        load_avatar(bundle)


@pytest.mark.parametrize(
    "path",
    ["../other.png", "layers/../../other.png", "/etc/passwd", "C:\\x.png", "..\\x.png", "\\\\host\\x.png", "a\0b"],
)
def test_paths_that_leave_the_folder(bundle, path):
    shutil.copy(bundle / "portrait.png", bundle.parent / "other.png")
    edit(bundle, set_field("portrait", path))
    with pytest.raises(AvatarError, match="leaves the bundle"):
        load_avatar(bundle)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_link_that_leaves_the_folder(bundle):
    shutil.move(bundle / "portrait.png", bundle.parent / "portrait.png")
    (bundle / "portrait.png").symlink_to(bundle.parent / "portrait.png")
    with pytest.raises(AvatarError, match="link that leaves"):
        load_avatar(bundle)


def test_missing_layer_file(bundle):
    (bundle / "layers" / "irises.png").unlink()
    with pytest.raises(AvatarError, match=r"irises\.png: missing"):
        load_avatar(bundle)


@pytest.mark.parametrize("keep", [0, 8, 40, 5000])
def test_truncated_png(bundle, keep):
    path = bundle / "portrait.png"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(AvatarError, match=r"portrait\.png: (cannot be read|the file is empty)"):
        load_avatar(bundle)


def test_picture_of_another_kind(bundle):
    Image.new("RGB", (512, 512)).save(bundle / "portrait.png", "JPEG")
    with pytest.raises(AvatarError, match=r"portrait\.png: cannot be read as a PNG"):
        load_avatar(bundle)


@pytest.mark.parametrize(("size", "words"), [((512, 300), "square"), ((128, 128), "at least 256")])
def test_portrait_of_wrong_size(bundle, size, words):
    Image.new("RGBA", size).save(bundle / "portrait.png")
    with pytest.raises(AvatarError, match=words):
        load_avatar(bundle)


def test_huge_picture_is_refused_before_it_is_decoded(bundle):
    Image.new("1", (20_000, 20_000)).save(bundle / "portrait.png")
    with pytest.raises(AvatarError, match=r"20000x20000|far too many pixels"):
        load_avatar(bundle)


def test_published_schema_is_current():
    published = json.loads((DOCS / "avatar.schema.json").read_bytes())
    assert published == json.loads(msgspec.json.encode(json_schema())), (
        "run: python -m flashhead_engine.avatar.manifest > docs/avatar.schema.json"
    )


def test_samples_follow_the_schema():
    jsonschema = pytest.importorskip("jsonschema")
    for name in SAMPLES:
        jsonschema.validate(json.loads((SAMPLES_FOLDER / name / "avatar.json").read_bytes()), json_schema())


def on_whole_portrait(avatar: Avatar, layer: Layer) -> np.ndarray:
    canvas = np.zeros((avatar.side, avatar.side, 4), np.uint8)
    height, width = layer.pixels.shape[:2]
    canvas[layer.y : layer.y + height, layer.x : layer.x + width] = layer.pixels
    return canvas


@pytest.mark.parametrize("name", ["guard", "merchant"])
def test_a_written_base_is_cut_and_nothing_misses_the_rest(name, tmp_path):
    avatar = load_avatar(name)
    whole = dataclasses.replace(
        avatar,
        layers=MappingProxyType({**avatar.layers, "base": Layer(0, 0, avatar.portrait)}),
        digest=f"{avatar.digest} whole base",
    )
    layers = {key: on_whole_portrait(avatar, layer) for key, layer in whole.layers.items()}
    parts = Parts(avatar.portrait, layers, avatar.landmarks, avatar.mouth, avatar.lower_lid)
    folder = write_bundle(parts, tmp_path / "cut", name="cut", licence="CC0-1.0", background=avatar.background)
    cut = load_avatar(folder)
    base = cut.layers["base"]
    assert base.y + base.pixels.shape[0] < avatar.landmarks.chin[1], "soft lips need no skin under them"
    weights = np.zeros(len(INDEX), np.float32)
    for moved in ("eyeBlinkLeft", "browInnerUp", "browDownRight", "jawOpen"):
        weights[INDEX[moved]] = 1.0
    head = np.array([0.2, -0.1, 0.1, 0.0], np.float32)
    pictures = [PortraitRenderer(one, 512).render(weights, head).astype(int) for one in (whole, cut)]
    assert np.abs(pictures[0] - pictures[1]).max() <= 1
