"""From a picture to its face: backgrounds, several faces, head sizes and short landmark files."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from flashhead_engine.avatar import face_mesh
from flashhead_engine.avatar.background import remove_plain_background
from flashhead_engine.avatar.bundle import load_avatar
from flashhead_engine.avatar.create import create_avatar
from flashhead_engine.avatar.images import grown
from flashhead_engine.avatar.landmarks import NEEDED, complete, read_landmarks
from flashhead_engine.errors import AvatarError

SIDE = 1024
needs_mediapipe = pytest.mark.skipif(
    not face_mesh.DETECTOR_PYTHON.is_file(), reason="needs MediaPipe: python3 build.py avatar-tools"
)


def portrait(name: str) -> Image.Image:
    return Image.fromarray(load_avatar(name).portrait)


def face_of(name: str) -> np.ndarray:
    oval = np.array(load_avatar(name).landmarks.face_oval)
    canvas = Image.new("1", (SIDE, SIDE))
    inner = oval.mean(axis=0) + 0.8 * (oval - oval.mean(axis=0))
    ImageDraw.Draw(canvas).polygon([tuple(point) for point in inner], fill=1)
    return np.asarray(canvas)


def on_background(name: str, colour: tuple[int, int, int], shading: float = 0) -> np.ndarray:
    canvas = np.full((SIDE, SIDE, 4), (*colour, 255), float)
    canvas[..., :3] += np.linspace(-shading, shading, SIDE)[:, None, None]
    picture = Image.fromarray(canvas.clip(0, 255).astype(np.uint8))
    picture.alpha_composite(portrait(name))
    return np.asarray(picture)


def over(rgba: np.ndarray, level: int) -> np.ndarray:
    alpha = rgba[..., 3:] / 255
    return rgba[..., :3] * alpha + level * (1 - alpha)


@pytest.mark.parametrize("name", ["heroine", "guard", "merchant"])
@pytest.mark.parametrize(("colour", "shading"), [((255, 255, 255), 0), ((60, 190, 80), 0), ((150, 155, 165), 30)])
def test_a_removed_background_leaves_no_fringe(name, colour, shading):
    figure = remove_plain_background(on_background(name, colour, shading), face_of(name))
    truth = np.asarray(portrait(name))
    assert figure is not None
    partly = Image.fromarray((truth[..., 3] > 0) & (truth[..., 3] < 255)).convert("L")
    edge = np.asarray(partly.filter(ImageFilter.MaxFilter(7))) > 0
    for level in (0, 255):
        error = np.abs(over(figure, level) - over(truth, level)).mean(axis=-1)
        assert error[edge].mean() < 7
    wrong = np.abs(figure[..., 3].astype(int) - truth[..., 3]) > 60
    assert wrong.mean() < 0.002


@pytest.mark.parametrize("pixels", [1, 3, 9])
def test_a_mask_grows_by_so_many_pixels_on_all_sides(pixels):
    mask = np.random.default_rng(1).random((50, 37)) > 0.99
    mask[0, -1] = True
    squares = Image.fromarray(mask.astype(np.uint8) * 255).filter(ImageFilter.MaxFilter(2 * pixels + 1))
    np.testing.assert_array_equal(grown(mask, pixels), np.asarray(squares) > 0)
    assert not np.array_equal(grown(mask, pixels + 1), np.asarray(squares) > 0)


def test_a_busy_background_stays():
    noise = np.random.default_rng(1).integers(0, 255, (SIDE, SIDE, 4), np.uint8)
    noise[..., 3] = 255
    picture = Image.fromarray(noise)
    picture.alpha_composite(portrait("guard"))
    assert remove_plain_background(np.asarray(picture), face_of("guard")) is None


def test_a_face_in_the_colour_of_the_background_is_not_eaten():
    plain = np.full((200, 200, 4), 255, np.uint8)
    face = np.zeros((200, 200), bool)
    face[60:140, 60:140] = True
    assert remove_plain_background(plain, face) is None


def test_few_landmarks_are_enough():
    whole = json.loads((load_avatar("merchant").folder / "avatar.json").read_bytes())["landmarks"]
    short = {name: whole[name] for name in NEEDED}
    derived = complete(short, SIDE, "short")
    for name in ("nose_tip", "iris_left", "iris_right"):
        value = getattr(derived, name)
        wanted = whole[name]
        if name.startswith("iris"):
            value, wanted = value.centre, wanted["centre"]
        assert np.linalg.norm(np.subtract(value, wanted)) < 0.06 * SIDE
    assert min(y for _, y in derived.face_oval) < whole["eye_left"][0][1] - 50


@pytest.mark.parametrize("missing", NEEDED)
def test_a_missing_landmark_is_named(missing):
    whole = json.loads((load_avatar("merchant").folder / "avatar.json").read_bytes())["landmarks"]
    with pytest.raises(AvatarError, match=missing):
        complete({name: whole[name] for name in NEEDED if name != missing}, SIDE, "short")


def test_landmarks_that_are_not_numbers(tmp_path):
    file = tmp_path / "marks.json"
    file.write_text(json.dumps({"chin": [float("nan"), 1]}))
    with pytest.raises(AvatarError, match=r"marks\.json: holds NaN"):
        read_landmarks(file)


def made_from(picture: Image.Image, folder: Path) -> tuple[object, list[str]]:
    notes: list[str] = []
    file = folder / "picture.png"
    picture.save(file)
    return create_avatar(file, folder / "made", name="made", note=notes.append), notes


@needs_mediapipe
@pytest.mark.parametrize("share", [0.25, 0.9])
@pytest.mark.parametrize("name", ["guard", "merchant"])
def test_small_and_large_heads(name, share, tmp_path):
    """`share`: of the head in the height of the picture; heads of the samples fill 0.7 of theirs."""
    head = portrait(name).crop((100, 0, 924, 900))
    height = round(head.height * 0.95 / share) if share < 0.9 else 980
    canvas = Image.new("RGBA", (max(head.width, height), height), (90, 120, 160, 255))
    canvas.alpha_composite(head, ((canvas.width - head.width) // 2, height - head.height))
    avatar, notes = made_from(canvas, tmp_path)
    assert avatar.portrait[0, 0, 3] == 0
    assert any("background was removed" in note for note in notes)
    mouth = np.array(avatar.landmarks.lip_upper_outer)
    assert 0.05 < np.ptp(mouth[:, 0]) / avatar.side < 0.4


@needs_mediapipe
def test_the_largest_of_several_faces_is_used(tmp_path):
    canvas = Image.new("RGBA", (1700, 1024), (90, 120, 160, 255))
    canvas.alpha_composite(portrait("guard").resize((600, 600)), (0, 400))
    canvas.alpha_composite(portrait("merchant"), (650, 0))
    avatar, notes = made_from(canvas, tmp_path)
    assert any("2 faces; the largest is used" in note for note in notes)
    assert avatar.landmarks.face_oval[0][0] > 0


@needs_mediapipe
def test_no_face_says_what_to_do(tmp_path):
    with pytest.raises(AvatarError, match=r"no face found.*--landmarks"):
        made_from(Image.new("RGB", (600, 600), "teal"), tmp_path)
