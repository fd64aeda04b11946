"""Distance fields, meshes made from them, and swept shapes. No knowledge of faces."""

from collections.abc import Callable

import gpytoolbox
import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import spsolve
from skimage.measure import marching_cubes

Surface = Callable[[np.ndarray], np.ndarray]
Mesh = tuple[np.ndarray, np.ndarray]


def smoothstep(edge0: float, edge1: float, value: np.ndarray) -> np.ndarray:
    """0 at `edge0`, 1 at `edge1` (either order), smooth between."""
    share = np.clip((value - edge0) / (edge1 - edge0), 0, 1)
    return share * share * (3 - 2 * share)


def bump(value: np.ndarray, width: float) -> np.ndarray:
    """1 at 0, falling like a bell."""
    return np.exp(-((value / width) ** 2))


def blob(points: np.ndarray, centre, spread) -> np.ndarray:
    """1 at the centre, falling like a bell in three directions."""
    offset = (points - np.asarray(centre)) / np.asarray(spread)
    return np.exp(-0.5 * (offset * offset).sum(-1))


def mixed(colours: np.ndarray, other, share: np.ndarray) -> np.ndarray:
    share = np.clip(share, 0, 1)[..., None]
    return colours * (1 - share) + np.asarray(other) * share


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def rotation(axis: str, degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    c, s = np.cos(angle), np.sin(angle)
    return {
        "x": np.array([[1, 0, 0], [0, c, -s], [0, s, c]]),
        "y": np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]),
        "z": np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]),
    }[axis]


# ---------------------------------------------------------------------------------------------- distance fields


def union(a: np.ndarray, b: np.ndarray, soft: float) -> np.ndarray:
    share = np.clip(0.5 + 0.5 * (b - a) / soft, 0, 1)
    return b * (1 - share) + a * share - soft * share * (1 - share)


def cut(a: np.ndarray, b: np.ndarray, soft: float) -> np.ndarray:
    return -union(-a, b, soft)


def ellipsoid(points: np.ndarray, centre, radii) -> np.ndarray:
    offset, radii = points - np.asarray(centre, float), np.asarray(radii, float)
    k0 = np.sqrt(((offset / radii) ** 2).sum(-1)) + 1e-9
    k1 = np.sqrt(((offset / radii**2) ** 2).sum(-1)) + 1e-9
    return k0 * (k0 - 1) / k1


def capsule(points: np.ndarray, start, end, start_radius: float, end_radius: float) -> np.ndarray:
    start, axis = np.asarray(start, float), np.asarray(end, float) - np.asarray(start, float)
    along = np.clip(((points - start) @ axis) / (axis @ axis), 0, 1)
    radius = start_radius + (end_radius - start_radius) * along
    return np.linalg.norm(points - start - along[..., None] * axis, axis=-1) - radius


def gradient(surface: Surface, points: np.ndarray, step: float = 0.02) -> np.ndarray:
    result = np.empty_like(points)
    for axis in range(3):
        offset = np.eye(3)[axis] * step
        result[:, axis] = (surface(points + offset) - surface(points - offset)) / (2 * step)
    return result


def project(surface: Surface, points: np.ndarray, rounds: int = 4) -> np.ndarray:
    """Points moved onto the surface along its gradient."""
    points = points.copy()
    for _ in range(rounds):
        slope = gradient(surface, points)
        step = surface(points) / np.maximum((slope * slope).sum(1), 0.25)
        points -= np.clip(step, -0.3, 0.3)[:, None] * slope
    return points


def project_along_z(surface: Surface, points: np.ndarray, rounds: int = 6) -> np.ndarray:
    points = points.copy()
    ahead = np.array([0, 0, 0.02])
    for _ in range(rounds):
        slope = (surface(points + ahead) - surface(points - ahead)) / 0.04
        points[:, 2] -= np.clip(surface(points) / np.maximum(slope, 0.35), -0.3, 0.3)
    return points


# ------------------------------------------------------------------------------------------------------ meshes


def mesh_of(surface: Surface, low, high, step: float) -> Mesh:
    """The surface inside a box, by marching cubes, wound outwards; only its largest piece."""
    axes = [np.arange(low[i], high[i] + step, step) for i in range(3)]
    lattice = np.stack(np.meshgrid(*axes, indexing="ij"), -1).astype(float)
    values = np.stack([surface(sheet) for sheet in lattice])
    vertices, faces, _, _ = marching_cubes(values, 0, spacing=(step,) * 3)
    vertices = vertices + np.asarray(low)
    return largest_piece(vertices, wound_outwards(vertices, faces))


def wound_outwards(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    corners = vertices[faces]
    volume = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum()
    return faces if volume > 0 else faces[:, ::-1].copy()


def remeshed(vertices: np.ndarray, faces: np.ndarray, rounds: int, edge: float) -> Mesh:
    """Even triangles with edges of about one length."""
    result = gpytoolbox.remesh_botsch(
        np.ascontiguousarray(vertices), np.ascontiguousarray(faces.astype(np.int32)), rounds, edge, True
    )
    return result[0], result[1].astype(int)


def compact(vertices: np.ndarray, faces: np.ndarray) -> Mesh:
    """Without the vertices that no face uses."""
    used = np.zeros(len(vertices), bool)
    used[faces.ravel()] = True
    return vertices[used], (np.cumsum(used) - 1)[faces]


def piece_of_each_vertex(faces: np.ndarray, count: int) -> np.ndarray:
    edges = (faces.ravel(), faces[:, [1, 2, 0]].ravel())
    graph = sparse.coo_matrix((np.ones(faces.size), edges), shape=(count, count))
    return sparse.csgraph.connected_components(graph, directed=False)[1]


def faces_of_largest_piece(faces: np.ndarray, count: int) -> np.ndarray:
    piece = piece_of_each_vertex(faces, count)[faces[:, 0]]
    return faces[piece == np.bincount(piece).argmax()]


def largest_piece(vertices: np.ndarray, faces: np.ndarray) -> Mesh:
    return compact(vertices, faces_of_largest_piece(faces, len(vertices)))


def normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    corners = vertices[faces]
    of_faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    result = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(result, faces[:, corner], of_faces)
    return unit(result)


def harmonic(
    vertices: np.ndarray, faces: np.ndarray, known: np.ndarray, values: np.ndarray, *, smoother: bool = False
) -> np.ndarray:
    """A value for every vertex, smooth over the mesh, that has the given values where they are known."""
    start, end = faces.ravel(), faces[:, [1, 2, 0]].ravel()
    weights = 1 / np.maximum(np.linalg.norm(vertices[start] - vertices[end], axis=1), 0.02)
    adjacency = sparse.coo_matrix((weights, (start, end)), shape=(len(vertices),) * 2)
    adjacency = (adjacency + adjacency.T).tocsr()
    laplacian = sparse.diags(np.asarray(adjacency.sum(1)).ravel()) - adjacency
    if smoother:
        laplacian = laplacian @ sparse.diags(1 / laplacian.diagonal()) @ laplacian
    result = np.zeros(len(vertices))
    result[known] = values
    free = np.setdiff1d(np.arange(len(vertices)), known)
    system = laplacian[free][:, free] + 1e-9 * sparse.eye(len(free))
    result[free] = spsolve(system.tocsc(), -laplacian[free][:, known] @ np.asarray(values, float))
    return result


# ------------------------------------------------------------------------------------------------ swept shapes


def spline(points, count: int) -> np.ndarray:
    """A Catmull-Rom curve through points, sampled evenly by parameter."""
    points = np.asarray(points, float)
    place = np.linspace(0, len(points) - 1, count)
    first = np.clip(place.astype(int), 0, len(points) - 2)
    t = (place - first)[:, None]
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    p0, p1, p2, p3 = (padded[first + i] for i in range(4))
    linear, square = (p2 - p0) * t, (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2
    return 0.5 * (2 * p1 + linear + square + (3 * p1 - p0 - 3 * p2 + p3) * t**3)


def tube(rings: np.ndarray, *, capped: bool = True) -> Mesh:
    """A skin over closed rings, array (rings, points of a ring, 3)."""
    count, around = rings.shape[:2]
    ring, place = np.meshgrid(np.arange(count - 1), np.arange(around), indexing="ij")
    after = (place + 1) % around
    a, b = ring * around + place, ring * around + after
    c, d = (ring + 1) * around + after, (ring + 1) * around + place
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    if capped:
        inner = np.arange(1, around - 1)
        last = (count - 1) * around
        first_cap = np.stack([0 * inner, inner + 1, inner], -1)
        last_cap = last + np.stack([0 * inner, inner, inner + 1], -1)
        faces = np.concatenate([faces, first_cap, last_cap])
    vertices = rings.reshape(-1, 3)
    return vertices, wound_outwards(vertices, faces)


def sheet(rows: np.ndarray) -> Mesh:
    """A skin over open rows, array (rows, points of a row, 3)."""
    count, across = rows.shape[:2]
    row, place = np.meshgrid(np.arange(count - 1), np.arange(across - 1), indexing="ij")
    a = row * across + place
    b, c, d = a + 1, a + across + 1, a + across
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    return rows.reshape(-1, 3), faces


def circle(count: int) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle)], -1)


LOCK = np.array([(1, -0.05), (0.55, 0.72), (0, 1.0), (-0.55, 0.72), (-1, -0.05), (0, -0.5)])
STRAND = np.array([(1, -0.05), (0.3, 0.85), (-0.45, 0.75), (-1, -0.05)])
ROUND = circle(8)


def lock(
    path: np.ndarray, outward: np.ndarray, width: float, thickness: float, profile: np.ndarray, section=LOCK
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A tapered lock of hair along a path; `section` is its cross-section (across, outward).

    Returns vertices, faces and the place of each vertex along the path, 0 to 1.
    """
    tangent = unit(np.gradient(path, axis=0))
    across = unit(np.cross(outward, tangent))
    out = np.cross(tangent, across)
    points = [
        path + across * (side * width * profile)[:, None] + out * (height * thickness * profile)[:, None]
        for side, height in section
    ]
    vertices, faces = tube(np.stack(points, 1))
    return vertices, faces, np.repeat(np.linspace(0, 1, len(path)), len(section))


def torus(radius: float, thickness: float, around: int = 24, section: int = 8) -> Mesh:
    """A ring in the plane z = 0."""
    turn = np.linspace(0, 2 * np.pi, around + 1)[:, None]
    small = thickness * circle(section)
    distance = radius + small[:, 0]
    flat = np.broadcast_to(small[:, 1], (around + 1, section))
    return tube(np.stack([distance * np.cos(turn), distance * np.sin(turn), flat], -1), capped=False)
