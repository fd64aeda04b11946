"""PSD files: named layers are read as a painting program shows them, everything else is told."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flashhead_engine.avatar import face_mesh
from flashhead_engine.avatar.artwork import read_artwork
from flashhead_engine.avatar.bundle import Avatar
from flashhead_engine.avatar.create import create_avatar
from flashhead_engine.avatar.layered import parts_from_artwork, parts_from_layers
from flashhead_engine.avatar.manifest import MAX_IMAGE_SIDE
from flashhead_engine.errors import AvatarError, MissingDependencyError

from .artists import ARTWORK_SIDE, painted

psd_tools = pytest.importorskip("psd_tools", reason='needs psd-tools: pip install "flashhead-engine[psd]"')

SHIFT = 20
BOTTOM_UP = (
    *("base", "mouth_cavity", "tongue", "teeth_lower", "teeth_upper", "eye_whites", "irises", "lids_open"),
    *("lid_lower_closed", "lid_upper_closed", "brow_left", "brow_right", "hair_front"),
)
HIDDEN = {"mouth_cavity", "tongue", "teeth_lower", "teeth_upper", "lid_lower_closed", "lid_upper_closed"}
TITLES = {"irises": "Iris", "eye_whites": "Eye Whites", "brow_left": "left brow", "hair_front": "HAIR-FRONT"}


@pytest.fixture(scope="module")
def pictures(request) -> dict[str, Image.Image]:
    heroine = request.getfixturevalue("heroine")
    return {name: Image.fromarray(pixels) for name, pixels in painted(heroine).items()}


def write(file: Path, pictures: dict[str, Image.Image], names=BOTTOM_UP, depth: int = 8) -> Path:
    """A PSD as artists save it: layers cut to their pixels, other expressions hidden, a flattened picture."""
    document = psd_tools.PSDImage.new("RGB", (ARTWORK_SIDE, ARTWORK_SIDE), color=(255, 255, 255), depth=depth)
    for name in names:
        add(document, pictures[name], TITLES.get(name, name)).visible = name not in HIDDEN
    document.save(file)
    return file


def add(group, picture: Image.Image, title: str):
    left, top, right, bottom = picture.getbbox() or (0, 0, 1, 1)
    return group.create_pixel_layer(picture.crop((left, top, right, bottom)), name=title, left=left, top=top)


def document_with(*titles: str):
    """A small PSD with a red square of 10 pixels at (5, 7) for each title."""
    document = psd_tools.PSDImage.new("RGB", (32, 32), color=(255, 255, 255))
    for title in titles:
        document.create_pixel_layer(Image.new("RGB", (10, 10), "red"), name=title, left=5, top=7)
    return document


def saved(document, folder: Path) -> Path:
    document.save(folder / "small.psd")
    return folder / "small.psd"


def alpha_of(file: Path, name: str = "irises") -> np.ndarray:
    return read_artwork(file).pictures[name][..., 3]


def test_a_psd_gives_the_layers_of_a_folder(artwork, pictures, tmp_path):
    file = write(tmp_path / "heroine.psd", pictures, ("portrait", *BOTTOM_UP))
    parts = parts_from_artwork(read_artwork(file), _faces_own(artwork), keep_background=True)
    folder = parts_from_layers(artwork)
    for name, pixels in folder.layers.items():
        # What is transparent has no colour in a PSD.
        seen = pixels[..., 3] > 0
        np.testing.assert_array_equal(parts.layers[name][..., 3], pixels[..., 3], name)
        np.testing.assert_array_equal(parts.layers[name][seen], pixels[seen], name)
    np.testing.assert_array_equal(parts.portrait[..., 3], folder.portrait[..., 3])


def _faces_own(artwork: Path) -> Path:
    """The landmarks of the folder for --landmarks, whose left is the face's own."""
    file = artwork / "landmarks.json"
    text = file.read_text().replace("left", "LEFT").replace("right", "left").replace("LEFT", "right")
    own = artwork.parent / "own.json"
    own.write_text(text)
    return own


def test_the_flattened_picture_is_the_portrait_where_none_is_painted(artwork, pictures, tmp_path):
    notes: list[str] = []
    file = write(tmp_path / "heroine.psd", pictures)
    parts = parts_from_artwork(read_artwork(file), _faces_own(artwork), keep_background=False, note=notes.append)
    wanted = np.asarray(pictures["portrait"]).astype(int)
    solid = (wanted[..., 3] == 255) & (parts.portrait[..., 3] == 255)
    assert solid.mean() > 0.4
    assert np.abs(parts.portrait - wanted)[solid].mean() < 1
    assert any("background was removed" in note for note in notes)
    assert parts.portrait[0, 0, 3] == 0


@pytest.mark.parametrize("name", ["irises", "lid_upper_closed", "tongue"])
def test_a_layer_that_is_moved_is_noticed(artwork, pictures, tmp_path, name):
    moved = Image.fromarray(np.roll(np.asarray(pictures[name]), SHIFT, axis=1))
    file = write(tmp_path / "heroine.psd", {**pictures, name: moved}, ("portrait", *BOTTOM_UP))
    with pytest.raises(AvatarError, match=name):
        parts_from_artwork(read_artwork(file), _faces_own(artwork), keep_background=True)


def test_sides_are_those_of_the_picture_and_only_say_which_is_missing(artwork, pictures, tmp_path):
    whole = write(tmp_path / "whole.psd", pictures, ("portrait", *BOTTOM_UP))
    swapped = {**pictures, "brow_left": pictures["brow_right"], "brow_right": pictures["brow_left"]}
    other = write(tmp_path / "swapped.psd", swapped, ("portrait", *BOTTOM_UP))
    np.testing.assert_array_equal(alpha_of(whole, "brows"), alpha_of(other, "brows"))


def test_without_a_mouth_the_flat_one_is_made(artwork, pictures, tmp_path):
    names = [name for name in BOTTOM_UP if name not in ("mouth_cavity", "tongue", "teeth_lower", "teeth_upper")]
    file = write(tmp_path / "heroine.psd", pictures, ("portrait", *names))
    notes: list[str] = []
    parts = parts_from_artwork(read_artwork(file), _faces_own(artwork), keep_background=True, note=notes.append)
    flat = write(tmp_path / "flat.psd", pictures, ("portrait",))
    made = parts_from_artwork(read_artwork(flat), _faces_own(artwork), keep_background=True)
    np.testing.assert_array_equal(parts.layers["mouth_cavity"], made.layers["mouth_cavity"])
    assert any("made from the portrait: mouth_cavity" in note for note in notes)


@pytest.mark.skipif(not face_mesh.DETECTOR_PYTHON.is_file(), reason="needs MediaPipe: python3 build.py avatar-tools")
def test_a_psd_becomes_an_avatar_without_any_landmarks(pictures, tmp_path):
    file = write(tmp_path / "heroine.psd", pictures, ("portrait", *BOTTOM_UP))
    assert isinstance(create_avatar(file, tmp_path / "made", name="made"), Avatar)


def test_a_layer_lies_at_its_offset_and_beyond_the_canvas_is_cut(tmp_path):
    document = document_with("irises")
    document.create_pixel_layer(Image.new("RGB", (10, 10), "blue"), name="tongue", left=-4, top=28)
    file = saved(document, tmp_path)
    assert np.argwhere(alpha_of(file)).tolist()[0] == [7, 5]
    assert np.argwhere(alpha_of(file)).tolist()[-1] == [16, 14]
    assert np.argwhere(alpha_of(file, "tongue")).tolist()[-1] == [31, 5]


def test_hidden_layers_are_read(tmp_path):
    document = document_with("irises")
    document[0].visible = False
    assert alpha_of(saved(document, tmp_path)).max() == 255


def test_opacities_of_layers_and_groups_multiply(tmp_path):
    document = document_with()
    group = document.create_group(name="eyes", opacity=128)
    group.create_pixel_layer(Image.new("RGB", (10, 10), "red"), name="irises", opacity=128)
    assert alpha_of(saved(document, tmp_path)).max() == pytest.approx(64, abs=1)


def test_a_named_group_is_one_picture_of_what_is_visible_in_it(tmp_path):
    document = document_with()
    group = document.create_group(name="Iris Left")
    group.create_pixel_layer(Image.new("RGB", (4, 4), "red"), name="colour", left=2, top=2)
    group.create_pixel_layer(Image.new("RGB", (1, 1), "white"), name="light", left=3, top=3)
    group.create_pixel_layer(Image.new("RGB", (32, 32), "blue"), name="older try").visible = False
    picture = read_artwork(saved(document, tmp_path)).pictures["irises"]
    assert picture[3, 3].tolist() == [255, 255, 255, 255]
    assert picture[2, 2].tolist() == [255, 0, 0, 255]
    assert (picture[..., 3] > 0).sum() == 16


def test_a_mask_hides_unless_it_is_switched_off(tmp_path):
    document = document_with("irises")
    document[0].create_mask(Image.new("L", (10, 10), 100))
    assert alpha_of(saved(document, tmp_path)).max() == 100
    document[0].mask.disabled = True
    assert alpha_of(saved(document, tmp_path)).max() == 255


def test_what_only_a_painting_program_can_mix_is_refused(tmp_path):
    from psd_tools.constants import BlendMode

    document = document_with("irises")
    document[0].blend_mode = BlendMode.MULTIPLY
    with pytest.raises(AvatarError, match=r"layer 'irises': is blended as 'multiply'.*Merge"):
        read_artwork(saved(document, tmp_path))
    document = document_with("irises", "light")
    document[1].clipping = True
    with pytest.raises(AvatarError, match=r"layer 'irises': has a clipping mask"):
        read_artwork(saved(document, tmp_path))


def test_a_vector_mask_is_refused(tmp_path, monkeypatch):
    """psd-tools writes none, so the layer only says that it has one."""
    file = saved(document_with("irises"), tmp_path)
    monkeypatch.setattr(psd_tools.api.layers.Layer, "has_vector_mask", lambda _: True)
    with pytest.raises(AvatarError, match=r"layer 'irises': has a vector mask"):
        read_artwork(file)


def test_a_psd_without_its_flattened_picture(tmp_path, monkeypatch):
    file = saved(document_with("irises"), tmp_path)
    monkeypatch.setattr(psd_tools.PSDImage, "has_preview", lambda _: False)
    with pytest.raises(AvatarError, match="saved without its flattened picture"):
        read_artwork(file)
    assert "portrait" not in read_artwork(saved(document_with("irises", "base"), tmp_path)).pictures


def test_sixteen_bits_are_rounded_to_eight(pictures, tmp_path):
    names = ("portrait", "irises", "hair_front")
    deep = read_artwork(write(tmp_path / "deep.psd", pictures, names, depth=16)).pictures
    shallow = read_artwork(write(tmp_path / "shallow.psd", pictures, names)).pictures
    for name in names:
        seen = shallow[name][..., 3] > 0
        assert np.abs(deep[name].astype(int) - shallow[name])[seen].max() <= 1


def test_grey_is_read(tmp_path):
    document = psd_tools.PSDImage.new("L", (32, 32))
    document.create_pixel_layer(Image.new("L", (10, 10), 90), name="irises")
    assert read_artwork(saved(document, tmp_path)).pictures["irises"][0, 0].tolist() == [90, 90, 90, 255]


@pytest.mark.parametrize(("mode", "depth", "told"), [("CMYK", 8, "CMYK of 8 bits"), ("RGB", 32, "RGB of 32 bits")])
def test_other_colours_are_told_with_what_to_export(tmp_path, mode, depth, told):
    document = psd_tools.PSDImage.new(mode, (32, 32), depth=depth)
    document.create_pixel_layer(Image.new("RGB", (10, 10), "red"), name="irises")
    with pytest.raises(AvatarError, match=rf"{told}\. Save a copy as RGB"):
        read_artwork(saved(document, tmp_path))


@pytest.mark.parametrize("keep", [0, 3, 20, 300, 1500])
def test_a_file_that_is_damaged(tmp_path, keep):
    document = document_with("irises")
    noise = np.random.default_rng(1).integers(0, 255, (32, 32, 3), np.uint8)
    document.create_pixel_layer(Image.fromarray(noise), name="eye_whites")
    file = saved(document, tmp_path)
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(AvatarError, match=r"small\.psd: cannot be read .*damaged"):
        read_artwork(file)


def test_noise_in_a_file_never_ends_in_anything_but_an_answer(tmp_path):
    whole = bytearray(saved(document_with("irises", "brow left"), tmp_path).read_bytes())
    random = np.random.default_rng(2)
    answered = 0
    for _ in range(200):
        spoiled = bytearray(whole)
        for place in random.integers(0, len(whole), 8):
            spoiled[place] = random.integers(256)
        file = tmp_path / "spoiled.psd"
        file.write_bytes(spoiled)
        try:
            read_artwork(file)
        except AvatarError:
            answered += 1
    assert answered > 10, "some of these must be noticed"


def test_another_kind_of_file(tmp_path):
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG")
    (tmp_path / "picture.psd").write_bytes(buffer.getvalue())
    with pytest.raises(AvatarError, match=r"picture\.psd: cannot be read .*damaged"):
        read_artwork(tmp_path / "picture.psd")


def test_a_canvas_that_is_too_large(tmp_path):
    document = psd_tools.PSDImage.new("RGB", (MAX_IMAGE_SIDE + 1, 8))
    document.create_pixel_layer(Image.new("RGB", (1, 1)), name="irises")
    with pytest.raises(AvatarError, match=r"4097x8 pixels; at most 4096 a side"):
        read_artwork(saved(document, tmp_path))


def test_no_known_name_lists_what_was_found_and_what_is_known(tmp_path):
    file = saved(document_with("Layer 1", "sketch"), tmp_path)
    with pytest.raises(
        AvatarError, match=r"no layer has a known name\. Found: 'Layer 1', 'sketch'\. Known are portrait"
    ):
        read_artwork(file)


def test_a_misspelt_layer_is_told_with_the_nearest(tmp_path):
    with pytest.raises(AvatarError, match=r"layer 'Irisses': unknown; is it 'irises'\?"):
        read_artwork(saved(document_with("Irisses"), tmp_path))


def test_an_empty_layer(tmp_path):
    document = document_with()
    document.create_pixel_layer(Image.new("RGBA", (10, 10)), name="irises")
    with pytest.raises(AvatarError, match=r"layer 'irises': is empty"):
        read_artwork(saved(document, tmp_path))


def test_without_psd_tools_a_person_is_told_what_to_install(tmp_path, monkeypatch):
    file = saved(document_with("irises"), tmp_path)
    monkeypatch.setitem(sys.modules, "psd_tools", None)
    with pytest.raises(MissingDependencyError, match=r"flashhead-engine\[psd\]"):
        read_artwork(file)
