"""The mark on pictures of a model that learnt nothing, so that nobody takes them for FlashHead's."""

from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_WORDS = "UNTRAINED: random weights"
_HEIGHT = 1 / 16  # of the picture


@cache
def _band(side: int) -> np.ndarray:
    """RGBA uint8 (rows, side, 4): white words on red."""
    rows = max(12, round(side * _HEIGHT))
    band = Image.new("RGBA", (side, rows), (160, 0, 0, 255))
    font = ImageFont.load_default(rows * 0.7)
    ImageDraw.Draw(band).text((side / 2, rows / 2), _WORDS, (255, 255, 255, 255), font, anchor="mm")
    return np.array(band)


def stamp(pixels: np.ndarray) -> None:
    """Write the mark over the top of pictures, RGBA uint8 (..., side, side, 4), in place."""
    band = _band(pixels.shape[-2])
    pixels[..., : len(band), :, :] = band
