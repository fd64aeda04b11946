"""The skin as triangles: adaptive, cut along the mouth line and the eye openings, with lid rims and a mouth bag."""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import trimesh
from head import eye_angles, eye_outline, eye_point, head_distance, mouth_line
from plan import SIDES, Plan
from scipy.spatial import cKDTree
from shapes import (
    Mesh,
    compact,
    faces_of_largest_piece,
    largest_piece,
    mesh_of,
    normals,
    project,
    project_along_z,
    remeshed,
)

_NEAREST = 12
_BAG = ((0.2, 0.03, 1.0), (0.42, 0.14, 0.99), (0.8, 0.75, 0.97), (1.8, 1.35, 0.94), (3.8, 1.6, 0.86), (5.6, 1.1, 0.6))
"""Rings of the mouth bag: depth, height, width."""
_LIP_RINGS = 2

Snap = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Skin:
    """`lip`: 0 on the upper side of the mouth line, 1 on the lower, else -1. `inner`: rims and bag, not the outside.

    `rim_upper` and `rim_lower` are pairs of vertices along the mouth line, from the face's right to its left.
    """

    vertices: np.ndarray
    faces: np.ndarray
    in_mouth: np.ndarray
    lip: np.ndarray
    inner: np.ndarray
    rim_upper: np.ndarray
    rim_lower: np.ndarray
    eye_rims: dict[str, np.ndarray]

    def normals(self) -> np.ndarray:
        return normals(self.vertices, self.faces)


def build_skin(plan: Plan) -> Skin:
    return _Builder(plan).build()


class _Builder:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.vertices, self.faces = _adaptive_mesh(self.surface, plan)
        self.lip = np.empty(0)

    def surface(self, points: np.ndarray) -> np.ndarray:
        return head_distance(points, self.plan)

    def build(self) -> Skin:
        upper, lower = self._cut_mouth()
        eye_rims = {name: self._cut_eye(side) for side, name in SIDES}
        rings = _Rings(len(self.vertices))
        for side, name in SIDES:
            self._add_lid_rim(rings, eye_rims[name], side)
        bag_upper, bag_lower = self._add_mouth_bag(rings, upper, lower)
        outer = len(self.vertices)
        vertices = np.vstack([self.vertices, *rings.points])
        lip = np.full(len(vertices), -1.0)
        lip[: len(self.lip)] = self.lip
        lip[bag_upper], lip[bag_lower] = 0, 1
        in_mouth = np.concatenate([np.zeros(len(self.faces), bool), rings.in_mouth])
        faces = _wound_alike(np.vstack([self.faces, rings.faces]))
        used = np.zeros(len(vertices), bool)
        used[faces.ravel()] = True
        moved = np.cumsum(used) - 1
        return Skin(
            vertices=vertices[used],
            faces=moved[faces],
            in_mouth=in_mouth,
            lip=lip[used],
            inner=(np.arange(len(vertices)) >= outer)[used],
            rim_upper=moved[upper],
            rim_lower=moved[lower],
            eye_rims={name: moved[loop] for name, loop in eye_rims.items()},
        )

    # -------------------------------------------------------------------------------------------------- mouth

    def _on_mouth_line(self, points: np.ndarray) -> np.ndarray:
        points = points.copy()
        for _ in range(3):
            points[:, 1] = mouth_line(points[:, 0], self.plan)
            points = project_along_z(self.surface, points)
        return points

    def _cut_mouth(self) -> tuple[list[int], list[int]]:
        """Cut along the mouth line and double its vertices. Returns the upper and the lower rim."""
        half_width = self.plan.mouth_half_width
        corners = [self._pin_mouth_corner(side) for side in (-1, 1)]
        above = self.vertices[:, 1] - mouth_line(self.vertices[:, 0], self.plan)
        above[np.abs(above) < 1e-9] = 1e-6
        above[corners] = 0

        def between_corners(points: np.ndarray) -> np.ndarray:
            return (np.abs(points[:, 0]) < half_width - 1e-4) & (points[:, 2] > 5.5)

        line = _Line(above, between_corners, self._on_mouth_line, reach=0.2)
        self.vertices, self.faces, above = _cut_along(self.vertices, self.faces, line)
        x, z = self.vertices[:, 0], self.vertices[:, 2]
        seam = np.nonzero((above == 0) & (np.abs(x) < half_width - 1e-3) & (z > 5.5))[0]
        seam = seam[np.argsort(x[seam])]
        below = (above[self.faces].sum(1) < 0) & (np.abs(above[self.faces]).max(1) < 3)
        first_double = len(self.vertices)
        doubles = np.arange(first_double)
        doubles[seam] = first_double + np.arange(len(seam))
        self.faces[below] = doubles[self.faces[below]]
        self.vertices = np.vstack([self.vertices, self.vertices[seam]])
        self.lip = np.full(len(self.vertices), -1.0)
        self.lip[seam], self.lip[first_double:] = 0, 1
        right, left = corners
        return [right, *seam, left], [right, *doubles[seam], left]

    def _pin_mouth_corner(self, side: int) -> int:
        """Move the nearest vertex of the front into a corner of the mouth."""
        corner = self._on_mouth_line(np.array([[side * self.plan.mouth_half_width, 0, 7.3]]))[0]
        behind = self.vertices[:, 2] <= 5.5
        index = np.argmin(np.linalg.norm(self.vertices - corner, axis=1) + 100 * behind)
        self.vertices[index] = corner
        return int(index)

    def _add_mouth_bag(self, rings: "_Rings", upper: list[int], lower: list[int]) -> tuple[list[int], list[int]]:
        """Rows behind both lips that meet at the throat. Returns the new vertices of the upper and lower half."""
        rim = self.vertices[upper]
        dome = np.sqrt(np.clip(1 - (rim[:, 0] / self.plan.mouth_half_width) ** 2, 0, 1))
        last_upper, last_lower = list(upper), list(lower)
        in_upper, in_lower = [], []
        for number, (depth, height, width) in enumerate(_BAG):
            row_upper, row_lower = self._bag_rows(rim, dome, number, depth, height, width)
            new_upper = rings.add(row_upper)
            inside = rings.add(row_lower[1:-1])
            new_lower = [new_upper[0], *inside, new_upper[-1]]
            in_mouth = number >= _LIP_RINGS
            rings.bridge(last_upper, new_upper, closed=False, in_mouth=in_mouth)
            rings.bridge(new_lower, last_lower, closed=False, in_mouth=in_mouth)
            last_upper, last_lower = new_upper, new_lower
            in_upper += new_upper[1:-1]
            in_lower += new_lower[1:-1]
        rings.bridge(last_upper, last_lower, closed=False, in_mouth=True)
        return in_upper, in_lower

    def _bag_rows(self, rim, dome, number, depth, height, width) -> tuple[np.ndarray, np.ndarray]:
        row = rim * [width, 1, 1]
        front = rim[:, 2]
        if number < 3:
            row[:, 2] = front - depth * (0.35 + 0.65 * dome**0.4)
        else:
            row[:, 2] = np.minimum(front - depth * 0.8, front.max() - depth - 0.3)
        lift = np.zeros_like(row)
        lift[:, 1] = height * dome ** (0.9 if number < 2 else 0.7)
        rows = row + lift, row - lift
        if number >= _LIP_RINGS:
            for bent in rows:
                # The bag must stay under the skin, or it would show through the lips.
                for _ in range(14):
                    bent[:, 2] -= 0.08 * (self.surface(bent) > -0.55)
        return rows

    # --------------------------------------------------------------------------------------------------- eyes

    def _cut_eye(self, side: int) -> np.ndarray:
        """Cut the almond opening of one eye. Returns its rim as a loop of vertices."""
        plan, outline = self.plan, eye_outline(self.plan)
        lid_radius = plan.eye_radius + plan.lid_thickness
        centre = plan.eye_centre(side)

        def near_eye(points: np.ndarray) -> np.ndarray:
            close = np.linalg.norm(points - centre, axis=1) < lid_radius + 0.5
            return close & (points[:, 2] > centre[2] - 0.3) & (points[:, 0] * side > 0.3)

        def outside(points: np.ndarray) -> np.ndarray:
            azimuth, elevation, _ = eye_angles(points, plan, side)
            return _distance_to_outline(np.stack([azimuth, elevation], 1), outline)[0]

        def on_outline(points: np.ndarray) -> np.ndarray:
            return self._on_lid_edge(points, outline, side)

        distance = np.where(near_eye(self.vertices), outside(self.vertices), 50.0)
        distance[np.abs(distance) < 1e-9] = 1e-6
        for azimuth, elevation in (outline[0], outline[len(outline) // 2]):
            corner = eye_point(np.array([azimuth]), np.array([elevation]), np.array([lid_radius]), plan, side)
            corner = on_outline(corner)[0]
            index = np.argmin(np.linalg.norm(self.vertices - corner, axis=1))
            self.vertices[index] = corner
            distance[index] = 0
        line = _Line(distance, near_eye, on_outline, reach=float(np.degrees(0.19 / lid_radius)))
        self.vertices, self.faces, _ = _cut_along(self.vertices, self.faces, line)
        middles = self.vertices[self.faces].mean(1)
        self.faces = self.faces[~((outside(middles) < 0) & near_eye(middles))]
        self.faces = faces_of_largest_piece(self.faces, len(self.vertices))
        return _boundary_loop(self.vertices, self.faces, centre + np.array([0, 0, plan.eye_radius]), 2.6)

    def _on_lid_edge(self, points: np.ndarray, outline: np.ndarray, side: int) -> np.ndarray:
        plan, centre = self.plan, self.plan.eye_centre(side)
        azimuth, elevation, distance = eye_angles(points, plan, side)
        _, nearest = _distance_to_outline(np.stack([azimuth, elevation], 1), outline)
        points = eye_point(nearest[:, 0], nearest[:, 1], distance, plan, side)
        for _ in range(4):
            ray = points - centre
            length = np.linalg.norm(ray, axis=1)
            fitted = length - np.clip(self.surface(points), -0.2, 0.2)
            fitted = np.clip(fitted, plan.eye_radius + 0.05, plan.eye_radius + plan.lid_thickness + 0.35)
            points = centre + ray / length[:, None] * fitted[:, None]
        return points

    def _add_lid_rim(self, rings: "_Rings", loop: np.ndarray, side: int) -> None:
        """The thickness of the lids: from the edge of the skin to the eyeball and a little behind it."""
        centre, radius = self.plan.eye_centre(side), self.plan.eye_radius
        ray = self.vertices[loop] - centre
        length = np.linalg.norm(ray, axis=1, keepdims=True)
        ray = ray / length
        middle = ray.mean(0) / np.linalg.norm(ray.mean(0))
        spread = ray + (ray - middle) * 0.22
        spread /= np.linalg.norm(spread, axis=1, keepdims=True)
        half_way = rings.add(centre + ray * (length * 0.35 + (radius + 0.03) * 0.65))
        at_eye = rings.add(centre + ray * (radius + 0.012))
        behind = rings.add(centre + spread * (radius - 0.12))
        for first, second in ((list(loop), half_way), (half_way, at_eye), (at_eye, behind)):
            rings.bridge(first, second, closed=True, in_mouth=False)


class _Rings:
    """Vertices and faces that are added behind the openings."""

    def __init__(self, first_index: int) -> None:
        self._next = first_index
        self.points: list[np.ndarray] = []
        self.faces: list[tuple[int, ...]] = []
        self.in_mouth: list[bool] = []

    def add(self, points: np.ndarray) -> list[int]:
        self.points.append(points)
        self._next += len(points)
        return list(range(self._next - len(points), self._next))

    def bridge(self, first: list[int], second: list[int], *, closed: bool, in_mouth: bool) -> None:
        count = len(first)
        for i in range(count if closed else count - 1):
            j = (i + 1) % count
            for triangle in ((first[i], first[j], second[j]), (first[i], second[j], second[i])):
                if len(set(triangle)) == 3:
                    self.faces.append(triangle)
                    self.in_mouth.append(in_mouth)


# ----------------------------------------------------------------------------------------------- adaptive mesh


def _adaptive_mesh(surface: Callable, plan: Plan) -> Mesh:
    """Small triangles where the face moves: an even mesh of a space that is stretched there."""
    vertices, faces = mesh_of(surface, [-10, -19, -11], [10, 12.5, 11.6], 0.3)
    vertices = project(surface, vertices, 2)
    stretched = _stretched(vertices, plan)
    even, even_faces = remeshed(stretched, faces, 10, plan.triangle_size)
    vertices = project(surface, _carried_back(even, stretched, vertices, faces), 3)
    below_neck = (vertices[even_faces][:, :, 1] < -17.6).all(1)
    return largest_piece(*compact(vertices, even_faces[~below_neck]))


def _stretched(points: np.ndarray, plan: Plan) -> np.ndarray:
    """Lenses over eyes, mouth, nose and ears. Each is the gradient of a convex function: space never folds."""
    ear = np.array([7.6 * plan.face_width, -1, -1.5])
    to_lid = np.array([0, 0.2, 1.7])
    lenses = (
        (plan.eye_centre(1) + to_lid, 3.9, 2.1),
        (plan.eye_centre(-1) + to_lid, 3.9, 2.1),
        (np.array([0, plan.mouth_y, 8.4]), 4.0, 2.2),
        (np.array([0, plan.nose_y, 9.2]), 2.6, 1.3),
        (ear, 2.0, 2.0),
        (ear * [-1, 1, 1], 2.0, 2.0),
    )
    result = points.copy()
    for centre, strength, radius in lenses:
        ray = points - centre
        length = np.linalg.norm(ray, axis=1, keepdims=True) + 1e-9
        result += ray / length * (strength - 1) * radius * (1 - np.exp(-length / radius))
    return result


def _carried_back(even: np.ndarray, stretched: np.ndarray, vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Where the points of the even mesh lie in the space that is not stretched."""
    _, candidates = cKDTree(stretched[faces].mean(1)).query(even, k=_NEAREST)
    triangles = stretched[faces[candidates]].reshape(-1, 3, 3)
    closest = trimesh.triangles.closest_point(triangles, np.repeat(even, _NEAREST, 0)).reshape(-1, _NEAREST, 3)
    best = np.linalg.norm(closest - even[:, None], axis=2).argmin(1)
    row = np.arange(len(even))
    chosen = faces[candidates[row, best]]
    shares = trimesh.triangles.points_to_barycentric(stretched[chosen], closest[row, best])
    return (vertices[chosen] * shares[:, :, None]).sum(1)


# ----------------------------------------------------------------------------------------------------- cutting


@dataclass(frozen=True)
class _Line:
    """The line value = 0, where `allowed` says so. `snap` moves points onto it; `reach`: the size of a triangle."""

    value: np.ndarray
    allowed: Callable[[np.ndarray], np.ndarray]
    snap: Snap
    reach: float


def _cut_along(vertices: np.ndarray, faces: np.ndarray, line: _Line) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Insert a line into the mesh. Returns vertices, faces and the values of all vertices."""
    vertices, value = vertices.copy(), line.value.copy()
    near = (np.abs(value) < 0.28 * line.reach) & line.allowed(vertices) & (value != 0)
    if near.any():
        vertices[near] = line.snap(vertices[near])
        value[near] = 0
    points, values = list(vertices), list(value)
    middles: dict[tuple[int, int], int] = {}

    def middle(a: int, b: int) -> int:
        """The vertex where the line crosses an edge; -1 where it does not."""
        if values[a] * values[b] >= 0:
            return -1
        key = (min(a, b), max(a, b))
        if key not in middles:
            share = values[a] / (values[a] - values[b])
            point = (points[a] * (1 - share) + points[b] * share)[None]
            middles[key] = -1
            if line.allowed(point)[0]:
                points.append(line.snap(point)[0])
                values.append(0.0)
                middles[key] = len(points) - 1
        return middles[key]

    result = []
    for face in faces:
        result += _split(face, [middle(face[i], face[(i + 1) % 3]) for i in range(3)])
    return np.array(points), np.array(result), np.array(values)


def _split(face: np.ndarray, middles: list[int]) -> list[tuple[int, int, int]]:
    """A triangle in pieces, by the vertices in the middle of its edges."""
    count = sum(middle >= 0 for middle in middles)
    if count == 0:
        return [tuple(face)]
    if count == 1:
        i = next(i for i, middle in enumerate(middles) if middle >= 0)
        a, b, c = face[i], face[(i + 1) % 3], face[(i + 2) % 3]
        return [(a, middles[i], c), (middles[i], b, c)]
    whole = next(i for i, middle in enumerate(middles) if middle < 0)
    a, b, c = face[whole], face[(whole + 1) % 3], face[(whole + 2) % 3]
    p, q = middles[(whole + 1) % 3], middles[(whole + 2) % 3]
    return [(c, q, p), (a, b, p), (a, p, q)]


def _distance_to_outline(points: np.ndarray, outline: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance to a closed outline, negative inside, and its nearest point."""
    distance = np.full(len(points), 1e9)
    nearest = np.zeros_like(points)
    inside = np.zeros(len(points), bool)
    for start, end in zip(outline, np.roll(outline, -1, 0), strict=True):
        edge = end - start
        along = np.clip(((points - start) @ edge) / (edge @ edge + 1e-12), 0, 1)
        candidate = start + along[:, None] * edge
        length = np.linalg.norm(points - candidate, axis=1)
        closer = length < distance
        distance[closer], nearest[closer] = length[closer], candidate[closer]
        if start[1] != end[1]:
            crossing = edge[0] * (points[:, 1] - start[1]) / edge[1] + start[0]
            inside ^= ((start[1] > points[:, 1]) != (end[1] > points[:, 1])) & (points[:, 0] < crossing)
    return np.where(inside, -distance, distance), nearest


def _boundary_loop(vertices: np.ndarray, faces: np.ndarray, centre: np.ndarray, radius: float) -> np.ndarray:
    """The longest boundary of the mesh within a radius of a point."""
    near = np.linalg.norm(vertices - centre, axis=1) < radius
    edges = {(int(face[i]), int(face[(i + 1) % 3])) for face in faces for i in range(3)}
    following = defaultdict(list)
    for a, b in edges:
        if (b, a) not in edges and near[a] and near[b]:
            following[b].append(a)
    longest: list[int] = []
    while start := next((vertex for vertex, after in following.items() if after), None):
        loop = [start]
        vertex = following[start].pop()
        while vertex != start and following.get(vertex):
            loop.append(vertex)
            vertex = following[vertex].pop()
        longest = max(longest, loop, key=len)
    return np.array(_without_detours(longest))


def _without_detours(loop: list[int]) -> list[int]:
    """Drop the small loops of a boundary that touches itself."""
    result: list[int] = []
    for vertex in loop:
        if vertex in result:
            result = result[: result.index(vertex)]
        result.append(vertex)
    return result


def _wound_alike(faces: np.ndarray) -> np.ndarray:
    """All faces wound like the first, neighbour by neighbour."""
    by_edge = defaultdict(list)
    for index, face in enumerate(faces):
        for i in range(3):
            by_edge[frozenset((face[i], face[(i + 1) % 3]))].append(index)
    faces = faces.copy()
    seen = np.zeros(len(faces), bool)
    seen[0] = True
    queue = deque([0])
    while queue:
        face = faces[queue.popleft()]
        for i in range(3):
            a, b = face[i], face[(i + 1) % 3]
            for neighbour in by_edge[frozenset((a, b))]:
                if seen[neighbour]:
                    continue
                other = list(faces[neighbour])
                if other[(other.index(a) + 1) % 3] == b:
                    faces[neighbour] = faces[neighbour][::-1]
                seen[neighbour] = True
                queue.append(neighbour)
    return faces
