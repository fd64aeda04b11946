"""A soft mouth: lips that part along the mouth line and the interior seen between them."""

import functools
from dataclasses import dataclass

import numpy as np

from ..avatar.bundle import Avatar
from ..avatar.images import bounds
from ..blendshapes.arkit import INDEX
from .controls import MOTION_INDEX, MOUTH_MOTIONS
from .face import Face, smoothstep
from .fields import basis
from .frame import Box, Frame
from .grid import Grid
from .kernels import Axis, expand, over, pull_apart, put, trace_back
from .sampling import LayerTable, PaintingTable, pack

_STEP = 5.0
"""Of the fine grid, in pixels of a portrait of 1024 that is shown as large. A smaller picture hides a coarser one:
what a grid leaves out grows with its step squared, and is shown so much smaller."""
_INVERSIONS = 4
_FEATHER = 22.0
_JAW_OPEN, _TONGUE_OUT, _ROLL_LOWER = INDEX["jawOpen"], INDEX["tongueOut"], INDEX["mouthRollLower"]
_JAW_X, _NARROW = MOTION_INDEX["jaw_x"], MOTION_INDEX["narrow"]
_ROUNDING_DARKENS, _ROUNDING_HIDES_TEETH = 0.65, 26.0
_SLIT_LIGHT, _LIT_FROM = 0.5, 18.0
"""How light the inside is behind lips that barely part, and the gap from which on lips leave it lit."""
_FIRST, _LAST = MOTION_INDEX[MOUTH_MOTIONS[0]], MOTION_INDEX[MOUTH_MOTIONS[-1]] + 1
_NO_GAP = 1e-4
_NO_OPACITY = 1 / 512


class LipMouth:
    """Draws the mouth of faces with lips over a frame that shows them closed."""

    def __init__(self, avatar: Avatar, face: Face, painting: PaintingTable, size: int) -> None:
        self._face = face
        self._painting = painting
        self._scale = size / avatar.side
        step = _STEP * (1024 / size) ** 0.5
        self._every = max(1, round(_STEP * size / 1024))
        unit = face.unit
        self._box: Box = (
            face.mouth_x - face.mouth_half_width - 60 * unit,
            face.upper_top - 46 * unit,
            face.mouth_x + face.mouth_half_width + 60 * unit,
            face.lower_bottom + face.jaw_drop + 50 * unit,
        )
        self._grid = Grid.covering(*self._box, step * avatar.side / 1024)
        x, y = self._grid.nodes()
        self._x, self._y = x, y
        sides = [basis(face, x, y, lower=lower)[_FIRST:_LAST] for lower in (False, True)]
        self._basis = np.stack(sides, axis=1).reshape(_LAST - _FIRST, -1)
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
        # What is smooth is computed at every n-th pixel, about as dense as the fine grid, and interpolated between.
        rows, columns = (_Lattice.of(length, self._every) for length in block.inside.shape)
        at = np.ix_(rows.chosen, columns.chosen)
        head_x, head_y = block.head_x[at], block.head_y[at]
        face = frame.face_points(block.rows.start + rows.chosen, block.columns.start + columns.chosen)
        upper, lower = self._face_points(motions, head_x, head_y, *face)
        gap = self._gap(motions, head_x, head_y)
        target = packed[block.rows, block.columns]
        self._painting.draw(*upper, rows.axis, columns.axis, target)
        beneath = np.empty(target.shape, np.uint32)
        self._painting.draw(*lower, rows.axis, columns.axis, beneath)
        below = expand(gap.from_middle, rows.axis, columns.axis) > 0
        np.copyto(target, beneath, where=below)
        part = gap.pixels(rows.chosen, columns.chosen, (self._every + 1) / self._scale)
        if part is not None and gap.widest * self._scale >= _NO_GAP:
            fill = rows.axis[part[0]], columns.axis[part[1]]
            # What hangs over the opening grows above it: a moustache, never the beard.
            front = self._front and self._front.at(*(expand(points, *fill) for points in upper))
            distances = expand(gap.from_upper, *fill), expand(gap.from_lower, *fill)
            self._draw_interior(
                frame, block.head_x[part], block.head_y[part], *distances, gap.widest, front, target[part]
            )

    def _gap(self, motions: np.ndarray, head_x: np.ndarray, head_y: np.ndarray) -> "_Gap":
        column = np.rint(head_x - self._line_x[0]).astype(np.intp)
        np.clip(column, 0, len(self._line_x) - 1, out=column)
        offset = head_x - self._line_x[0] - column.astype(np.float32)
        upper_y, upper_slope, upper_cos = self._upper.table(motions, self._line_x)
        lower_y, lower_slope, lower_cos = self._lower.table(motions, self._line_x)
        upper = upper_y[column] + offset * upper_slope[column]
        lower = lower_y[column] + offset * lower_slope[column]
        return _Gap(
            head_y - np.float32(0.5) * (upper + lower),
            (head_y - upper) * upper_cos[column],
            (lower - head_y) * lower_cos[column],
            float((lower_y - upper_y).max()),
        )

    def _face_points(
        self, motions: np.ndarray, head_x: np.ndarray, head_y: np.ndarray, face_x: np.ndarray, face_y: np.ndarray
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """x and y of the point of the resting face that is seen, if it lies on the upper and on the lower side of
        the mouth line."""
        values = np.empty((*self._x.shape, 5), np.float32)
        for side, moved in enumerate((motions @ self._basis).reshape(2, *self._x.shape, 2)):
            # Shifts s with s(p) = moved(p - s(p)): what to subtract from a moved point to find where it came from.
            shift = moved.copy()
            trace_back(moved, self._grid.place, self._x, self._y, _INVERSIONS, shift)
            values[..., 2 * side : 2 * side + 2] = shift
        values[..., 4] = self._feather
        upper_x, upper_y, lower_x, lower_y = pull_apart(values, self._grid.place, head_x, head_y, face_x, face_y)
        return [(upper_x, upper_y), (lower_x, lower_y)]

    def _draw_interior(
        self,
        frame: Frame,
        x: np.ndarray,
        y: np.ndarray,
        from_upper: np.ndarray,
        from_lower: np.ndarray,
        widest: float,
        front: np.ndarray | None,
        target: np.ndarray,
    ) -> None:
        # Both ramps of one pixel add up to 1 while the lips touch: a closed mouth has no trace of its interior.
        mask = np.clip(from_upper * self._scale + 0.5, 0, 1)
        mask += np.clip(from_lower * self._scale + 0.5, 0, 1)
        mask -= 1
        seen = bounds(mask > _NO_OPACITY)
        if seen is None:
            return
        inside = self._interior.seen(frame, x[seen], y[seen])
        self._interior.shade(inside, frame, from_upper[seen], from_lower[seen], widest)
        if front is not None:
            over(front[seen], inside)
        put(inside, mask[seen], target[seen], keep_alpha=True)


@dataclass(frozen=True)
class _Gap:
    """Distances of points from the gap between the lips, in portrait pixels: from its middle, downwards, and from
    both of its edges, > 0 inside; and the widest gap."""

    from_middle: np.ndarray
    from_upper: np.ndarray
    from_lower: np.ndarray
    widest: float

    def pixels(self, rows: np.ndarray, columns: np.ndarray, reach: float) -> tuple[slice, slice] | None:
        """The pixels that may show the gap, where the points lie on these rows and columns, `reach` apart."""
        part = bounds((self.from_upper > -reach) & (self.from_lower > -reach))
        if part is None:
            return None
        return _around(rows, part[0]), _around(columns, part[1])


def _around(chosen: np.ndarray, part: slice) -> slice:
    """The pixels between the chosen ones of a part and their neighbours."""
    return slice(int(chosen[max(0, part.start - 1)]), int(chosen[min(len(chosen) - 1, part.stop)]) + 1)


@dataclass(frozen=True)
class _Lattice:
    """Every n-th of so many pixels, the last one included, and the axis that fills in the others."""

    chosen: np.ndarray
    axis: Axis

    @classmethod
    @functools.lru_cache(maxsize=1024)
    def of(cls, length: int, every: int) -> "_Lattice":
        chosen = np.append(np.arange(0, max(1, length - 1), every), length - 1)
        return cls(chosen, Axis.between(chosen))


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
        cavity = avatar.layers["mouth_cavity"].pixels
        opaque = cavity[..., 3] > 128
        darkness = np.percentile(cavity[opaque], 25, axis=0) if opaque.any() else np.array([20, 8, 10, 255])
        self._darkness = pack(np.append(np.rint(darkness[:3]), 255).astype(np.uint8))[()]

    def seen(self, frame: Frame, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Opaque colours, premultiplied uint32 of x.shape (2-d), at points of the face held straight."""
        raised = (1 - float(frame.weights[_JAW_OPEN])) * self._jaw_drop
        aside = 13 * self._unit * float(frame.motions[_JAW_X])
        tongue_out = float(frame.weights[_TONGUE_OUT])
        result = np.full(x.shape, self._darkness, np.uint32)
        over(self._tables["mouth_cavity"].at(x, y), result)
        over(self._tables["tongue"].at(x - aside, y + 0.8 * raised), result)
        hidden = _ROUNDING_HIDES_TEETH * self._unit * float(frame.motions[_NARROW])
        over(self._tables["teeth_lower"].at(x - aside, y + (raised - hidden)), result)
        over(self._tables["teeth_upper"].at(x, y + hidden), result)
        if tongue_out > 0:
            # Between the teeth, as for [th].
            over(self._tables["tongue"].at(x - aside, y + 0.7 * raised), result, min(1.0, 2 * tongue_out))
        return result

    def shade(
        self, inside: np.ndarray, frame: Frame, from_upper: np.ndarray, from_lower: np.ndarray, widest: float
    ) -> None:
        """Throw the shadow of the lips on what lies behind them, by the distances to their edges.

        Rounded lips stand further out and leave the teeth in the dark; through a slit little light falls on them.
        """
        reach = np.minimum(from_upper, 1.6 * from_lower) * (1 / (9 * self._unit))
        light = 0.62 + 0.38 * np.sqrt(np.clip(reach, 0, 1))
        light *= 1 - _ROUNDING_DARKENS * min(1.0, float(frame.motions[_NARROW]))
        # A lower lip that rolls in lies behind the upper teeth, whose edges stay in the light.
        lit = max(min(1.0, widest / (_LIT_FROM * self._unit)), min(1.0, 1.5 * float(frame.weights[_ROLL_LOWER])))
        light *= _SLIT_LIGHT + (1 - _SLIT_LIGHT) * lit
        over(np.full(inside.shape, self._darkness, np.uint32), inside, 1 - light)


def _feather(box: Box, x: np.ndarray, y: np.ndarray, width: float) -> np.ndarray:
    left, top, right, bottom = box
    inside = np.minimum(np.minimum(x - left, right - x), np.minimum(y - top, bottom - y))
    return smoothstep(0, width, inside).astype(np.float32)
