"""What the parts of one frame share: the maps from output pixels to the resting face."""

from dataclasses import dataclass

import numpy as np

from . import kernels
from .grid import Grid
from .kernels import Axis

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of the portrait."""


@dataclass(frozen=True)
class Block:
    """A rectangle of output pixels, `inside` (bool) where it shows the asked part of the face.

    `head_x`, `head_y`: the point of the face held straight that a pixel shows, float32 (height, width), in pixels of
    the portrait.
    """

    rows: slice
    columns: slice
    inside: np.ndarray
    head_x: np.ndarray
    head_y: np.ndarray

    def put(self, packed: np.ndarray, drawn: np.ndarray, strength: float, *, keep_alpha: bool) -> None:
        """Put `drawn`, premultiplied uint32 (height, width), into the frame `packed`; a `strength` below 1 mixes it
        in."""
        share = self.inside * np.float32(min(1.0, strength))
        kernels.put(drawn, share, packed[self.rows, self.columns], keep_alpha=keep_alpha)


@dataclass(frozen=True)
class Frame:
    """The maps of one frame on the nodes of `grid`, and the weights and motions that made them.

    `head`: x and y of the point of the face held straight that a node shows, `face`: of the face held straight and
    at rest; float32, in pixels of the portrait. `axis`: where the output's pixels lie between nodes, on both axes.
    """

    grid: Grid
    axis: Axis
    weights: np.ndarray
    motions: np.ndarray
    head: tuple[np.ndarray, np.ndarray]
    face: tuple[np.ndarray, np.ndarray]

    def block(self, box: Box) -> Block | None:
        """The output pixels that show `box` of the face held straight; None when none does."""
        left, top, right, bottom = box
        step = self.grid.step
        nodes = kernels.within(*self.head, (left - step, top - step, right + step, bottom + step))
        if nodes is None:
            return None
        rows, columns = (self._pixels(part) for part in nodes)
        x, y = self._expanded(self.head, rows, columns)
        inside = np.empty(x.shape, bool)
        part = kernels.within(x, y, box, inside)
        if part is None:
            return None
        return Block(_moved(part[0], rows.start), _moved(part[1], columns.start), inside[part], x[part], y[part])

    def face_points(self, rows: slice | np.ndarray, columns: slice | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """x and y of the point of the face held straight and at rest that each of these pixels shows."""
        return self._expanded(self.face, rows, columns)

    def _expanded(self, nodes: tuple[np.ndarray, np.ndarray], rows, columns) -> tuple[np.ndarray, np.ndarray]:
        upright, across = self.axis[rows], self.axis[columns]
        x, y = (kernels.expand(values, upright, across) for values in nodes)
        return x, y

    def _pixels(self, nodes: slice) -> slice:
        pixels_per_node = len(self.axis) / (self.grid.columns - 1)
        return slice(int(nodes.start * pixels_per_node), int(np.ceil((nodes.stop - 1) * pixels_per_node)))


def _moved(part: slice, start: int) -> slice:
    return slice(part.start + start, part.stop + start)
