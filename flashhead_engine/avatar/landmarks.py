"""Landmarks of a face: read from a file, completed, and moved with their picture."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ..errors import AvatarError
from .manifest import Coordinate, Curve, Distance, Iris, Landmarks, Point

NEEDED = ("lip_upper_outer", "lip_lower_outer", "eye_left", "eye_right", "chin")
"""What a landmarks file must have; the rest is derived where it is missing."""


class _Given(msgspec.Struct):
    """Landmarks as people give them. `lip_line`: where closed lips meet, short for both inner curves."""

    lip_upper_outer: Curve
    lip_lower_outer: Curve
    eye_left: Curve
    eye_right: Curve
    chin: Point
    lip_line: Curve | None = None
    lip_upper_inner: Curve | None = None
    lip_lower_inner: Curve | None = None
    iris_left: Iris | None = None
    iris_right: Iris | None = None
    brow_left: Curve | None = None
    brow_right: Curve | None = None
    nose_tip: Point | None = None
    face_oval: Curve | None = None
    jaw_drop: Distance | None = None
    jaw_half_width: Distance | None = None
    neck_top: Coordinate | None = None
    neck_bottom: Coordinate | None = None


def read_landmarks(path: Path) -> dict[str, Any]:
    """Landmarks from a JSON file. Raises AvatarError when it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AvatarError(f"{path}: cannot be opened ({error.strerror}). Check the path.") from error
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if any(word in data for word in (b"NaN", b"Infinity")):
            raise AvatarError(f"{path}: holds NaN or Infinity. Every coordinate must be a plain number.") from error
        raise AvatarError(f"{path}: not a JSON object ({error}). Correct it.") from error


def complete(values: dict[str, Any], side: int, where: str) -> Landmarks:
    """Check landmarks and derive those that are missing, all but `NEEDED`, from the others.

    `side`: height of the picture. Raises AvatarError naming the field that is missing or wrong.
    """
    try:
        given = msgspec.convert(values, _Given)
    except msgspec.ValidationError as error:
        raise AvatarError(
            f"{where}: the landmarks do not fit: {error}. They need {', '.join(NEEDED)}; docs/avatar-format.md "
            "shows where these lie."
        ) from error
    known = {name: value for name, value in msgspec.structs.asdict(given).items() if value is not None}
    line = known.pop("lip_line", None)
    if line is not None:
        known |= {"lip_upper_inner": line, "lip_lower_inner": line}
    return msgspec.convert(msgspec.to_builtins(_derived(given, side) | known), Landmarks)


def _derived(given: _Given, side: int) -> dict[str, Any]:
    """Every landmark that need not be given, from those that must."""
    eyes = {own: np.array(getattr(given, f"eye_{own}")) for own in ("left", "right")}
    upper, lower = np.array(given.lip_upper_outer), np.array(given.lip_lower_outer)
    between = (eyes["left"].mean(axis=0) + eyes["right"].mean(axis=0)) / 2
    mouth = (upper.mean(axis=0) + lower.mean(axis=0)) / 2
    chin_x, chin_y = given.chin
    face = abs(chin_y - float(between[1]))
    oval = given.face_oval or _oval((float(between[0]) + chin_x) / 2, chin_y, face)
    line = _line_between(upper, lower)
    derived = {
        "lip_upper_inner": line,
        "lip_lower_inner": line,
        "nose_tip": (between + 0.62 * (mouth - between)).tolist(),
        "face_oval": oval,
        "jaw_drop": max(1e-3, 0.19 * face),
        "jaw_half_width": max(1e-3, 0.5 * float(np.ptp(np.array(oval)[:, 0]))),
        "neck_top": chin_y,
        "neck_bottom": chin_y + 0.75 * (side - chin_y),
    }
    for own, outline in eyes.items():
        derived |= {f"iris_{own}": _iris(outline), f"brow_{own}": _brow(outline)}
    return derived


def _line_between(upper: np.ndarray, lower: np.ndarray) -> list[list[float]]:
    x = np.linspace(upper[0, 0], upper[-1, 0], 11)
    y = (np.interp(x, upper[:, 0], upper[:, 1]) + np.interp(x, lower[:, 0], lower[:, 1])) / 2
    return np.stack([x, y], axis=-1).tolist()


def _iris(outline: np.ndarray) -> dict[str, Any]:
    width, height = np.ptp(outline, axis=0)
    centre = (outline.min(axis=0) + outline.max(axis=0)) / 2
    return {"centre": centre.tolist(), "radius": max(1e-3, float(min(0.56 * height, 0.3 * width)))}


def _brow(outline: np.ndarray) -> list[list[float]]:
    width, height = np.ptp(outline, axis=0)
    across = np.linspace(-1, 1, 7)
    x = outline[:, 0].min() + width * (0.5 + 0.6 * across)
    y = outline[:, 1].min() - max(0.8 * height, 0.35 * width) + 0.12 * width * across**2
    return np.stack([x, y], axis=-1).tolist()


def _oval(x: float, chin_y: float, face: float) -> list[list[float]]:
    """An egg from the hairline to the chin; `face` is the height from the eyes to the chin."""
    angle = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    return np.stack([x + 0.68 * face * np.sin(angle), chin_y - 0.75 * face * (1 + np.cos(angle))], axis=-1).tolist()


def moved(values: dict[str, Any], left: float, top: float, scale: float) -> dict[str, Any]:
    """Landmarks of a picture after a crop at (left, top) and a scaling, without entries that are no landmarks."""
    result = {name: values[name] for name in _Given.__struct_fields__ if name in values}
    for name, value in result.items():
        if isinstance(value, dict):
            centre = ((np.array(value["centre"]) - (left, top)) * scale).tolist()
            result[name] = {"centre": centre, "radius": value["radius"] * scale}
        elif isinstance(value, (list, tuple)):
            result[name] = ((np.array(value, float) - (left, top)) * scale).tolist()
        elif name in ("neck_top", "neck_bottom"):
            result[name] = (value - top) * scale
        elif name in ("jaw_drop", "jaw_half_width"):
            result[name] = value * scale
    return result
