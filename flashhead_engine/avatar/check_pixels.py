"""What the pixels of a portrait tell about its mouth, its sharpness and its edges, for `avatar.check`.

Every measure looks at the face 512 pixels a side, the size at which most games show it, so that its limits do not
depend on the size of the portrait.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .bundle import Layer
from .images import bleed, grown, resize_portrait
from .manifest import Landmarks

SIDE = 512
_COLUMNS = 48
"""How many places along the lip line are looked at."""
_LUMA = np.array([0.299, 0.587, 0.114])
_DIP = 0.06
"""A lip line is darker than the lips beside it by this part of white; skin and fur vary by less."""
_TEETH_LUMA = 0.55
_TEETH_CHROMA = 0.2
"""The largest difference between the channels of a tooth, as a part of its brightest; lips and skin have more."""
_TEETH_LIFT = 0.08
"""Teeth are brighter than the lips beside them; without this the white muzzle of a fox would be teeth."""
_EDGE_INSET = 3
"""How far inside a soft edge the figure has its own colour, in pixels of the portrait."""
_FEWEST_EDGE_PIXELS = 50


@dataclass(frozen=True)
class Seen:
    """A face as it is looked at: colours 0..1 (512, 512, 3), and its landmarks in pixels of the portrait.

    `portrait`: straight-alpha RGBA, uint8 (side, side, 4). `front`: what is laid over the face.
    """

    portrait: np.ndarray
    colour: np.ndarray
    landmarks: Landmarks
    front: Layer | None

    @classmethod
    def of(
        cls, portrait: np.ndarray, landmarks: Landmarks, background: tuple[int, int, int], front: Layer | None
    ) -> "Seen":
        """A portrait laid over its background colour."""
        small = resize_portrait(portrait, SIDE).astype(np.float64) / 255
        alpha = small[..., 3:]
        return cls(portrait, small[..., :3] * alpha + np.array(background) / 255 * (1 - alpha), landmarks, front)

    def points(self, name: str) -> np.ndarray:
        """A curve of the landmarks in pixels of `colour`, (n, 2)."""
        return np.array(getattr(self.landmarks, name)) * (SIDE / self.portrait.shape[0])

    @property
    def mouth_width(self) -> float:
        """From corner to corner, in pixels of `colour`."""
        return float(np.ptp(self.points("lip_upper_outer")[:, 0]))


def line_found(seen: Seen) -> float:
    """The part of the lip line, 0..1, along which a dark line runs between brighter lips."""
    luma = _across_lips(seen) @ _LUMA
    reach = len(luma) // 2
    darkest = luma[reach - reach // 2 : reach + reach // 2 + 1].min(axis=0)
    return float(np.mean(_beside(luma) - darkest > _DIP))


def lip_contrast(seen: Seen) -> float:
    """How far the mean colours of the lips and of the skin around them lie apart, 0..1."""
    lips = _lips(seen)
    wide = grown(lips, round(0.12 * seen.mouth_width))
    # The edge of a lip is as much skin as lip.
    skin = wide & ~grown(lips, 2)
    if not lips.any() or not skin.any():
        return 0.0
    return float(np.linalg.norm(seen.colour[lips].mean(axis=0) - seen.colour[skin].mean(axis=0)))


def front_cover(seen: Seen) -> float:
    """The part of the mouth, 0..1, that the `front` layer hides."""
    if seen.front is None:
        return 0.0
    alpha = seen.front.alpha_on(seen.portrait.shape[0])
    small = np.asarray(alpha.resize((SIDE, SIDE), Image.Resampling.BOX)) / 255
    lips = _lips(seen)
    return float(small[lips].mean()) if lips.any() else 0.0


def teeth_shown(seen: Seen) -> float:
    """The part of the lip line, 0..1, along which bright colourless pixels lie between the lips."""
    colour = _across_lips(seen)
    reach = len(colour) // 2
    near = max(1, reach // 3)
    between = colour[reach - near : reach + near + 1]
    luma, brightest = between @ _LUMA, between.max(axis=-1)
    chroma = (brightest - between.min(axis=-1)) / np.maximum(brightest, 1e-6)
    teeth = (luma > _TEETH_LUMA) & (chroma < _TEETH_CHROMA) & (luma > _beside(colour @ _LUMA) + _TEETH_LIFT)
    return float(np.mean(teeth.any(axis=0)))


def edge_width(seen: Seen) -> float:
    """Width of the sharpest edges at the eyes and the mouth, in pixels of `colour`: contrast over gradient.

    The middle of the three is taken: one part of a face may well be out of focus or hidden by hair.
    """
    luma = seen.colour @ _LUMA
    widths = [
        _edge_width(luma, seen.points(names[0]), seen.points(names[-1]))
        for names in (("eye_left",), ("eye_right",), ("lip_upper_outer", "lip_lower_outer"))
    ]
    return float(np.median(widths))


def edge_dirt(seen: Seen) -> float:
    """How far the colour of a soft edge moves to another one as its alpha falls, 0..1 (1: from black to white).

    Colours are taken relative to those 3 pixels inside. A painted outline differs from them as well, but equally
    at every alpha; what is left of an old background shows the more, the thinner the edge.
    """
    alpha = seen.portrait[..., 3]
    core = Image.fromarray(np.ascontiguousarray(alpha)).filter(ImageFilter.MinFilter(2 * _EDGE_INSET + 1))
    inner = np.asarray(core) == 255
    inside = bleed(np.where(inner[..., None], seen.portrait, np.uint8(0)))
    difference = (seen.portrait[..., :3].astype(float) - inside[..., :3]) / 255
    near = grown(inner, 2 * _EDGE_INSET)
    thin, thick = near & (alpha > 30) & (alpha < 110), near & (alpha > 145) & (alpha < 225)
    if min(thin.sum(), thick.sum()) < _FEWEST_EDGE_PIXELS:
        return 0.0
    moved = np.median(difference[thin], axis=0) - np.median(difference[thick], axis=0)
    return float(np.abs(moved).mean() * 255 / (alpha[thick].mean() - alpha[thin].mean()))


def _across_lips(seen: Seen) -> np.ndarray:
    """Colours on short lines across the lip line, from above to below, (2 * reach + 1, places, 3).

    The lines lie in the middle four fifths of the mouth, because every mouth is dark at its corners.
    """
    line = (_resampled(seen.points("lip_upper_inner")) + _resampled(seen.points("lip_lower_inner"))) / 2
    reach = max(3, round(0.12 * seen.mouth_width))
    x = line[:, 0].round().astype(int)
    y = line[:, 1].round().astype(int) + np.arange(-reach, reach + 1)[:, None]
    return seen.colour[y.clip(0, SIDE - 1), x.clip(0, SIDE - 1)]


def _beside(luma: np.ndarray) -> np.ndarray:
    """Brightness of the darker lip at each place, from brightness across the lips (2 * reach + 1, places)."""
    reach = len(luma) // 2
    near = reach // 2
    return np.minimum(np.median(luma[: reach - near], axis=0), np.median(luma[reach + near + 1 :], axis=0))


def _resampled(curve: np.ndarray) -> np.ndarray:
    """Places along the middle of a curve that runs from left to right."""
    left, right = curve[0, 0], curve[-1, 0]
    x = np.linspace(left + 0.1 * (right - left), right - 0.1 * (right - left), _COLUMNS)
    return np.stack([x, np.interp(x, curve[:, 0], curve[:, 1])], axis=-1)


def _edge_width(luma: np.ndarray, *outlines: np.ndarray) -> float:
    """Contrast over the largest gradient in the rectangle around some outlines, in pixels."""
    points = np.vstack(outlines)
    margin = 0.15 * np.ptp(points[:, 0])
    left, top = np.maximum(points.min(axis=0) - margin, 0).astype(int)
    right, bottom = np.ceil(points.max(axis=0) + margin).astype(int) + 2
    part = luma[top:bottom, left:right]
    low, high = np.percentile(part, (2, 98))
    gradient = max(float(np.abs(np.diff(part, axis=axis)).max(initial=0.0)) for axis in (0, 1))
    return float((high - low) / max(gradient, 1e-3))


def _lips(seen: Seen) -> np.ndarray:
    """Where the lips are, bool (512, 512)."""
    outline = np.vstack([seen.points("lip_upper_outer"), seen.points("lip_lower_outer")[::-1]])
    canvas = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(canvas).polygon([tuple(point) for point in outline], fill=255)
    return np.asarray(canvas) > 0
