"""Layered artwork: named pictures on one canvas, from a folder of files or from a PSD (docs/avatar-format.md)."""

import difflib
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import AvatarError
from ..render.alpha import premultiply
from .bundle import MANIFEST_NAME
from .images import read_picture
from .psd import read_psd

OTHER_NAMES = {
    "portrait": ("full", "flat"),
    "base": ("skin",),
    "mouth_open": ("open_mouth", "mouth_inside"),
    "mouth_cavity": ("mouth_hole",),
    "tongue": (),
    "teeth_lower": ("lower_teeth",),
    "teeth_upper": ("upper_teeth",),
    "mouth_closed": ("closed_mouth",),
    "lip_lower": ("lower_lip",),
    "lip_upper": ("upper_lip",),
    "eye_whites": ("eye_white", "sclera"),
    "irises": ("iris",),
    "lids_open": ("lid_open", "lashes", "eyelashes"),
    "eyes_closed": ("eye_closed", "closed_eyes", "closed_eye"),
    "lid_lower_closed": ("lid_lower", "lower_lid"),
    "lid_upper_closed": ("lid_upper", "upper_lid"),
    "brows": ("brow", "eyebrows", "eyebrow"),
    "hair_front": ("front_hair", "front"),
}
"""Every picture that artwork may have, and what else people call it."""

_OF_BOTH_SIDES = {
    *("eye_whites", "irises", "lids_open", "eyes_closed", "lid_lower_closed", "lid_upper_closed", "brows"),
}
"""May come as two pictures, whose names have `left` or `right` as well: the sides of the picture, not of the face."""

_MAY_BE_EMPTY = {
    *("tongue", "teeth_lower", "teeth_upper", "mouth_closed", "lip_lower", "lip_upper"),
    *("lids_open", "lid_lower_closed", "brows", "hair_front"),
}
"""An empty picture says that the face has none, where a missing one is made from the portrait."""

LANDMARKS_NAME = "landmarks.json"
PSD_SUFFIXES = (".psd", ".psb")
_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF")
_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")
_NEAR = 0.8
"""Likeness, 0..1, from which on an unknown name is taken for a misspelt one."""
_NAMES_TOLD = 8


@dataclass(frozen=True)
class Artwork:
    """Pictures on one canvas: straight-alpha RGBA, uint8 (height, width, 4), by the names of `OTHER_NAMES`.

    `one_sided`: pictures of which only one side was given, "left" or "right" of the picture.
    `landmarks`: the file that came with them. `ignored`: names of pictures that mean nothing here.
    """

    source: Path
    pictures: dict[str, np.ndarray]
    one_sided: dict[str, str]
    landmarks: Path | None
    ignored: tuple[str, ...]

    def where(self, name: str) -> str:
        """A picture as errors name it."""
        return f"{self.source}: '{name}'"


@dataclass(frozen=True)
class _Named:
    """A picture as it was found: what it is, on which side, and where it came from."""

    name: str
    side: str | None
    where: str
    pixels: np.ndarray


def is_artwork(source: Path) -> bool:
    """Whether a source is layered artwork, not a single picture."""
    return source.is_dir() or source.suffix.lower() in PSD_SUFFIXES


def read_artwork(source: Path) -> Artwork:
    """Read a folder or a PSD. Raises AvatarError or MissingDependencyError."""
    named, ignored, landmarks = _read_folder(source) if source.is_dir() else _read_psd(source)
    if not named:
        found = f" Found: {told(ignored)}." if ignored else ""
        raise AvatarError(f"{source}: no {_part(source)} has a known name.{found} {_known_names()}")
    height, width = named[0].pixels.shape[:2]
    for part in named:
        if part.pixels.shape[:2] != (height, width):
            raise AvatarError(
                f"{part.where}: {part.pixels.shape[1]}x{part.pixels.shape[0]} pixels, but {named[0].where} has "
                f"{width}x{height}. All must be of one size, each part where it lies in the portrait."
            )
    pictures, one_sided = {}, {}
    for name in OTHER_NAMES:
        parts = [part for part in named if part.name == name]
        if not parts:
            continue
        pictures[name] = parts[0].pixels if len(parts) == 1 else compose([part.pixels for part in parts])
        sides = {part.side for part in parts}
        if sides in ({"left"}, {"right"}):
            one_sided[name] = sides.pop()
        if name not in _MAY_BE_EMPTY and not pictures[name][..., 3].any():
            raise AvatarError(f"{parts[0].where}: is empty. Paint it, or leave it out to have it made.")
    return Artwork(source, pictures, one_sided, landmarks, tuple(ignored))


def compose(layers: list[np.ndarray]) -> np.ndarray:
    """Straight-alpha layers over each other, first at the bottom: straight alpha, uint8."""
    below = np.zeros(layers[0].shape, np.float32)
    for layer in layers:
        above = premultiply(layer).astype(np.float32)
        below = above + below * (1 - above[..., 3:] / 255)
    alpha = below[..., 3:]
    below[..., :3] *= 255 / np.maximum(alpha, 1e-3)
    return np.clip(below + 0.5, 0, 255).astype(np.uint8)


def _read_folder(folder: Path) -> tuple[list[_Named], list[str], Path | None]:
    if (folder / MANIFEST_NAME).is_file():
        raise AvatarError(f"{folder}: is an avatar bundle already. Give the folder of its artwork, or portrait.png.")
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in _SUFFIXES)
    known = {file: match for file in files if (match := _match(file.stem, f"{file}"))}
    for first, second in itertools.combinations(known, 2):
        if known[first] == known[second]:
            raise AvatarError(f"{first} and {second.name}: both are '{known[first][0]}'. Remove one of them.")
    named = [_Named(*match, str(file), read_picture(file, _FORMATS)) for file, match in known.items()]
    landmarks = folder / LANDMARKS_NAME
    ignored = [file.name for file in files if file not in known]
    return named, ignored, landmarks if landmarks.is_file() else None


def _read_psd(file: Path) -> tuple[list[_Named], list[str], None]:
    document = read_psd(file, wanted=lambda name: _match(name, f"{file}: layer '{name}'") is not None)
    named = [
        _Named(*_match(layer.name, file.name), f"{file}: layer '{layer.name}'", layer.pixels)
        for layer in document.layers
    ]
    known = {part.name for part in named}
    if named and "portrait" not in known:
        if document.flattened is not None:
            named.append(_Named("portrait", None, f"{file}: the flattened picture", document.flattened))
        elif "base" not in known:
            raise AvatarError(
                f"{file}: was saved without its flattened picture. Save it with 'Maximize Compatibility', or add a "
                "layer 'portrait'."
            )
    return named, document.ignored, None


def _match(name: str, where: str) -> tuple[str, str | None] | None:
    """The picture that a name means, and its side; None where it means none. Raises AvatarError when misspelt."""
    key = _key(name)
    if key in _MEANINGS:
        return _MEANINGS[key]
    near = difflib.get_close_matches(key, _MEANINGS, 1, _NEAR)
    if near:
        wanted, side = _MEANINGS[near[0]]
        wanted = f"{wanted} {side}" if side else wanted
        raise AvatarError(f"{where}: unknown; is it '{wanted}'? Rename it. {_known_names()}")
    return None


def _key(name: str) -> str:
    """A name without case, spaces, underscores and hyphens."""
    return "".join(character for character in name.casefold() if character not in " _-")


def _meanings() -> dict[str, tuple[str, str | None]]:
    meanings: dict[str, tuple[str, str | None]] = {}
    for name, others in OTHER_NAMES.items():
        for word in map(_key, (name, *others)):
            meanings[word] = name, None
            if name in _OF_BOTH_SIDES:
                for side in ("left", "right"):
                    meanings[word + side] = meanings[side + word] = name, side
    return meanings


_MEANINGS = _meanings()


def _part(source: Path) -> str:
    return "picture" if source.is_dir() else "layer"


def _known_names() -> str:
    return f"Known are {', '.join(OTHER_NAMES)}; docs/avatar-format.md says what each is for."


def told(names: Iterable[str]) -> str:
    """Some names for a person, not hundreds."""
    names = list(names)
    more = f" and {len(names) - _NAMES_TOLD} more" if len(names) > _NAMES_TOLD else ""
    return ", ".join(f"'{name}'" for name in names[:_NAMES_TOLD]) + more
