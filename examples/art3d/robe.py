"""The scholar's robe: shoulders, a rolled collar with golden piping, and a chain."""

import numpy as np
from parts import Part, painted
from plan import Plan
from shapes import (
    Surface,
    capsule,
    compact,
    ellipsoid,
    mesh_of,
    project,
    remeshed,
    rotation,
    smoothstep,
    torus,
    union,
)

_BOTTOM = -28.5
_OUTER_AT, _OUTER_TILT, _OUTER_WIDTH = (-18.0, -2.1), 20, 1.15
"""Height and depth, tilt and how much wider than deep the outer roll of the collar is."""


def robe(plan: Plan) -> list[Part]:
    def shoulders(points: np.ndarray) -> np.ndarray:
        return _shoulders(points, plan)

    def collar(points: np.ndarray) -> np.ndarray:
        return _collar(points, plan)

    cloth, collar_faces = _cloth(shoulders, plan, step=0.6, edge=0.95), _cloth(collar, plan, step=0.45, edge=0.75)
    parts = [
        Part("Robe", *cloth, "cloth", _robe_colours(cloth[0], plan)),
        Part("Collar", *collar_faces, "cloth", np.clip(painted(plan.robe, len(collar_faces[0])) * 1.5, 0, 1)),
        _chain(plan),
        _piping(plan),
    ]
    for part in parts:
        part.vertices = part.vertices + np.array([0, plan.body_rise, 0])
    return parts


def _shoulders(points: np.ndarray, plan: Plan) -> np.ndarray:
    width, neck = plan.shoulder_width, 1.06 * plan.neck_radius
    mirrored = points.copy()
    mirrored[..., 0] = np.sqrt(mirrored[..., 0] ** 2 + 0.01)
    body = capsule(mirrored, [1.5, -17.3, -3.6], [width, -20.2, -3.8], 2.6, 3.3)
    body = union(body, ellipsoid(mirrored, [0, -29, -2.9], [width + 1.2, 12.5, 6.3]), 3.0)
    body = union(body, capsule(mirrored, [width, -20.5, -3.8], [width + 2.2, -33, -3.4], 3.3, 3.0), 1.5)
    return union(body, capsule(mirrored, [0, -17.2, -2.9], [0, -23, -3.2], neck + 0.35, neck + 1.2), 0.8)


def _collar(points: np.ndarray, plan: Plan) -> np.ndarray:
    neck = plan.neck_radius
    waved = points.copy()
    waved[..., 1] += _wave(points[..., 0])
    inner = _roll(waved, -15.8, -2.5, neck + 1.0, 1.0, 14, 1.0)
    return union(inner, _roll(waved, *_OUTER_AT, neck + 3.4, 1.3, _OUTER_TILT, _OUTER_WIDTH), 0.8)


def _wave(x: np.ndarray) -> np.ndarray:
    """Cloth that was rolled by hand is nowhere quite level."""
    return 0.16 * np.sin(0.55 * x + 0.6) + 0.05 * np.sin(1.7 * x)


def _roll(points: np.ndarray, y: float, z: float, radius: float, thickness: float, tilt: float, width: float):
    local = (points - np.array([0, y, z])) @ rotation("x", tilt)
    ring = np.hypot(local[..., 0] / width, local[..., 2]) - radius
    return np.hypot(ring, 0.8 * local[..., 1]) - thickness


def _cloth(surface: Surface, plan: Plan, *, step: float, edge: float) -> tuple[np.ndarray, np.ndarray]:
    """An even mesh of a surface, open at the bottom of the bust."""

    def closed(points: np.ndarray) -> np.ndarray:
        return np.maximum(surface(points), _BOTTOM - points[..., 1])

    reach = plan.shoulder_width + 7
    vertices, faces = mesh_of(closed, [-reach, _BOTTOM - 1, -13], [reach, -12.5, 8.5], step)
    vertices, faces = remeshed(project(surface, vertices, 1), faces, 6, edge)
    vertices = np.where((vertices[:, 1] > _BOTTOM + 1)[:, None], project(surface, vertices, 2), vertices)
    bottom = (vertices[faces][:, :, 1] < _BOTTOM + 0.3).all(1)
    return compact(vertices, faces[~bottom])


def _robe_colours(vertices: np.ndarray, plan: Plan) -> np.ndarray:
    shade = 1.15 - 0.2 * smoothstep(-20, -28, vertices[:, 1])
    return np.clip(painted(plan.robe, len(vertices)) * shade[:, None], 0, 1)


def _chain(plan: Plan) -> Part:
    vertices, faces = torus(plan.neck_radius + 2.2, 0.3, 40)
    vertices = vertices[:, [0, 2, 1]] @ rotation("x", 14).T + np.array([0, -16.4, -2.35])
    return Part("Chain", vertices, faces[:, ::-1], "brass", painted(plan.trim, len(vertices)))


def _piping(plan: Plan) -> Part:
    """A cord along the outer roll, a little below its widest place."""
    vertices, faces = torus(plan.neck_radius + 3.4 + 1.27, 0.17, 56, 6)
    vertices = vertices[:, [0, 2, 1]] * [_OUTER_WIDTH, 1, 1] + np.array([0, -0.35, 0])
    vertices = vertices @ rotation("x", _OUTER_TILT).T + np.array([0, *_OUTER_AT])
    vertices[:, 1] -= _wave(vertices[:, 0])
    return Part("Piping", vertices, faces[:, ::-1], "brass", painted(plan.trim, len(vertices)))
