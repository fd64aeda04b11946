"""Making avatar bundles: from layered artwork or from a single picture."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from .artwork import is_artwork, read_artwork
from .bundle import Avatar, load_avatar
from .framing import Framing
from .images import read_picture
from .layered import parts_from_artwork
from .parts import Parts, write_bundle
from .single import parts_from_portrait
from .source import Note, cut_out, found_face, read_face, refuse_open_mouth

DEFAULT_BACKGROUND = (44, 48, 56)


def create_avatar(
    source: Path,
    folder: Path,
    *,
    name: str,
    licence: str = "not stated",
    landmarks: Path | None = None,
    portraits: Mapping[str, Path] = MappingProxyType({}),
    background: tuple[int, int, int] = DEFAULT_BACKGROUND,
    keep_background: bool = False,
    note: Note = lambda _: None,
) -> Avatar:
    """Make the bundle `folder` and load it.

    `source`: a picture of one face with closed lips, or layered artwork: a folder of pictures, a PSD. `landmarks`: a
    file with the landmarks of the face; without it they are found with MediaPipe. `portraits`: pictures of the same
    head by emotion, for lite and pro. `keep_background`: leave a plain one in the picture. `note` hears what a person
    should know. Raises AvatarError or MissingDependencyError.
    """
    if is_artwork(source):
        parts = parts_from_artwork(read_artwork(source), landmarks, keep_background=keep_background, note=note)
    else:
        parts = _from_picture(source, landmarks, keep_background, note)
    of_emotions = {
        emotion: _other_portrait(file, parts, keep_background, note) for emotion, file in portraits.items()
    }
    parts = replace(parts, portraits=of_emotions)
    return load_avatar(write_bundle(parts, folder, name=name, licence=licence, background=background))


def _from_picture(file: Path, landmarks: Path | None, keep_background: bool, note: Note) -> Parts:
    face = read_face(file, landmarks, note)
    refuse_open_mouth(face)
    if not keep_background:
        face = cut_out(face, note)
    return parts_from_portrait(*face.framed())


def _other_portrait(file: Path, parts: Parts, keep_background: bool, note: Note) -> np.ndarray:
    """A picture of the head as large as its portrait: drawn on its canvas, or with the eyes where it has them."""
    side = len(parts.portrait)
    picture = read_picture(file, formats=None)
    if picture.shape[:2] == (side, side):
        return picture
    face = found_face(picture, str(file), note)
    if not keep_background:
        face = cut_out(face, note)
    return Framing.like(parts.landmarks, side, face.picture, face.marks, face.where).picture(face.picture)
