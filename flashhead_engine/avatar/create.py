"""Making avatar bundles: from layered artwork or from a single picture."""

from pathlib import Path

from .artwork import is_artwork, read_artwork
from .bundle import Avatar, load_avatar
from .layered import parts_from_artwork
from .parts import Parts, write_bundle
from .single import parts_from_portrait
from .source import Note, cut_out, read_face, refuse_open_mouth

DEFAULT_BACKGROUND = (44, 48, 56)


def create_avatar(
    source: Path,
    folder: Path,
    *,
    name: str,
    licence: str = "not stated",
    landmarks: Path | None = None,
    background: tuple[int, int, int] = DEFAULT_BACKGROUND,
    keep_background: bool = False,
    note: Note = lambda _: None,
) -> Avatar:
    """Make the bundle `folder` and load it.

    `source`: a picture of one face with closed lips, or layered artwork: a folder of pictures, a PSD. `landmarks`: a
    file with the landmarks of the face; without it they are found with MediaPipe. `keep_background`: leave a plain
    one in the picture. `note` hears what a person should know. Raises AvatarError or MissingDependencyError.
    """
    if is_artwork(source):
        parts = parts_from_artwork(read_artwork(source), landmarks, keep_background=keep_background, note=note)
    else:
        parts = _from_picture(source, landmarks, keep_background, note)
    return load_avatar(write_bundle(parts, folder, name=name, licence=licence, background=background))


def _from_picture(file: Path, landmarks: Path | None, keep_background: bool, note: Note) -> Parts:
    face = read_face(file, landmarks, note)
    refuse_open_mouth(face)
    if not keep_background:
        face = cut_out(face, note)
    return parts_from_portrait(*face.framed())
