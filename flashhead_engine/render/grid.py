"""Regular grids of values over the portrait, in the portrait's own pixels."""

from dataclasses import dataclass

import numpy as np


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
        """Bilinear interpolation of `values` (rows, columns, channels) at points: x.shape + (channels,).

        Points outside the grid take the value of its nearest edge.
        """
        u = np.minimum(np.maximum((x - self.left) * (1 / self.step), 0), self.columns - 1.001)
        v = np.minimum(np.maximum((y - self.top) * (1 / self.step), 0), self.rows - 1.001)
        column, row = u.astype(np.intp), v.astype(np.intp)
        u -= column
        v -= row
        first = row * self.columns + column
        flat = values.reshape(-1, values.shape[-1])
        if flat.shape[1] == 2 and flat.dtype == np.float32:
            # Pairs are read and mixed about twice as fast as complex numbers.
            pairs = self._mixed(np.ascontiguousarray(flat).view(np.complex64)[:, 0], first, u, v)
            return pairs.view(np.float32).reshape(*x.shape, 2)
        return self._mixed(flat, first, u[..., None], v[..., None])

    def _mixed(self, flat: np.ndarray, first: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """The values at nodes `first` and their neighbours to the right and below, in proportions u and v."""
        top = np.take(flat, first, axis=0)
        top += u * (np.take(flat, first + 1, axis=0) - top)
        first = first + self.columns
        bottom = np.take(flat, first, axis=0)
        bottom += u * (np.take(flat, first + 1, axis=0) - bottom)
        bottom -= top
        bottom *= v
        top += bottom
        return top


def interpolation_matrix(size: int, side: int, nodes: int) -> np.ndarray:
    """Bilinear weights (size, nodes) from nodes spread over 0..side to the centres of `size` pixels."""
    position = (np.arange(size) + 0.5) * (nodes - 1) / size
    first = np.minimum(position.astype(int), nodes - 2)
    fraction = position - first
    matrix = np.zeros((size, nodes), np.float32)
    rows = np.arange(size)
    matrix[rows, first] = 1 - fraction
    matrix[rows, first + 1] = fraction
    return matrix
