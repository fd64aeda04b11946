"""The portrait renderer: a painted face, 52 weights and a head pose in, one frame out."""

import functools

import numpy as np

from ..avatar.bundle import Avatar
from ..avatar.images import bounds
from ..blendshapes.arkit import ARKIT_52
from ..errors import SettingsError
from .controls import as_drawn, motions
from .eyes import EyeRegion
from .face import Face, smoothstep
from .fields import basis
from .frame import Box, Frame
from .grid import Grid
from .head import HeadMap
from .kernels import Axis, trace_back, within
from .mouth import LipMouth
from .plate import PlateMouth
from .sampling import PaintingTable

SIZES = range(256, 1024 + 1, 32)
_CELLS = 64
_INVERSIONS = 2
_RIGS_KEPT = 8
_STANDS = 0.05


class PortraitRig:
    """Everything of an avatar at one size that no frame changes; shared by all renderers of the process."""

    def __init__(self, avatar: Avatar, size: int) -> None:
        face = Face.of(avatar)
        self.size = size
        self.side = avatar.side
        self.painting = PaintingTable(avatar.portrait, size)
        self.grid = Grid(0.0, 0.0, avatar.side / _CELLS, _CELLS + 1, _CELLS + 1)
        self.axis = Axis.spread(size, _CELLS + 1)
        self.head = HeadMap(face, avatar.portrait, self.grid)
        self.basis = None if face.rigid else _coarse_basis(face, self.grid)
        self._moving = _moving_box(self.basis, self.grid)
        mouth = PlateMouth(avatar, face, size) if face.rigid else LipMouth(avatar, face, self.painting, size)
        self.parts = (mouth, EyeRegion(avatar, face, "left", size), EyeRegion(avatar, face, "right", size))

    def moving_nodes(self, head_x: np.ndarray, head_y: np.ndarray) -> tuple[slice, slice] | None:
        """Rows and columns of the nodes that may show a moving part of the face; None when none does."""
        return within(head_x, head_y, self._moving)


class _RigKey:
    """Avatars with the same files share a rig, whoever loaded them."""

    def __init__(self, avatar: Avatar) -> None:
        self.avatar = avatar

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _RigKey) and other.avatar.digest == self.avatar.digest

    def __hash__(self) -> int:
        return hash(self.avatar.digest)


@functools.lru_cache(maxsize=_RIGS_KEPT)
def _rig(key: _RigKey, size: int) -> PortraitRig:
    return PortraitRig(key.avatar, size)


class PortraitRenderer:
    """Renders one avatar at one size; keeps nothing of a frame, so several threads may share it.

    At zero weights and zero pose the frame is the portrait resized to `size`, byte for byte.
    Raises SettingsError for a size that is not a multiple of 32 from 256 to 1024.
    """

    def __init__(self, avatar: Avatar, size: int = 512) -> None:
        if size not in SIZES:
            raise SettingsError(f"size {size}: must be a multiple of 32 from 256 to 1024.")
        self.size = size
        self._rig = _rig(_RigKey(avatar), size)

    def render(self, weights: np.ndarray, pose: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """One frame: straight-alpha sRGB RGBA, uint8 (size, size, 4), top row first.

        `weights`: float32 (52,), 0..1, order of `ARKIT_52`; values outside are limited. `pose`: float32 (4,),
        order of `drivers.base.POSE`. `out`: a C-contiguous array for the frame, else a new one is made.
        Raises SettingsError on another shape or type, or a value that is not a number.
        """
        weights = as_drawn(_checked(weights, len(ARKIT_52), "weights").clip(0.0, 1.0))
        pose = _checked(pose, 4, "pose")
        out = self._target(out)
        frame = self._maps(weights, pose)
        packed = out.view(np.uint32)[..., 0]
        rig = self._rig
        rig.painting.draw(*frame.face, rig.axis, rig.axis, packed)
        for part in rig.parts:
            part.draw(frame, packed)
        return out

    def _target(self, out: np.ndarray | None) -> np.ndarray:
        shape = (self.size, self.size, 4)
        if out is None:
            return np.empty(shape, np.uint8)
        if out.shape != shape or out.dtype != np.uint8 or not out.flags.c_contiguous or not out.flags.writeable:
            raise SettingsError(f"out: must be a writable C-contiguous uint8 array of shape {shape}.")
        return out

    def _maps(self, weights: np.ndarray, pose: np.ndarray) -> Frame:
        rig = self._rig
        grid = rig.grid
        moved = motions(weights)
        head_x, head_y = rig.head.look_up(pose)
        face_x, face_y = head_x, head_y
        if rig.basis is not None and moved.any():
            fields = (moved @ rig.basis).reshape(grid.rows, grid.columns, 2)
            part = rig.moving_nodes(head_x, head_y)
            if part is not None:
                face_x, face_y = head_x.copy(), head_y.copy()
                straight_x, straight_y = head_x[part], head_y[part]
                shift = np.zeros((*straight_x.shape, 2), np.float32)
                trace_back(fields, grid.place, straight_x, straight_y, _INVERSIONS, shift)
                face_x[part], face_y[part] = straight_x - shift[..., 0], straight_y - shift[..., 1]
        # Nodes inside the picture keep every interpolated pixel inside the painting's table and its border.
        face_x, face_y = (np.minimum(np.maximum(points, 0), rig.side) for points in (face_x, face_y))
        return Frame(grid, rig.axis, weights, moved, (head_x, head_y), (face_x, face_y))


def _checked(values: np.ndarray, count: int, name: str) -> np.ndarray:
    array = np.asarray(values)
    if array.shape != (count,) or array.dtype.kind != "f":
        raise SettingsError(f"{name}: must be {count} floating-point numbers, got {array.dtype} {array.shape}.")
    if not np.isfinite(array).all():
        raise SettingsError(f"{name}: has values that are not numbers.")
    return array.astype(np.float32, copy=False)


def _coarse_basis(face: Face, grid: Grid) -> np.ndarray:
    """Fields on the whole portrait, (motions, nodes * 2). The cut along the mouth line is blurred here:
    `LipMouth` redraws that part with its own fine fields."""
    x, y = grid.nodes()
    upper = basis(face, x, y, lower=False)
    lower = basis(face, x, y, lower=True)
    blur = 1.2 * grid.step
    line = face.mouth_line(x)
    share = smoothstep(line - blur, line + blur, y)[None, ..., None].astype(np.float32)
    return (upper + share * (lower - upper)).reshape(len(upper), -1)


def _moving_box(fields: np.ndarray | None, grid: Grid) -> Box:
    """Everything that some field moves, with a cell around it for what it moves to."""
    if fields is None:
        return 0.0, 0.0, 0.0, 0.0
    moving = (np.abs(fields).max(axis=0).reshape(grid.rows, grid.columns, 2) > _STANDS).any(axis=-1)
    rows, columns = bounds(moving)
    reach = 2 * grid.step
    # Its edges lie on nodes of a head held straight; none of these belongs to it.
    left, top = (
        float(np.nextafter(np.float32(part.start * grid.step - reach), np.float32(np.inf)))
        for part in (columns, rows)
    )
    return (
        left,
        top,
        columns.stop * grid.step + reach,
        rows.stop * grid.step + reach,
    )
