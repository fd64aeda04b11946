"""Layered artwork: what is painted is used, what is missing is made, what does not fit is told."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flashhead_engine.avatar import face_mesh
from flashhead_engine.avatar.artwork import OTHER_NAMES, read_artwork
from flashhead_engine.avatar.bundle import load_avatar
from flashhead_engine.avatar.create import create_avatar
from flashhead_engine.avatar.landmarks import moved
from flashhead_engine.avatar.layered import parts_from_artwork, parts_from_layers
from flashhead_engine.avatar.painted_eyes import with_painted_eyes
from flashhead_engine.avatar.parts import Parts, write_bundle
from flashhead_engine.avatar.single import parts_from_portrait, polygon_mask
from flashhead_engine.blendshapes.arkit import INDEX
from flashhead_engine.errors import AvatarError, MissingDependencyError
from flashhead_engine.render.portrait import PortraitRenderer

from .artists import ARTWORK_SIDE, LAYER_OF

SHIFT = 20
"""40 pixels of a portrait of 1024."""
MOUTH = ("mouth_cavity", "tongue", "teeth_lower", "teeth_upper")
needs_mediapipe = pytest.mark.skipif(
    not face_mesh.DETECTOR_PYTHON.is_file(), reason="needs MediaPipe: python3 build.py avatar-tools"
)


def keep(folder: Path, *names: str) -> Path:
    """The same artwork with only some of its pictures."""
    for file in folder.glob("*.png"):
        if file.stem not in names:
            file.unlink()
    return folder


def change(file: Path, do) -> None:
    Image.fromarray(do(np.asarray(Image.open(file)))).save(file)


def shifted(pixels: np.ndarray) -> np.ndarray:
    return np.roll(pixels, SHIFT, axis=1)


def rendered(parts: Parts, folder: Path, **weights: float) -> np.ndarray:
    avatar = load_avatar(write_bundle(parts, folder, name="made", licence="CC0-1.0", background=(0, 0, 0)))
    values = np.zeros(52, np.float32)
    for name, value in weights.items():
        values[INDEX[name]] = value
    return PortraitRenderer(avatar, 512).render(values, np.zeros(4, np.float32))


def eye(parts: Parts, own: str = "left") -> np.ndarray:
    """Where the eye is open: bool (side, side)."""
    return polygon_mask(parts.portrait.shape[0], np.array(getattr(parts.landmarks, f"eye_{own}"))) > 0.9


def test_every_painted_layer_is_used_as_it_is(artwork):
    parts = parts_from_layers(artwork)
    for name, layer in LAYER_OF.items():
        np.testing.assert_array_equal(parts.layers[layer], np.asarray(Image.open(artwork / f"{name}.png")), name)


def test_a_portrait_alone_gives_what_a_single_picture_gives(artwork):
    parts = parts_from_layers(keep(artwork, "portrait"))
    flat = parts_from_portrait(parts.portrait, parts.landmarks)
    assert parts.layers.keys() == flat.layers.keys()
    for name, pixels in flat.layers.items():
        np.testing.assert_array_equal(parts.layers[name], pixels, name)


@pytest.mark.parametrize(
    "names",
    [("irises",), ("eye_whites", "irises"), ("lid_upper_closed", "lid_lower_closed"), MOUTH, ("mouth_cavity",)],
)
def test_only_what_is_painted_is_replaced(artwork, names):
    parts = parts_from_layers(keep(artwork, "portrait", *names))
    flat = parts_from_portrait(parts.portrait, parts.landmarks)
    replaced = {LAYER_OF[name] for name in names}
    for layer, pixels in parts.layers.items():
        same = np.array_equal(pixels, flat.layers[layer])
        assert same == (layer not in replaced) or layer == "base", layer


def test_without_a_mouth_it_is_made_and_told(artwork):
    notes: list[str] = []
    flat = parts_from_portrait(parts_from_layers(artwork).portrait, parts_from_layers(artwork).landmarks)
    for name in MOUTH:
        (artwork / f"{name}.png").unlink()
    parts = parts_from_artwork(read_artwork(artwork), None, keep_background=True, note=notes.append)
    assert any(all(name in note for name in MOUTH) for note in notes)
    for name in MOUTH:
        np.testing.assert_array_equal(parts.layers[name], flat.layers[name])


@pytest.mark.parametrize(
    "name", [*(name for name in LAYER_OF if name not in ("base", "lid_lower_closed")), "brow_left", "brow_right"]
)
def test_a_picture_that_is_moved_is_noticed(artwork, name):
    change(artwork / f"{name}.png", shifted)
    with pytest.raises(AvatarError, match=name.replace("brow_left", "brows").replace("brow_right", "brows")):
        parts_from_layers(artwork)


def test_a_mirrored_picture_is_noticed(artwork):
    change(artwork / "hair_front.png", lambda pixels: pixels[:, ::-1])
    with pytest.raises(AvatarError, match=r"'hair_front'.*mirrored"):
        parts_from_layers(artwork)


def test_a_base_without_brows_and_no_brows_is_noticed(artwork):
    for name in ("brow_left", "brow_right"):
        (artwork / f"{name}.png").unlink()
    with pytest.raises(AvatarError, match=r"around the brow on the (left|right).*missing"):
        parts_from_layers(artwork)


def test_swapped_names_of_sides_change_nothing(artwork):
    before = parts_from_layers(artwork)
    left, right = artwork / "brow_left.png", artwork / "brow_right.png"
    left.rename(artwork / "kept.tmp")
    right.rename(left)
    (artwork / "kept.tmp").rename(right)
    np.testing.assert_array_equal(parts_from_layers(artwork).layers["brows"], before.layers["brows"])


def test_landmarks_with_swapped_sides_are_noticed(artwork):
    file = artwork / "landmarks.json"
    marks = json.loads(file.read_bytes())
    marks["eye_left"], marks["eye_right"] = marks["eye_right"], marks["eye_left"]
    file.write_text(json.dumps(marks))
    with pytest.raises(AvatarError, match="left and right are those of the picture"):
        parts_from_layers(artwork)


def test_one_side_painted_the_other_made(artwork):
    keep(artwork, "portrait", "eye_whites", "irises")
    whole = parts_from_layers(artwork)
    for name in ("eye_whites", "irises"):
        pixels = np.array(Image.open(artwork / f"{name}.png"))
        pixels[:, ARTWORK_SIDE // 2 :] = 0
        Image.fromarray(pixels).save(artwork / f"{name}-left.png")
        (artwork / f"{name}.png").unlink()
    half = parts_from_layers(artwork)
    flat = parts_from_portrait(half.portrait, half.landmarks)
    # The picture's left is the face's right.
    for own, like in (("right", whole), ("left", flat)):
        np.testing.assert_array_equal(half.layers["irises"][eye(half, own)], like.layers["irises"][eye(half, own)])


def test_closed_eyes_as_one_picture_become_two_lids(artwork, heroine, tmp_path):
    weights = np.zeros(52, np.float32)
    weights[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 1
    shut = PortraitRenderer(heroine, ARTWORK_SIDE).render(weights, np.zeros(4, np.float32))
    keep(artwork, "portrait")
    Image.fromarray(shut).save(artwork / "Eyes Closed.png")
    parts = parts_from_layers(artwork)
    frame = rendered(parts, tmp_path / "made", eyeBlinkLeft=1, eyeBlinkRight=1)
    for own in ("left", "right"):
        difference = np.abs(frame.astype(int) - shut)[eye(parts, own)].mean()
        assert difference < 6, "a blink must show the painted lids"
    for spoil in (shifted, lambda pixels: pixels[:, ::-1]):
        Image.fromarray(spoil(shut)).save(artwork / "Eyes Closed.png")
        with pytest.raises(AvatarError, match=r"'eyes_closed': not what the portrait shows around the eyes"):
            parts_from_layers(artwork)
    resting = np.abs(parts.portrait.astype(int) - shut)[eye(parts)].mean()
    assert resting > 40, "the comparison above must be able to fail"


@pytest.mark.parametrize("spoil", [shifted, np.zeros_like])
def test_closed_eyes_that_lie_elsewhere_are_noticed(artwork, spoil):
    keep(artwork, "portrait", "lid_upper_closed")
    (artwork / "lid_upper_closed.png").rename(artwork / "eyes_closed.png")
    assert parts_from_layers(artwork)
    change(artwork / "eyes_closed.png", spoil)
    with pytest.raises(AvatarError, match="eyes_closed"):
        parts_from_layers(artwork)


def inside_of_mouth(artwork: Path) -> Image.Image:
    """A green hole below the closed lips, as deep as the painter's jaw drops."""
    marks = json.loads((artwork / "landmarks.json").read_bytes())
    line = np.array(marks["lip_upper_inner"])
    lower = line + [0, 1] * (marks["jaw_drop"] * np.sin(np.linspace(0, np.pi, len(line))))[:, None]
    mask = polygon_mask(ARTWORK_SIDE, np.vstack([line, lower[::-1]]))
    picture = np.zeros((ARTWORK_SIDE, ARTWORK_SIDE, 4), np.uint8)
    picture[..., :3] = 20, 200, 40
    picture[..., 3] = np.rint(255 * mask)
    return Image.fromarray(picture)


def test_an_open_mouth_as_one_picture_is_seen_when_the_jaw_opens(artwork, tmp_path):
    keep(artwork, "portrait")
    inside = inside_of_mouth(artwork)
    inside.save(artwork / "mouth_open.png")
    file = artwork / "landmarks.json"
    marks = json.loads(file.read_bytes())
    drop = marks.pop("jaw_drop")
    file.write_text(json.dumps(marks))
    parts = parts_from_layers(artwork)
    assert parts.landmarks.jaw_drop == pytest.approx(drop, abs=2), "the jaw opens as far as the mouth is painted"
    assert not parts.layers["tongue"].any() and not parts.layers["teeth_upper"].any()
    frames = [rendered(parts, tmp_path / "made", jawOpen=value)[..., :3].astype(int) for value in (0.0, 1.0)]
    green = [int((frame[..., 1] > frame[..., 0] + 40).sum()) for frame in frames]
    assert green[1] - green[0] > 0.5 * (np.asarray(inside)[..., 3] > 128).sum()


@pytest.mark.parametrize("move", [shifted, lambda pixels: np.roll(pixels, -4 * SHIFT, axis=0)])
def test_an_open_mouth_that_lies_elsewhere_is_noticed(artwork, move):
    inside_of_mouth(artwork).save(artwork / "mouth_open.png")
    change(artwork / "mouth_open.png", move)
    with pytest.raises(AvatarError, match="mouth_open"):
        parts_from_layers(artwork)


def test_a_whole_picture_with_an_open_mouth_needs_its_lips_found(artwork, monkeypatch, tmp_path):
    keep(artwork, "portrait")
    monkeypatch.setattr(face_mesh, "DETECTOR_PYTHON", tmp_path / "none")
    Image.open(artwork / "portrait.png").save(artwork / "mouth_open.png")
    with pytest.raises(AvatarError, match=r"mouth_open.*Leave only the inside"):
        parts_from_layers(artwork)


@needs_mediapipe
def test_three_pictures_of_one_face_are_enough(tmp_path):
    """At rest, with closed eyes, with an open mouth: the inside of the mouth and the lids are those painted."""
    merchant = load_avatar("merchant")
    renderer, folder = PortraitRenderer(merchant, 512), tmp_path / "three"
    folder.mkdir()

    def shot(**weights: float) -> np.ndarray:
        values = np.zeros(52, np.float32)
        for name, value in weights.items():
            values[INDEX[name]] = value
        return renderer.render(values, np.zeros(4, np.float32))

    pictures = {
        "portrait": shot(),
        "eyes_closed": shot(eyeBlinkLeft=1, eyeBlinkRight=1),
        "mouth_open": shot(jawOpen=0.9),
    }
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(folder / f"{name}.png")
    parts = parts_from_artwork(read_artwork(folder), None, keep_background=False)
    frame = rendered(parts, tmp_path / "made", eyeBlinkLeft=1, eyeBlinkRight=1, jawOpen=1)
    assert np.abs(frame.astype(int) - pictures["eyes_closed"])[eye(parts)].mean() < 10
    inside = parts.layers["mouth_cavity"]
    seen = inside[..., 3] > 250
    np.testing.assert_array_equal(inside[seen], pictures["mouth_open"][seen])
    assert 0.15 < seen.sum() / np.ptp(parts.landmarks.lip_upper_outer, axis=0)[0] ** 2 < 0.6
    Image.fromarray(pictures["portrait"]).save(folder / "mouth_open.png")
    with pytest.raises(AvatarError, match=r"mouth_open.*mouth is closed"):
        parts_from_artwork(read_artwork(folder), None, keep_background=False)
    Image.fromarray(np.roll(pictures["mouth_open"], SHIFT, axis=1)).save(folder / "mouth_open.png")
    with pytest.raises(AvatarError, match=r"mouth_open.*lies .* pixels from that of the portrait"):
        parts_from_artwork(read_artwork(folder), None, keep_background=False)


def test_skin_is_made_under_painted_hair(artwork):
    parts = parts_from_layers(keep(artwork, "portrait", "hair_front"))
    above_eyes = np.zeros((ARTWORK_SIDE, ARTWORK_SIDE), bool)
    top = int(np.min(parts.landmarks.brow_left, axis=0)[1])
    left, right = sorted((parts.landmarks.iris_left.centre[0], parts.landmarks.iris_right.centre[0]))
    above_eyes[top - 20 : top, int(left) : int(right)] = True
    hair = above_eyes & (parts.layers["front"][..., 3] > 250)
    assert hair.sum() > 20
    skin = np.median(parts.portrait[above_eyes & (parts.layers["front"][..., 3] == 0)], axis=0)
    apart = [
        np.abs(pixels[hair].astype(float) - skin)[:, :3].mean() for pixels in (parts.layers["base"], parts.portrait)
    ]
    assert apart[0] < 0.4 * apart[1]


def test_the_outline_of_painted_eyes_is_better_than_a_found_one(artwork):
    pictures = read_artwork(artwork).pictures
    truth = parts_from_layers(artwork).landmarks
    found = {}
    for own in ("left", "right"):
        outline = np.array(getattr(truth, f"eye_{own}"))
        middle = outline.mean(axis=0)
        # What MediaPipe makes of drawn eyes: lower, and half as high.
        found[f"eye_{own}"] = (middle + (outline - middle) * (0.8, 0.5) + (4, 8)).tolist()
    better = with_painted_eyes(found, pictures)
    for own in ("left", "right"):
        wanted = polygon_mask(ARTWORK_SIDE, np.array(getattr(truth, f"eye_{own}")))
        overlap = [
            np.minimum(mask, wanted).sum() / np.maximum(mask, wanted).sum()
            for marks in (found, better)
            for mask in [polygon_mask(ARTWORK_SIDE, np.array(marks[f"eye_{own}"]))]
        ]
        assert overlap[0] < 0.5 < 0.85 < overlap[1]
        iris = getattr(truth, f"iris_{own}")
        assert np.linalg.norm(np.subtract(better[f"iris_{own}"]["centre"], iris.centre)) < 0.2 * iris.radius
    far = {**pictures, "eye_whites": np.roll(pictures["eye_whites"], 4 * SHIFT, axis=0)}
    assert with_painted_eyes(found, far) == found


@pytest.mark.parametrize(
    "rename", [str.upper, lambda name: name.replace("_", " "), lambda name: name.replace("_", "-")]
)
def test_names_are_free_in_case_spaces_and_hyphens(artwork, rename):
    before = parts_from_layers(artwork)
    for file in list(artwork.glob("*.png")):
        file.rename(artwork / f"{rename(file.stem)}.PNG")
    after = parts_from_layers(artwork)
    for name, pixels in before.layers.items():
        np.testing.assert_array_equal(after.layers[name], pixels)


def test_a_misspelt_name_is_told_with_the_nearest_and_all_known_ones(artwork):
    (artwork / "irises.png").rename(artwork / "irisses.png")
    with pytest.raises(AvatarError) as caught:
        parts_from_layers(artwork)
    assert "irisses.png: unknown; is it 'irises'?" in str(caught.value)
    assert all(name in str(caught.value) for name in OTHER_NAMES)


def test_other_pictures_are_left_out_with_a_note(artwork):
    Image.new("RGBA", (10, 10)).save(artwork / "sketch.png")
    notes: list[str] = []
    parts_from_artwork(read_artwork(artwork), None, keep_background=True, note=notes.append)
    assert any("not used" in note and "'sketch.png'" in note for note in notes)


def test_a_folder_without_any_known_name(tmp_path):
    Image.new("RGBA", (10, 10)).save(tmp_path / "sketch.png")
    with pytest.raises(
        AvatarError, match=r"no picture has a known name. Found: 'sketch.png'. Known are portrait, base"
    ):
        create_avatar(tmp_path, tmp_path / "made", name="made")
    assert not (tmp_path / "made").exists()


def test_pictures_of_different_sizes(artwork):
    Image.new("RGBA", (300, 300)).save(artwork / "irises.png")
    with pytest.raises(AvatarError, match=r"irises\.png: 300x300 pixels, but .* 512x512.*one size"):
        parts_from_layers(artwork)


@pytest.mark.parametrize("name", ["irises", "portrait", "mouth_cavity", "lid_upper_closed"])
def test_an_empty_picture_of_what_every_face_has(artwork, name):
    change(artwork / f"{name}.png", np.zeros_like)
    with pytest.raises(AvatarError, match=rf"{name}\.png: is empty"):
        parts_from_layers(artwork)


def test_an_empty_tongue_says_that_there_is_none(artwork):
    change(artwork / "tongue.png", np.zeros_like)
    assert not parts_from_layers(artwork).layers["tongue"].any()


def test_two_files_for_one_part(artwork):
    Image.open(artwork / "irises.png").save(artwork / "iris.png")
    with pytest.raises(AvatarError, match=r"iris\.png and irises\.png: both are 'irises'"):
        parts_from_layers(artwork)


def test_a_bundle_is_no_artwork(artwork, tmp_path):
    made = create_avatar(artwork, tmp_path / "made", name="made")
    with pytest.raises(AvatarError, match="is an avatar bundle already"):
        create_avatar(tmp_path / "made", tmp_path / "made", name="made")
    assert load_avatar(tmp_path / "made").digest == made.digest


def test_neither_portrait_nor_base(artwork):
    with pytest.raises(AvatarError, match="neither a 'portrait'"):
        parts_from_layers(keep(artwork, "irises"))


def test_a_portrait_is_put_together_from_layers(artwork):
    wanted = parts_from_layers(artwork).portrait.astype(int)
    (artwork / "portrait.png").rename(artwork / "unused.tmp")
    # The lips of the sample are part of its portrait only.
    lips = Image.open(artwork / "unused.tmp")
    marks = json.loads((artwork / "landmarks.json").read_bytes())
    mouth = polygon_mask(ARTWORK_SIDE, np.vstack([marks["lip_upper_outer"], marks["lip_lower_outer"][::-1]]))
    lips.putalpha(Image.fromarray(np.rint(255 * mouth).astype(np.uint8)))
    lips.save(artwork / "mouth_closed.png")
    found = parts_from_layers(artwork).portrait.astype(int)
    assert np.abs(found - wanted)[wanted[..., 3] == 255].mean() < 1.5


def test_a_canvas_that_is_not_square_is_cropped_with_all_its_layers(artwork):
    square = parts_from_layers(artwork)
    for file in artwork.glob("*.png"):
        wide = Image.new("RGBA", (ARTWORK_SIDE + 200, ARTWORK_SIDE))
        wide.paste(Image.open(file), (120, 0))
        wide.save(file)
    file = artwork / "landmarks.json"
    marks = json.loads(file.read_bytes())
    for name, value in marks.items():
        if isinstance(value, dict):
            value["centre"][0] += 120
        elif isinstance(value, list):
            marks[name] = np.add(value, [120, 0]).tolist()
    file.write_text(json.dumps(marks))
    parts = parts_from_layers(artwork)
    height, width = parts.portrait.shape[:2]
    assert height == width
    scale = np.ptp(parts.landmarks.lip_upper_outer, axis=0)[0] / np.ptp(square.landmarks.lip_upper_outer, axis=0)[0]
    assert parts.layers["irises"][..., 3].sum() == pytest.approx(
        scale**2 * square.layers["irises"][..., 3].sum(), rel=0.02
    )


def test_a_square_canvas_that_is_too_small_is_enlarged(artwork, tmp_path):
    for file in artwork.glob("*.png"):
        Image.open(file).resize((200, 200)).save(file)
    file = artwork / "landmarks.json"
    file.write_text(json.dumps(moved(json.loads(file.read_bytes()), 0, 0, 200 / ARTWORK_SIDE)))
    assert create_avatar(artwork, tmp_path / "made", name="made").side == 256


def test_the_docs_list_every_name():
    table = (Path(__file__).parents[2] / "docs" / "avatar-format.md").read_text("utf-8")
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| `")]
    listed = {word.strip(" `") for names, _ in rows for word in names.split(",")}
    also = {word.strip() for _, names in rows for part in names.split(";") for word in part.split(",")}
    assert set(OTHER_NAMES) <= listed
    assert {name.replace("_", " ") for others in OTHER_NAMES.values() for name in others} <= also


def test_two_sets_of_landmarks(artwork):
    with pytest.raises(AvatarError, match="leave out --landmarks"):
        parts_from_artwork(read_artwork(artwork), artwork / "landmarks.json", keep_background=True)


def test_without_landmarks_mediapipe_is_asked(artwork, monkeypatch, tmp_path):
    (artwork / "landmarks.json").unlink()
    monkeypatch.setattr(face_mesh, "DETECTOR_PYTHON", tmp_path / "none")
    with pytest.raises(MissingDependencyError, match="avatar-tools"):
        parts_from_layers(artwork)


@needs_mediapipe
def test_drawn_eyes_need_no_landmarks_file_where_their_whites_are_painted(artwork, heroine):
    (artwork / "landmarks.json").unlink()
    parts = parts_from_layers(artwork)
    scale = heroine.side / ARTWORK_SIDE
    for own in ("left", "right"):
        centre = np.array(getattr(parts.landmarks, f"iris_{own}").centre)
        assert np.linalg.norm(centre * scale - getattr(heroine.landmarks, f"iris_{own}").centre) < 6


def test_a_jaw_plate_needs_all_its_pictures(artwork):
    file = artwork / "landmarks.json"
    file.write_text(json.dumps({**json.loads(file.read_bytes()), "mechanism": {}}))
    with pytest.raises(AvatarError, match=r"lip_upper, lip_lower missing\. A jaw plate"):
        parts_from_layers(artwork)
