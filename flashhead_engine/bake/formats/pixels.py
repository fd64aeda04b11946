"""From the renderer's straight-alpha RGBA to what an encoder takes."""

import numpy as np


def with_matte(pixels: np.ndarray) -> np.ndarray:
    """Lay colour and alpha side by side: RGBA uint8 (h, w, 4) -> RGB uint8 (h, 2 w, 3), grey alpha at the right."""
    height, width = pixels.shape[:2]
    wide = np.empty((height, 2 * width, 3), np.uint8)
    wide[:, :width] = pixels[..., :3]
    wide[:, width:] = pixels[..., 3:]
    return wide
