"""What is built onto the skin: eyes, lashes, brows, teeth and tongue."""

from dataclasses import dataclass, field

import numpy as np
from head import eye_point, head_distance, lid_edges
from morphs import ARKIT_52, Morphs, jaw_part_morphs, lid_motion
from plan import SIDES, Plan
from scipy.spatial import cKDTree
from shapes import (
    LOCK,
    bump,
    circle,
    gradient,
    lock,
    project,
    rotation,
    sheet,
    smoothstep,
    spline,
    tube,
    unit,
    wound_outwards,
)
from skin import Skin

_GAZE = (("Down", "x", 21, 9), ("Up", "x", -18, -8), ("In", "y", -24, -8), ("Out", "y", 24, 8))
"""Direction, axis, degrees that the eye turns, degrees that its sparkle follows."""


@dataclass
class Part:
    """A piece of the head. `material`: one for all faces; `colours`: sRGB per vertex; `morphs`: only what moves."""

    name: str
    vertices: np.ndarray
    faces: np.ndarray
    material: str
    colours: np.ndarray
    morphs: Morphs = field(default_factory=dict)
    uv: np.ndarray | None = None


class Binding:
    """Lets parts follow the skin: each point moves like the nearest vertices of a region of it."""

    def __init__(self, skin: Skin, morphs: Morphs, region: np.ndarray) -> None:
        self._vertices = np.nonzero(region)[0]
        self._tree = cKDTree(skin.vertices[self._vertices])
        self._morphs = morphs

    def morphs(self, points: np.ndarray, without: tuple[str, ...] = ()) -> Morphs:
        distance, nearest = self._tree.query(points, k=5)
        weights = 1 / (distance + 0.05) ** 2
        weights /= weights.sum(1, keepdims=True)
        nearest = self._vertices[nearest]
        moved = {
            name: (self._morphs[name][nearest] * weights[:, :, None]).sum(1)
            for name in ARKIT_52
            if not name.startswith(without or ("none",))
        }
        return {name: motion for name, motion in moved.items() if np.abs(motion).max() > 0.02}


def painted(colour, count: int) -> np.ndarray:
    return np.tile(np.asarray(colour, float), (count, 1))


def gathered(name: str, parts: list[Part]) -> Part:
    """Parts of one material as a single one."""
    count = sum(len(part.vertices) for part in parts)
    faces, morphs, start = [], {}, 0
    for part in parts:
        faces.append(part.faces + start)
        for key, motion in part.morphs.items():
            morphs.setdefault(key, np.zeros((count, 3)))[start : start + len(motion)] = motion
        start += len(part.vertices)
    return Part(
        name=name,
        vertices=np.vstack([part.vertices for part in parts]),
        faces=np.vstack(faces),
        material=parts[0].material,
        colours=np.vstack([part.colours for part in parts]),
        morphs=morphs,
        uv=np.vstack([part.uv for part in parts]) if all(part.uv is not None for part in parts) else None,
    )


def strand_uv(along: np.ndarray, section: np.ndarray, strand: float) -> np.ndarray:
    """Across and along a lock made of rings of `section`, for a relief of single hairs; `strand` sets it apart."""
    around = np.tile(np.linspace(0, 1, len(section), endpoint=False), len(along) // len(section))
    return np.stack([around + strand, along], 1)


# ------------------------------------------------------------------------------------------------------- eyes


def eyeballs(plan: Plan) -> list[Part]:
    return [_eyeball(plan, side, name) for side, name in SIDES]


def _eyeball(plan: Plan, side: int, name: str) -> Part:
    polar = np.radians(np.concatenate([[0.0], np.linspace(3, 34, 8), np.linspace(40, 110, 8)]))
    around = circle(28)
    cornea = plan.eye_radius * (1 + 0.015 * np.exp(-((np.degrees(polar) / 26) ** 4)))
    direction = np.concatenate(
        [
            np.sin(polar)[:, None, None] * around,
            np.broadcast_to(np.cos(polar)[:, None, None], (len(polar), len(around), 1)),
        ],
        -1,
    )
    vertices, faces = tube(direction * cornea[:, None, None], capped=False)
    corners = vertices[faces]
    flat = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) < 1e-9
    faces = wound_outwards(vertices, faces[~flat])
    uv = 0.5 + 0.5 * (polar[:, None, None] * around).reshape(-1, 2) / np.radians(112)
    morphs = {f"eyeLook{way}{name}": _turned(vertices, axis, turn, side) for way, axis, turn, _ in _GAZE}
    centre = plan.eye_centre(side)
    return Part(f"Eye{name}", vertices + centre, faces, "eye", np.ones_like(vertices), morphs, uv)


def _turned(arm: np.ndarray, axis: str, degrees: float, side: int) -> np.ndarray:
    return arm @ rotation(axis, degrees * (side if axis == "y" else 1)).T - arm


def sparkles(plan: Plan) -> list[Part]:
    """Two small discs before each cornea: the light that every painted eye has."""
    result = []
    for side, name in SIDES:
        centre = plan.eye_centre(side)
        for azimuth, elevation, radius in ((-15, 19, 6.2), (13, -14, 2.8)):
            rim = radius * circle(12)
            across = np.concatenate([[azimuth], azimuth + rim[:, 0]]) * side
            up = np.concatenate([[elevation], elevation + rim[:, 1]])
            vertices = eye_point(across, up, np.full(13, plan.eye_radius * 1.018 + 0.015), plan, side)
            place = np.arange(12)
            faces = np.stack([0 * place, 1 + place, 1 + (place + 1) % 12], 1)
            facing = np.cross(vertices[1] - vertices[0], vertices[2] - vertices[0])[2]
            faces = faces if facing > 0 else faces[:, ::-1]
            arm = vertices - centre
            morphs = {f"eyeLook{way}{name}": _turned(arm, axis, turn, side) for way, axis, _, turn in _GAZE}
            # Behind the closing lid.
            morphs[f"eyeBlink{name}"] = -0.12 * arm
            result.append(Part("Sparkles", vertices, faces, "sparkle", np.ones_like(vertices), morphs))
    return result


def lashes(plan: Plan) -> list[Part]:
    return [_lash_row(plan, side, name) for side, name in SIDES]


def _lash_row(plan: Plan, side: int, name: str) -> Part:
    count = 26
    azimuth = np.linspace(-0.93 * plan.eye_inner, plan.eye_outer + 0.5, count)
    along = (azimuth + plan.eye_inner) / (plan.eye_inner + plan.eye_outer)
    upper, _ = lid_edges(azimuth, plan)
    distance = np.full(count, plan.eye_radius + plan.lid_thickness - 0.01)
    root = eye_point(azimuth, upper - 0.6, distance, plan, side)
    length = plan.lash_length * (0.10 + 0.52 * along**1.6) * (1 - 0.35 * smoothstep(0.9, 1.0, along))
    direction = unit(np.stack([side * (0.10 + 0.75 * along**2), 0.55 + 0.1 * along, 0.78 - 0.35 * along], 1))
    thickness = (0.06 * plan.lash_length * (0.45 + 0.55 * along))[:, None] * np.array([0, 0.9, -0.3])
    rings = np.stack([root + thickness, root + direction * length[:, None], root - 0.9 * thickness], 1)
    vertices, faces = tube(rings)
    roots = np.repeat(root, 3, 0)
    outward = unit(roots - plan.eye_centre(side))
    arm = vertices - roots
    morphs = {}
    for shape, lid, other, turn in (
        *(("eyeBlink", 0.90, 0.10, 48), ("eyeSquint", 0.16, 0.3, 6), ("eyeWide", -0.2, -0.06, -6)),
        *(("eyeLookDown", 0.42, -0.1, 22), ("eyeLookUp", -0.16, 0.06, -8)),
    ):
        turned = arm @ rotation("x", turn).T - arm
        morphs[shape + name] = lid_motion(roots, plan, side, lid, other) + turned + 0.09 * max(lid, 0) * outward
    return Part(f"Lashes{name}", vertices, faces, "lash", painted(plan.lash, len(vertices)), morphs)


# ------------------------------------------------------------------------------------------------------ brows


def brow_path(plan: Plan, side: int, count: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """Points along a brow on the skin, outwards, and the skin's normals there."""
    along = np.linspace(0, 1, count)
    arch = np.sin(np.pi * np.clip(along * 0.88 + 0.08, 0, 1)) * 1.5
    y = plan.brow_y - 0.12 + plan.brow_arch * arch - 0.75 * along**2.2 + plan.brow_tilt * (along - 0.3)
    points = np.stack([side * (1.15 + 4.25 * along), y, 9.0 - 2.2 * along**1.5], 1)

    def surface(at: np.ndarray) -> np.ndarray:
        return head_distance(at, plan)

    points = project(surface, points, 8)
    return points, unit(gradient(surface, points))


def brows(plan: Plan, skin: Skin, morphs: Morphs, fineness: float = 1.0) -> list[Part]:
    region = ~skin.inner & (skin.vertices[:, 2] > 2) & (skin.vertices[:, 1] > plan.brow_y - 1.2)
    binding = Binding(skin, morphs, region)
    return [_brow(plan, binding, side, name, fineness) for side, name in SIDES]


def _brow(plan: Plan, binding: Binding, side: int, name: str, fineness: float) -> Part:
    path, out = brow_path(plan, side)
    along = np.linspace(0, 1, len(path))
    profile = np.minimum(1, 0.45 + 2.5 * along) * (1 - along**2.2) ** 0.8 + 0.06
    locks = [lock(path + 0.03 * out, out, plan.brow_width, 0.42 * plan.brow_width, profile)]
    random = np.random.default_rng(plan.seed + 30 + side)
    for place in np.linspace(0.03, 0.9, round(12 * fineness**2)):
        locks.append(_brow_hair(path, out, side, place, 0.17 / fineness, random))
    pieces = []
    for vertices, faces, height in locks:
        colours = np.clip(np.array(plan.brow) * (1 + 0.15 * (height[:, None] - 0.5)), 0, 1)
        moved = binding.morphs(vertices, without=("eyeBlink", "eyeLook", "eyeSquint"))
        pieces.append(Part("", vertices, faces, "painted", colours, moved))
    return gathered(f"Brow{name}", pieces)


def _brow_hair(path: np.ndarray, out: np.ndarray, side: int, place: float, width: float, random: np.random.Generator):
    """A bushy strand: upwards at the inner end, along the brow further out."""
    index = round(place * (len(path) - 1))
    direction = np.array([side * 0.9, 0.40 - 0.95 * place + random.uniform(-0.12, 0.12), -0.1])
    normal = out[index]
    root = path[index] + 0.05 * normal + np.array([0, random.uniform(-0.1, 0.1), 0])
    ends = root + 0.5 * direction + 0.24 * normal, root + 1.15 * direction + 0.12 * normal + np.array([0, -0.12, 0])
    strand = spline([root - 0.2 * direction, *ends], 6)
    share = np.linspace(0, 1, 6)
    return lock(strand, np.tile(normal, (6, 1)), width, 0.7 * width, tapered(share), LOCK)


def tapered(share: np.ndarray) -> np.ndarray:
    """Profile of a lock that begins rounded and ends in a point."""
    return np.minimum(1, 0.55 + 2.2 * share) * (1 - share**2.4) ** 0.75 + 0.015


# ----------------------------------------------------------------------------------------------- teeth, tongue


def teeth_and_tongue(plan: Plan, skin: Skin) -> list[Part]:
    front = skin.vertices[skin.rim_upper, 2].max() - 0.62
    return [_teeth(plan, front, upper=True), _teeth(plan, front, upper=False), _tongue(plan, front)]


def _teeth(plan: Plan, front: float, *, upper: bool) -> Part:
    """A row as one band with grooves, and its gums."""
    x = np.linspace(-2.35, 2.35, 57)
    z = front - (0 if upper else 0.26) - 0.13 * x**2 - 0.014 * x**4
    place = x / 0.78 if upper else x / 0.62 + 0.5
    groove = bump(place - np.round(place), 0.09)
    up = 1 if upper else -1
    edge = plan.mouth_y - (0.40 if upper else 0.16) + up * (0.10 * np.abs(x) / 2.3 + 0.07 * groove)
    gum = edge + up * 0.95
    rows = []
    for height, depth, share in (
        *((edge, -0.30, 0), (edge, -0.05, 1), (edge + up * 0.25, 0, 1), (edge + up * 0.6, 0, 1)),
        *((gum - up * 0.04, 0, 0.9), (gum, 0.05, 0.2), (gum + up * 0.5, -0.05, 0), (gum + up * 0.6, -0.6, 0)),
    ):
        rows.append(np.stack([x * (1 + 0.02 * depth), height, z + depth - 0.11 * groove * share], 1))
    vertices, faces = sheet(np.stack(rows))
    colours = np.empty((len(rows), len(x), 3))
    colours[:5] = np.array([0.96, 0.94, 0.89]) * (1 - 0.22 * groove)[:, None]
    colours[5:] = [0.60, 0.30, 0.29]
    colours *= (1 - 0.35 * np.clip(np.abs(x) / 2.6, 0, 1) ** 2)[:, None]
    # The upper lip rises over its teeth in a funnel: they hide with it.
    hidden = {"mouthFunnel": np.tile([0, 0.22, -0.15], (len(vertices), 1))}
    return Part(
        name="TeethUpper" if upper else "TeethLower",
        vertices=vertices,
        faces=faces if upper else faces[:, ::-1],
        material="painted",
        colours=colours.reshape(-1, 3),
        morphs=hidden if upper else jaw_part_morphs(vertices),
    )


def _tongue(plan: Plan, front: float) -> Part:
    along = np.linspace(0, 1, 14)
    around = circle(14)
    width = 1.5 * (1 - 0.15 * along) * np.sqrt(np.clip(1 - along**5, 0, 1)) + 0.02
    height = 0.48 * (1 - 0.45 * along) * np.sqrt(np.clip(1 - along**6, 0, 1)) + 0.02
    middle_groove = 0.2 * bump(around[:, 0], 0.35) * (around[:, 1] > 0)
    x = around[:, 0] * width[:, None]
    y = plan.mouth_y - 1.15 + 0.45 * np.sin(along * 2.2)[:, None]
    y = y + height[:, None] * (around[:, 1] - middle_groove * (1 - along**3)[:, None])
    z = np.broadcast_to((front - 5.0 + 4.45 * along)[:, None], x.shape)
    vertices, faces = tube(np.stack([x, y, z], -1))
    place = np.repeat(along, len(around))
    morphs = jaw_part_morphs(vertices)
    bent = 0.30 * place - 1.15 * smoothstep(0.55, 1.0, place) ** 1.5
    morphs["tongueOut"] = np.stack([-0.12 * vertices[:, 0] * place, bent, 2.9 * place**1.1], 1)
    colours = painted([0.62, 0.32, 0.31], len(vertices)) * (0.6 + 0.4 * place[:, None])
    return Part("Tongue", vertices, faces, "painted", colours, morphs)
