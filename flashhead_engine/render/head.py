"""Head motion: yaw, pitch and roll of a head with some depth, on shoulders that stay and breathe."""

import numpy as np

from .face import Face, smoothstep
from .grid import Grid

LARGEST_ANGLE = 0.5
_BREATH_SHOULDERS, _BREATH_HEAD = 7.0, 3.0
_BORDER = 0.12


class HeadMap:
    """Where every grid node of the output looks in the face held straight (backward map)."""

    def __init__(self, face: Face, portrait: np.ndarray, grid: Grid) -> None:
        x, y = grid.nodes()
        self._x, self._y = x, y
        head = _head_share(face, x, y)
        hold = _held_borders(portrait, x)
        self._head = (head * hold).astype(np.float32)
        self._depth = (_depth(face, x, y) * self._head).astype(np.float32)
        pivot_y = face.neck_top + 0.25 * (face.neck_bottom - face.neck_top)
        self._from_pivot_x = x - face.centre_x
        self._from_pivot_y = y - pivot_y
        bottom = smoothstep(face.side, 0.93 * face.side, y)
        lift = _BREATH_SHOULDERS + (_BREATH_HEAD - _BREATH_SHOULDERS) * head
        self._breath = (face.unit * lift * bottom * hold).astype(np.float32)

    def look_up(self, pose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """x and y, float32 (rows, columns) each, in portrait pixels, for `drivers.base.POSE` values.

        Angles are limited to 0.5 radians, beyond which a flat picture cannot follow.
        """
        yaw, pitch, roll = (float(angle) for angle in np.clip(pose[:3], -LARGEST_ANGLE, LARGEST_ANGLE))
        cos, sin = np.cos(roll), np.sin(roll)
        across, down = self._from_pivot_x, self._from_pivot_y
        # Undo the roll, then the turn: nearer points move more, sides away from the axis get narrower.
        dx = (cos - 1) * across - sin * down + (1 / np.cos(yaw) - 1) * across
        dy = sin * across + (cos - 1) * down + (1 / np.cos(pitch) - 1) * down
        x = self._x + self._head * dx - self._depth * np.sin(yaw)
        y = self._y + self._head * dy - self._depth * np.sin(pitch) + self._breath * float(pose[3])
        return x.astype(np.float32), y.astype(np.float32)


def _head_share(face: Face, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """1 where the head carries the picture, 0 on the shoulders, which begin higher the further out they are."""
    below = (y - face.neck_top) / (face.neck_bottom - face.neck_top)
    aside = np.maximum(0, np.abs(x - face.centre_x) / (2.2 * face.half_width) - 0.45)
    return smoothstep(1, 0, below + 1.2 * aside)


def _depth(face: Face, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How far in front of the neck's axis each point lies, in pixels."""
    top = face.oval[:, 1].min()
    centre_y, half_height = (top + face.chin[1]) / 2, (face.chin[1] - top) / 2
    round_head = np.exp(-0.85 * (((x - face.centre_x) / face.half_width) ** 2 + ((y - centre_y) / half_height) ** 2))
    nose = np.exp(
        -0.5 * (((x - face.nose[0]) / (24 * face.unit)) ** 2 + ((y - face.nose[1] + 12) / (34 * face.unit)) ** 2)
    )
    return face.half_width * (0.22 + 0.5 * round_head + 0.05 * nose)


def _held_borders(portrait: np.ndarray, x: np.ndarray) -> np.ndarray:
    """0 at the left and right border of a portrait with a painted background, which must not move.

    The upper border is too close to the head to be held; its pixels are repeated instead.
    """
    border = np.concatenate([portrait[:, 0, 3], portrait[:, -1, 3]])
    if border.mean() < 128:
        return np.ones_like(x)
    side = portrait.shape[0]
    return smoothstep(0, _BORDER * side, np.minimum(x, side - x))
