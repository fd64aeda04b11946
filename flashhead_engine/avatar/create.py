"""Making avatar bundles: from layered artwork or from a single picture."""

from pathlib import Path

from ..errors import AvatarError
from .bundle import Avatar, load_avatar
from .images import read_picture
from .landmarks import find_landmarks, read_landmarks
from .layered import parts_from_layers
from .parts import write_bundle
from .single import parts_from_picture

DEFAULT_BACKGROUND = (44, 48, 56)


def create_avatar(
    source: Path,
    folder: Path,
    *,
    name: str,
    licence: str = "not stated",
    landmarks: Path | None = None,
    background: tuple[int, int, int] = DEFAULT_BACKGROUND,
) -> Avatar:
    """Make the bundle `folder` and load it.

    `source`: a folder of layered artwork, or a picture of one face with closed lips. `landmarks`: a file with the
    picture's landmarks; without it they are found with MediaPipe. Raises AvatarError or MissingDependencyError.
    """
    if source.is_dir():
        if landmarks is not None:
            raise AvatarError(f"{source}: layered artwork has its own landmarks.json; leave out --landmarks.")
        parts = parts_from_layers(source)
    else:
        picture = read_picture(source, formats=None)
        marks = read_landmarks(landmarks) if landmarks else find_landmarks(picture, str(source))
        parts = parts_from_picture(picture, marks, str(landmarks or source))
    return load_avatar(write_bundle(parts, folder, name=name, licence=licence, background=background))
