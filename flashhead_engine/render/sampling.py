"""Pictures prepared for lookup between pixels.

A picture is enlarged some times, once; a frame then mixes the four nearest samples, so that slow motion has no
steps. Sample 0 of every pixel is the pixel itself, so that a face at rest is the painting byte for byte; the samples
between keep a moving picture about as sharp as a resting one.
"""

import numpy as np

from ..avatar.bundle import Avatar, Layer
from ..avatar.images import resample, resize_portrait
from . import kernels
from .alpha import premultiply
from .frame import Box
from .kernels import Axis

_FACTOR = 2
"""Samples per output pixel, across and down."""
_EDGE = 4


def enlarge(rgba: np.ndarray, factor: int) -> np.ndarray:
    """Lanczos enlargement whose every `factor`-th sample is an input pixel: uint8 (factor*h, factor*w, 4)."""
    height, width = rgba.shape[:2]
    padded = np.pad(rgba, ((_EDGE, _EDGE), (_EDGE, _EDGE), (0, 0)), mode="edge")
    # Pillow aligns the corners of pictures; moved by this much their pixel centres meet instead.
    offset = _EDGE + 0.5 - 0.5 / factor
    box = (offset, offset, offset + width, offset + height)
    result = resample(padded, width * factor, height * factor, box)
    result[::factor, ::factor] = rgba
    return result


def pack(rgba: np.ndarray) -> np.ndarray:
    """RGBA bytes as one uint32 per pixel."""
    return np.ascontiguousarray(rgba).view(np.uint32)[..., 0]


class PaintingTable:
    """The whole portrait, straight alpha, as a table of samples with a border of one repeated pixel.

    Pixel i of the output size lies at sample (i + 1) * `_FACTOR` of a row.
    """

    def __init__(self, portrait: np.ndarray, size: int) -> None:
        fitted = resize_portrait(portrait, size)
        bordered = np.pad(enlarge(fitted, _FACTOR), ((_FACTOR,) * 2, (_FACTOR,) * 2, (0, 0)), mode="edge")
        self._samples = pack(bordered)
        # sample = portrait pixel * scale + offset
        self._scale = np.float32(_FACTOR * size / portrait.shape[0])
        self._offset = np.float32(0.5 * _FACTOR)

    def draw(self, x: np.ndarray, y: np.ndarray, rows: Axis, columns: Axis, target: np.ndarray) -> None:
        """Fill `target` (uint32) with the painting; x and y of coarse nodes are in portrait pixels, float32."""
        at_x, at_y = (values * self._scale + self._offset for values in (x, y))
        kernels.warp(self._samples, at_x, at_y, rows, columns, target)


class LayerTable:
    """A layer, premultiplied, as a table of samples. Outside it everything is transparent."""

    def __init__(self, layer: Layer, side: int, size: int) -> None:
        fitted, left, top = _fit(layer, side, size)
        samples = premultiply(enlarge(fitted, _FACTOR))
        self._samples = pack(samples) if min(samples.shape[:2]) > 1 else np.zeros((2, 2), np.uint32)
        # sample = portrait pixel * scale - left
        self._scale = _FACTOR * size / side
        self._left, self._top = (left + 0.5) * _FACTOR, (top + 0.5) * _FACTOR

    def at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Premultiplied uint32 of x.shape (2-d) at points in portrait pixels."""
        return kernels.sample(self._samples, x, y, self._scale, self._left, self._top)


def _fit(layer: Layer, side: int, size: int) -> tuple[np.ndarray, int, int]:
    """The layer at the output size, with a border, and the output pixel of its top left corner."""
    height, width = layer.pixels.shape[:2]
    scale = size / side
    left, top = max(0, int(layer.x * scale) - 3), max(0, int(layer.y * scale) - 3)
    right = min(size, int((layer.x + width) * scale) + 4)
    bottom = min(size, int((layer.y + height) * scale) + 4)
    # Enough around it for Lanczos to see the same pixels as in the whole portrait.
    around = int(7 / min(scale, 1)) + 1
    x0, y0 = max(0, int(left / scale) - around), max(0, int(top / scale) - around)
    x1, y1 = min(side, int(right / scale) + around), min(side, int(bottom / scale) + around)
    canvas = np.zeros((y1 - y0, x1 - x0, 4), np.uint8)
    canvas[layer.y - y0 : layer.y - y0 + height, layer.x - x0 : layer.x - x0 + width] = layer.pixels
    box = (left / scale - x0, top / scale - y0, right / scale - x0, bottom / scale - y0)
    return resample(canvas, right - left, bottom - top, box), left, top


def inside_base(box: Box, avatar: Avatar, margin: float) -> Box:
    """The part of a box where `base` is painted, `margin` away from where it was cut."""
    base = avatar.layers["base"]
    height, width = base.pixels.shape[:2]
    return (
        max(box[0], base.x + margin if base.x else 0.0),
        max(box[1], base.y + margin if base.y else 0.0),
        min(box[2], base.x + width - margin if base.x + width < avatar.side else avatar.side),
        min(box[3], base.y + height - margin if base.y + height < avatar.side else avatar.side),
    )
