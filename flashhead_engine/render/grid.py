"""Regular grids of values over the portrait, in the portrait's own pixels."""

from dataclasses import dataclass

import numpy as np

from . import kernels


@dataclass(frozen=True)
class Grid:
    """Nodes at (left + i * step, top + j * step), i < columns, j < rows."""

    left: float
    top: float
    step: float
    columns: int
    rows: int

    @classmethod
    def covering(cls, left: float, top: float, right: float, bottom: float, step: float) -> "Grid":
        columns = int(np.ceil((right - left) / step)) + 1
        rows = int(np.ceil((bottom - top) / step)) + 1
        return cls(left, top, step, columns, rows)

    def nodes(self) -> tuple[np.ndarray, np.ndarray]:
        """x and y of the nodes: float32 (rows, columns) each."""
        x = self.left + self.step * np.arange(self.columns, dtype=np.float32)
        y = self.top + self.step * np.arange(self.rows, dtype=np.float32)
        grid_x, grid_y = np.meshgrid(x, y)
        return grid_x, grid_y

    def sample(self, values: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Bilinear interpolation of float32 `values` (rows, columns, channels) at points: x.shape + (channels,).

        Points outside the grid take the value of its nearest edge.
        """
        scale = np.float32(1 / self.step)
        u, v = ((np.ascontiguousarray(at) - first) * scale for at, first in ((x, self.left), (y, self.top)))
        return kernels.interpolate(values, u, v)
