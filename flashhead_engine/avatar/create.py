"""Making avatar bundles: from layered artwork or from a single picture."""

from pathlib import Path

from ..errors import AvatarError
from .bundle import Avatar, load_avatar
from .layered import parts_from_layers
from .parts import write_bundle
from .single import parts_from_portrait
from .source import Note, cut_out, read_face

DEFAULT_BACKGROUND = (44, 48, 56)
LARGEST_GAP = 0.12
"""How far the lips of a picture may be parted, in widths of the mouth: they part along a line."""


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

    `source`: a folder of layered artwork, or a picture of one face with closed lips. `landmarks`: a file with the
    picture's landmarks; without it they are found with MediaPipe. `keep_background`: leave a plain one in the
    picture. `note` hears what a person should know. Raises AvatarError or MissingDependencyError.
    """
    if source.is_dir():
        if landmarks is not None:
            raise AvatarError(f"{source}: layered artwork has its own landmarks.json; leave out --landmarks.")
        parts = parts_from_layers(source)
    else:
        face = read_face(source, landmarks, note)
        if face.lips_apart > LARGEST_GAP:
            raise AvatarError(f"{source}: the mouth is open. Use a picture with closed lips, so that they can part.")
        if not keep_background:
            face = cut_out(face, note)
        parts = parts_from_portrait(*face.framed())
    return load_avatar(write_bundle(parts, folder, name=name, licence=licence, background=background))
