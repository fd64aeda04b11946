"""A soft mouth: lips that part along the mouth line and the interior seen between them."""

import functools

import numpy as np

from ..avatar.bundle import Avatar
from ..avatar.images import bounds
from ..blendshapes.arkit import INDEX
from .controls import MOTION_INDEX, MOUTH_MOTIONS
from .face import Face, smoothstep
from .fields import basis
from .frame import Block, Box, Frame
from .grid import Grid
from .sampling import LayerTable, PaintingTable, over

_STEP = 5.0
_INVERSIONS = 4
_FEATHER = 22.0
_JAW_OPEN, _TONGUE_OUT = INDEX["jawOpen"], INDEX["tongueOut"]
_JAW_X, _NARROW = MOTION_INDEX["jaw_x"], MOTION_INDEX["narrow"]
_ROUNDING_DARKENS, _ROUNDING_HIDES_TEETH = 0.65, 26.0
_FIRST, _LAST = MOTION_INDEX[MOUTH_MOTIONS[0]], MOTION_INDEX[MOUTH_MOTIONS[-1]] + 1
_NO_GAP = 1e-4


class LipMouth:
    """Draws the mouth of faces with lips over a frame that shows them closed."""

    def __init__(self, avatar: Avatar, face: Face, painting: PaintingTable, size: int) -> None:
        self._face = face
        self._painting = painting
        self._scale = size / avatar.side
        self._every = max(1, round(_STEP * avatar.side / 1024 * self._scale))
        unit = face.unit
        self._box: Box = (
            face.mouth_x - face.mouth_half_width - 60 * unit,
            face.upper_top - 46 * unit,
            face.mouth_x + face.mouth_half_width + 60 * unit,
            face.lower_bottom + face.jaw_drop + 50 * unit,
        )
        self._grid = Grid.covering(*self._box, _STEP * avatar.side / 1024)
        x, y = self._grid.nodes()
        self._x, self._y = x, y
        sides = [basis(face, x, y, lower=lower)[_FIRST:_LAST] for lower in (False, True)]
        self._basis = np.concatenate(sides, axis=-1).reshape(_LAST - _FIRST, -1)
        self._feather = _feather(self._box, x, y, _FEATHER * unit)
        self._upper = _Edge(face, face.upper_inner, lower=False)
        self._lower = _Edge(face, face.lower_inner, lower=True)
        self._line_x = np.arange(self._box[0], self._box[2] + 1, dtype=np.float32)
        self._interior = _Interior(avatar, face, size)
        front = avatar.layers.get("front")
        self._front = front and LayerTable(front, avatar.side, size)

    def draw(self, frame: Frame, packed: np.ndarray) -> None:
        """Draw over `packed`, the frame as uint32 (size, size)."""
        motions = frame.motions[_FIRST:_LAST]
        if not motions.any():
            return
        block = frame.block(self._box)
        if block is None:
            return
        lines = self._edges(motions, block)
        below = block.head_y > 0.5 * (lines.upper + lines.lower)
        face_x, face_y = self._face_points(motions, block, below)
        target = packed[block.rows, block.columns]
        self._painting.draw(face_x, face_y, target)
        self._draw_interior(frame, block, lines, face_x, face_y, target)

    def _edges(self, motions: np.ndarray, block: Block) -> "_Lines":
        column = np.rint(block.head_x - self._line_x[0]).astype(np.intp)
        np.clip(column, 0, len(self._line_x) - 1, out=column)
        offset = block.head_x - self._line_x[0] - column
        upper_y, upper_slope, upper_cos = self._upper.table(motions, self._line_x)
        lower_y, lower_slope, lower_cos = self._lower.table(motions, self._line_x)
        return _Lines(
            upper_y[column] + offset * upper_slope[column],
            lower_y[column] + offset * lower_slope[column],
            upper_cos[column],
            lower_cos[column],
            float((lower_y - upper_y).max()),
        )

    def _face_points(self, motions: np.ndarray, block: Block, below: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The point of the resting face that each pixel of the block shows, by its side of the mouth line."""
        moved = (motions @ self._basis).reshape(self._grid.rows, self._grid.columns, 4)
        shifts = [_inverse(self._grid, moved[..., side], self._x, self._y) for side in (slice(0, 2), slice(2, 4))]
        values = np.concatenate([*shifts, self._feather[..., None]], axis=-1)
        up_x, up_y, low_x, low_y, weight = self._sampled(values, block)
        shift_x = np.where(below, low_x, up_x)
        shift_y = np.where(below, low_y, up_y)
        face_x = block.face_x + weight * (block.head_x - shift_x - block.face_x)
        face_y = block.face_y + weight * (block.head_y - shift_y - block.face_y)
        return face_x, face_y

    def _sampled(self, values: np.ndarray, block: Block) -> np.ndarray:
        """Values of the fine grid at every pixel, (channels, height, width): read at every n-th, about as dense as
        the grid itself, and interpolated between."""
        height, width = block.head_x.shape
        rows, fill_rows = _lattice(height, self._every)
        columns, fill_columns = _lattice(width, self._every)
        at = np.ix_(rows, columns)
        coarse = self._grid.sample(values, block.head_x[at], block.head_y[at])
        return fill_rows @ np.ascontiguousarray(coarse.transpose(2, 0, 1)) @ fill_columns.T

    def _draw_interior(
        self,
        frame: Frame,
        block: Block,
        lines: "_Lines",
        face_x: np.ndarray,
        face_y: np.ndarray,
        target: np.ndarray,
    ) -> None:
        if lines.widest * self._scale < _NO_GAP:
            return
        from_upper = (block.head_y - lines.upper) * lines.upper_cos
        from_lower = (lines.lower - block.head_y) * lines.lower_cos
        # Both ramps of one pixel add up to 1 while the lips touch: a closed mouth has no trace of its interior.
        mask = np.clip(from_upper * self._scale + 0.5, 0, 1)
        mask += np.clip(from_lower * self._scale + 0.5, 0, 1)
        mask -= 1
        seen = mask > 1 / 512
        part = bounds(seen)
        if part is None:
            return
        mask = np.clip(mask[part], 0, 1)
        inside = self._interior.seen(frame, block.head_x[part], block.head_y[part])
        self._interior.shade(inside, frame, from_upper[part], from_lower[part])
        if self._front:
            factor = self._painting.factor
            x = (face_x[part] * self._scale - 0.5) * factor
            y = (face_y[part] * self._scale - 0.5) * factor
            inside = over(self._front.at(x, y), inside)
        lips = target[part].copy()
        channels = lips.view(np.uint8).reshape(*lips.shape, 4)
        for channel in range(3):
            outside = channels[..., channel].astype(np.float32)
            channels[..., channel] = outside + mask * (inside[channel] - outside) + 0.5
        target[part] = lips


class _Lines:
    """Edges of the parted lips at every pixel of a block: y, cosine of their slope; and the widest gap."""

    def __init__(
        self, upper: np.ndarray, lower: np.ndarray, upper_cos: np.ndarray, lower_cos: np.ndarray, widest: float
    ) -> None:
        self.upper, self.lower = upper, lower
        self.upper_cos, self.lower_cos = upper_cos, lower_cos
        self.widest = widest


class _Edge:
    """The inner edge of one lip and how it moves."""

    def __init__(self, face: Face, curve: np.ndarray, *, lower: bool) -> None:
        # Denser than the landmarks, so that a parted lip stays round.
        x = np.interp(np.linspace(0, len(curve) - 1, 64), np.arange(len(curve)), curve[:, 0])
        y = face.mouth_line(x)
        self._points = np.stack([x, y], axis=-1).astype(np.float32)
        fields = basis(face, x, y, lower=lower)[_FIRST:_LAST]
        self._basis = fields.reshape(_LAST - _FIRST, -1)

    def table(self, motions: np.ndarray, at_x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """y, slope and the slope's cosine of the moved edge at `at_x`; level beyond the corners."""
        moved = self._points + (motions @ self._basis).reshape(-1, 2)
        y = np.interp(at_x, moved[:, 0], moved[:, 1]).astype(np.float32)
        slope = np.gradient(y).astype(np.float32)
        return y, slope, 1 / np.sqrt(1 + slope * slope)


class _Interior:
    """Cavity, tongue and teeth. The upper teeth belong to the skull, the lower ones and the tongue to the jaw."""

    def __init__(self, avatar: Avatar, face: Face, size: int) -> None:
        names = ("mouth_cavity", "tongue", "teeth_lower", "teeth_upper")
        self._tables = {name: LayerTable(avatar.layers[name], avatar.side, size) for name in names}
        self._jaw_drop = face.jaw_drop
        self._unit = face.unit
        self._factor = self._tables["tongue"].factor
        self._scale = size / avatar.side
        cavity = avatar.layers["mouth_cavity"].pixels
        opaque = cavity[..., 3] > 128
        darkness = np.percentile(cavity[opaque], 25, axis=0) if opaque.any() else np.array([20, 8, 10, 255])
        darkness[3] = 255
        self._darkness = darkness.astype(np.float32)[:, None, None]

    def seen(self, frame: Frame, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Opaque colours, float32 (4, *x.shape), 0..255, at points of the face held straight."""
        raised = (1 - float(frame.weights[_JAW_OPEN])) * self._jaw_drop
        aside = 13 * self._unit * float(frame.motions[_JAW_X])
        tongue_out = float(frame.weights[_TONGUE_OUT])
        result = np.empty((4, *x.shape), np.float32)
        result[:] = self._darkness
        over(self._at("mouth_cavity", x, y), result)
        over(self._at("tongue", x - aside, y + 0.8 * raised), result)
        hidden = _ROUNDING_HIDES_TEETH * self._unit * float(frame.motions[_NARROW])
        over(self._at("teeth_lower", x - aside, y + raised - hidden), result)
        over(self._at("teeth_upper", x, y + hidden), result)
        if tongue_out > 0:
            # Between the teeth, as for [th].
            over(self._at("tongue", x - aside, y + 0.7 * raised) * min(1.0, 2 * tongue_out), result)
        return result

    def shade(self, inside: np.ndarray, frame: Frame, from_upper: np.ndarray, from_lower: np.ndarray) -> None:
        """Throw the shadow of the lips on what lies behind them, by the distances to their edges.

        Rounded lips stand further out and leave the teeth in the dark.
        """
        reach = np.minimum(from_upper, 1.6 * from_lower) * (1 / (9 * self._unit))
        light = 0.62 + 0.38 * np.sqrt(np.clip(reach, 0, 1))
        light *= 1 - _ROUNDING_DARKENS * min(1.0, float(frame.motions[_NARROW]))
        inside -= self._darkness
        inside *= light
        inside += self._darkness

    def _at(self, name: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return self._tables[name].at((x * self._scale - 0.5) * self._factor, (y * self._scale - 0.5) * self._factor)


@functools.lru_cache(maxsize=1024)
def _lattice(length: int, every: int) -> tuple[np.ndarray, np.ndarray]:
    """Every n-th of so many pixels, the last one included, and the weights that fill in the others."""
    chosen = np.unique(np.append(np.arange(0, length, every), length - 1))
    fill = np.array([np.interp(np.arange(length), chosen, unit) for unit in np.eye(len(chosen))])
    return chosen, np.ascontiguousarray(fill.T.astype(np.float32))


def _feather(box: Box, x: np.ndarray, y: np.ndarray, width: float) -> np.ndarray:
    left, top, right, bottom = box
    inside = np.minimum(np.minimum(x - left, right - x), np.minimum(y - top, bottom - y))
    return smoothstep(0, width, inside).astype(np.float32)


def _inverse(grid: Grid, moved: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Shifts s with s(p) = moved(p - s(p)): what to subtract from a moved point to find where it came from."""
    shift = moved
    for _ in range(_INVERSIONS):
        shift = grid.sample(moved, x - shift[..., 0], y - shift[..., 1])
    return shift
