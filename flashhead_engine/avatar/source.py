"""The face of a picture that an avatar is made from: its pixels, its landmarks, its background."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from ..errors import AvatarError
from .background import is_opaque, remove_plain_background
from .face_mesh import find_face
from .framing import Framing
from .images import read_picture
from .landmarks import complete, moved, read_landmarks
from .manifest import Landmarks

Note = Callable[[str], None]
"""Called with words for a person: what was done with the picture, and why."""

LARGEST_GAP = 0.12
"""How far the lips of a picture may be parted, in widths of the mouth: they part along a line."""

_SURELY_FACE = 0.8
"""The part of the face's oval that no background can reach into."""


@dataclass(frozen=True)
class FacePicture:
    """An upright picture, RGBA, uint8 (height, width, 4), and the landmarks of its face in its pixels.

    `lips_apart`: how far the lips are parted, in widths of the mouth; 0 where the landmarks were given.
    `where`: names what the landmarks come from, for errors.
    """

    picture: np.ndarray
    marks: dict[str, Any]
    lips_apart: float
    where: str

    def framed(self) -> tuple[np.ndarray, Landmarks]:
        """The square around the face, RGBA, uint8 (side, side, 4), and its landmarks. Raises AvatarError."""
        framing = Framing.around_face(self.picture, self.marks, self.where)
        return framing.picture(self.picture), framing.landmarks(self.marks, self.where)


def read_face(file: Path, landmarks: Path | None, note: Note) -> FacePicture:
    """Read a picture and its landmarks, or find them with MediaPipe.

    Raises AvatarError or MissingDependencyError.
    """
    picture = read_picture(file, formats=None)
    if landmarks is None:
        return found_face(picture, str(file), note)
    marks = moved_checked(read_landmarks(landmarks), _shrunk_by(file, picture), picture, str(landmarks))
    return FacePicture(picture, marks, 0.0, str(landmarks))


def found_face(picture: np.ndarray, where: str, note: Note) -> FacePicture:
    """A picture with the landmarks of its largest face, which MediaPipe finds."""
    found = find_face(picture, where)
    if found.faces > 1:
        note(f"{where}: shows {found.faces} faces; the largest is used. Crop the picture to choose another.")
    return FacePicture(picture, found.marks, found.lips_apart, where)


def refuse_open_mouth(face: FacePicture) -> None:
    """Raise AvatarError for lips that are too far apart to part along a line."""
    if face.lips_apart > LARGEST_GAP:
        raise AvatarError(f"{face.where}: the mouth is open. Use a picture with closed lips, so that they can part.")


def cut_out(face: FacePicture, note: Note) -> FacePicture:
    """The same face without its background where that is plain; alpha that the picture has is kept."""
    if not is_opaque(face.picture):
        return face
    height, width = face.picture.shape[:2]
    oval = np.array(complete(face.marks, height, face.where).face_oval)
    middle = oval.mean(axis=0)
    canvas = Image.new("1", (width, height))
    ImageDraw.Draw(canvas).polygon([tuple(point) for point in middle + _SURELY_FACE * (oval - middle)], fill=1)
    figure = remove_plain_background(face.picture, np.asarray(canvas))
    if figure is None:
        note(
            f"{face.where}: the background stays, because it is not plain. To have none, give a picture with a "
            "transparent or single-coloured background."
        )
        return face
    note(f"{face.where}: the plain background was removed; --keep-background leaves it.")
    return FacePicture(figure, face.marks, face.lips_apart, face.where)


def moved_checked(marks: dict[str, Any], scale: float, picture: np.ndarray, where: str) -> dict[str, Any]:
    """Landmarks from a file, checked before they are computed with, at the scale of the picture."""
    complete(marks, picture.shape[0], where)
    return moved(marks, 0, 0, scale)


def _shrunk_by(file: Path, picture: np.ndarray) -> float:
    """How much smaller the picture was read than its file has it."""
    with Image.open(file) as image:
        return max(picture.shape[:2]) / max(image.size)
