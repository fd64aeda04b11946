"""Beard, moustache, the hair around the bald head, and the glasses.

`fineness` divides the width of the locks and multiplies their number: 1 for the light mesh of a game, more for a
picture.
"""

import numpy as np
from head import head_distance, lip_coordinate, scalp_distance
from morphs import Morphs
from parts import Binding, Part, gathered, painted, strand_uv
from plan import SIDES, Plan
from scipy.spatial import cKDTree
from shapes import LOCK, ROUND, STRAND, bump, gradient, lock, project_along_z, smoothstep, spline, torus, unit
from skin import Skin

_SCALP_CENTRE = np.array([0, 2.2, -1.0])
_BEARD_SPACING = 0.68
_BEARD_STEPS = 8


# ------------------------------------------------------------------------------------------------------- beard


def beard_share(points: np.ndarray, plan: Plan) -> np.ndarray:
    """1 where the beard grows, 0 elsewhere, soft between. The skin below it is painted with it."""
    _, above_mouth = lip_coordinate(points, plan)
    aside, y, z = np.abs(points[:, 0]), points[:, 1], points[:, 2]
    above_jaw = smoothstep(plan.chin_y - 1.0, plan.chin_y - 0.5, y)
    below_lip = plan.lower_lip + 0.62
    chin = smoothstep(-below_lip + 0.25, -below_lip - 0.45, above_mouth) * smoothstep(3.8, 3.2, aside)
    chin = chin * smoothstep(1.6, 2.4, z)
    cheek_line = plan.mouth_y + 0.35 + 0.72 * (aside - 2.9)
    cheeks = smoothstep(2.7, 3.2, aside) * smoothstep(cheek_line + 0.3, cheek_line - 0.3, y)
    cheeks = cheeks * smoothstep(-0.9, -0.4, z)
    sideburn = smoothstep(3.6, 3.0, z) * smoothstep(-0.4, 0.2, z) * smoothstep(4.4, 4.8, aside)
    sideburn = sideburn * smoothstep(0.2, -0.4, y) * smoothstep(plan.mouth_y - 1, plan.mouth_y, y)
    return np.maximum(np.maximum(chin, cheeks), sideburn) * above_jaw


def beard(plan: Plan, skin: Skin, morphs: Morphs, fineness: float = 1.0) -> Part:
    """Long strands that flow down the cheeks and meet below the chin, the upper ones over the lower ones."""
    random = np.random.default_rng(plan.seed + 20)
    covered = ~skin.inner & (beard_share(skin.vertices, plan) > 0.5)
    binding = Binding(skin, morphs, covered)
    roots = _spread(_denser(skin, covered, fineness), _BEARD_SPACING / fineness, random)
    normals = skin.normals()[covered]
    normals = normals[cKDTree(skin.vertices[covered]).query(roots)[1]]
    paths, outward = _beard_flow(plan, roots, normals, random)
    share = np.linspace(0, 1, _BEARD_STEPS)
    profile = np.minimum(1, 0.35 + 1.9 * share) * (1 - share**2.2) ** 0.85 + 0.015
    strands = []
    for path, out in zip(paths, outward, strict=True):
        width = random.uniform(0.40, 0.62) / fineness
        vertices, faces, along = lock(path, out, width, 0.62 * width, profile, STRAND)
        colours = _hair_colours(plan, along, random, 0.11)
        uv = strand_uv(along, STRAND, random.uniform(0, 50))
        strands.append(Part("", vertices, faces, "hair", colours, binding.morphs(vertices), uv))
    return gathered("Beard", strands)


def _denser(skin: Skin, covered: np.ndarray, fineness: float) -> np.ndarray:
    """The covered vertices and, for fine hair, the middles of the faces between them."""
    faces = skin.faces[covered[skin.faces].all(1)]
    middles = [skin.vertices[faces].mean(1), skin.vertices[faces[:, :2]].mean(1)] if fineness > 1 else []
    return np.vstack([skin.vertices[covered], *middles])


def _spread(points: np.ndarray, spacing: float, random: np.random.Generator) -> np.ndarray:
    """Some of the points, none closer to another than the spacing."""
    chosen: list[np.ndarray] = []
    for point in random.permutation(points):
        if not chosen or np.linalg.norm(np.array(chosen) - point, axis=1).min() > spacing:
            chosen.append(point)
    return np.array(chosen)


def _beard_flow(
    plan: Plan, roots: np.ndarray, normals: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Paths (strands, steps, 3) and their outward directions. Strands hug the face, then hang and converge."""
    count = len(roots)
    middle = bump(roots[:, 0], 3.0) * smoothstep(plan.mouth_y - 0.8, plan.mouth_y - 3, roots[:, 1])
    height = smoothstep(plan.chin_y, -1.0, roots[:, 1])
    length = 3.4 + 2.6 * middle + 0.6 * height + random.uniform(-0.4, 0.7, count)
    # Upper strands lie over the lower ones.
    over = smoothstep(plan.chin_y - 1, plan.mouth_y + 1, roots[:, 1]) * (
        1 - 0.75 * smoothstep(plan.mouth_y, -2, roots[:, 1])
    )
    lift = 0.30 + 0.55 * over + random.uniform(-0.12, 0.16, count)
    sway = random.uniform(-0.16, 0.16, (count, 2))
    points, paths, outward = roots - 0.12 * normals, [], []
    out = normals
    for step in range(_BEARD_STEPS):
        paths.append(points)
        outward.append(out)
        share = step / (_BEARD_STEPS - 1)
        fall = np.stack(
            [
                -0.16 * points[:, 0] * (0.4 + share) + sway[:, 0] * np.sin(3 * share + sway[:, 1] * 20),
                np.full(count, -1.0),
                0.32 * height * (points[:, 2] < 6.5) + 0.10 + sway[:, 1],
            ],
            1,
        )
        points = points + unit(fall) * (length / (_BEARD_STEPS - 1))[:, None]
        inside = lift * np.sin(np.pi * min(0.5, 0.15 + 0.6 * share)) - head_distance(points, plan)
        slope = unit(gradient(lambda at: head_distance(at, plan), points))
        points = points + slope * np.clip(inside, 0, 1.2)[:, None]
        facing = unit(points * [1, 0, 1] - np.array([0, 0, 0.5]))
        out = unit((1 - share) * normals + share * facing)
    return np.stack(paths, 1), np.stack(outward, 1)


def _hair_colours(plan: Plan, along: np.ndarray, random: np.random.Generator, variety: float) -> np.ndarray:
    share = along[:, None]
    colours = np.array(plan.hair) * (1 - share) + np.array(plan.hair_tip) * share
    return np.clip(colours * (1 + random.uniform(-variety, 0.6 * variety)), 0, 1)


def moustache(plan: Plan, skin: Skin, morphs: Morphs, fineness: float = 1.0) -> Part:
    _, above = lip_coordinate(skin.vertices, plan)
    region = ~skin.inner & (skin.lip != 1) & (above > 0) & (skin.vertices[:, 2] > 5)
    region &= skin.vertices[:, 1] < plan.nose_y + 0.5
    binding = Binding(skin, morphs, region)
    random = np.random.default_rng(plan.seed + 21)
    strands = []
    for side, _ in SIDES:
        for layer, place in _moustache_places(fineness):
            vertices, faces, along = _moustache_strand(plan, side, layer, place, fineness, random)
            colours = _hair_colours(plan, along, random, 0.08)
            uv = strand_uv(along, LOCK, random.uniform(0, 50))
            strands.append(Part("", vertices, faces, "hair", colours, binding.morphs(vertices), uv))
    return gathered("Moustache", strands)


def _moustache_places(fineness: float) -> list[tuple[int, float]]:
    """Layer, from the skin outwards, and height of every strand on one side."""
    rows = ((0, 0.0, 1.0, 3), (1, 0.2, 0.9, 3), (2, 0.4, 0.75, 2))
    return [
        (layer, float(place))
        for layer, low, high, count in rows
        for place in np.linspace(low, high, round(count * fineness**1.5))
    ]


def _moustache_strand(plan: Plan, side: int, layer: int, place: float, fineness: float, random: np.random.Generator):
    """From below the nose outwards over the corner of the mouth; `place` 0 is the lowest, 1 the highest."""
    base = plan.mouth_y + plan.upper_lip
    begin = (0.08 + 0.22 * place, 0.50 + 0.86 * place)
    middle = (1.40 + 0.30 * place, 0.36 + 0.72 * place)
    end = (3.05 + 0.55 * place - 0.3 * layer, -0.52 + 0.50 * place + 0.1 * layer)
    jitter = random.uniform(-0.07, 0.07, 3)
    control = [
        [side * x, base + y + shift, z]
        for (x, y), shift, z in zip((begin, middle, end), jitter, (9, 9, 8), strict=True)
    ]
    count = 10

    def surface(points: np.ndarray) -> np.ndarray:
        return head_distance(points, plan)

    path = project_along_z(surface, spline(control, count), 10)
    out = gradient(surface, path)
    out[:, 2] = np.maximum(out[:, 2], 0.4)
    out = unit(out)
    along = np.linspace(0, 1, count)
    path = path + out * (0.08 + 0.16 * layer + 0.26 * np.sin(np.pi * along) * (1 - 0.2 * layer))[:, None]
    profile = np.interp(along, [0, 0.2, 0.6, 1], [0.45, 0.9, 1, 0.04])
    return lock(path, out, random.uniform(0.34, 0.44) / fineness, 0.32 / fineness, profile)


# ------------------------------------------------------------------------------------------- hair on the head


def side_hair(plan: Plan, fineness: float = 1.0) -> Part:
    """Ruffled locks from temple to temple around the back; the top is bald."""
    random = np.random.default_rng(plan.seed + 10)
    locks = []
    for row, elevation in enumerate(np.arange(-42, 40, 6.5 / fineness)):
        count = int(360 * np.cos(np.radians(elevation)) / 9.5 * fineness)
        for place in range(count):
            azimuth = -180 + 360 * (place + 0.5 * (row % 2)) / count + random.uniform(-3, 3)
            at = elevation + random.uniform(-2, 2)
            if _has_hair(azimuth, at):
                locks.append(_head_lock(plan, azimuth, at, fineness, random))
    return gathered("SideHair", locks)


def _has_hair(azimuth: float, elevation: float) -> bool:
    around = abs(azimuth)
    lowest = np.interp(around, [0, 60, 70, 78, 84, 108, 122, 150, 180], [40, 30, 0, -14, 0, -2, -24, -42, -46])
    highest = np.interp(around, [66, 80, 120, 180], [16, 24, 30, 36])
    return around >= 68 and lowest <= elevation <= highest


def _head_lock(plan: Plan, azimuth: float, elevation: float, fineness: float, random: np.random.Generator) -> Part:
    a, e = np.radians(azimuth), np.radians(elevation)
    out = np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])
    root = _SCALP_CENTRE + out * (_scalp_radius(out, plan) - 0.05)
    flow = np.array([0.25 * np.sign(azimuth), -0.55, -0.9]) + random.normal(0, 0.2, 3)
    flow = unit(flow - out * (flow @ out))
    length = 3.0 + random.uniform(-0.4, 1.4)
    curl = np.array([0, 0.30 + random.uniform(-0.1, 0.35), 0])
    control = [
        root - 0.3 * length / 3 * flow,
        root + 0.4 * length * flow + 0.95 * out,
        root + 0.8 * length * flow + 1.3 * out,
        root + 1.15 * length * flow + (1.8 + random.uniform(0, 0.8)) * out + curl,
    ]
    path = spline(control, 8)
    profile = np.array([0.5, 0.9, 1, 1, 0.85, 0.62, 0.34, 0.03])
    width = random.uniform(0.55, 0.78) / fineness
    vertices, faces, along = lock(path, np.tile(out, (8, 1)), width, 0.62 * width, profile, LOCK)
    uv = strand_uv(along, LOCK, random.uniform(0, 50))
    return Part("", vertices, faces, "hair", _hair_colours(plan, along, random, 0.1), uv=uv)


def _scalp_radius(direction: np.ndarray, plan: Plan) -> float:
    near, far = 0.0, 22.0
    for _ in range(26):
        middle = (near + far) / 2
        if scalp_distance((_SCALP_CENTRE + direction * middle)[None], plan)[0] < 0:
            near = middle
        else:
            far = middle
    return near


# ----------------------------------------------------------------------------------------------------- glasses


def glasses(plan: Plan) -> Part:
    pieces = [_bridge()]
    for side, _ in SIDES:
        vertices, faces = torus(2.22, 0.13, 40)
        vertices = vertices + np.array([side * (plan.eye_x + 0.02), -0.25, 9.25])
        vertices[:, 2] += 0.2 - 0.10 * np.abs(vertices[:, 0] - 0.2 * side * plan.eye_x)
        pieces.append((vertices, faces))
        pieces.append(_temple(plan, side))
    parts = [Part("", vertices, faces, "brass", painted(plan.brass, len(vertices))) for vertices, faces in pieces]
    return gathered("Glasses", parts)


def _bridge() -> tuple[np.ndarray, np.ndarray]:
    return _wire([[-1.05, 0.15, 9.15], [0, 0.75, 9.75], [1.05, 0.15, 9.15]], 9, [0, 1, 0.2])


def _temple(plan: Plan, side: int) -> tuple[np.ndarray, np.ndarray]:
    width = side * plan.face_width
    points = [[side * 5.4, 0.1, 8.85], [6.6 * width, 0.3, 6.6], [7.35 * width, 0.35, 2.0], [7.5 * width, 0.3, -1.5]]
    return _wire(points, 12, [side, 0, 0.3])


def _wire(points: list, count: int, outward: list) -> tuple[np.ndarray, np.ndarray]:
    out = np.tile(np.array(outward, float), (count, 1))
    return lock(spline(points, count), out, 0.13, 0.13, np.ones(count), ROUND)[:2]
