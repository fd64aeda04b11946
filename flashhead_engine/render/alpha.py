"""Straight and premultiplied alpha."""

import numpy as np


def premultiply(rgba: np.ndarray) -> np.ndarray:
    """Straight to premultiplied alpha, uint8 (..., 4)."""
    # Rounded division by 255 without dividing, exact for every product of two bytes.
    product = rgba[..., :3] * rgba[..., 3:].astype(np.uint16) + 127
    result = rgba.copy()
    result[..., :3] = (product + 1 + (product >> 8)) >> 8
    return result
