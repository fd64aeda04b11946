"""Displacement fields: how far each point of the resting face moves for a motion of 1.

Fields are in pixels of the portrait, x to the right and y down. The mouth line cuts the face in two: points of the
upper side (nose, upper lip) and of the lower side (lower lip, chin) have fields of their own that agree wherever
the skin is not cut, beyond the corners of the mouth.
"""

import itertools

import numpy as np

from .controls import MOTION_INDEX, MOTIONS
from .face import Eye, Face, smoothstep

Field = tuple[np.ndarray, np.ndarray]

BROW_RAISE, BROW_FROWN, BROW_INWARDS = 17.0, 11.0, 5.0
"""Pixels that a brow moves up, and down and inwards, in a face of unit size."""
_CHIN_SHARE = 0.72
"""How far the chin moves when the lower lip moves by 1."""


def basis(face: Face, x: np.ndarray, y: np.ndarray, *, lower: bool) -> np.ndarray:
    """Fields of all motions at points: float32 (motions, *x.shape, 2).

    `lower` chooses the side of the mouth line.
    """
    result = np.zeros((len(MOTIONS), *x.shape, 2), np.float32)
    fields = _upper_face(face, x, y) | _mouth(face, x, y, lower)
    for name, (dx, dy) in fields.items():
        result[MOTION_INDEX[name], ..., 0] = dx
        result[MOTION_INDEX[name], ..., 1] = dy
    return result


def _bump(x: np.ndarray, y: np.ndarray, centre_x: float, centre_y: float, radius: float) -> np.ndarray:
    return np.exp(-0.5 * ((x - centre_x) ** 2 + (y - centre_y) ** 2) / radius**2)


def _dome(across: np.ndarray, exponent: np.ndarray | float) -> np.ndarray:
    """1 in the middle, 0 from |across| = 1 on."""
    return np.clip(1 - across**2, 0, 1) ** exponent


def _mouth(face: Face, x: np.ndarray, y: np.ndarray, lower: bool) -> dict[str, Field]:
    unit, half_width, drop = face.unit, face.mouth_half_width, face.jaw_drop
    zero = np.zeros_like(x)
    line = face.mouth_line(x)
    offset = x - face.mouth_x
    across = offset / half_width
    nose_base = min(face.nose[1] + 8 * unit, face.upper_top - 10 * unit)

    # 1 on the lips, 0 at the base of the nose and at the chin.
    on_upper = smoothstep(nose_base, face.upper_top, y)
    on_lower = 1 - smoothstep(face.lower_bottom, face.chin[1], y)
    on_lips = on_lower if lower else on_upper
    # Lips must not drag the outline of the face, rounded ones not even cheeks and chin.
    reach = min(2.3, 0.9 * face.room_beside_mouth(face.lower_bottom) / half_width)
    around = on_upper * on_lower * smoothstep(max(reach, 1.3), 0.95, np.abs(across))
    near = on_upper * smoothstep(0.55 * face.chin[1] + 0.45 * face.lower_bottom, face.lower_bottom, y)
    near = near * smoothstep(np.clip(reach, 1.3, 2.0), 1.0, np.abs(across))
    # What evens out a waved mouth line must not wave the skin around it.
    near_line = near * smoothstep(40 * unit, 6 * unit, np.abs(y - line))

    fields: dict[str, Field] = {
        # Rounded lips lose the curve of the closed mouth: their corners come to the height of its middle.
        "narrow": (-0.42 * offset * near, 0.75 * (face.mouth_line(np.array(face.mouth_x)) - line) * near_line),
        "lips_x": (15 * unit * around, zero),
        "lips_down": (zero, drop * around),
        "lips_up": (zero, -9 * unit * around),
    }
    fields |= _lip_thickness(face, across, y, line, on_lips, lower)
    fields |= _corners(face, x, y, across)
    fields["puff"] = _puff(face, x, y)

    depth = np.clip((y - line) / (face.chin[1] - line), 0, 1)
    below_chin = 1 - smoothstep(face.chin[1], face.chin[1] + 0.35 * (face.side - face.chin[1]), y)
    if lower:
        widening = smoothstep(0, 1, depth)
        lip_dome = _dome(offset / (half_width * (1 + 0.6 * widening)), 0.62 + 0.5 * widening)
        jaw_width = half_width + (face.jaw_half_width - half_width) * widening
        jaw_dome = _dome(offset / jaw_width, 0.62 + 0.9 * widening)
        fields["lower_drop"] = (zero, drop * lip_dome * on_lower)
        fields["jaw"] = (zero, _CHIN_SHARE * drop * jaw_dome * (1 - on_lower) * below_chin)
        sideways = 0.4 * around + (1 - 0.4 * around) * smoothstep(0, 1, depth) * below_chin
        fields["jaw_x"] = (13 * unit * sideways * _dome(offset / face.jaw_half_width, 1.5), zero)
    else:
        fields["upper_raise"] = (zero, -drop * _dome(across, 0.62) * on_upper)
        fields["jaw_x"] = (13 * unit * 0.4 * around * _dome(offset / face.jaw_half_width, 1.5), zero)
    return fields


def _lip_thickness(
    face: Face, across: np.ndarray, y: np.ndarray, line: np.ndarray, on_lips: np.ndarray, lower: bool
) -> dict[str, Field]:
    """Lips grow fuller (> 0) or tuck in (< 0): their outer edge moves, the edge at the mouth line stays."""
    thickness = (face.lower_bottom - face.mouth_y) if lower else (face.mouth_y - face.upper_top)
    distance = (y - line) if lower else (line - y)
    grown = 0.62 * thickness * smoothstep(0, 1, distance / thickness) * on_lips * _dome(across, 0.8)
    name, sign = ("thick_lower", 1) if lower else ("thick_upper", -1)
    return {name: (np.zeros_like(grown), sign * grown)}


def _corners(face: Face, x: np.ndarray, y: np.ndarray, across: np.ndarray) -> dict[str, Field]:
    unit = face.unit
    strengths = {"smile": (11, -15), "frown": (1, 12), "stretch": (13, 3), "dimple": (8, -3)}
    height = smoothstep(62 * unit, 0, np.abs(y - face.mouth_y))
    fields: dict[str, Field] = {}
    for own, eye in face.eyes.items():
        outwards = across * eye.towards_outside
        reach = 1 + 75 * unit / face.mouth_half_width
        weight = np.clip(outwards, 0, 1) ** 2 * smoothstep(reach, 1.0, outwards) * height
        for name, (dx, dy) in strengths.items():
            fields[f"{name}_{own}"] = (eye.towards_outside * dx * unit * weight, dy * unit * weight)
    return fields


def _puff(face: Face, x: np.ndarray, y: np.ndarray) -> Field:
    unit = face.unit
    dx = np.zeros_like(x)
    for eye in face.eyes.values():
        centre = face.centre_x + eye.towards_outside * 0.62 * face.half_width
        dx += eye.towards_outside * 9 * unit * _bump(x, y, centre, face.mouth_y - 8 * unit, 40 * unit)
    return dx, np.zeros_like(x)


def _upper_face(face: Face, x: np.ndarray, y: np.ndarray) -> dict[str, Field]:
    unit = face.unit
    zero = np.zeros_like(x)
    fields: dict[str, Field] = {}
    for own, eye in face.eyes.items():
        outside = eye.towards_outside
        along = eye.along_brow(x)
        near_brow = _near_curve(eye.brow, x, y, 24 * unit)
        fields[f"brow_inner_{own}"] = (zero, -BROW_RAISE * unit * near_brow * (1 - along) ** 0.8)
        fields[f"brow_outer_{own}"] = (zero, -BROW_RAISE * unit * near_brow * along)
        fields[f"frown_brow_{own}"] = (
            -outside * BROW_INWARDS * unit * near_brow,
            BROW_FROWN * unit * near_brow * (1 - 0.5 * along),
        )
        fields[f"lid_wide_{own}"] = (zero, -7 * unit * _near_lid(eye, x, y, unit, upper=True))
        fields[f"lid_squint_{own}"] = (zero, -6 * unit * _near_lid(eye, x, y, unit, upper=False))
        below_eye = eye.outline[:, 1].max() + 42 * unit
        fields[f"cheek_{own}"] = (zero, -7 * unit * _bump(x, y, eye.centre[0], below_eye, 30 * unit))
        wing = face.nose[0] + outside * 26 * unit
        fields[f"sneer_{own}"] = (zero, -7 * unit * _bump(x, y, wing, face.nose[1] - 14 * unit, 20 * unit))
    return fields


def _near_curve(curve: np.ndarray, x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    """1 on the curve, falling to 0 within about two radii."""
    nearest = np.full(x.shape, np.inf)
    for (x0, y0), (x1, y1) in itertools.pairwise(curve):
        dx, dy = x1 - x0, y1 - y0
        along = np.clip(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy + 1e-9), 0, 1)
        np.minimum(nearest, (x - x0 - along * dx) ** 2 + (y - y0 - along * dy) ** 2, out=nearest)
    return smoothstep(2.2 * radius, 0.35 * radius, np.sqrt(nearest))


def _near_lid(eye: Eye, x: np.ndarray, y: np.ndarray, unit: float, *, upper: bool) -> np.ndarray:
    across = _dome((x - eye.outline[:, 0].mean()) / (1.15 * eye.half_width), 1.0)
    return across * np.exp(-0.5 * ((y - eye.lid_line(x, upper)) / (15 * unit)) ** 2)
