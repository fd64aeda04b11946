"""Inner loops over pixels, of the renderer and of pictures that are prepared for it.

Native where the module was built, else numpy; both give the same bytes.

Pictures are uint32 (height, width), RGBA8 packed; "premultiplied" or "straight" says which alpha. Positions are read
in steps of 1/256 pixel. Native kernels release the GIL and allocate nothing of a picture's size.
"""

from dataclasses import dataclass

import numpy as np

from . import numpy_kernels

try:
    from . import _kernels as _loops
except ImportError:
    _loops = numpy_kernels


@dataclass(frozen=True)
class Axis:
    """Where the pixels of one axis lie between the nodes of a coarse grid: the node before each (int32) and how far
    the pixel is on its way to the next one (float32)."""

    node: np.ndarray
    fraction: np.ndarray

    @classmethod
    def spread(cls, pixels: int, nodes: int) -> "Axis":
        """The centres of `pixels` pixels under nodes that reach from edge to edge."""
        position = (np.arange(pixels) + 0.5) * (nodes - 1) / pixels
        node = np.minimum(position.astype(np.int32), nodes - 2)
        return cls(node, (position - node).astype(np.float32))

    @classmethod
    def between(cls, chosen: np.ndarray) -> "Axis":
        """The pixels 0..chosen[-1] under nodes that lie on the chosen pixels, two or more in rising order."""
        pixels = np.arange(chosen[-1] + 1)
        node = np.clip(np.searchsorted(chosen, pixels, side="right") - 1, 0, len(chosen) - 2).astype(np.int32)
        apart = np.maximum(chosen[node + 1] - chosen[node], 1)
        return cls(node, ((pixels - chosen[node]) / apart).astype(np.float32))

    def __getitem__(self, pixels: slice | np.ndarray) -> "Axis":
        return Axis(self.node[pixels], self.fraction[pixels])

    def __len__(self) -> int:
        return len(self.node)


def expand(nodes: np.ndarray, rows: Axis, columns: Axis) -> np.ndarray:
    """Values of coarse nodes (float32), interpolated at every pixel: float32 (rows, columns)."""
    out = np.empty((len(rows), len(columns)), np.float32)
    _loops.expand(nodes, rows.node, rows.fraction, columns.node, columns.fraction, out)
    return out


def warp(picture: np.ndarray, x: np.ndarray, y: np.ndarray, rows: Axis, columns: Axis, out: np.ndarray) -> None:
    """Fill `out` with samples of a straight picture at positions that are interpolated between coarse nodes.

    `x`, `y` of the nodes (float32) are in pixels of the picture, 0 at the centre of its first one.
    """
    _loops.warp(picture, x, y, rows.node, rows.fraction, columns.node, columns.fraction, out)


def sample(
    picture: np.ndarray, x: np.ndarray, y: np.ndarray, scale: float = 1.0, left: float = 0.0, top: float = 0.0
) -> np.ndarray:
    """Samples of a premultiplied picture at positions x * scale - left, y * scale - top: uint32 of their shape (2-d).

    Outside the picture its nearest edge is seen.
    """
    out = np.empty(x.shape, np.uint32)
    _loops.sample(picture, np.asarray(x, np.float32), np.asarray(y, np.float32), scale, left, top, out)
    return out


def bleed(rgba: np.ndarray, faint: int) -> np.ndarray:
    """A straight picture whose pixels with an alpha of at most `faint` have the colour of their neighbours: uint8
    (height, width, 4). At least one pixel must be seen."""
    out = np.empty(rgba.shape, np.uint8)
    packed, target = (np.ascontiguousarray(pixels).view(np.uint32)[..., 0] for pixels in (rgba, out))
    _loops.bleed(packed, faint, target)
    return out


def over(above: np.ndarray, below: np.ndarray, opacity: np.ndarray | float | None = None) -> None:
    """Lay one premultiplied picture over another, which is changed; an opacity of 0..1 fades the upper one."""
    if opacity is None:
        _loops.over(above, below)
        return
    _loops.over_faded(above, _shares(opacity, below.shape), below)


def put(drawn: np.ndarray, opacity: np.ndarray | float, frame: np.ndarray, *, keep_alpha: bool) -> None:
    """Mix premultiplied pixels into a straight frame by an opacity of 0..1.

    With `keep_alpha` the frame's silhouette stays. Transparent pixels keep a colour, for clients that filter between
    pixels.
    """
    _loops.put(drawn, _shares(opacity, frame.shape), keep_alpha, frame)


def alpha(pixels: np.ndarray) -> np.ndarray:
    """Opacity 0..1 of every pixel, float32."""
    return (pixels >> 24).astype(np.float32) * np.float32(1 / 255)


def trace_back(
    values: np.ndarray,
    place: tuple[float, float, float],
    x: np.ndarray,
    y: np.ndarray,
    rounds: int,
    shift: np.ndarray,
) -> None:
    """Follow shifts back: so many times, `shift` (float32, x.shape + (2,)) becomes the value at the point less the
    shift of a grid of shifts, float32 (rows, columns, 2). `place`: of the grid's first node, and cells in a pixel."""
    _loops.trace_back(values, *place, x, y, rounds, shift)


def pull_apart(
    values: np.ndarray,
    place: tuple[float, float, float],
    x: np.ndarray,
    y: np.ndarray,
    rest_x: np.ndarray,
    rest_y: np.ndarray,
) -> np.ndarray:
    """Points of the resting face that are seen on both sides of a cut: float32 (4, *x.shape), x and y of the one, x
    and y of the other. `values` of the grid: shift of the one side, shift of the other, and the share, 0..1, by which
    points leave `rest_x`, `rest_y` for their shifted place."""
    out = np.empty((4, *x.shape), np.float32)
    _loops.pull_apart(values, *place, x, y, rest_x, rest_y, out)
    return out


def within(
    x: np.ndarray, y: np.ndarray, box: tuple[float, float, float, float], inside: np.ndarray | None = None
) -> tuple[slice, slice] | None:
    """The smallest rows and columns with all points (2-d) that lie in a box (left, top, right, bottom; the latter two
    excluded); None without any. `inside`: bool of the points' shape, filled with whether each does."""
    top, bottom, left, right = _loops.within(x, y, *box, inside)
    return (slice(top, bottom), slice(left, right)) if bottom else None


def _shares(opacity: np.ndarray | float, shape: tuple[int, int]) -> np.ndarray:
    if isinstance(opacity, np.ndarray):
        return np.asarray(opacity, np.float32)
    return np.full(shape, opacity, np.float32)
