"""Making bundles from artwork and from single pictures."""

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from flashhead_engine.avatar import face_mesh
from flashhead_engine.avatar import landmarks as landmark_finding
from flashhead_engine.avatar.artwork import compose
from flashhead_engine.avatar.bundle import Avatar, load_avatar
from flashhead_engine.avatar.create import create_avatar
from flashhead_engine.cli.avatar import avatar_app
from flashhead_engine.errors import AvatarError, MissingDependencyError, OutputError
from flashhead_engine.render.portrait import PortraitRenderer

SIDE = 512


needs_mediapipe = pytest.mark.skipif(
    not face_mesh.DETECTOR_PYTHON.is_file(), reason="needs MediaPipe: python3 build.py avatar-tools"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory, heroine: Avatar) -> Avatar:
    """An avatar made from a picture of the heroine."""
    folder = tmp_path_factory.mktemp("single")
    picture, marks = write_picture(folder, heroine), write_marks(folder, heroine)
    return create_avatar(picture, folder / "made", name="made", licence="CC0-1.0", landmarks=marks)


@pytest.fixture
def picture(tmp_path: Path, heroine: Avatar) -> Path:
    return write_picture(tmp_path, heroine)


@pytest.fixture
def marks(tmp_path: Path, heroine: Avatar) -> Path:
    return write_marks(tmp_path, heroine)


def write_picture(folder: Path, heroine: Avatar) -> Path:
    """The heroine as one opaque picture, wider than high."""
    canvas = Image.new("RGBA", (1300, 1024), (120, 130, 140, 255))
    canvas.alpha_composite(Image.fromarray(heroine.portrait), (200, 0))
    path = folder / "heroine.png"
    canvas.convert("RGB").save(path)
    return path


def write_marks(folder: Path, heroine: Avatar) -> Path:
    """Her landmarks in pixels of that picture, without those that can be derived."""
    values = landmark_finding.moved(msgspec.to_builtins(heroine.landmarks), -200, 0, 1.0)
    for derived in ("jaw_drop", "jaw_half_width", "neck_top", "neck_bottom"):
        del values[derived]
    path = folder / "marks.json"
    path.write_text(json.dumps(values))
    return path


def test_from_a_picture(made):
    assert made.name == "made"
    assert made.portrait.shape == (1024, 1024, 4)
    assert made.landmarks.jaw_drop > 20
    renderer = PortraitRenderer(made, 256)
    weights, pose = np.zeros(52, np.float32), np.zeros(4, np.float32)
    rest = renderer.render(weights, pose)
    eye = np.mean(made.landmarks.eye_left, axis=0) / 4
    weights[[0, 7]] = 1.0
    shut = renderer.render(weights, pose)
    around = np.s_[int(eye[1]) - 6 : int(eye[1]) + 6, int(eye[0]) - 6 : int(eye[0]) + 6]
    green = [int(frame[around][..., 1].astype(int).mean() - frame[around][..., 0].mean()) for frame in (rest, shut)]
    assert green[0] > 20 > 0 > green[1], "the green iris must be covered by skin"


def test_portraits_of_emotions(made, picture, marks, tmp_path):
    other = tmp_path / "other.png"
    Image.fromarray(made.portrait[:, ::-1]).save(other)
    arguments = ["create", str(picture), "--landmarks", str(marks), "--name", "two", "-o", str(tmp_path / "two")]
    result = CliRunner().invoke(avatar_app, [*arguments, "--portrait", f"happy={other}"])
    assert result.exit_code == 0, result.output
    avatar = load_avatar(tmp_path / "two")
    assert list(avatar.portraits) == ["happy"]
    seen = made.portrait[:, ::-1][..., 3] > 0
    assert np.array_equal(avatar.portraits["happy"][seen], made.portrait[:, ::-1][seen])
    for wrong in ("hungry=other.png", "happy", f"={other}"):
        result = CliRunner().invoke(avatar_app, [*arguments, "--portrait", wrong])
        assert result.exit_code == 2 and "emotion" in result.output, wrong


@needs_mediapipe
def test_a_portrait_of_an_emotion_is_framed_around_its_face(picture, marks, tmp_path, heroine):
    small = Image.new("RGB", (3000, 2000), (200, 200, 205))
    face = Image.fromarray(heroine.portrait).resize((700, 700))
    small.paste(face, (2100, 900), face)
    small.save(tmp_path / "small.jpg", quality=95)
    avatar = create_avatar(
        picture, tmp_path / "two", name="two", landmarks=marks, portraits={"sad": tmp_path / "small.jpg"}
    )
    found = [
        np.array(face_mesh.find_face(pixels, "").marks["face_oval"])
        for pixels in (avatar.portrait, avatar.portraits["sad"])
    ]
    for corner in (found[1].min(0) - found[0].min(0), found[1].max(0) - found[0].max(0)):
        assert np.abs(corner).max() < 0.03 * avatar.side
    assert [portrait[0, 0, 3] for portrait in (avatar.portrait, avatar.portraits["sad"])] == [0, 0]


def test_a_resting_eye_is_the_picture(made):
    """The layers made from a picture add up to it."""
    canvases = []
    for name in ("base", "eye_whites", "irises", "lids_open"):
        canvas = np.zeros_like(made.portrait)
        layer = made.layers[name]
        height, width = layer.pixels.shape[:2]
        canvas[layer.y : layer.y + height, layer.x : layer.x + width] = layer.pixels
        canvases.append(canvas)
    canvases[2][..., 3] = canvases[2][..., 3].astype(int) * canvases[1][..., 3] // 255
    difference = np.abs(compose(canvases).astype(int) - made.portrait)[canvases[0][..., 3] == 255]
    assert np.percentile(difference, 99) < 16


def test_from_artwork(artwork, tmp_path):
    avatar = create_avatar(artwork, tmp_path / "made", name="made")
    assert avatar.side == SIDE
    assert avatar.mouth == "lips"
    assert np.mean(avatar.landmarks.eye_left, axis=0)[0] > SIDE / 2


def test_exif_orientation_modes_and_sizes(tmp_path, heroine):
    from flashhead_engine.avatar.images import read_picture

    upright = Image.fromarray(heroine.portrait).convert("RGB").resize((60, 40))
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.rotate(90, expand=True).save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(read_picture(tmp_path / "turned.png", None)[..., :3], np.asarray(upright))
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"):
        suffix = "tif" if mode == "CMYK" else "png"
        Image.new(mode, (7, 5)).save(tmp_path / f"mode.{suffix}")
        assert read_picture(tmp_path / f"mode.{suffix}", None).shape == (5, 7, 4)


def test_landmarks_with_a_missing_field(picture, marks, tmp_path):
    values = json.loads(marks.read_bytes())
    del values["chin"]
    marks.write_text(json.dumps(values))
    with pytest.raises(AvatarError, match="chin"):
        create_avatar(picture, tmp_path / "made", name="made", landmarks=marks)


def test_too_small_a_face(picture, marks, tmp_path):
    Image.open(picture).resize((104, 82)).save(picture)
    values = landmark_finding.moved(json.loads(marks.read_bytes()), 0, 0, 0.08)
    marks.write_text(json.dumps(values))
    with pytest.raises(AvatarError, match="larger picture"):
        create_avatar(picture, tmp_path / "made", name="made", landmarks=marks)


def test_no_face_and_open_mouth(picture, tmp_path, monkeypatch):
    monkeypatch.setattr(face_mesh, "_face_meshes", lambda *_: [])
    with pytest.raises(AvatarError, match=r"no face found.*--landmarks"):
        create_avatar(picture, tmp_path / "made", name="made")
    points = np.zeros((478, 2))
    points[14], points[291] = (0, 30), (100, 0)
    monkeypatch.setattr(face_mesh, "_face_meshes", lambda *_: [points])
    with pytest.raises(AvatarError, match="mouth is open"):
        create_avatar(picture, tmp_path / "made", name="made")


def test_without_mediapipe(picture, tmp_path, monkeypatch):
    monkeypatch.setattr(face_mesh, "DETECTOR_PYTHON", tmp_path / "python")
    with pytest.raises(MissingDependencyError, match=r"build\.py avatar-tools"):
        create_avatar(picture, tmp_path / "made", name="made")


def test_not_a_picture(tmp_path):
    (tmp_path / "x.png").write_text("hello")
    with pytest.raises(AvatarError, match=r"x\.png: cannot be read as a picture; it is .* Save it as PNG\.$"):
        create_avatar(tmp_path / "x.png", tmp_path / "made", name="made")


@pytest.mark.parametrize("given", [{"name": ""}, {"name": "x" * 201}, {"licence": ""}])
def test_a_name_that_no_bundle_may_have_leaves_nothing(artwork, tmp_path, given):
    what = next(iter(given))
    with pytest.raises(AvatarError, match=f"^{what}: has .* characters"):
        create_avatar(artwork, tmp_path / "made", **{"name": "made", **given})
    assert not (tmp_path / "made").exists()


def test_entries_beside_the_landmarks_are_left_alone(picture, marks, tmp_path):
    values = json.loads(marks.read_bytes())
    marks.write_text(json.dumps({**values, "tool": {"version": 2}, "tags": ["a", "b"], "image_size": [1300, 1024]}))
    assert create_avatar(picture, tmp_path / "made", name="made", landmarks=marks).side == 1024


@pytest.mark.parametrize(("degrees", "way"), [(90, "right"), (-90, "left"), (40, "right")])
def test_a_head_that_lies_on_its_side_says_how_to_turn_it(picture, heroine, tmp_path, monkeypatch, degrees, way):
    """`degrees`: counter-clockwise, as pictures of phones that lost their EXIF tag."""
    points = np.random.default_rng(1).uniform(0, 100, (478, 2))
    points[list(face_mesh._EYE_LEFT)], points[list(face_mesh._EYE_RIGHT)] = (70, 40), (30, 40)
    turn = np.deg2rad(-degrees)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    monkeypatch.setattr(face_mesh, "_face_meshes", lambda *_: [(points - 50) @ matrix + 50])
    with pytest.raises(AvatarError, match=f"leans by {abs(degrees)} degrees. Turn the picture to the {way}"):
        create_avatar(picture, tmp_path / "made", name="made")


def test_names_and_folders_that_are_taken(artwork, tmp_path):
    with pytest.raises(AvatarError, match="taken by a sample"):
        create_avatar(artwork, tmp_path / "made", name="guard")
    (tmp_path / "diary").mkdir()
    (tmp_path / "diary" / "page.txt").write_text("dear")
    with pytest.raises(AvatarError, match="not an avatar bundle"):
        create_avatar(artwork, tmp_path / "diary", name="made")
    assert (tmp_path / "diary" / "page.txt").read_text() == "dear"


def test_an_existing_bundle_is_replaced_or_kept_whole(artwork, tmp_path):
    folder = tmp_path / "made"
    first = create_avatar(artwork, folder, name="one")
    Image.new("RGBA", (SIDE, SIDE)).save(artwork / "irises.png")
    with pytest.raises(AvatarError):
        create_avatar(artwork, folder, name="two")
    assert load_avatar(folder).digest == first.digest
    (artwork / "irises.png").unlink()
    assert create_avatar(artwork, folder, name="two").name == "two"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["artwork", "made"]


def test_commands(artwork, tmp_path):
    runner = CliRunner()
    made = runner.invoke(avatar_app, ["create", str(artwork), "--name", "made", "-o", str(tmp_path / "made")])
    assert made.exit_code == 0, made.output
    sheet = tmp_path / "sheet.png"
    shown = runner.invoke(avatar_app, ["show", str(tmp_path / "made"), "-o", str(sheet)])
    assert shown.exit_code == 0, shown.output
    assert Image.open(sheet).size == (4 * 384, 4 * 384)
    failed = runner.invoke(avatar_app, ["show", "robot", "-o", str(tmp_path / "no" / "sheet.png")])
    assert isinstance(failed.exception, OutputError)
    missing = runner.invoke(avatar_app, ["show", "gaurd", "-o", str(sheet)])
    assert isinstance(missing.exception, AvatarError)
