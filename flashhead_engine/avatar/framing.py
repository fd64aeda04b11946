"""The square of a picture that becomes an avatar's portrait, for the picture, its layers and its landmarks."""

from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from ..errors import AvatarError
from .background import is_opaque
from .bundle import SMALLEST_PORTRAIT
from .images import bleed, resize_portrait
from .landmarks import complete, moved
from .manifest import Landmarks

LARGEST_PORTRAIT = 1024
_FACE_SHARE = 0.42
"""A face lower than this part of the picture is zoomed in on."""
_LARGEST_FACE_SHARE = 0.68
"""A face higher than this part of the picture gets room around it: hair, and a jaw that opens."""
_FACE_AT = 0.46
"""Where the middle of the face lies, from the top of the portrait."""
_SMALLEST_FACE = 48


@dataclass(frozen=True)
class Framing:
    """A square of a picture: its top left corner and side in pixels of the picture, and its side in the portrait.

    The square may leave the picture.
    """

    left: int
    top: int
    side: int
    size: int

    @classmethod
    def around_face(cls, picture: np.ndarray, marks: dict[str, Any], where: str) -> "Framing":
        """The square for a picture and its landmarks. Raises AvatarError when the face is too small."""
        height, width = picture.shape[:2]
        (left, top), (right, bottom) = _face(picture, marks, where)
        face = bottom - top
        longest = min(width, height) if is_opaque(picture) else max(width, height)
        side = int(max(min(longest, face / _FACE_SHARE), face / _LARGEST_FACE_SHARE))
        size = int(np.clip(side, SMALLEST_PORTRAIT, LARGEST_PORTRAIT))
        return cls(
            _start((left + right) / 2 - side / 2, side, width),
            _start((top + bottom) / 2 - _FACE_AT * side, side, height),
            side,
            size,
        )

    @classmethod
    def like(
        cls, landmarks: Landmarks, size: int, picture: np.ndarray, marks: dict[str, Any], where: str
    ) -> "Framing":
        """The square for another picture and its landmarks in which its eyes lie where those of a portrait do.
        Raises AvatarError when the face is too small."""
        _face(picture, marks, where)
        wanted = np.array([np.mean(eye, axis=0) for eye in (landmarks.eye_left, landmarks.eye_right)])
        found = np.array([np.mean(marks[f"eye_{own}"], axis=0) for own in ("left", "right")])
        scale = np.linalg.norm(np.diff(found, axis=0)) / np.linalg.norm(np.diff(wanted, axis=0))
        left, top = np.rint(found.mean(axis=0) - scale * wanted.mean(axis=0)).astype(int).tolist()
        return cls(left, top, round(scale * size), size)

    def picture(self, picture: np.ndarray) -> np.ndarray:
        """The square of a picture or layer, RGBA, uint8 (size, size, 4).

        Outside it is transparent; beside an opaque picture its colours go on, blurred.
        """
        height, width = picture.shape[:2]
        right, bottom = self.left + self.side, self.top + self.side
        inside = picture[max(0, self.top) : min(bottom, height), max(0, self.left) : min(right, width)]
        square = np.zeros((self.side, self.side, 4), np.uint8)
        y, x = max(0, -self.top), max(0, -self.left)
        square[y : y + inside.shape[0], x : x + inside.shape[1]] = inside
        if is_opaque(picture):
            square = bleed(square)
            square[..., 3] = 255
        return resize_portrait(square, self.size)

    def landmarks(self, marks: dict[str, Any], where: str) -> Landmarks:
        """Landmarks of the picture, completed, in pixels of the portrait.

        Raises AvatarError when the face leaves the picture; a forehead may.
        """
        landmarks = complete(moved(marks, self.left, self.top, self.size / self.side), self.size, where)
        for name in _INSIDE:
            points = np.array(getattr(landmarks, name))
            if points.min() < 0 or points.max() > self.size:
                raise AvatarError(
                    f"{where}: {_INSIDE[name]} outside the picture ({name}). Use one that shows the whole face."
                )
        return msgspec.structs.replace(
            landmarks,
            **{
                name: np.clip(getattr(landmarks, name), 0, self.size).tolist()
                for name in ("brow_left", "brow_right", "face_oval")
            },
        )


_INSIDE = {
    "lip_upper_outer": "the mouth reaches",
    "lip_lower_outer": "the mouth reaches",
    "eye_left": "an eye reaches",
    "eye_right": "an eye reaches",
    "chin": "the chin lies",
}


def _face(picture: np.ndarray, marks: dict[str, Any], where: str) -> tuple[np.ndarray, np.ndarray]:
    """The top left and bottom right corners of a face. Raises AvatarError when it is too small."""
    oval = np.array(complete(marks, picture.shape[0], where).face_oval)
    corners = oval.min(axis=0), oval.max(axis=0)
    height = corners[1][1] - corners[0][1]
    if height < _SMALLEST_FACE:
        raise AvatarError(
            f"{where}: the face is too small; it is {height:.0f} pixels high, at least {_SMALLEST_FACE} are needed "
            "and 200 look good. Use a larger picture, or crop an original of it closer."
        )
    return corners


def _start(wanted: float, side: int, length: int) -> int:
    """Where a side begins: inside the picture where it fits, in its middle where it is longer."""
    if side > length:
        return -((side - length) // 2)
    return int(np.clip(wanted, 0, length - side))
