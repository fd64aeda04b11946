"""How far apart the lips are in a rendered picture, in pixels, read from nothing but the picture and the painting.

    gauge = LipGauge(avatar, size=512)
    height = gauge.height(frame)         # of the gap in the middle of the mouth
    widest = gauge.widest(frame)         # the highest of three places across the mouth

Both lips of the painting, each cut at the line where they meet, are found again in a narrow band of the frame, moved
up or down and made a little thicker or thinner. The gap is what lies between the two cut edges. So a jaw that falls
with its lips closed has no gap, and dark or light things that happen to lie inside the mouth do not matter.
"""

import numpy as np

from ..avatar.bundle import Avatar
from ..avatar.images import resize_portrait

_ACROSS = (-0.4, 0.0, 0.4)
"""Where the lips are looked at, in halves of the mouth's width from its middle."""
_HALF_BAND = 3 / 512
_STEP = 0.25
_SAMPLES = 24
_THICKNESSES = np.array([0.6, 0.7, 0.8, 0.9, 1.0, 1.12, 1.25, 1.45])
_THICKNESS_COSTS = 0.25
"""A lip of another thickness must fit so much better, or flat colours would fit at any."""
_BEYOND_JAW = 1.3


class LipGauge:
    """Measures frames (size, size, 4) of one avatar whose head is held straight: zero pose.

    The answer is good to 2 pixels at 512, most often to half a pixel, and does not depend on how the inside of the
    mouth looks.
    """

    def __init__(self, avatar: Avatar, size: int) -> None:
        painting = resize_portrait(avatar.portrait, size)
        self._places = [_Place(avatar, painting, across) for across in _ACROSS]

    def height(self, frame: np.ndarray) -> float:
        """Height of the gap in the middle of the mouth, pixels; about 0 for lips that meet."""
        return self._places[len(_ACROSS) // 2].gap(frame)

    def widest(self, frame: np.ndarray) -> float:
        """The highest gap of three places across the mouth, pixels."""
        return max(place.gap(frame) for place in self._places)


class _Place:
    """One narrow upright band through both lips."""

    def __init__(self, avatar: Avatar, painting: np.ndarray, across: float) -> None:
        marks = avatar.landmarks
        scale = painting.shape[0] / avatar.side
        left, right = marks.lip_upper_inner[0][0], marks.lip_upper_inner[-1][0]
        x = (left + right) / 2 + across * (right - left) / 2

        def curve_y(curve: list) -> float:
            points = np.array(curve)
            return float(np.interp(x, points[:, 0], points[:, 1])) * scale - 0.5

        self._background = np.array(avatar.background, np.float64)
        half = max(1, round(_HALF_BAND * painting.shape[0]))
        middle = round(x * scale - 0.5)
        self._columns = slice(middle - half, middle + half + 1)
        self._line = (curve_y(marks.lip_upper_inner) + curve_y(marks.lip_lower_inner)) / 2
        drop = marks.jaw_drop * scale
        resting = self._band(painting)
        upper = np.linspace(0, curve_y(marks.lip_upper_outer) - self._line, _SAMPLES)
        lower = np.linspace(0, curve_y(marks.lip_lower_outer) - self._line, _SAMPLES)
        self._upper = _Lip(resting, self._line, upper, np.arange(-0.4 * drop - 2, 0.4 * drop + 2, _STEP))
        self._lower = _Lip(resting, self._line, lower, np.arange(-0.4 * drop - 2, _BEYOND_JAW * drop + 2, _STEP))

    def gap(self, frame: np.ndarray) -> float:
        band = self._band(frame)
        return self._lower.moved(band) - self._upper.moved(band)

    def _band(self, picture: np.ndarray) -> np.ndarray:
        """The band's mean colour by row (rows, 3), on the avatar's background."""
        pixels = picture[:, self._columns].astype(np.float64)
        alpha = pixels[..., 3:] / 255
        return (pixels[..., :3] * alpha + self._background * (1 - alpha)).mean(axis=1)


class _Lip:
    """The painted rows of one lip, from its edge at the mouth line to its outer edge, and where to look for them."""

    def __init__(self, resting: np.ndarray, line: float, offsets: np.ndarray, shifts: np.ndarray) -> None:
        self._painted = _at(resting, line + offsets)
        self._shifts = shifts
        self._rows = line + shifts[:, None, None] + _THICKNESSES[:, None] * offsets
        self._costs = 1 + _THICKNESS_COSTS * np.abs(np.log(_THICKNESSES))

    def moved(self, band: np.ndarray) -> float:
        """How far down the lip's inner edge lies below where it was painted, pixels."""
        difference = np.abs(_at(band, self._rows) - self._painted).mean(axis=(-1, -2)) * self._costs
        best = np.unravel_index(np.argmin(difference), difference.shape)[0]
        return float(self._shifts[best])


def _at(band: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Colours of a band between its rows: (*rows.shape, 3)."""
    above = np.clip(np.floor(rows).astype(int), 0, len(band) - 2)
    part = np.clip(rows - above, 0, 1)[..., None]
    return band[above] * (1 - part) + band[above + 1] * part
