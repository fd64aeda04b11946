"""Loading avatar bundles: a folder with `avatar.json`, `portrait.png` and layers (docs/avatar-format.md)."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import MappingProxyType

import msgspec
import numpy as np
from PIL import Image

from ..errors import AvatarError
from .images import bleed, decode_picture
from .manifest import Landmarks, LayerFile, LowerLid, Manifest, MouthKind, parse

MANIFEST_NAME = "avatar.json"
SAMPLES_FOLDER = Path(__file__).parent / "samples"
SAMPLES = ("heroine", "guard", "merchant", "robot", "fox", "scholar")
SMALLEST_PORTRAIT = 256
MAX_FILE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Layer:
    """Pixels laid over the portrait: straight-alpha RGBA, uint8 (height, width, 4), top left corner at (x, y)."""

    x: int
    y: int
    pixels: np.ndarray

    def alpha_on(self, side: int) -> Image.Image:
        """Its alpha where it lies on a portrait of so many pixels a side, mode L."""
        alpha = Image.new("L", (side, side))
        alpha.paste(Image.fromarray(self.pixels[..., 3]), (self.x, self.y))
        return alpha


@dataclass(frozen=True, slots=True)
class Avatar:
    """A loaded avatar; its arrays are read-only.

    `portrait`: straight-alpha RGBA, uint8 (side, side, 4). `background`: colour for outputs without alpha.
    `layers`: by name of `manifest.LayerFiles`. `portraits`: of the emotions that have one of their own, by name, as
    large as the portrait. `digest`: of all its files; equal digests look the same.
    """

    name: str
    licence: str
    background: tuple[int, int, int]
    mouth: MouthKind
    lower_lid: LowerLid
    folder: Path
    digest: str
    portrait: np.ndarray = field(repr=False, compare=False)
    layers: MappingProxyType[str, Layer] = field(repr=False, compare=False)
    landmarks: Landmarks = field(repr=False, compare=False)
    portraits: MappingProxyType[str, np.ndarray] = field(repr=False, compare=False)

    @property
    def side(self) -> int:
        """Width and height of the portrait in pixels: the unit of landmarks and layer offsets."""
        return self.portrait.shape[0]


def load_avatar(name_or_path: str | Path) -> Avatar:
    """Load a sample by its name (heroine, guard, merchant, robot) or a bundle folder by its path.

    Raises AvatarError when it is missing, damaged, of another major version or reaches outside its folder.
    """
    folder = _find(name_or_path)
    reader = _Reader(folder)
    manifest = parse(reader.read(MANIFEST_NAME), str(folder / MANIFEST_NAME))
    portrait = _portrait(reader, manifest)
    layers = {
        name: _layer(reader, name, entry, portrait.shape[0])
        for name in manifest.layers.__struct_fields__
        if (entry := getattr(manifest.layers, name)) is not None
    }
    portraits = {emotion: _portrait_of(reader, file, portrait) for emotion, file in manifest.portraits.items()}
    check_landmarks(manifest.landmarks, portrait.shape[0], f"{folder / MANIFEST_NAME}: $.landmarks")
    return Avatar(
        name=manifest.name,
        licence=manifest.licence,
        background=manifest.background,
        mouth=manifest.mouth,
        lower_lid=manifest.lower_lid,
        folder=folder,
        digest=reader.digest(),
        portrait=portrait,
        layers=MappingProxyType(layers),
        landmarks=manifest.landmarks,
        portraits=MappingProxyType(portraits),
    )


def _find(name_or_path: str | Path) -> Path:
    if str(name_or_path) in SAMPLES:
        return SAMPLES_FOLDER / str(name_or_path)
    folder = Path(name_or_path)
    if folder.name == MANIFEST_NAME:
        folder = folder.parent
    if not folder.is_dir():
        raise AvatarError(
            f"avatar '{name_or_path}' not found: it is neither a sample ({', '.join(SAMPLES)}) nor a folder. "
            "Check the spelling, or make one with `flashhead avatar create`."
        )
    if not (folder / MANIFEST_NAME).is_file():
        raise AvatarError(
            f"{folder}: has no {MANIFEST_NAME}, so it is not an avatar bundle. Choose the folder that holds it, "
            "or make one with `flashhead avatar create`."
        )
    return folder


class _Reader:
    """Reads the files of one bundle, never outside its folder, and digests what it read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._hash = hashlib.sha256()

    def read(self, file: str) -> bytes:
        path = self._inside(file)
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise AvatarError(f"{path}: larger than {MAX_FILE_BYTES >> 20} MiB. Make it smaller.")
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise AvatarError(
                f"{path}: missing, though {MANIFEST_NAME} names it. Restore the file or make the avatar again."
            ) from error
        except OSError as error:
            raise AvatarError(f"{path}: cannot be read ({error.strerror}). Check its permissions.") from error
        self._hash.update(f"{file}\0{len(data)}\0".encode())
        self._hash.update(data)
        return data

    def where(self, file: str) -> str:
        return str(self._folder / file)

    def digest(self) -> str:
        return self._hash.hexdigest()

    def _inside(self, file: str) -> Path:
        posix, windows = PurePosixPath(file), PureWindowsPath(file)
        if posix.is_absolute() or windows.anchor or "\0" in file or ".." in windows.parts:
            raise AvatarError(
                f"{self._folder / MANIFEST_NAME}: the path '{file}' leaves the bundle's folder. "
                "Use a path inside it, with forward slashes."
            )
        path = self._folder / posix
        if not path.resolve().is_relative_to(self._folder.resolve()):
            raise AvatarError(
                f"{path}: a link that leaves the bundle's folder. Copy the file that it points to into the bundle."
            )
        return path


def _portrait(reader: _Reader, manifest: Manifest) -> np.ndarray:
    where = reader.where(manifest.portrait)
    portrait = decode_picture(reader.read(manifest.portrait), where)
    height, width = portrait.shape[:2]
    if height != width or width < SMALLEST_PORTRAIT:
        raise AvatarError(
            f"{where}: {width}x{height} pixels; a portrait must be square and at least {SMALLEST_PORTRAIT} a side. "
            "Crop or pad it."
        )
    return _read_only(portrait)


def _portrait_of(reader: _Reader, file: str, portrait: np.ndarray) -> np.ndarray:
    """Of an emotion."""
    where = reader.where(file)
    pixels = decode_picture(reader.read(file), where)
    if pixels.shape != portrait.shape:
        (height, width), side = pixels.shape[:2], len(portrait)
        raise AvatarError(
            f"{where}: {width}x{height} pixels; the portrait of an emotion must be as large as portrait.png, "
            f"{side}x{side}, and show the head at the same place. Make it with `flashhead avatar create --portrait`."
        )
    return _read_only(pixels)


def _layer(reader: _Reader, name: str, entry: LayerFile, side: int) -> Layer:
    where = reader.where(entry.file)
    pixels = decode_picture(reader.read(entry.file), where)
    height, width = pixels.shape[:2]
    if entry.x + width > side or entry.y + height > side:
        raise AvatarError(
            f"{where}: the layer $.layers.{name} is {width}x{height} at ({entry.x}, {entry.y}) and leaves the "
            f"portrait of {side}x{side}. Correct its offset or its size."
        )
    return Layer(entry.x, entry.y, _read_only(bleed(pixels)))


def _read_only(pixels: np.ndarray) -> np.ndarray:
    pixels = np.ascontiguousarray(pixels)
    pixels.flags.writeable = False
    return pixels


def check_landmarks(landmarks: Landmarks, side: int, where: str) -> None:
    """Refuse landmarks that no face can have: outside the picture, or parts in an impossible order.

    Raises AvatarError that begins with `where`.
    """
    for name, value in msgspec.structs.asdict(landmarks).items():
        if isinstance(value, list):
            points = np.asarray(value)
            if points.min() < 0 or points.max() > side:
                raise AvatarError(f"{where}.{name}: has points outside the portrait of {side}x{side}. Correct them.")
    for name in ("lip_upper_outer", "lip_upper_inner", "lip_lower_inner", "lip_lower_outer"):
        x = np.asarray(getattr(landmarks, name))[:, 0]
        if np.any(np.diff(x) <= 0):
            raise AvatarError(f"{where}.{name}: must run from the left of the picture to its right. Reorder it.")
    if np.mean(landmarks.eye_left, axis=0)[0] <= np.mean(landmarks.eye_right, axis=0)[0]:
        raise AvatarError(
            f"{where}.eye_left: lies left of eye_right in the picture. Left is the face's own left; swap the sides."
        )
    if not landmarks.nose_tip[1] < landmarks.lip_lower_outer[0][1] < landmarks.chin[1]:
        raise AvatarError(f"{where}: nose_tip, lips and chin must follow each other from top to bottom.")
    if not landmarks.chin[1] <= landmarks.neck_bottom or not landmarks.neck_top < landmarks.neck_bottom:
        raise AvatarError(f"{where}.neck_bottom: must lie below neck_top and below the chin.")
