"""Pictures prepared for nearest-sample lookup between pixels.

A picture is enlarged four times (three times above 512 pixels) once; a frame then picks the nearest sample.
Sample 0 of every pixel is the pixel itself, so that a face at rest is the painting byte for byte, and nothing is
blurred more or less while it moves.
"""

import numpy as np

from ..avatar.bundle import Avatar, Layer
from ..avatar.images import premultiply, resample, resize_portrait
from .frame import Box

LARGEST_FINE_SIZE = 512
_EDGE = 4


def samples_per_pixel(size: int) -> int:
    """Enlargement at an output size. At 1024 pixels 3 keeps the table at 38 MB and its indices exact in float32."""
    return 4 if size <= LARGEST_FINE_SIZE else 3


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
    """The whole portrait, straight alpha, as a flat table of samples with a border of one repeated pixel.

    Pixel i of the output size lies at sample (i + 1) * `factor` of a row.
    """

    def __init__(self, portrait: np.ndarray, size: int) -> None:
        self.factor = samples_per_pixel(size)
        fitted = resize_portrait(portrait, size)
        bordered = np.pad(enlarge(fitted, self.factor), ((self.factor,) * 2, (self.factor,) * 2, (0, 0)), mode="edge")
        self.stride = bordered.shape[1]
        self.samples = pack(bordered).ravel()
        # sample = portrait pixel * scale + offset
        self.scale = self.factor * size / portrait.shape[0]
        self.offset = 0.5 * self.factor

    def draw(self, x: np.ndarray, y: np.ndarray, target: np.ndarray) -> None:
        """Fill `target` (uint32) with the samples nearest to the points x, y in portrait pixels."""
        column = np.rint(x * self.scale + self.offset)
        row = np.rint(y * self.scale + self.offset)
        index = (row * self.stride + column).astype(np.intp)
        np.take(self.samples, index, out=target, mode="clip")


class LayerTable:
    """A layer, premultiplied, as a table of samples. Outside it everything is transparent."""

    def __init__(self, layer: Layer, side: int, size: int) -> None:
        self.factor = samples_per_pixel(size)
        fitted, left, top = _fit(layer, side, size)
        samples = premultiply(enlarge(fitted, self.factor))
        self._left, self._top = left * self.factor, top * self.factor
        self._height, self._width = samples.shape[:2]
        self._samples = pack(samples).ravel()

    def at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Premultiplied float32 (4, *x.shape), 0..255, at coordinates in samples of the output picture."""
        column, row = np.rint(x - self._left), np.rint(y - self._top)
        np.minimum(np.maximum(column, 0, out=column), self._width - 1, out=column)
        np.minimum(np.maximum(row, 0, out=row), self._height - 1, out=row)
        # Whole numbers below 2**24: exact in float32.
        row *= self._width
        row += column
        packed = np.take(self._samples, row.astype(np.intp), mode="clip")
        return planes(packed)


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


def over(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Premultiplied float layers (4, height, width) over each other; `below` is changed and returned."""
    below *= 1.0 - above[3] * (1 / 255)
    below += above
    return below


def planes(packed: np.ndarray) -> np.ndarray:
    """RGBA packed in uint32 as float32 (4, *packed.shape): arithmetic on planes is much faster than on pixels."""
    channels = np.ascontiguousarray(packed).view(np.uint8).reshape(*packed.shape, 4)
    result = np.empty((4, *packed.shape), np.float32)
    for channel in range(4):
        result[channel] = channels[..., channel]
    return result


def unpremultiplied(pixels: np.ndarray) -> np.ndarray:
    """Premultiplied float32 (4, height, width), 0..255, to straight-alpha uint8 (height, width, 4)."""
    alpha = pixels[3]
    if alpha.min() < 254.5:
        pixels = pixels.copy()
        pixels[:3] *= 255.0 / np.maximum(alpha, 0.5)
    result = np.empty((*alpha.shape, 4), np.uint8)
    for channel in range(4):
        result[..., channel] = np.minimum(pixels[channel] + 0.5, 255.0)
    return result
