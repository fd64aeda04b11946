"""What the parts of one frame share: the maps from output pixels to the resting face."""

from dataclasses import dataclass

import numpy as np

from ..avatar.images import bounds
from .grid import Grid

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of the portrait."""


@dataclass(frozen=True)
class Block:
    """A rectangle of output pixels, `inside` (bool) where it shows the asked part of the face.

    The other arrays are float32 (height, width), in pixels of the portrait.
    `head_x`, `head_y`: the point of the face held straight that a pixel shows. `face_x`, `face_y`: the point of
    the face held straight and at rest.
    """

    rows: slice
    columns: slice
    inside: np.ndarray
    head_x: np.ndarray
    head_y: np.ndarray
    face_x: np.ndarray
    face_y: np.ndarray

    def showing(self, box: Box) -> tuple[slice, slice] | None:
        """The rows and columns of the block that show `box` of the resting face; None when none does."""
        left, top, right, bottom = box
        seen = (self.face_x >= left) & (self.face_x < right) & (self.face_y >= top) & (self.face_y < bottom)
        return bounds(seen)

    def alpha(self, packed: np.ndarray) -> np.ndarray:
        """Alpha of this block in the frame `packed`: uint8 (height, width)."""
        target = np.ascontiguousarray(packed[self.rows, self.columns])
        return target.view(np.uint8).reshape(*target.shape, 4)[..., 3]

    def blend(self, packed: np.ndarray, drawn: np.ndarray, strength: float) -> None:
        """Put `drawn`, uint8 (height, width, 4), into the frame `packed`; a `strength` below 1 mixes it in."""
        target = packed[self.rows, self.columns]
        before = np.ascontiguousarray(target).view(np.uint8).reshape(drawn.shape)
        # Transparent pixels keep a colour, for clients that filter between pixels.
        np.copyto(drawn[..., :3], before[..., :3], where=drawn[..., 3:] == 0)
        if strength < 1.0:
            mixed = before.astype(np.float32)
            mixed += strength * (drawn - mixed)
            drawn = (mixed + 0.5).astype(np.uint8)
        np.copyto(target, drawn.view(np.uint32)[..., 0], where=self.inside)


@dataclass(frozen=True)
class Frame:
    """The maps of one frame on the nodes of `grid`, and the weights and motions that made them."""

    grid: Grid
    to_pixels: np.ndarray
    weights: np.ndarray
    motions: np.ndarray
    head_x: np.ndarray
    head_y: np.ndarray
    face_x: np.ndarray
    face_y: np.ndarray

    def block(self, box: Box) -> Block | None:
        """The output pixels that show `box` of the face held straight; None when none does."""
        left, top, right, bottom = box
        margin = self.grid.step
        inside = (self.head_x > left - margin) & (self.head_x < right + margin)
        inside &= (self.head_y > top - margin) & (self.head_y < bottom + margin)
        nodes = bounds(inside)
        if nodes is None:
            return None
        rows, columns = (self._pixels(part) for part in nodes)
        upright, across = self.to_pixels[rows], self.to_pixels[columns].T
        maps = [upright @ (values @ across) for values in (self.head_x, self.head_y, self.face_x, self.face_y)]
        inside = (maps[0] >= left) & (maps[0] < right) & (maps[1] >= top) & (maps[1] < bottom)
        part = bounds(inside)
        if part is None:
            return None
        return Block(
            _moved(part[0], rows.start), _moved(part[1], columns.start), inside[part], *(m[part] for m in maps)
        )

    def _pixels(self, nodes: slice) -> slice:
        size, count = self.to_pixels.shape
        pixels_per_node = size / (count - 1)
        return slice(int(nodes.start * pixels_per_node), int(np.ceil((nodes.stop - 1) * pixels_per_node)))


def _moved(part: slice, start: int) -> slice:
    return slice(part.start + start, part.stop + start)
