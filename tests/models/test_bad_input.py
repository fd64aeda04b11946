"""Pictures and sounds that people have, on their way to a generated head."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from flashhead_engine.avatar import landmarks
from flashhead_engine.avatar.bundle import load_avatar
from flashhead_engine.avatar.create import create_avatar
from flashhead_engine.drivers.base import FrameFlags, Outputs, SessionSettings
from flashhead_engine.drivers.flashhead.driver import FlashHeadDriver
from flashhead_engine.drivers.flashhead.picture import framed
from flashhead_engine.drivers.nano.driver import NanoDriver
from flashhead_engine.errors import AudioError, AvatarError
from flashhead_engine.models.configs import TINY
from flashhead_engine.models.networks import Networks
from flashhead_engine.runtimes.torch_flashhead import TorchFlashHead

WALL = (120, 130, 140, 255)
SETTINGS = SessionSettings(outputs=Outputs.VIDEO, size=256, seed=1)


class Remembering(TorchFlashHead):
    """Keeps the picture that the networks were given."""

    def reference(self, picture, noise):
        self.given = picture
        return super().reference(picture, noise)


@pytest.fixture(scope="module")
def driver() -> FlashHeadDriver:
    return FlashHeadDriver("tiny", Remembering(Networks.random(TINY)), NanoDriver(), "none")


def _photo(folder: Path, save: Callable[[Image.Image, Path], Path], scale: float) -> tuple[Path, Path]:
    """The heroine off the middle of a picture, and a file with her landmarks."""
    heroine = load_avatar("heroine")
    photo = Image.new("RGBA", (1300, 1024))
    photo.alpha_composite(Image.fromarray(heroine.portrait), (200, 0))
    marks = landmarks.moved(msgspec.to_builtins(heroine.landmarks), -200, 0, scale)
    file = folder / "marks.json"
    file.write_text(json.dumps(marks))
    return save(photo, folder), file


def _on_a_wall(photo: Image.Image) -> Image.Image:
    wall = Image.new("RGBA", photo.size, WALL)
    wall.alpha_composite(photo)
    return wall.convert("RGB")


def _cmyk(photo: Image.Image, folder: Path) -> Path:
    _on_a_wall(photo).convert("CMYK").save(folder / "photo.jpg", quality=95)
    return folder / "photo.jpg"


def _turned(photo: Image.Image, folder: Path) -> Path:
    exif = Image.Exif()
    exif[0x0112] = 6
    _on_a_wall(photo).rotate(90, expand=True).save(folder / "photo.jpg", exif=exif, quality=95)
    return folder / "photo.jpg"


def _with_alpha(photo: Image.Image, folder: Path) -> Path:
    photo.save(folder / "photo.webp", lossless=True)
    return folder / "photo.webp"


def _of_16_bits(photo: Image.Image, folder: Path) -> Path:
    grey = np.asarray(_on_a_wall(photo).convert("L")).astype(np.uint16) * 257
    Image.fromarray(grey).save(folder / "photo.png")
    return folder / "photo.png"


def _enormous(photo: Image.Image, folder: Path) -> Path:
    canvas = Image.new("L", (10_000, 10_000), 130)
    canvas.paste(_on_a_wall(photo).convert("L").resize((9_100, 7_168)))
    canvas.save(folder / "photo.png", compress_level=1)
    return folder / "photo.png"


def _small(photo: Image.Image, folder: Path) -> Path:
    _on_a_wall(photo).resize((325, 256)).save(folder / "photo.png")
    return folder / "photo.png"


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("save", "scale", "is_grey"),
    [
        (_cmyk, 1.0, False),
        (_turned, 1.0, False),
        (_with_alpha, 1.0, False),
        (_of_16_bits, 1.0, True),
        (_enormous, 7.0, True),
        (_small, 0.25, False),
    ],
)
def test_any_picture_becomes_a_head(driver, tmp_path, save, scale, is_grey) -> None:
    photo, marks = _photo(tmp_path, save, scale)
    avatar = create_avatar(photo, tmp_path / "head", name="head", landmarks=marks, keep_background=is_grey)
    driver._look(driver.open(avatar, SETTINGS))
    given = driver.runtime.given
    assert given.shape == (256, 256, 3)
    face = np.array(avatar.landmarks.face_oval) * 256 / avatar.side
    heroine = load_avatar("heroine")
    wanted = Image.fromarray(heroine.portrait).convert("L" if is_grey else "RGB").convert("RGB")
    seen, wanted = (
        np.asarray(Image.fromarray(pixels).crop(_middle(oval)).resize((64, 64))).astype(int)
        for pixels, oval in ((given, face), (np.asarray(wanted), np.array(heroine.landmarks.face_oval)))
    )
    assert np.abs(seen - wanted).mean() < 10, "the face, upright and in its colours"
    for what, spoiled in (("turned", seen.swapaxes(0, 1)), ("of other colours", 255 - seen)):
        assert np.abs(spoiled - wanted).mean() > 15, what


def _middle(oval: np.ndarray) -> tuple[int, int, int, int]:
    """Of a face: left, top, right, bottom."""
    first, last = oval.min(0), oval.max(0)
    return *np.rint(first + 0.2 * (last - first)).astype(int), *np.rint(last - 0.2 * (last - first)).astype(int)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (30, 400), (400, 30), (257, 255)])
def test_pictures_of_any_shape_are_framed(width: int, height: int) -> None:
    picture = np.full((height, width, 3), (9, 99, 199), np.uint8)
    taken = framed(picture, 512, 512)
    assert taken.shape == (512, 512, 3) and (taken == (9, 99, 199)).all()


def test_a_picture_without_a_face(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("flashhead_engine.avatar.face_mesh._face_meshes", lambda *_: [])
    Image.new("RGB", (600, 500), (90, 120, 90)).save(tmp_path / "meadow.jpg")
    with pytest.raises(AvatarError, match=r"meadow\.jpg.*no face found"):
        create_avatar(tmp_path / "meadow.jpg", tmp_path / "head", name="head")
    assert not (tmp_path / "head").exists()


@pytest.mark.parametrize("samples", [1, 639, 641, 15_359])
def test_less_than_a_chunk(driver, samples: int) -> None:
    session = driver.open(load_avatar("guard"), SETTINGS)
    session.push(np.full(samples, 0.1, np.float32), end=True)
    driver.step([session])
    frames = session.frames()
    assert len(frames) == -(-samples // 640)
    assert FrameFlags.FIRST in frames[0].flags and FrameFlags.LAST in frames[-1].flags


@pytest.mark.parametrize(
    "pcm", [np.zeros((10, 2), np.float32), np.array([0.0, np.nan], np.float32), np.zeros(10, np.int32)]
)
def test_sound_that_cannot_be(driver, pcm: np.ndarray) -> None:
    session = driver.open(load_avatar("guard"), SETTINGS)
    with pytest.raises(AudioError):
        session.push(pcm)
    session.push(np.zeros(640, np.float32), end=True)
    driver.step([session])
    assert len(session.frames()) == 1, "it goes on"
