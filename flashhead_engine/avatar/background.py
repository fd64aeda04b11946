"""Plain backgrounds of pictures made transparent, with clean colours along the edge."""

import numpy as np

from .images import bleed, grown

_LARGEST_NOISE = 10.0
"""Spread, in levels of 255, of a border that still counts as plain."""
_PLAIN_SHARE = 0.55
"""How much of the border must be background: the top, and the sides down to the shoulders."""
_SIDES_DOWN_TO = 0.6
_EDGE = 1 / 256
"""Width of the soft edge of things, in parts of the picture's longer side."""
_COLOURFUL = 60.0
"""Difference of the channels from which an enclosed patch of this colour can only be background."""


def remove_plain_background(picture: np.ndarray, face: np.ndarray) -> np.ndarray | None:
    """Make a plain or smoothly shaded background transparent; None when it is not plain or cannot be told apart.

    `picture`: opaque RGBA, uint8 (height, width, 4). `face`: bool (height, width), never made transparent.
    Returns straight alpha; along the edge the background's colour is taken out of what stays.
    """
    colours = picture[..., :3].astype(np.float32)
    fitted = _fit(colours)
    if fitted is None:
        return None
    background, tolerance = fitted
    distance = np.linalg.norm(colours - background, axis=-1)
    outside = _hanging_together(distance < tolerance, _border(distance.shape))
    if float(np.ptp(background.mean(axis=(0, 1)))) > _COLOURFUL:
        outside |= (distance < 0.7 * tolerance) & ~face
    # Noise of the background: weak, and apart from the figure.
    figure = _hanging_together(~outside, face)
    outside |= ~figure & (distance < 3 * tolerance)
    if (outside & face).any() or not outside.any():
        return None
    return _matted(picture, background, outside, tolerance)


def is_opaque(picture: np.ndarray) -> bool:
    """Whether a picture has no alpha worth keeping: fewer than one pixel in two hundred lets light through."""
    return float(np.mean(picture[..., 3] < 250)) < 0.005


def _fit(colours: np.ndarray) -> tuple[np.ndarray, float] | None:
    """The background's colour at every pixel, and how far from it a pixel still belongs to it."""
    height, width = colours.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    thick = max(1, round(0.015 * max(height, width)))
    top = y < thick
    sides = (x < thick) | (x >= width - thick)
    at = np.flatnonzero((top | sides).ravel())
    at = at[:: max(1, len(at) // 20_000)]
    samples = colours.reshape(-1, 3)[at]
    down = (y.ravel()[at] + 0.5) / height
    terms = _terms((x.ravel()[at] + 0.5) / width, down)
    upper = down < _SIDES_DOWN_TO
    near = np.linalg.norm(samples - _commonest(samples[upper]), axis=1) < 40
    for limit in (40.0, 25.0, 14.0):
        if near[upper].mean() < _PLAIN_SHARE:
            return None
        factors = np.linalg.lstsq(terms[near], samples[near], rcond=None)[0]
        away = np.linalg.norm(samples - terms @ factors, axis=1)
        near = away < max(limit, 3 * float(np.median(away[near])))
    noise = float(np.sqrt(np.mean(away[near] ** 2)))
    if near[upper].mean() < _PLAIN_SHARE or noise > _LARGEST_NOISE:
        return None
    # Further down than the background was seen, its last colour goes on.
    columns = (np.arange(width) + 0.5) / width
    rows = np.minimum((np.arange(height) + 0.5) / height, np.percentile(down[near], 99))
    grid = _terms(np.tile(columns, height), np.repeat(rows, width))
    fitted = (grid @ factors).reshape(height, width, 3).clip(0, 255).astype(np.float32)
    return fitted, float(np.clip(4 * noise + 4, 8, 40))


def _terms(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Slopes in both directions and a bend across: the light on a wall."""
    return np.stack([np.ones_like(x), x, y, x * x], axis=1)


def _commonest(samples: np.ndarray) -> np.ndarray:
    """The mean of the fullest box of 32 levels a side."""
    boxes = (samples // 32).astype(int) @ np.array([64, 8, 1])
    fullest = np.bincount(boxes).argmax()
    return samples[boxes == fullest].mean(axis=0)


def _border(shape: tuple[int, int]) -> np.ndarray:
    """Where a background begins: the top and the sides. At the bottom stand clothes, of whatever colour."""
    border = np.zeros(shape, bool)
    border[0], border[:, 0], border[:, -1] = True, True, True
    return border


def _hanging_together(allowed: np.ndarray, start: np.ndarray) -> np.ndarray:
    """The pixels of `allowed` that a path inside it joins to `start`, both bool (height, width)."""
    reached = allowed & start
    count = -1
    while count != (count := int(reached.sum())):
        reached = _along_rows(allowed, reached)
        reached = _along_rows(allowed.T, reached.T).T
    return reached


def _along_rows(allowed: np.ndarray, reached: np.ndarray) -> np.ndarray:
    """Spread to the whole of every run of allowed pixels in a row that holds a reached one."""
    starts = allowed.copy()
    starts[:, 1:] &= ~allowed[:, :-1]
    runs = np.cumsum(starts.ravel()).reshape(allowed.shape)
    lit = np.zeros(int(runs[-1, -1]) + 1, bool)
    lit[runs[reached]] = True
    return lit[runs] & allowed


def _matted(picture: np.ndarray, background: np.ndarray, outside: np.ndarray, tolerance: float) -> np.ndarray:
    """Alpha of the edge from the mix of the colours on its two sides, and that mix undone."""
    reach = max(3, round(_EDGE * max(picture.shape[:2])))
    near = grown(outside, reach)
    edge = near & ~outside
    inner = picture.copy()
    inner[near] = 0
    colours = picture[..., :3][edge].astype(np.float32)
    behind = background[edge]
    figure = bleed(inner)[..., :3][edge].astype(np.float32)
    across = figure - behind
    length = np.linalg.norm(across, axis=1)
    share = np.sum((colours - behind) * across, axis=1) / np.maximum(length, 1.0) ** 2
    # Where the figure has the background's colour there is nothing to measure: it stays.
    alpha = np.where(length > 2 * tolerance, share, 1.0).clip(0, 1)
    alpha[alpha < 0.03] = 0
    alpha[alpha > 0.97] = 1
    unmixed = (colours - (1 - alpha[:, None]) * behind) / np.maximum(alpha[:, None], 0.03)
    result = picture.copy()
    result[outside] = 0
    clean = np.clip(figure + alpha[:, None] * (unmixed - figure), 0, 255)
    result[edge] = np.rint(np.column_stack([clean, 255 * alpha])).astype(np.uint8)
    return bleed(result)
