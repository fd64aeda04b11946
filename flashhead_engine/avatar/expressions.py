"""What layers need of pictures of an expression: the lids of closed eyes, the inside of an open mouth."""

from dataclasses import dataclass

import numpy as np

from ..errors import AvatarError, MissingDependencyError
from .face_mesh import find_face
from .manifest import Landmarks
from .registration import over_grey
from .single import polygon_mask, soft_grown

_WHOLE = 0.8
"""The part of the portrait from which on a picture is the whole face painted again, not a part cut out."""
_LEAST_OPEN = 0.06
"""How far the lips of a whole picture of an open mouth must be parted, in widths of the mouth."""
_SAME_PLACE = 0.15
"""How far the middle of the eyes may lie from that of the portrait, in distances of the eyes."""
_RIM, _RIM_PAINTED, _RIM_DIFFERS = (0.08, 0.2), 0.3, 8.0
"""Around closed eyes a picture must be the portrait: from and to where, in eye widths; the painted part of that rim
from which on it is looked at; how far the two may be apart, in levels of 255."""
_LASHES = 0.04
"""Half the thickness of the line where closed lids meet, in eye widths."""


@dataclass(frozen=True)
class OpenMouth:
    """The inside of a mouth: straight-alpha RGBA, uint8 (side, side, 4), and how far it reaches below the closed
    lips, in pixels."""

    pixels: np.ndarray
    depth: float


def inside_of_open_mouth(picture: np.ndarray, portrait: np.ndarray, marks: Landmarks, where: str) -> OpenMouth:
    """The inside of the mouth from a cut-out picture of it, or from the whole portrait with its mouth open.

    In a whole picture MediaPipe finds the lips. Raises AvatarError when they cannot be found, when the mouth is
    closed or lies elsewhere.
    """
    pixels = picture
    if _is_whole(picture, portrait):
        pixels = picture.copy()
        pixels[..., 3] = np.minimum(picture[..., 3], np.rint(255 * _opening(picture, marks, where)).astype(np.uint8))
    line = np.array(marks.lip_upper_inner)
    middle, half_width = (line[0] + line[-1]) / 2, (line[-1, 0] - line[0, 0]) / 2
    columns = np.s_[:, int(middle[0] - 0.2 * half_width) : int(middle[0] + 0.2 * half_width) + 1]
    rows = np.flatnonzero((pixels[columns][..., 3] > 128).any(axis=1))
    lips = float(np.interp(middle[0], line[:, 0], line[:, 1]))
    depth = float(rows[-1] + 1 - lips) if len(rows) else 0.0
    if depth < _LEAST_OPEN * 2 * half_width:
        raise AvatarError(
            f"{where}: shows no open mouth below the lips of the portrait. Paint the inside of the wide open mouth "
            "where the portrait has its mouth."
        )
    return OpenMouth(pixels, depth)


def closed_lids(
    picture: np.ndarray, portrait: np.ndarray, made: dict[str, np.ndarray], marks: Landmarks, where: str
) -> dict[str, np.ndarray]:
    """`lid_upper` and `lid_lower` from a picture of closed eyes: cut out, or the whole portrait with closed eyes.

    `made`: the layers made from the portrait, whose eyes say how far lids and lashes reach. Raises AvatarError where
    what surrounds the lids is not what the portrait shows.
    """
    side = picture.shape[0]
    lids = {name: np.zeros_like(picture) for name in ("lid_upper", "lid_lower")}
    reach = np.max([made[name][..., 3] for name in ("lid_upper", "lid_lower", "lids_open")], axis=0) / 255
    width = float(np.ptp(marks.eye_left, axis=0)[0])
    rim = soft_grown(reach, _RIM[1] * width) - soft_grown(reach, _RIM[0] * width)
    seen = rim * (picture[..., 3] > 128)
    if seen.sum() > _RIM_PAINTED * rim.sum():
        apart = np.abs(over_grey(picture) - over_grey(portrait)).mean(axis=-1)
        found = float((apart * seen).sum() / seen.sum())
        if found > _RIM_DIFFERS:
            raise AvatarError(
                f"{where}: not what the portrait shows around the eyes ({found:.0f} levels of 255 apart). Only the "
                "eyes may differ. Was it moved, mirrored, or taken from another version of the picture?"
            )
    rows = np.arange(side)[:, None]
    middle = (marks.iris_left.centre[0] + marks.iris_right.centre[0]) / 2
    for own in ("left", "right"):
        outline = np.array(getattr(marks, f"eye_{own}"))
        half = (np.arange(side) >= middle) == (own == "left")
        seen = soft_grown(reach * half, 0.04 * width) * half * (picture[..., 3] / 255)
        above = np.clip(_lash_line(picture, outline)[None] + _LASHES * width - rows + 0.5, 0, 1)
        for name, part in (("lid_upper", above), ("lid_lower", 1 - above)):
            alpha = np.rint(255 * seen * part)[..., None].astype(np.uint8)
            np.copyto(lids[name], np.dstack([picture[..., :3], alpha]), where=alpha > 0)
    return lids


def _is_whole(picture: np.ndarray, portrait: np.ndarray) -> bool:
    figure = portrait[..., 3] > 128
    return float((picture[..., 3] > 128)[figure].mean()) > _WHOLE


def _opening(picture: np.ndarray, marks: Landmarks, where: str) -> np.ndarray:
    """The gap between the lips of the portrait with its mouth open: float32 (side, side), 0..1."""
    try:
        found = find_face(picture, where)
    except (AvatarError, MissingDependencyError) as error:
        raise AvatarError(
            f"{where}: shows the whole picture, and its lips were not found ({error}) Leave only the inside of the "
            "mouth in it, and make all else transparent."
        ) from error
    if found.lips_apart < _LEAST_OPEN:
        raise AvatarError(f"{where}: the mouth is closed. Paint it wide open, as in a long 'aah'.")
    left, right = (np.mean(getattr(marks, f"eye_{own}"), axis=0) for own in ("left", "right"))
    shown = (np.mean(found.marks["eye_left"], axis=0) + np.mean(found.marks["eye_right"], axis=0)) / 2
    apart = float(np.linalg.norm(shown - (left + right) / 2))
    if apart > _SAME_PLACE * np.linalg.norm(left - right):
        raise AvatarError(f"{where}: the face lies {apart:.0f} pixels from that of the portrait. Move it there.")
    return polygon_mask(picture.shape[0], found.opening)


def _lash_line(picture: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """y, for every column of the picture, of the darkest line across a closed eye: a parabola through it."""
    (left, top), (right, bottom) = outline.min(axis=0), outline.max(axis=0)
    columns = np.arange(int(left), int(right) + 1)
    reach = np.s_[int(top) : int(bottom + 0.4 * (bottom - top)) + 1, columns[0] : columns[-1] + 1]
    brightness = picture[reach][..., :3].mean(axis=-1)
    brightness[picture[reach][..., 3] < 128] = 255
    darkest = brightness.argmin(axis=0) + int(top)
    weights = np.median(brightness, axis=0) - brightness.min(axis=0) + 1e-3
    curve = np.polynomial.Polynomial.fit(columns, darkest, 2, w=weights)
    # Beyond the corners a parabola would run away.
    return curve(np.clip(np.arange(picture.shape[1]), left, right))
