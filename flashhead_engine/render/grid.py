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

    @property
    def place(self) -> tuple[float, float, float]:
        """As the kernels want it: the first node, and cells in a pixel."""
        return self.left, self.top, 1 / self.step
