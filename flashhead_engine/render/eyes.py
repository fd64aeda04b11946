"""Eyes: lids that slide over them, irises that turn inside the whites, hair that stays in front of brows."""

import numpy as np

from ..avatar.bundle import Avatar, Layer
from ..blendshapes.arkit import INDEX
from .controls import MOTION_INDEX
from .face import Eye, Face, smoothstep
from .frame import Box, Frame
from .sampling import LayerTable, over, unpremultiplied

_MARGIN = 26.0
_GAZE_ACROSS, _GAZE_DOWN = 0.30, 0.20
_LID_FOLLOWS_GAZE = 0.3
_SQUINT_CLOSES = 0.3
_FULLY_REDRAWN = 0.04
"""Below this strength of motion the painting fades in, so that a resting eye is the painting itself."""


class EyeRegion:
    """Redraws one eye with its brow over a frame that shows it open and looking ahead."""

    def __init__(self, avatar: Avatar, face: Face, own: str, size: int) -> None:
        eye = face.eyes[own]
        self._own = own
        self._eye = eye
        self._scale = size / avatar.side
        self._box = _box(avatar, face, eye)
        layers = {
            name: _side(avatar.layers[name], self._box)
            for name in ("eye_whites", "irises", "lid_upper", "lid_lower", "brows")
        }
        layers["base"] = avatar.layers["base"]
        if "front" in avatar.layers:
            layers["front"] = _side(avatar.layers["front"], self._box)
        below = eye.outline[:, 1].mean() + 6 * face.unit
        lids_open = _side(avatar.layers["lids_open"], self._box)
        layers["lashes_upper"] = _faded(lids_open, below, face.unit, keep_upper=True)
        layers["lashes_lower"] = _faded(lids_open, below, face.unit, keep_upper=False)
        self._tables = {
            name: LayerTable(layer, avatar.side, size) for name, layer in layers.items() if layer is not None
        }
        self._factor = self._tables["base"].factor
        self._slides = avatar.lower_lid == "slide"
        self._columns = np.arange(self._box[0], self._box[2] + 1, dtype=np.float32)
        self._upper_travel = _travel(eye, layers["lid_upper"], self._columns, upper=True)
        self._lower_travel = _travel(eye, layers["lid_lower"], self._columns, upper=False)
        side = own.capitalize()
        self._blink, self._squint, self._wide = (INDEX[f"eye{name}{side}"] for name in ("Blink", "Squint", "Wide"))
        self._look = {name: INDEX[f"eyeLook{name}{side}"] for name in ("Down", "In", "Out", "Up")}
        self._brow_motions = [
            MOTION_INDEX[f"{name}_{own}"] for name in ("brow_inner", "brow_outer", "frown_brow")
        ]

    def draw(self, frame: Frame, packed: np.ndarray) -> None:
        """Draw over `packed`, the frame as uint32 (size, size)."""
        weights = frame.weights
        down = float(weights[self._look["Down"]] - weights[self._look["Up"]])
        out = float(weights[self._look["Out"]] - weights[self._look["In"]])
        blink = float(weights[self._blink])
        closed = max(blink, _SQUINT_CLOSES * float(weights[self._squint]), _LID_FOLLOWS_GAZE * down)
        brow = float(np.abs(frame.motions[self._brow_motions]).max())
        strength = max(abs(down), abs(out), closed, brow, float(weights[self._wide]))
        if strength == 0.0:
            return
        block = frame.block(self._box)
        if block is None:
            return
        drawn = unpremultiplied(self._compose(block, min(closed, 1.0), out, down))
        target = packed[block.rows, block.columns]
        if strength < _FULLY_REDRAWN:
            shown = np.ascontiguousarray(target).view(np.uint8).reshape(drawn.shape).astype(np.float32)
            shown += (strength / _FULLY_REDRAWN) * (drawn - shown)
            drawn = (shown + 0.5).astype(np.uint8)
        target[...] = drawn.view(np.uint32)[..., 0]

    def _compose(self, block, closed: float, out: float, down: float) -> np.ndarray:
        """The eye region from its layers: premultiplied float32 (height, width, 4)."""
        x = (block.face_x * self._scale - 0.5) * self._factor
        y = (block.face_y * self._scale - 0.5) * self._factor
        per_pixel = self._scale * self._factor
        shown = self._tables["base"].at(x, y)
        if closed < 1.0 or self._slides:
            whites = self._tables["eye_whites"].at(x, y)
            over(whites, shown)
            shift_x = _GAZE_ACROSS * self._eye.half_width * out * self._eye.towards_outside * per_pixel
            shift_y = _GAZE_DOWN * self._eye.height * down * per_pixel
            iris = self._tables["irises"].at(x - shift_x, y - shift_y)
            iris *= whites[..., 3:] * (1 / 255)
            over(iris, shown)
        if closed < 1.0:
            over(self._tables["lashes_lower"].at(x, y), shown)
            upper = max(0.0, 1.0 - 4.0 * closed)
            if upper > 0:
                over(self._tables["lashes_upper"].at(x, y) * upper, shown)
        if closed > 0.0:
            self._close(block, x, y, closed, per_pixel, shown)
        over(self._tables["brows"].at(x, y), shown)
        if "front" in self._tables:
            front_x = (block.head_x * self._scale - 0.5) * self._factor
            front_y = (block.head_y * self._scale - 0.5) * self._factor
            over(self._tables["front"].at(front_x, front_y), shown)
        return shown

    def _close(
        self, block, x: np.ndarray, y: np.ndarray, closed: float, per_pixel: float, shown: np.ndarray
    ) -> None:
        """Slide the lids: each column of a lid travels from the open lid's edge to where it is painted."""
        column = np.rint(block.face_x - self._columns[0]).astype(np.intp)
        np.clip(column, 0, len(self._columns) - 1, out=column)
        remaining = (1.0 - closed) * per_pixel
        lower, upper = self._tables["lid_lower"], self._tables["lid_upper"]
        hull = upper.at(x, y)[..., 3:]
        if self._slides:
            hull = np.maximum(hull, lower.at(x, y)[..., 3:])
            lid = lower.at(x, y + remaining * self._lower_travel[column])
            over(lid * (hull * (1 / 255)), shown)
        else:
            over(lower.at(x, y) * min(1.0, max(0.0, 4.0 * closed - 3.0)), shown)
        lid = upper.at(x, y + remaining * self._upper_travel[column])
        lid *= hull * (min(1.0, 5.0 * closed) / 255)
        over(lid, shown)


def _box(avatar: Avatar, face: Face, eye: Eye) -> Box:
    """Where the parts of this eye are painted or move to, on its side of the nose, inside `base`."""
    middle = int((face.eyes["left"].centre[0] + face.eyes["right"].centre[0]) / 2)
    left, right = (middle, avatar.side) if eye.towards_outside > 0 else (0, middle)
    painted = np.zeros((avatar.side, avatar.side), bool)
    for name in ("eye_whites", "irises", "lids_open", "lid_upper", "lid_lower", "brows"):
        layer = avatar.layers[name]
        height, width = layer.pixels.shape[:2]
        painted[layer.y : layer.y + height, layer.x : layer.x + width] |= layer.pixels[..., 3] > 0
    painted[:, :left] = False
    painted[:, right:] = False
    rows, columns = np.flatnonzero(painted.any(axis=1)), np.flatnonzero(painted.any(axis=0))
    margin = _MARGIN * face.unit
    base = avatar.layers["base"]
    base_height, base_width = base.pixels.shape[:2]
    return (
        float(max(left, columns[0] - margin, base.x)),
        float(max(rows[0] - margin, base.y)),
        float(min(right, columns[-1] + 1 + margin, base.x + base_width)),
        float(min(rows[-1] + 1 + margin, base.y + base_height)),
    )


def _side(layer: Layer, box: Box) -> Layer | None:
    """The part of a layer inside the box."""
    left, top = max(0, int(box[0]) - layer.x), max(0, int(box[1]) - layer.y)
    right, bottom = int(box[2]) - layer.x, int(box[3]) - layer.y
    if right <= left or bottom <= top:
        return None
    pixels = layer.pixels[top:bottom, left:right]
    return Layer(layer.x + left, layer.y + top, pixels) if pixels.size else None


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
    rows = np.arange(lid.pixels.shape[0])[:, None]
    edge = np.where(opaque, rows, -1).max(axis=0) if upper else np.where(opaque, rows, 1 << 16).min(axis=0)
    closed_line = np.interp(columns, lid.x + filled, lid.y + edge[filled])
    travel = closed_line - eye.lid_line(columns, upper)
    # Lashes beyond the corners stay where they are; a jagged painted edge must not tear the lid.
    first, last = eye.outline[:, 0].min(), eye.outline[:, 0].max()
    travel *= smoothstep(first - 12, first + 4, columns) * smoothstep(last + 12, last - 4, columns)
    kernel = np.hanning(17) / np.hanning(17).sum()
    return np.convolve(np.pad(travel, 8, mode="edge"), kernel, mode="valid").astype(np.float32)
