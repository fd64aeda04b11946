"""A portrait of any size as the model wants it: filled, centred, without alpha."""

import math

import numpy as np
from PIL import Image


def framed(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Scale an RGB picture, uint8 (H, W, 3), until it covers the size, and cut out its middle, (height, width, 3).

    As the published pipeline does it: Pillow's bilinear filter, sizes rounded up, offsets rounded half to even.
    """
    rows, columns = picture.shape[:2]
    scale = max(height / rows, width / columns)
    rows, columns = math.ceil(scale * rows), math.ceil(scale * columns)
    scaled = np.asarray(Image.fromarray(picture).resize((columns, rows), Image.Resampling.BILINEAR))
    top, left = round((rows - height) / 2), round((columns - width) / 2)
    return scaled[top : top + height, left : left + width]
