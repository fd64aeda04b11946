"""Eyes: lids that slide over them, irises that turn inside the whites, hair that stays in front of brows."""

from dataclasses import dataclass, replace

import numpy as np

from ..avatar.bundle import Avatar, Layer
from ..avatar.images import bounds
from ..blendshapes.arkit import INDEX
from .controls import MOTION_INDEX
from .face import Eye, Face, smoothstep
from .fields import BROW_FROWN, BROW_INWARDS, BROW_RAISE
from .frame import Block, Box, Frame
from .kernels import alpha, over, within
from .sampling import LayerTable, inside_base

_MARGIN, _MARGIN_ABOVE = 26.0, 50.0
_GAZE_ACROSS, _GAZE_DOWN = 0.30, 0.20
_LID_FOLLOWS_GAZE = 0.3
_SQUINT_CLOSES = 0.3
_FULLY_REDRAWN = 0.04
"""Below this strength of motion the painting fades in, so that a resting eye is the painting itself."""
_LIDS_APPEAR = 14.0
_LOWER_LID_FROM = 0.5
"""From this share of a blink on the lower lid of skin rises to meet the upper one."""
_LOWER_LASHES_LEAVE = 0.7
"""From this share of a blink on the lower lashes fade: a shut eye shows those of its upper lid."""
_EYE_LAYERS = ("eye_whites", "irises", "lids_open", "lid_upper", "lid_lower")


class EyeRegion:
    """Redraws one eye with its brow over a frame that shows it open and looking ahead."""

    def __init__(self, avatar: Avatar, face: Face, own: str, size: int) -> None:
        eye = face.eyes[own]
        self._eye = eye
        self._box = _box(avatar, face, eye)
        self._eye_box = _painted(avatar, face, eye, _EYE_LAYERS, margin=3 * face.unit)
        self._brow_box = _painted(avatar, face, eye, ("brows",), margin=22 * face.unit)
        layers = _layers(avatar, face, eye, self._box)
        self._tables = {name: LayerTable(layer, avatar.side, size) for name, layer in layers.items()}
        self._lids = _Lids(avatar, face, eye, layers, self._box)
        self._brow = _SlidingBrow(face, own) if face.rigid else None
        side = own.capitalize()
        self._blink, self._squint, self._wide = (INDEX[f"eye{name}{side}"] for name in ("Blink", "Squint", "Wide"))
        self._look = {name: INDEX[f"eyeLook{name}{side}"] for name in ("Down", "In", "Out", "Up")}
        self._brow_motions = _brow_motions(own)

    def draw(self, frame: Frame, packed: np.ndarray) -> None:
        """Draw over `packed`, the frame as uint32 (size, size)."""
        weights = frame.weights
        down = float(weights[self._look["Down"]] - weights[self._look["Up"]])
        out = float(weights[self._look["Out"]] - weights[self._look["In"]])
        closed = max(
            float(weights[self._blink]), _SQUINT_CLOSES * float(weights[self._squint]), _LID_FOLLOWS_GAZE * down
        )
        brow = float(np.abs(frame.motions[self._brow_motions]).max())
        strength = max(abs(down), abs(out), closed, brow, float(weights[self._wide]))
        if strength == 0.0:
            return
        # The brow takes half of the region, and is at rest most of the time.
        block = frame.block(self._box if brow > 0.0 else self._eye_box)
        if block is None:
            return
        drawn = self._compose(frame, block, closed, out, down)
        # Nothing of an eye changes the silhouette.
        block.put(packed, drawn, strength / _FULLY_REDRAWN, keep_alpha=True)

    def _compose(self, frame: Frame, block: Block, closed: float, out: float, down: float) -> np.ndarray:
        """The region from its layers: premultiplied uint32 (height, width)."""
        tables = self._tables
        x, y = frame.face_points(block.rows, block.columns)
        shown = tables["base"].at(x, y)
        part = within(x, y, self._eye_box)
        if part is not None:
            seen = _Seen(x[part], y[part], *self._lids.column(x[part]))
            self._draw_eye(seen, closed, out, down, shown[part])
        part = within(x, y, self._brow_box)
        if part is not None:
            brow_x, brow_y = x[part], y[part]
            if self._brow:
                shift_x, shift_y = self._brow.shift(frame.motions, brow_x)
                brow_x, brow_y = brow_x - shift_x, brow_y - shift_y
            over(tables["brows"].at(brow_x, brow_y), shown[part])
        if "front" in tables:
            over(tables["front"].at(block.head_x, block.head_y), shown)
        return shown

    def _draw_eye(self, seen: "_Seen", closed: float, out: float, down: float, shown: np.ndarray) -> None:
        """Draw eyeball, lashes and lids over the skin in `shown`."""
        tables, lids, x, y = self._tables, self._lids, seen.x, seen.y
        whites = tables["eye_whites"].at(x, y)
        over(whites, shown)
        shift_x = _GAZE_ACROSS * self._eye.half_width * out * self._eye.towards_outside
        shift_y = _GAZE_DOWN * self._eye.height * down
        over(tables["irises"].at(x - shift_x, y - shift_y), shown, alpha(whites))
        if closed > 0.0:
            self._raise_lower_lid(seen, closed, shown)
        if closed < 1.0:
            over(tables["lashes_lower"].at(x, y), shown, 1.0 if lids.rigid else lids.lower_share(closed))
            if lids.rigid:
                over(tables["lashes_upper"].at(x, y), shown)
        if closed > 0.0:
            self._lower_upper_lid(seen, closed, shown)
        if closed < 1.0 and not lids.rigid:
            moved = closed * lids.upper_travel.at(seen.column, seen.beside)
            over(tables["lashes_upper"].at(x, y - moved), shown, lids.open_share(closed)[seen.column])

    def _raise_lower_lid(self, seen: "_Seen", closed: float, shown: np.ndarray) -> None:
        lids, x, y = self._lids, seen.x, seen.y
        risen = closed if lids.rigid else (closed - _LOWER_LID_FROM) / (1 - _LOWER_LID_FROM)
        if risen <= 0.0:
            return
        lid = self._lid("lid_lower", lids.lower_travel, seen, risen)
        hull = alpha(self._tables["lid_lower"].at(x, y))
        if lids.rigid:
            over(lid, shown, _clip(lid, np.maximum(hull, alpha(self._tables["lid_upper"].at(x, y)))))
        else:
            over(lid, shown, _clip(lid, hull) * min(1.0, _LIDS_APPEAR * risen))

    def _lower_upper_lid(self, seen: "_Seen", closed: float, shown: np.ndarray) -> None:
        lids, x, y = self._lids, seen.x, seen.y
        lid = self._lid("lid_upper", lids.upper_travel, seen, closed)
        hull = alpha(self._tables["lid_upper"].at(x, y))
        if lids.rigid:
            hull = np.maximum(hull, alpha(self._tables["lid_lower"].at(x, y)))
        over(lid, shown, _clip(lid, hull) * lids.closing_share(closed)[seen.column])

    def _lid(self, name: str, travel: "_Profile", seen: "_Seen", closed: float) -> np.ndarray:
        """A lid on its way: each of its columns travels from the open lid's edge to where it is painted."""
        return self._tables[name].at(seen.x, seen.y + (1.0 - closed) * travel.at(seen.column, seen.beside))


@dataclass(frozen=True)
class _Seen:
    """The points of the resting face that show an eye, in portrait pixels, and their lid columns."""

    x: np.ndarray
    y: np.ndarray
    column: np.ndarray
    beside: np.ndarray


class _Lids:
    """How the lids of one eye travel, by column: the portrait pixels across the eye's box."""

    def __init__(self, avatar: Avatar, face: Face, eye: Eye, layers: dict[str, Layer], box: Box) -> None:
        columns = np.arange(box[0], box[2] + 1, dtype=np.float32)
        self._first, self._last = float(columns[0]), len(columns) - 1
        # Two plates slide over the eye, each as a whole, as if it were square; what surrounds it stays.
        self.rigid = avatar.lower_lid == "slide"
        if self.rigid:
            eye = _square(eye, 5 * face.unit)
        left, right, soft = eye.outline[:, 0].min(), eye.outline[:, 0].max(), 5 * face.unit
        opening = smoothstep(left - soft, left + soft, columns) * smoothstep(right + soft, right - soft, columns)
        self._opening = opening.astype(np.float32)
        self.upper_travel = _Profile(_travel(eye, layers["lid_upper"], columns, upper=True))
        lower_travel = _travel(eye, layers["lid_lower"], columns, upper=False)
        # A lower lid of skin only rises.
        self.lower_travel = _Profile(lower_travel if self.rigid else np.minimum(lower_travel, 0))

    def column(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Index of the nearest column of each x and how far beside it x lies."""
        place = x - self._first
        column = np.rint(place).astype(np.intp)
        np.clip(column, 0, self._last, out=column)
        return column, place - column

    def open_share(self, closed: float) -> np.ndarray:
        """Opacity (columns,) of the open lid's lashes: they travel over the eye; beyond its corners they fade once
        those of the closing lid are there, so that never both are half seen."""
        over_eye, beyond = smoothstep(0.95, 0.6, np.float32(closed)), smoothstep(0.72, 0.58, np.float32(closed))
        return beyond + self._opening * (over_eye - beyond)

    def lower_share(self, closed: float) -> float:
        """Opacity of the lower lashes."""
        return float(smoothstep(1.0, _LOWER_LASHES_LEAVE, np.float32(closed)))

    def closing_share(self, closed: float) -> np.ndarray:
        """Opacity (columns,) of the closing lid: at once over the eye, late beyond its corners."""
        over_eye, beyond = np.float32(min(1.0, _LIDS_APPEAR * closed)), smoothstep(0.44, 0.58, np.float32(closed))
        return beyond + self._opening * (over_eye - beyond)


def _square(eye: Eye, margin: float) -> Eye:
    """The eye with the box around its outline as its outline, the margin wider on both sides."""
    (left, top), (right, bottom) = eye.outline.min(axis=0), eye.outline.max(axis=0)
    left, right = left - margin, right + margin
    return replace(eye, outline=np.array([(left, top), (right, top), (right, bottom), (left, bottom)]))


class _Profile:
    """Values per column, with their slopes."""

    def __init__(self, values: np.ndarray) -> None:
        self._values = values.astype(np.float32)
        self.slopes = np.gradient(values).astype(np.float32)

    def at(self, column: np.ndarray, beside: np.ndarray) -> np.ndarray:
        return self._values[column] + beside * self.slopes[column]


class _SlidingBrow:
    """A brow of a rigid face, which moves alone: the plate below it stays."""

    def __init__(self, face: Face, own: str) -> None:
        self._eye = face.eyes[own]
        self._unit = face.unit
        self._motions = _brow_motions(own)

    def shift(self, motions: np.ndarray, x: np.ndarray) -> tuple[float, np.ndarray]:
        """How far the brow moves to the right (one number) and down (for each x), in portrait pixels."""
        inner, outer, frown = (float(strength) * self._unit for strength in motions[self._motions])
        along = self._eye.along_brow(x).astype(np.float32)
        at_inner = BROW_FROWN * frown - BROW_RAISE * inner
        at_outer = 0.5 * BROW_FROWN * frown - BROW_RAISE * outer
        return -self._eye.towards_outside * BROW_INWARDS * frown, at_inner + along * (at_outer - at_inner)


def _brow_motions(own: str) -> list[int]:
    """Indices of the motions of one brow: inner end, outer end, frown."""
    return [MOTION_INDEX[f"{name}_{own}"] for name in ("brow_inner", "brow_outer", "frown_brow")]


def _box(avatar: Avatar, face: Face, eye: Eye) -> Box:
    """Where the parts of this eye and its brow are painted or move to, inside `base`."""
    left, top, right, bottom = _painted(avatar, face, eye, (*_EYE_LAYERS, "brows"), margin=_MARGIN * face.unit)
    top = min(top, float(eye.brow[:, 1].min()) - _MARGIN_ABOVE * face.unit)
    return inside_base((left, top, right, bottom), avatar, 20 * face.unit)


def _painted(avatar: Avatar, face: Face, eye: Eye, names: tuple[str, ...], margin: float) -> Box:
    """Box of all pixels of some layers on this eye's side of the nose, with a margin; empty without any."""
    left, right = _own_half(avatar, face, eye)
    painted = np.zeros((avatar.side, avatar.side), bool)
    for name in names:
        layer = avatar.layers[name]
        height, width = layer.pixels.shape[:2]
        painted[layer.y : layer.y + height, layer.x : layer.x + width] |= layer.pixels[..., 3] > 0
    painted[:, :left] = False
    painted[:, right:] = False
    part = bounds(painted)
    if part is None:
        return 0.0, 0.0, 0.0, 0.0
    rows, columns = part
    return (
        float(max(left, columns.start - margin)),
        float(rows.start - margin),
        float(min(right, columns.stop + margin)),
        float(rows.stop + margin),
    )


def _own_half(avatar: Avatar, face: Face, eye: Eye) -> tuple[int, int]:
    """Left and right end of the eye's half of the picture, which the middle between both eyes divides."""
    middle = int((face.eyes["left"].centre[0] + face.eyes["right"].centre[0]) / 2)
    return (middle, avatar.side) if eye.towards_outside > 0 else (0, middle)


def _layers(avatar: Avatar, face: Face, eye: Eye, box: Box) -> dict[str, Layer]:
    """The layers that the region needs, cut to this eye's side."""
    left, right = _own_half(avatar, face, eye)
    own_half = (left, 0, right, avatar.side)
    layers = {name: _cut(avatar.layers[name], own_half) for name in (*_EYE_LAYERS, "brows")}
    reach = 24 * face.unit
    around = (box[0] - reach, box[1] - reach, box[2] + reach, box[3] + reach)
    layers["base"] = _cut(avatar.layers["base"], around)
    if "front" in avatar.layers:
        front = _cut(avatar.layers["front"], around)
        if front.pixels.size:
            layers["front"] = front
    lids_open = layers.pop("lids_open")
    below = eye.outline[:, 1].mean() + 6 * face.unit
    layers["lashes_upper"] = _faded(lids_open, below, face.unit, keep_upper=True)
    layers["lashes_lower"] = _faded(lids_open, below, face.unit, keep_upper=False)
    return layers


def _cut(layer: Layer, box: tuple[float, float, float, float]) -> Layer:
    """The part of a layer inside the box; without pixels where they do not meet."""
    left, top = max(0, int(box[0]) - layer.x), max(0, int(box[1]) - layer.y)
    right, bottom = max(0, int(box[2]) - layer.x), max(0, int(box[3]) - layer.y)
    return Layer(layer.x + left, layer.y + top, layer.pixels[top:bottom, left:right])


def _clip(lid: np.ndarray, hull: np.ndarray) -> np.ndarray:
    """Opacity of a premultiplied lid that is to be nowhere more opaque than the hull (0..1) it slides inside."""
    return hull / np.maximum(np.maximum(alpha(lid), hull), np.float32(1 / 255))


def _faded(layer: Layer, y: float, unit: float, *, keep_upper: bool) -> Layer:
    """The part of a layer above or below y, with a soft cut."""
    rows = layer.y + np.arange(layer.pixels.shape[0])
    keep = smoothstep(y + 6 * unit, y - 6 * unit, rows)
    if not keep_upper:
        keep = 1 - keep
    pixels = layer.pixels.copy()
    pixels[..., 3] = np.rint(pixels[..., 3] * keep[:, None])
    return Layer(layer.x, layer.y, pixels)


def _travel(eye: Eye, lid: Layer, columns: np.ndarray, *, upper: bool) -> np.ndarray:
    """How far each column of a closed lid lies from the open lid's edge: float32, pixels, down > 0."""
    opaque = lid.pixels[..., 3] > 128
    filled = np.flatnonzero(opaque.any(axis=0))
    if not len(filled):
        return np.zeros(len(columns), np.float32)
    rows = np.arange(lid.pixels.shape[0])[:, None]
    edge = np.where(opaque, rows, -1).max(axis=0) if upper else np.where(opaque, rows, 1 << 16).min(axis=0)
    closed_line = np.interp(columns, lid.x + filled, lid.y + edge[filled])
    travel = closed_line - eye.lid_line(columns, upper)
    # Steep sides of a round eye, or a jagged painted edge, must not tear the lid.
    half = max(4, round(0.24 * eye.half_width))
    kernel = np.hanning(2 * half + 1)
    return np.convolve(np.pad(travel, half, mode="edge"), kernel / kernel.sum(), mode="valid").astype(np.float32)
