"""The scholar as an avatar: renders from the front, whole and in layers, and the landmarks of its mesh."""

import functools
import json
from pathlib import Path

import bpy
import numpy as np
import studio
from bpy_extras.object_utils import world_to_camera_view
from head import eye_point, lip_heights, mouth_line
from mathutils import Vector
from morphs import Morphs
from parts import Part
from plan import SIDES, Plan
from scipy.spatial import ConvexHull
from skin import Skin

SIZE = 1024
_LIP_POINTS, _BROW_POINTS, _MOST_POINTS = 21, 9, 64


def landmarks(plan: Plan, skin: Skin, morphs: Morphs, brows: list[Part], beard: list[Part]) -> dict:
    """Landmarks in pixels of the render, left and right the face's own. Needs the camera of the studio."""
    values = _lips(plan, skin)
    for side, name in SIDES:
        own = name.lower()
        rim = skin.vertices[skin.eye_rims[name]]
        values[f"eye_{own}"] = _pixels(rim[:: -(-len(rim) // _MOST_POINTS)]).tolist()
        angles = np.array([[0, 0], [plan.iris_angle, 0], [-plan.iris_angle, 0]])
        iris = _pixels(eye_point(angles[:, 0], angles[:, 1], np.full(3, plan.eye_radius), plan, side))
        values[f"iris_{own}"] = {"centre": iris[0].tolist(), "radius": abs(iris[1, 0] - iris[2, 0]) / 2}
        values[f"brow_{own}"] = _brow(brows, side)
    front = skin.vertices[~skin.inner & (skin.vertices[:, 2] > 2) & (skin.vertices[:, 1] > plan.chin_y - 0.6)]
    # The beard beside the mouth belongs to what rounded lips pull at.
    hairy = np.vstack([part.vertices for part in beard])
    hairy = hairy[(hairy[:, 2] > 2) & (hairy[:, 1] > plan.mouth_y - 1.5)]
    face = _pixels(np.vstack([front[front[:, 1] < 8.5], hairy]))
    values["face_oval"] = face[ConvexHull(face).vertices].tolist()[:_MOST_POINTS]
    values["nose_tip"] = _pixels(front[[front[:, 2].argmax()]])[0].tolist()
    middle = front[(np.abs(front[:, 0]) < 0.6) & (front[:, 2] > 4.5)]
    values["chin"] = _pixels(middle[[middle[:, 1].argmin()]])[0].tolist()
    lip = skin.rim_lower[len(skin.rim_lower) // 2]
    closed = skin.vertices[[lip]]
    values["jaw_drop"] = float((_pixels(closed + morphs["jawOpen"][[lip]]) - _pixels(closed))[0, 1])
    return values


def _lips(plan: Plan, skin: Skin) -> dict:
    x = np.linspace(-1, 1, _LIP_POINTS) * plan.mouth_half_width
    rim = skin.vertices[skin.rim_upper]
    depth = np.interp(x, rim[:, 0], rim[:, 2])
    line = mouth_line(x, plan)
    upper, lower = lip_heights(x, plan)
    upper[[0, -1]] = lower[[0, -1]] = 0
    heights = {"lip_upper_outer": line + upper, "lip_line": line, "lip_lower_outer": line - lower}
    return {name: _pixels(np.stack([x, y, depth], 1)).tolist() for name, y in heights.items()}


def _brow(brows: list[Part], side: int) -> list:
    points = np.vstack([part.vertices for part in brows])
    at = _pixels(points[points[:, 0] * side > 0])
    edges = np.linspace(at[:, 0].min(), at[:, 0].max() + 1e-6, _BROW_POINTS + 1)
    bins = np.digitize(at[:, 0], edges)
    return [at[bins == number].mean(0).tolist() for number in range(1, _BROW_POINTS + 1) if (bins == number).any()]


def _pixels(points: np.ndarray) -> np.ndarray:
    scene = bpy.context.scene
    seen = [world_to_camera_view(scene, scene.camera, Vector(point)) for point in studio.to_blender(points)]
    return np.array([(place.x * SIZE, (1 - place.y) * SIZE) for place in seen])


def write(folder: Path, values: dict, pieces: dict[str, bpy.types.Object]) -> None:
    """`scholar.json` and the pictures that `make_bundle.py` makes layers of, each named after what it shows."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scholar.json").write_text(json.dumps(values, indent=1))
    whole = set(pieces) - {"glasses", "whites"}
    bare = whole - {"brows"}
    # Lashes as coarse as these would throw lumps of shadow on the shut lids.
    pieces["lashes"].visible_shadow = False
    eyes = _around([values[f"{name}_{own}"] for name in ("eye", "brow") for own in ("left", "right")], 0.16)
    mouth = _around([values["lip_upper_outer"], values["lip_lower_outer"]], 0.09)
    render = functools.partial(_render, folder, pieces)
    render("portrait", whole)
    render("bare", bare, part=eyes)
    render("shut", bare, part=eyes, weights=_both("eyeBlink"))
    render("brows", {"brows"}, others=bare, part=eyes)
    render("glasses", {"glasses"}, others=whole, part=eyes, holdout=True)
    render("whites", {"whites"}, others=bare - {"eyes"}, part=eyes)
    # Light from the front, for what lids and lips hide at rest; the bundle and the renderer put it in the shade.
    for light in ("RimLeft", "RimRight"):
        bpy.data.objects[light].hide_render = True
    render("irises", {"eyes"}, part=eyes)
    for name in ("teeth_upper", "teeth_lower", "tongue"):
        render(name, {name}, part=mouth, weights={"jawOpen": 1.0})


def _around(curves: list, margin: float) -> tuple[float, float, float, float]:
    """Left, bottom, right, top around landmarks, in parts of the picture, with the bottom at 0."""
    points = np.vstack(curves) / SIZE
    (left, top), (right, bottom) = points.min(axis=0) - margin, points.max(axis=0) + margin
    return left, 1 - bottom, right, 1 - top


def _both(name: str) -> dict[str, float]:
    return {f"{name}Left": 1.0, f"{name}Right": 1.0}


def _render(
    folder: Path,
    pieces: dict[str, bpy.types.Object],
    name: str,
    shown: set[str],
    *,
    others: set[str] = frozenset(),
    part: tuple[float, float, float, float] | None = None,
    holdout: bool = False,
    weights: dict[str, float] | None = None,
) -> None:
    """One picture. The `others` throw shadows and, as a `holdout`, also cover what lies behind them."""
    for piece, thing in pieces.items():
        thing.hide_render = piece not in shown | others
        thing.visible_camera = holdout or piece in shown
        thing.is_holdout = holdout and piece not in shown
    studio.render(folder / f"{name}.png", weights or {}, part)
