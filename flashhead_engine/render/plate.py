"""A rigid mouth: a jaw plate that slides down and bares a light strip between two rows of teeth."""

from dataclasses import dataclass

import numpy as np

from ..avatar.bundle import Avatar
from .controls import MOTION_INDEX
from .face import Face
from .frame import Box, Frame
from .kernels import over, within
from .sampling import LayerTable, inside_base

_LOWER, _UPPER = MOTION_INDEX["lower_drop"], MOTION_INDEX["upper_raise"]
_NARROW, _JAW_X, _LIPS_X = (MOTION_INDEX[name] for name in ("narrow", "jaw_x", "lips_x"))
_WIDE = [MOTION_INDEX[f"{name}_{side}"] for name in ("stretch", "smile") for side in ("left", "right")]
_SMILE, _FROWN = ([MOTION_INDEX[f"{name}_{side}"] for side in ("left", "right")] for name in ("smile", "frown"))
_BEND = 0.45
"""How far the ends of the light strip rise in a smile, in heights of the opening."""
_LEAST_WIDTH, _LEAST_HEIGHT = 0.3, 0.3
"""Shares of the painted light strip below which it does not shrink: a mouth that barely opens is lit all the same."""
_FULLY_REDRAWN = 0.02


@dataclass(frozen=True)
class _Strip:
    """How the light strip is drawn: its width and height as shares of what is painted, and how far its ends rise, in
    pixels."""

    width: float
    height: float
    bend: float


class PlateMouth:
    """Draws the mouth of robots over a frame that shows it closed.

    Lips cannot round a rigid plate. Instead the light strip in the middle of the opening narrows and widens, grows
    with the opening, and its ends rise in a smile and sink in a frown.
    """

    def __init__(self, avatar: Avatar, face: Face, size: int) -> None:
        self._face = face
        self._scale = size / avatar.side
        names = ("base", "mouth_cavity", "tongue", "teeth_lower", "teeth_upper", "plate_lower", "plate_upper")
        names += ("front",) if "front" in avatar.layers else ()
        self._tables = {name: LayerTable(avatar.layers[name], avatar.side, size) for name in names}
        self._box = _box(avatar, face)
        cavity = avatar.layers["mouth_cavity"]
        self._cavity_x = float(cavity.x), float(cavity.x + cavity.pixels.shape[1])
        strip = avatar.layers["tongue"]
        self._strip_y = np.float32(strip.y + strip.pixels.shape[0] / 2)
        upper = avatar.layers["plate_upper"]
        height, width = upper.pixels.shape[:2]
        self._upper_box = (upper.x - 2, upper.y - 2, upper.x + width + 2, upper.y + height + 2)
        self._plates_meet = float(face.upper_inner[:, 1].mean()), float(face.lower_inner[:, 1].mean())

    def draw(self, frame: Frame, packed: np.ndarray) -> None:
        """Draw over `packed`, the frame as uint32 (size, size)."""
        motions = frame.motions
        # The plate takes the whole opening that lips would share.
        opening = float(motions[_LOWER] + motions[_UPPER]) / 1.14
        aside = float(motions[_JAW_X] + 0.5 * motions[_LIPS_X])
        strength = max(opening, abs(aside))
        if strength == 0.0:
            return
        block = frame.block(self._box)
        if block is None:
            return
        drop, shift = opening * self._face.jaw_drop, 10 * self._face.unit * aside
        strip = _Strip(
            width=max(_LEAST_WIDTH, 1 - 0.5 * float(motions[_NARROW]) + 0.12 * float(motions[_WIDE].sum())),
            height=max(_LEAST_HEIGHT, opening),
            bend=_BEND * drop * float(motions[_SMILE].mean() - motions[_FROWN].mean()),
        )
        shown = self._compose(block.head_x, block.head_y, drop, shift, strip)
        block.put(packed, shown, strength / _FULLY_REDRAWN, keep_alpha=False)

    def _compose(self, x: np.ndarray, y: np.ndarray, drop: float, shift: float, strip: _Strip) -> np.ndarray:
        shown = self._tables["base"].at(x, y)
        opening = self._opening(x, y, drop)
        rows = np.flatnonzero(opening.any(axis=1))
        if drop > 0 and len(rows):
            part = slice(rows[0], rows[-1] + 1)
            inside_x, inside_y = x[part], y[part]
            inside = self._tables["mouth_cavity"].at(inside_x, inside_y)
            over(self._strip_at(inside_x, inside_y, drop, strip), inside)
            over(self._tables["teeth_lower"].at(inside_x - shift, inside_y - drop), inside)
            over(self._tables["teeth_upper"].at(inside_x, inside_y), inside)
            over(inside, shown[part], opening[part])
        over(self._tables["plate_lower"].at(x - shift, y - drop), shown)
        upper = within(x, y, self._upper_box)
        if upper is not None:
            over(self._tables["plate_upper"].at(x[upper], y[upper]), shown[upper])
        if "front" in self._tables:
            over(self._tables["front"].at(x, y), shown)
        return shown

    def _strip_at(self, x: np.ndarray, y: np.ndarray, drop: float, strip: _Strip) -> np.ndarray:
        """Colours of the light strip, premultiplied uint32 of x.shape, its middle in the middle of the opening."""
        upper, lower = self._plates_meet
        offset_x = (x - self._face.mouth_x) * np.float32(1 / strip.width)
        along = offset_x * np.float32(1 / self._face.mouth_half_width)
        offset_y = y - np.float32(0.5 * (upper + lower + drop)) + np.float32(strip.bend) * along * along
        table = self._tables["tongue"]
        return table.at(self._face.mouth_x + offset_x, self._strip_y + offset_y * np.float32(1 / strip.height))

    def _opening(self, x: np.ndarray, y: np.ndarray, drop: float) -> np.ndarray:
        """Coverage 0..1 of the window between the plates; their rims hide its upper and lower edge."""
        left, right = self._cavity_x
        upper, lower = self._plates_meet
        rim = 7 * self._face.unit
        inside = np.minimum(np.minimum(x - left, right - x), np.minimum(y - upper + rim, lower + 4 + drop - y))
        return np.clip(inside * self._scale + 0.5, 0, 1)


def _box(avatar: Avatar, face: Face) -> Box:
    plates = [avatar.layers["plate_upper"], avatar.layers["plate_lower"]]
    margin = 12 * face.unit
    left = min(layer.x for layer in plates) - margin
    top = min(layer.y for layer in plates) - margin
    right = max(layer.x + layer.pixels.shape[1] for layer in plates) + margin
    bottom = max(layer.y + layer.pixels.shape[0] for layer in plates) + margin + face.jaw_drop * 1.1
    return inside_base((left, top, right, bottom), avatar, 4 * face.unit)
