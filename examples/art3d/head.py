"""The head as a distance field, and the curves that cut it: the mouth line and the almond openings of the eyes."""

import numpy as np
from plan import Plan
from shapes import bump, capsule, cut, ellipsoid, rotation, smoothstep, union

_OUTLINE_POINTS = 80


# ------------------------------------------------------------------------------------------------------ mouth


def mouth_line(x: np.ndarray, plan: Plan) -> np.ndarray:
    """y where the closed lips meet."""
    across = np.abs(x) / plan.mouth_half_width
    return plan.mouth_y + plan.mouth_curve * np.minimum(across, 1.4) ** 2 - 0.10 * bump(across, 0.22)


def lip_heights(x: np.ndarray, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Heights of the upper and the lower lip."""
    across = np.abs(x) / plan.mouth_half_width
    dome = np.sqrt(np.clip(1 - across**2, 0, 1))
    bow = 1 + 0.16 * bump(across - 0.24, 0.13) - 0.12 * bump(across, 0.1)
    upper = plan.upper_lip * dome**0.8 * bow * (1 - 0.25 * across)
    lower = plan.lower_lip * dome**0.9 * (1 - 0.1 * across)
    return upper + 1e-3, lower + 1e-3


def lip_coordinate(points: np.ndarray, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """0 on the mouth line, +1 and -1 on the borders of the lips; and the height above the line."""
    above = points[..., 1] - mouth_line(points[..., 0], plan)
    upper, lower = lip_heights(points[..., 0], plan)
    return np.where(above >= 0, above / upper, above / lower), above


def _lip_relief(points: np.ndarray, plan: Plan) -> np.ndarray:
    """How far the lips stand out of the face."""
    lips, above = lip_coordinate(points, plan)
    across = np.abs(points[..., 0]) / plan.mouth_half_width
    dome = np.clip(1 - across**2, 0, 1)
    distance = np.abs(lips)
    round_profile = np.where(distance < 1, np.sin(np.pi * np.clip(distance, 0, 1) ** 0.8) ** 0.75, 0)
    upper = plan.upper_lip_depth * dome**0.55 * (1 + 0.12 * bump(across, 0.14))
    relief = np.where(lips >= 0, upper, plan.lower_lip_depth * dome**0.6) * round_profile
    relief -= 0.045 * bump(above, 0.11) * (across < 1.0) * dome**0.25
    philtrum = bump(points[..., 0], 0.28) * bump(lips - 1.7, 0.7) * (above > 0)
    corner_dimple = bump(across - 1.04, 0.12) * bump(above, 0.28)
    relief -= 0.13 * philtrum + 0.16 * corner_dimple
    return relief * smoothstep(4.5, 6.0, points[..., 2])


# ------------------------------------------------------------------------------------------------------- eyes


def eye_angles(points: np.ndarray, plan: Plan, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Azimuth (outwards), elevation in degrees and distance, seen from the centre of an eyeball."""
    offset = points - plan.eye_centre(side)
    distance = np.linalg.norm(offset, axis=-1)
    azimuth = np.degrees(np.arctan2(offset[..., 0] * side, offset[..., 2]))
    elevation = np.degrees(np.arcsin(np.clip(offset[..., 1] / np.maximum(distance, 1e-6), -1, 1)))
    return azimuth, elevation, distance


def eye_point(azimuth, elevation, distance, plan: Plan, side: int) -> np.ndarray:
    """The inverse of `eye_angles`."""
    a, e = np.radians(azimuth), np.radians(elevation)
    direction = np.stack([np.sin(a) * np.cos(e) * side, np.sin(e), np.cos(a) * np.cos(e)], -1)
    return plan.eye_centre(side) + direction * np.asarray(distance)[..., None]


def lid_edges(azimuth: np.ndarray, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Elevations of the open upper and lower lid's edges."""
    middle, half = (plan.eye_outer - plan.eye_inner) / 2, (plan.eye_outer + plan.eye_inner) / 2
    across = np.clip((azimuth - middle) / half, -1, 1)
    room = 1 - across**2
    level = plan.eye_tilt * (azimuth - middle) / half
    upper = level + plan.eye_upper * (1 - np.abs(across + 0.1 * room) ** 2.3) * room**0.12
    lower = level - plan.eye_lower * (1 - np.abs(across - 0.12 * room) ** 2.2) * room**0.15
    return upper, lower


def eye_outline(plan: Plan) -> np.ndarray:
    """The opening in angles: along the upper lid outwards, back along the lower lid."""
    share = (1 - np.cos(np.linspace(0, np.pi, _OUTLINE_POINTS))) / 2
    azimuth = -plan.eye_inner + (plan.eye_outer + plan.eye_inner) * share
    upper, lower = lid_edges(azimuth, plan)
    return np.concatenate([np.stack([azimuth, upper], 1), np.stack([azimuth, lower], 1)[-2:0:-1]])


# ------------------------------------------------------------------------------------------------------- head


def head_distance(points: np.ndarray, plan: Plan) -> np.ndarray:
    """Signed distance, roughly, to the skin: negative inside."""
    mirrored = points.copy()
    mirrored[..., 0] = np.sqrt(mirrored[..., 0] ** 2 + 1e-4)
    face = _skull(mirrored, plan)
    face = _cheeks(face, mirrored, plan)
    face = _sockets(face, mirrored, plan)
    face = _folds(face, mirrored, plan)
    face = union(face, _nose(mirrored, plan), 0.85)
    face = _neck(face, mirrored, plan)
    face = union(face, _ear(mirrored, plan), 0.45)
    return face - _lip_relief(points, plan)


def scalp_distance(points: np.ndarray, plan: Plan) -> np.ndarray:
    """Signed distance to the head without nose, ears and eyes: what hair grows on."""
    mirrored = np.concatenate([np.abs(points[..., :1]), points[..., 1:]], -1)
    head = _cranium(mirrored, plan)
    return union(head, _neck_shape(mirrored, plan), 1.7)


def _cranium(points: np.ndarray, plan: Plan) -> np.ndarray:
    width = plan.face_width
    head = ellipsoid(points, [0, 3.0, -1.3], [7.2 * width, 8.2, 8.7])
    head = union(head, ellipsoid(points, [0, 3.2, 2.2], [5.5 * width, 4.6, 6.0]), 2.5)
    return union(head, ellipsoid(points, [0, -1.8, 1.4], [6.15 * width, -plan.chin_y - 2.0, 6.6]), 2.4)


def _skull(points: np.ndarray, plan: Plan) -> np.ndarray:
    width, chin = plan.face_width, plan.chin_y
    jaw_corner = [4.35 * width * plan.jaw_width, plan.jaw_y, -0.3]
    head = _cranium(points, plan)
    jaw = capsule(points, [0.5, chin + 2.0, 5.4], jaw_corner, 1.75 * plan.chin_width, 1.75)
    head = union(head, jaw, 3.0)
    head = union(head, capsule(points, jaw_corner, [4.9 * width, -1.0, -1.2], 1.7, 1.6), 2.0)
    return union(head, ellipsoid(points, [0, chin + 1.75, 5.9], [1.75 * plan.chin_width, 1.75, 1.75]), 1.8)


def _cheeks(head: np.ndarray, points: np.ndarray, plan: Plan) -> np.ndarray:
    width, mouth = plan.face_width, plan.mouth_y
    head = union(head, ellipsoid(points, [4.1 * width, -2.7, 4.5], [1.9, 1.6, 2.0]), 2.6 * plan.cheek + 0.2)
    head = union(head, ellipsoid(points, [3.1, -4.3, 5.9], [1.6, 1.6, 1.4]), 2.2)
    head = union(head, ellipsoid(points, [0, mouth + 0.2, 5.4], [3.3, 2.8, 2.9]), 2.1)
    hollow = ellipsoid(points, [5.6 * width, mouth + 0.6, 8.6], [1.5, 2.2, 2.2])
    return cut(head, hollow, 1.6 * plan.hollow_cheek + 0.05)


def _sockets(head: np.ndarray, points: np.ndarray, plan: Plan) -> np.ndarray:
    eye = plan.eye_centre()
    head = cut(head, ellipsoid(points, eye + np.array([-0.1, 0.35, 3.0]), [2.0, 1.3, 1.6]), 1.5)
    head = cut(head, ellipsoid(points, [1.62, -0.3, 8.7], [0.8, 1.7, 1.25]), 1.1)
    inner, outer = [1.0, plan.brow_y - 0.35, 7.2], [4.6 * plan.face_width, plan.brow_y - 0.25, 5.2]
    head = union(head, capsule(points, inner, outer, 0.75, 0.7), 1.4 * plan.brow_ridge + 0.05)
    radius = plan.eye_radius + plan.lid_thickness
    return union(head, ellipsoid(points, eye, [radius] * 3), 0.55)


def _folds(head: np.ndarray, points: np.ndarray, plan: Plan) -> np.ndarray:
    eye = plan.eye_centre()
    # Its ends leave the skin: an end inside would be a pit.
    under_eye = capsule(points, eye + np.array([-1.3, -1.95, 2.05]), eye + np.array([1.4, -2.1, 1.95]), 0.12, 0.08)
    head = cut(head, under_eye, 0.5 * plan.age + 0.02)
    beside_mouth = capsule(points, [1.75, -3.9, 9.2], [3.05, plan.mouth_y - 0.1, 8.3], 0.2, 0.12)
    return cut(head, beside_mouth, 0.7 * plan.age + 0.02)


def _nose(points: np.ndarray, plan: Plan) -> np.ndarray:
    width, length, y = plan.nose_width, plan.nose_length, plan.nose_y
    tip = np.array([0, y + plan.nose_tip_up, 8.55 + length])
    bridge = 0.62 * plan.nose_bridge_width
    middle = np.array([0, 0.45 * y + 0.3, 8.1 + 0.45 * length + plan.nose_bridge])
    ridge = capsule(points, [0, 1.2, 7.4], middle, bridge, bridge * 1.02)
    nose = union(ridge, capsule(points, middle, tip - [0, 0, 0.25], bridge * 1.02, 0.72 * width), 0.6)
    nose = union(nose, ellipsoid(points, tip, [0.98 * width, 0.86, 0.88]), 0.55)
    wing = ellipsoid(points, [0.92 * width, y + 0.02, 8.45 + 0.35 * length], [0.52 * width, 0.56, 0.85])
    nose = union(nose, wing, 0.55)
    nose = union(nose, capsule(points, tip + np.array([0, -0.35, -0.25]), [0, y - 0.52, 8.2], 0.36, 0.34), 0.4)
    nostril = ellipsoid(points, [0.50 * width, y - 0.80, 8.85 + 0.5 * length], [0.24 * width, 0.36, 0.42])
    return cut(nose, nostril, 0.22)


def _neck_shape(points: np.ndarray, plan: Plan) -> np.ndarray:
    return capsule(points, [0, -6, -2.0], [0, -20, -3.4], plan.neck_radius, plan.neck_radius * 1.06)


def _neck(head: np.ndarray, points: np.ndarray, plan: Plan) -> np.ndarray:
    head = union(head, _neck_shape(points, plan), 1.7)
    apple = ellipsoid(points, [0, -13.6, -2.8 + plan.neck_radius], [0.6, 0.9, 0.5])
    return union(head, apple, 0.9 * plan.adams_apple)


def _ear(points: np.ndarray, plan: Plan) -> np.ndarray:
    centre = np.array([6.75 * plan.face_width + 0.35, -1.0, -1.6])
    turned = (points - centre) @ (rotation("y", -24) @ rotation("x", -8) @ rotation("z", -8)) / plan.ear_size
    ear = union(
        ellipsoid(turned, [0, 0.75, 0], [0.5, 1.75, 1.55]),
        ellipsoid(turned, [-0.02, -1.35, 0.45], [0.46, 1.1, 0.8]),
        0.9,
    )
    ear = cut(ear, ellipsoid(turned, [0.62, 0.35, 0.22], [0.55, 1.5, 0.95]), 0.35)
    ear = union(ear, capsule(turned, [0.15, -0.1, 0.95], [0.15, -0.6, 0.8], 0.32, 0.3), 0.3)
    ear = union(ear, capsule(turned, [0.12, 1.1, -0.35], [0.12, -0.5, -0.45], 0.2, 0.2), 0.3)
    return ear * plan.ear_size
