"""Pictures painted by formula: the skin by the place of each texel on the head, and the eye."""

import numpy as np
from hair import beard_share
from head import eye_angles, eye_point, lid_edges, lip_coordinate
from plan import Plan
from scipy import ndimage
from shapes import blob, bump, mixed, smoothstep
from skin import Skin

SKIN_SIZE, EYE_SIZE = 1024, 512
_WHITE = (0.95, 0.93, 0.91)
_EYE_EDGE = 112.0
"""Degrees from the middle of the eye's texture to its border."""


def skin_uv(points: np.ndarray) -> np.ndarray:
    """A cylinder around the head; the face gets more of it than the back."""
    around = np.arctan2(points[:, 0], points[:, 2] + 1.5)
    u = 0.5 + 0.5 * np.sign(around) * (np.abs(around) / np.pi) ** 0.72
    return np.stack([u, (points[:, 1] + 19) / 32.5], 1)


def skin_textures(skin: Skin, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Colours and relief, which a picture has beside them: wrinkles, creases of the lips. Both are float RGB
    (size, size, 3), bottom row first; relief: 1 is the skin, 0 the deepest line."""
    places = _places(skin.vertices, skin.faces[~skin.inner[skin.faces].all(1)], SKIN_SIZE)
    painter = _Painter(places.reshape(-1, 3), plan)
    colours = painter.painted().reshape(SKIN_SIZE, SKIN_SIZE, 3)
    relief = painter.relief().reshape(SKIN_SIZE, SKIN_SIZE, 1).repeat(3, 2)
    return _mottled(colours), relief


def _mottled(colours: np.ndarray) -> np.ndarray:
    """Nobody's skin is of one colour."""
    random = np.random.default_rng(7)
    mottled = np.zeros((SKIN_SIZE, SKIN_SIZE))
    for spread, strength in ((SKIN_SIZE / 40, 0.5), (SKIN_SIZE / 120, 0.35)):
        noise = ndimage.gaussian_filter(random.normal(size=mottled.shape), spread, mode="wrap")
        mottled += noise * spread * strength
    return np.clip(colours * (1 + 0.05 * np.clip(mottled, -1.5, 1.5)[..., None] * np.array([0.5, 1, 1])), 0, 1)


def _places(vertices: np.ndarray, faces: np.ndarray, size: int) -> np.ndarray:
    """The point of the head that each texel shows, (size, size, 3)."""
    corners = skin_uv(vertices)[faces]
    wraps = np.ptp(corners[:, :, 0], axis=1) > 0.5
    corners[wraps, :, 0] += corners[wraps, :, 0] < 0.5
    places, hit = np.zeros((size, size, 3)), np.zeros((size, size), bool)
    middles = vertices[faces].mean(1)
    for index in np.argsort(middles[:, 2] + np.hypot(middles[:, 0], middles[:, 2])):
        for shift in (0, -1) if wraps[index] else (0,):
            _draw_triangle((corners[index] + [shift, 0]) * size, vertices[faces[index]], places, hit)
    nearest = ndimage.distance_transform_edt(~hit, return_distances=False, return_indices=True)
    return places[nearest[0], nearest[1]]


def _draw_triangle(corners: np.ndarray, values: np.ndarray, target: np.ndarray, hit: np.ndarray) -> None:
    size = len(target)
    x0, y0 = np.maximum(np.floor(corners.min(0)).astype(int), 0)
    x1, y1 = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, size)
    if x1 <= x0 or y1 <= y0:
        return
    x, y = np.meshgrid(np.arange(x0, x1) + 0.5, np.arange(y0, y1) + 0.5)
    a, b, c = corners
    area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
    if abs(area) < 1e-9:
        return
    at_b = ((x - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (y - a[1])) / area
    at_c = ((b[0] - a[0]) * (y - a[1]) - (x - a[0]) * (b[1] - a[1])) / area
    inside = (at_b > -0.02) & (at_c > -0.02) & (at_b + at_c < 1.02)
    filled = values[0] + at_b[..., None] * (values[1] - values[0]) + at_c[..., None] * (values[2] - values[0])
    target[y0:y1, x0:x1][inside] = filled[inside]
    hit[y0:y1, x0:x1] |= inside


class _Painter:
    """Layers of colour on the skin, one method each."""

    def __init__(self, points: np.ndarray, plan: Plan) -> None:
        self.plan, self.points = plan, points
        self.x, self.y, self.z = points.T
        self.aside = np.abs(self.x)
        self.mirrored = np.stack([self.aside, self.y, self.z], 1)
        self.base = np.array(plan.skin)
        self.colours = np.tile(self.base, (len(points), 1))
        self.azimuth, self.elevation, self.eye_distance = eye_angles(self.mirrored, plan, 1)
        self.upper_lid, self.lower_lid = lid_edges(self.azimuth, plan)

    def painted(self) -> np.ndarray:
        self._blush()
        self._around_eyes()
        self._lips()
        self._nose()
        self._age_spots()
        self._age_lines()
        self._under_beard()
        return np.clip(self.colours, 0, 1)

    def relief(self) -> np.ndarray:
        lips, _ = lip_coordinate(self.points, self.plan)
        bent = self.x + 0.12 * np.sin(2.3 * self.x) + 0.06 * np.sin(9 * self.y)
        creases = (0.5 + 0.5 * np.cos(2 * np.pi * bent / 0.21)) ** 3 * smoothstep(1.05, 0.8, np.abs(lips))
        return np.clip(1 - self.plan.age * self._lines() - 0.30 * creases * (self.z > 5), 0, 1)

    def _mix(self, share: np.ndarray, colour) -> None:
        self.colours = mixed(self.colours, colour, share)

    def _tint(self, share: np.ndarray, factor) -> None:
        share = np.clip(share, 0, 1)[:, None]
        self.colours = self.colours * (1 - share + share * np.asarray(factor))

    def _near(self, centre, spread) -> np.ndarray:
        return blob(self.mirrored, centre, spread)

    def _blush(self) -> None:
        plan, strength = self.plan, self.plan.blush_strength
        self._tint(0.5 * smoothstep(2.5, 7.5, self.y), (1.03, 1.02, 0.97))
        self._tint(smoothstep(-8.5, -14, self.y), (0.93, 0.88, 0.86))
        across_nose = bump(self.y + 3.4, 1.0) * smoothstep(4, 6, self.z) * (self.aside < 5)
        for share, where in (
            (0.75, self._near([4.5, -3.5, 6.2], [1.7, 1.25, 2.4])),
            (0.55, self._near([0, plan.nose_y + 0.5, 10.0], [1.2, 0.9, 1.3])),
            (0.22, across_nose),
            (0.65, self._near([7.9, -0.9, -1.5], [0.9, 2.6, 1.8])),
            (0.25, self._near([0, plan.chin_y + 1.6, 7.5], [1.5, 1.1, 2])),
        ):
            self._mix(strength * share * where, plan.blush)

    def _around_eyes(self) -> None:
        plan, elevation, upper, lower = self.plan, self.elevation, self.upper_lid, self.lower_lid
        near = (self.eye_distance < plan.eye_radius + 1.2) & (self.z > 4)
        above = near & (elevation > (upper + lower) / 2)
        below = near & (elevation < (upper + lower) / 2)
        crease = bump(elevation - upper - 13, 11) * near * (np.abs(self.azimuth) < 75)
        self._mix(0.30 * crease, self.base * [0.80, 0.58, 0.52])
        under = bump(lower - elevation - 6, 8) * near * (np.abs(self.azimuth) < 60)
        self._mix(0.30 * under, self.base * [0.86, 0.66, 0.62])
        along = (self.azimuth + plan.eye_inner) / (plan.eye_inner + plan.eye_outer)
        width = 1.2 + 2.2 * np.clip(along, 0, 1)
        line = bump(np.clip(elevation - upper, 0, None) / width, 1.0) * above
        line = line * smoothstep(-0.02, 0.25, along) * smoothstep(1.12, 1.0, along)
        self._mix(plan.liner_strength * line, (0.16, 0.08, 0.07))
        line = bump(np.clip(lower - elevation, 0, None), 1.6) * below
        line = line * smoothstep(0.1, 0.9, along) * smoothstep(1.1, 0.98, along)
        self._mix(0.45 * plan.liner_strength * line, (0.30, 0.15, 0.12))
        tear = eye_point(-plan.eye_inner, -plan.eye_tilt, np.array(plan.eye_radius + 0.1), plan, 1)
        self._mix(0.6 * self._near(tear, [0.22, 0.16, 0.6]), (0.80, 0.45, 0.40))

    def _lips(self) -> None:
        plan = self.plan
        lips, above = lip_coordinate(self.points, plan)
        across = self.aside / plan.mouth_half_width
        share = smoothstep(1.12, 0.90, np.abs(lips)) * smoothstep(1.0, 0.93, across) * (self.z > 5)
        red = np.where((lips > 0)[:, None], np.array(plan.lips) * [0.88, 0.80, 0.82], plan.lips)
        full = bump(lips + 0.55, 0.35)[:, None] * (0.6 + 0.4 * np.cos(3.6 * across))[:, None]
        red = red * (1 - 0.30 * bump(lips, 0.30))[:, None] + 0.10 * full * np.array([1.0, 0.55, 0.55])
        self._mix(plan.lips_strength * share, red)
        self._tint(0.40 * bump(above, 0.06) * (across < 1.04) * (self.z > 5), (0.35, 0.2, 0.2))
        corner = bump(self.aside - 1.03 * plan.mouth_half_width, 0.20) * bump(above, 0.22) * (self.z > 4)
        self._tint(0.55 * corner, (0.5, 0.35, 0.35))
        below = bump(lips + 1.25, 0.28) * bump(across, 0.55) * (self.z > 5)
        self._tint(0.35 * below, (0.80, 0.64, 0.60))

    def _nose(self) -> None:
        plan = self.plan
        nostril = [0.50 * plan.nose_width, plan.nose_y - 0.50, 8.85 + 0.5 * plan.nose_length]
        self._mix(0.6 * self._near(nostril, [0.17, 0.11, 0.4]), self.base * [0.40, 0.22, 0.2])
        wing = [1.5 * plan.nose_width, plan.nose_y - 0.1, 8.6]
        self._tint(0.22 * self._near(wing, [0.35, 0.5, 0.8]), (0.72, 0.5, 0.45))

    def _age_spots(self) -> None:
        """Small brown spots on the bald head and the temples, and larger pale ones."""
        random = np.random.default_rng(self.plan.seed + 40)
        bald = np.flatnonzero((self.y > 1.5) & (self.z > 0) & ((self.y > 4) | (self.aside > 4.5)))
        for _ in range(34):
            centre = self.points[random.choice(bald)]
            size = random.uniform(0.10, 0.34)
            bent = self.points + 0.28 * size * np.sin(2.6 / size * self.points[:, [1, 2, 0]])
            share = random.uniform(0.10, 0.30) * smoothstep(1.6, 0.5, np.linalg.norm(bent - centre, axis=1) / size)
            self._tint(self.plan.age * share, (0.74, 0.58, 0.48))

    def _age_lines(self) -> None:
        self._tint(np.clip(self.plan.age * self._lines(), 0, 1) * 0.42, (0.66, 0.44, 0.40))

    def _lines(self) -> np.ndarray:
        return self._forehead_lines() + self._crows_feet() + self._cheek_lines()

    def _forehead_lines(self) -> np.ndarray:
        lines = np.zeros(len(self.points))
        for y, half_width, strength in ((4.3, 3.6, 0.8), (5.3, 4.2, 1.0), (6.3, 3.4, 0.7)):
            bent = 0.25 * np.cos(self.x * 0.8 + y) - 0.012 * self.x**2 + 0.05 * np.sin(2.1 * self.x + 2 * y)
            ends = smoothstep(half_width + 1, half_width - 1.8, self.aside)
            depth = 0.8 + 0.2 * np.sin(1.3 * self.x + 3 * y)
            lines += strength * depth * bump(self.y - y - bent, 0.075 + 0.05 * depth) * ends * (self.z > 3)
        frown = bump(self.aside - 0.42 - 0.05 * np.sin(self.y), 0.07)
        return lines + 0.8 * frown * smoothstep(0.8, 1.4, self.y) * smoothstep(3.4, 2.4, self.y) * (self.z > 5)

    def _crows_feet(self) -> np.ndarray:
        start = self.plan.eye_centre() + np.array([0.88 * self.plan.eye_radius, -0.1, 0])
        lines = np.zeros(len(self.points))
        for degrees in (18, -4, -26):
            angle = np.radians(degrees)
            x, y = self.aside - start[0], self.y - start[1]
            along, beside = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
            ends = smoothstep(0.15, 0.5, along) * smoothstep(1.9, 0.9, along)
            lines += 0.8 * bump(beside + 0.05 * along**2, 0.06) * ends * (self.z > 1)
        return lines

    def _cheek_lines(self) -> np.ndarray:
        plan = self.plan
        down = np.clip((plan.nose_y - self.y) / (plan.nose_y - plan.mouth_y + 0.4), -0.1, 1.2)
        fold_x = 1.6 * plan.nose_width + 1.55 * np.clip(down, 0, 2) ** 0.8
        fold = bump((self.aside - fold_x) / (0.11 + 0.05 * down), 1.0)
        fold = 1.1 * fold * smoothstep(-0.08, 0.12, down) * smoothstep(1.2, 0.85, down) * (self.z > 4)
        bag = bump(self.elevation - self.lower_lid + 21 + 0.004 * self.azimuth**2, 2.0)
        bag = bag * smoothstep(44, 12, np.abs(self.azimuth - 4))
        return fold + 0.30 * bag * (self.eye_distance < plan.eye_radius + 1.4) * (self.z > 4)

    def _under_beard(self) -> None:
        """Between the strands the eye expects more beard, not skin."""
        self._mix(0.80 * beard_share(self.points, self.plan), 0.86 * np.array(self.plan.hair))


def eye_texture(plan: Plan, *, iris: bool = True) -> np.ndarray:
    """Float RGB (size, size, 3), bottom row first. Without the iris: the white that a layered picture needs."""
    place = (np.arange(EYE_SIZE) + 0.5) / EYE_SIZE * 2 - 1
    x, y = np.meshgrid(place, place)
    angle = np.hypot(x, y) * _EYE_EDGE
    shadow = (1 - 0.30 * smoothstep(34, 70, angle))[..., None] ** np.array([0.7, 1, 1.05])
    colours = np.array(_WHITE) * shadow
    colours = mixed(colours, (0.86, 0.62, 0.58), 0.45 * smoothstep(32, 58, np.abs(x) * _EYE_EDGE))
    if iris:
        edge = smoothstep(plan.iris_angle + 1.2, plan.iris_angle - 1.0, angle)
        colours = mixed(colours, _iris(plan, x, y, angle), edge)
    lid = 1 - 0.34 * smoothstep(6, 27, y * _EYE_EDGE) * smoothstep(100, 50, angle)
    return np.clip(colours * lid[..., None] ** np.array([1, 1.06, 1.06]), 0, 1)


def _iris(plan: Plan, x: np.ndarray, y: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Fibres, lit from above and therefore bright below, a dark rim and the pupil."""
    random = np.random.default_rng(plan.seed)
    around, out = np.arctan2(y, x), np.clip(angle / plan.iris_angle, 0, 1)
    low = np.clip(0.5 - 0.5 * y / (np.hypot(x, y) + 1e-6), 0, 1)
    fibres = sum(np.cos(around * count + random.uniform(0, 6.3)) for count in (17, 29, 41)) / 3
    light = 0.62 + 1.0 * low * smoothstep(0.2, 0.75, out) + 0.12 * fibres * smoothstep(0.35, 0.6, out)
    ring = bump(out - 0.52, 0.16) * (0.35 + 0.65 * low)
    colours = np.array(plan.iris) * light[..., None] + np.array([0.22, 0.17, 0.06]) * ring[..., None]
    dark = (1 - 0.72 * smoothstep(0.80, 1.0, out)) * (1 - 0.96 * smoothstep(0.41, 0.36, out))
    return np.clip(colours * dark[..., None], 0, 1)
