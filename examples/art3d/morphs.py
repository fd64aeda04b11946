"""The 52 ARKit shapes of the skin: displacements, in centimetres, for a weight of 1."""

import runpy
from pathlib import Path

import numpy as np
from head import eye_angles, eye_point, lid_edges, lip_coordinate, mouth_line
from plan import SIDES, Plan
from shapes import blob, bump, harmonic, rotation, smoothstep
from skin import Skin

_ARKIT = Path(__file__).parents[2] / "flashhead_engine" / "blendshapes" / "arkit.py"
ARKIT_52: tuple[str, ...] = runpy.run_path(str(_ARKIT))["ARKIT_52"]
"""Read from its file: Blender's Python has no FlashHead Engine."""

Morphs = dict[str, np.ndarray]

JAW = ("jawOpen", "jawForward", "jawLeft", "jawRight")
_HINGE = np.array([0, -1.6, -1.0])
_JAW_ANGLE = 15.5
_CORNER_FOLLOWS_JAW = 0.36
_UPPER_LIP_CLOSES = 0.32
_FUNNEL_OPENS_JAW = 0.16
"""ARKit's funnel is an open, round mouth: without some jaw it would show clenched teeth."""


def jaw_motion(points: np.ndarray, name: str) -> np.ndarray:
    """How the jaw bone moves points that are fixed to it."""
    if name == "jawOpen":
        arm = points - _HINGE
        return arm @ rotation("x", _JAW_ANGLE).T - arm + np.array([0, -0.1, -0.1])
    shift = {"jawForward": [0, 0, 0.8], "jawLeft": [0.95, 0, 0.05], "jawRight": [-0.95, 0, 0.05]}[name]
    return np.tile(np.array(shift, float), (len(points), 1))


def jaw_part_morphs(points: np.ndarray) -> Morphs:
    """Morphs of lower teeth and tongue, which are fixed to the jaw."""
    morphs = {name: jaw_motion(points, name) for name in JAW}
    morphs["mouthFunnel"] = _FUNNEL_OPENS_JAW * 2.2 * morphs["jawOpen"]
    return morphs


def lid_motion(points: np.ndarray, plan: Plan, side: int, upper: float, lower: float) -> np.ndarray:
    """Lids that slide around the eyeball: `upper` and `lower` are shares of the opening they close."""
    azimuth, elevation, distance = eye_angles(points, plan, side)
    top, bottom = lid_edges(azimuth, plan)
    gap = top - bottom
    of_upper = elevation > (top + bottom) / 2
    lid_radius = plan.eye_radius + plan.lid_thickness
    near = (1 - smoothstep(lid_radius + 0.3, lid_radius + 1.2, distance)) * (np.abs(azimuth) < 100)
    on_upper = smoothstep(27.0, 0.0, np.clip(elevation - top, 0, None))
    on_lower = smoothstep(20.0, 0.0, np.clip(bottom - elevation, 0, None))
    moved = np.where(of_upper, elevation - upper * gap * on_upper * near, elevation + lower * gap * on_lower * near)
    weight = np.where(of_upper, on_upper, on_lower) * near
    # A linear morph cuts the corner of the arc: a moving lid must not dip into the eyeball.
    lifted = distance + (np.minimum(distance, lid_radius + 0.04) - distance) * weight * min(
        abs(upper) + abs(lower), 1
    )
    result = eye_point(azimuth, moved, lifted, plan, side) - points
    result[near <= 0] = 0
    return result


def skin_morphs(skin: Skin, plan: Plan) -> Morphs:
    return _SkinMorphs(skin, plan).all()


def _along(weight: np.ndarray, direction) -> np.ndarray:
    return weight[:, None] * np.asarray(direction, float)


class _SkinMorphs:
    def __init__(self, skin: Skin, plan: Plan) -> None:
        self.skin, self.plan = skin, plan
        self.points = skin.vertices
        self.x, self.y, self.z = skin.vertices.T
        self.corner = np.zeros(len(self.points), bool)
        self.corner[[skin.rim_upper[0], skin.rim_upper[-1]]] = True
        self.rim = (skin.lip >= 0) & ~self.corner
        self.lips, self.above = lip_coordinate(self.points, plan)
        self.across = self.x / plan.mouth_half_width
        self.front = smoothstep(3.0, 6.0, self.z)
        self.lower = np.where(self.rim, skin.lip, self._lower_share())
        self.upper = 1 - self.lower
        self.jaw = self._jaw_share()
        self.near_line = bump(self.above, 1.15) * self.front
        self.near_middle = bump(self.across, 0.8)
        self.near_mouth = bump(self.x, 3.7) * bump(self.y - plan.mouth_y, 2.1) * self.front

    def all(self) -> Morphs:
        morphs = self._jaw() | self._lips() | self._brow_middle() | self._puff()
        for side, name in SIDES:
            morphs |= {key + name: value for key, value in self._mouth_side(side).items()}
            morphs |= {key + name: value for key, value in self._eye(side).items()}
            morphs |= {key + name: value for key, value in self._upper_face(side).items()}
        morphs["tongueOut"] = np.zeros_like(self.points)
        body = (1 - smoothstep(-12.5, -15, self.y))[:, None]
        return {name: morphs[name] * body for name in ARKIT_52}

    # ------------------------------------------------------------------------------------------ shares of the jaw

    def _lower_share(self) -> np.ndarray:
        """1 on the lower lip and chin, 0 on the upper lip; it jumps at the mouth line."""
        plan, outside = self.plan, ~self.skin.inner & (self.skin.lip < 0)
        below = outside & (self.y < plan.mouth_y - 2.0) & (self.z > 2.5) & (self.y > plan.chin_y - 0.6)
        above = outside & (self.y > plan.mouth_y + 1.7)
        known = np.nonzero(self.rim | below | above)[0]
        values = np.where(self.rim, self.skin.lip, below * 1.0)[known]
        return harmonic(self.points, self.skin.faces, known, values)

    def _jaw_share(self) -> np.ndarray:
        """How much of the jaw's motion the skin makes."""
        plan, outside = self.plan, ~self.skin.inner & (self.skin.lip < 0)
        arm_y, arm_z = self.y - _HINGE[1], self.z - _HINGE[2]
        angle = np.degrees(np.arctan2(-arm_y, arm_z + 1e-9))
        mouth_angle = np.degrees(np.arctan2(-(plan.mouth_y - _HINGE[1]), 8.3 - _HINGE[2]))
        below_mouth = np.sin(np.radians(angle - mouth_angle)) * np.hypot(arm_y, arm_z)
        still = (below_mouth < -1.7) | (self.y < plan.chin_y - 3.0) | (self.z < -2.2)
        still = outside & (still | ((below_mouth < -0.3) & (self.z < 1.5)))
        moving = outside & (below_mouth > 1.5) & (self.z > 3.2) & (self.y > plan.chin_y - 0.25)
        # An opening that follows this curve is oval; with a constant share the mouth would be a rectangle.
        oval = (1 - np.clip(np.abs(self.across), 0, 1) ** 2) ** 0.62
        corner = _CORNER_FOLLOWS_JAW
        on_rim = np.where(self.skin.lip > 0.5, corner + (1 - corner) * oval, corner * (1 - oval))
        on_rim[self.corner] = corner
        rim = self.rim | self.corner
        known = np.nonzero(rim | still | moving)[0]
        values = np.where(rim, on_rim, moving * 1.0)[known]
        share = harmonic(self.points, self.skin.faces, known, values, smoother=True)
        return np.where(rim, on_rim, np.clip(share, 0, 1))

    # ------------------------------------------------------------------------------------------------------ mouth

    def _jaw(self) -> Morphs:
        morphs = {name: jaw_motion(self.points, name) * self.jaw[:, None] for name in JAW}
        narrowing = bump(self.x, 3.4) * bump(self.y - self.plan.mouth_y, 2.4) * smoothstep(3, 6, self.z)
        morphs["jawOpen"][:, 0] -= 0.13 * self.x * narrowing
        morphs["mouthClose"] = self._close(morphs["jawOpen"])
        return morphs

    def _close(self, jaw_open: np.ndarray) -> np.ndarray:
        """Exactly the gap that jawOpen leaves between each pair of rim vertices, shared by both lips."""
        skin = self.skin
        gap = jaw_open[skin.rim_lower] - jaw_open[skin.rim_upper]
        rim_x = self.points[skin.rim_upper, 0]
        gap = np.stack([np.interp(self.x, rim_x, gap[:, axis]) for axis in range(3)], 1)
        on_upper = bump(np.clip(self.above, 0, None), 1.5) * self.upper * self.front
        on_lower = bump(np.clip(-self.above, 0, None), 2.1) * self.lower * self.front
        edge = self.rim & ~skin.inner
        on_upper[edge & (skin.lip == 0)] = 1
        on_lower[edge & (skin.lip == 1)] = 1
        return gap * (_UPPER_LIP_CLOSES * on_upper - (1 - _UPPER_LIP_CLOSES) * on_lower)[:, None]

    def _lips(self) -> Morphs:
        plan, x, above, nearly = self.plan, self.x, self.above, self.near_middle
        zero = np.zeros_like(x)
        ring = bump(self.across, 1.15)
        beyond = bump(np.maximum(np.abs(x) - plan.mouth_half_width, 0), 1.2)
        oval = np.clip(1 - self.across**2, 0, 1) ** 0.6
        opening = (0.62 * self.upper - 0.85 * self.lower) * oval * bump(above, 1.5) * self.front
        forward = (self.near_line + 0.28 * self.near_mouth) * ring
        pucker = np.stack([-0.50 * x * self.near_mouth, 0.10 * above * self.near_line * nearly, forward], 1)
        funnel = np.stack([-0.40 * x * self.near_mouth, opening, 0.88 * forward], 1)
        funnel += _FUNNEL_OPENS_JAW * jaw_motion(self.points, "jawOpen") * self.jaw[:, None]
        height = np.where(above > 0, plan.upper_lip, plan.lower_lip)
        on_lips = bump(np.maximum(np.abs(self.lips) - 1, 0) * height, 0.5) * self.front
        on_lips *= np.sqrt(np.clip(1 - self.across**2, 0, 1)) ** 0.6
        upper, lower = np.clip(self.lips, 0, 1), np.clip(-self.lips, 0, 1)
        roll_lower = np.stack([zero, 0.46 * lower**1.2, -(0.62 - 0.30 * lower)], 1)
        roll_upper = np.stack([zero, -0.36 * upper**1.2, -(0.58 - 0.30 * upper)], 1)
        near_chin = blob(self.points, [0, plan.chin_y + 1.8, 7.5], [1.6, 1.2, 2])
        shrug_lower = _along(self.near_line * nearly * self.lower, [0, 0.34, 0.32])
        shrug_lower += _along(self.near_line * nearly * self.upper, [0, 0.34, 0.16])
        shrug_upper = _along(bump(above, 1.0) * nearly * self.upper * self.front, [0, 0.30, 0.22])
        return {
            "mouthPucker": pucker * beyond[:, None],
            "mouthFunnel": funnel,
            "mouthRollLower": roll_lower * (on_lips * self.lower)[:, None],
            "mouthRollUpper": roll_upper * (on_lips * self.upper)[:, None],
            "mouthShrugLower": shrug_lower + _along(near_chin * self.lower, [0, 0.42, 0.12]),
            "mouthShrugUpper": shrug_upper + _along(self.near_line * nearly * self.lower, [0, 0.12, 0.05]),
        }

    def _mouth_side(self, side: int) -> Morphs:
        plan, half_width = self.plan, self.plan.mouth_half_width
        corner = np.array([side * half_width, mouth_line(half_width, plan), self.points[self.skin.rim_upper[-1], 2]])
        offset = self.points - corner

        def near_corner(width: float, height: float, depth: float = 2.2) -> np.ndarray:
            return bump(offset[:, 0], width) * bump(offset[:, 1], height) * bump(offset[:, 2], depth)

        half = smoothstep(-0.35, 0.9, side * self.across)
        beside = smoothstep(-0.55, 0.45, side * self.across)
        beside = beside * np.clip(1 - np.clip(side * self.across, 0, 1) ** 2.5, 0, 1)
        one = np.ones_like(self.x)
        on_lower = beside * self.lower * bump(self.above, 1.5) * self.front
        on_upper = beside * self.upper * bump(self.above, 1.2) * self.front
        beside_nose = blob(self.points, [side * 2.4, -4.2, 7.5], [1.0, 0.8, 1.5])
        smile = _along(near_corner(2.1, 1.35, 3), [side * 0.72, 0.78, -0.42])
        smile += _along(self._cheek(side), [side * 0.12, 0.38, 0.30]) + self._smile_fold(side)
        smile += _along(half * self.near_line, [0, -0.12, 0]) + self._lids(side, 0, 0.10)
        frown = _along(near_corner(1.7, 1.3, 3), [side * 0.12, -0.78, -0.12])
        frown += _along(blob(self.points, [side * 2.4, plan.mouth_y - 2, 7], [1.3, 0.9, 2]), [side * 0.1, -0.2, 0.08])
        press_y = -0.26 * self.above * bump(self.above, 0.9) * half * self.near_middle
        press_z = -0.16 * self.near_line * half * self.near_middle
        other_corner = bump(self.x + side * half_width, 1.6) * bump(offset[:, 1], 1.3) * self.front
        aside = _along(self.near_mouth**0.6, [side * 1.05, 0, 0]) - _along(other_corner, [0, 0, 0.1])
        lowered = np.stack([side * 0.12 * beside, -0.85 * one, 0.10 * one], 1) * on_lower[:, None]
        return {
            "mouthSmile": smile,
            "mouthFrown": frown,
            "mouthDimple": _along(near_corner(1.5, 1.2), [side * 0.42, 0.12, -0.50]),
            "mouthStretch": _along(near_corner(2.0, 1.5, 3), [side * 0.95, -0.22, -0.45]),
            "mouthPress": np.stack([0 * self.x, press_y, press_z], 1)
            + _along(near_corner(1.2, 1.0), [side * 0.22, 0.05, -0.2]),
            "mouthLowerDown": lowered,
            "mouthUpperUp": _along(on_upper, [side * 0.08, 0.68, 0.08]) + _along(beside_nose, [0, 0.22, 0.12]),
            "mouth": aside + _along(near_corner(1.6, 1.2), [side * 0.1, 0.22, -0.25]),
        }

    def _cheek(self, side: int) -> np.ndarray:
        return blob(self.points, [side * 3.9, -3.6, 6.6], [1.5, 1.15, 1.6])

    def _smile_fold(self, side: int) -> np.ndarray:
        """The fold from the wing of the nose past the corner of the mouth: deeper, with the cheek over it."""
        plan = self.plan
        down = np.clip((plan.nose_y + 0.3 - self.y) / (plan.nose_y + 0.3 - plan.mouth_y), -0.5, 1.6)
        fold_x = 1.45 * plan.nose_width + 1.75 * np.clip(down, 0, 2) ** 0.85
        beside = side * self.x - fold_x
        along = smoothstep(-0.15, 0.3, down) * smoothstep(1.35, 0.8, down) * smoothstep(4.0, 6.0, self.z)
        return _along(bump(beside, 0.34) * along, [0, 0.04, -0.24]) + _along(
            bump(beside - 0.75, 0.6) * along, [-side * 0.10, 0.10, 0.26]
        )

    # ------------------------------------------------------------------------------------- eyes, brows and cheeks

    def _lids(self, side: int, upper: float, lower: float) -> np.ndarray:
        return lid_motion(self.points, self.plan, side, upper, lower)

    def _eye(self, side: int) -> Morphs:
        plan = self.plan
        below = blob(self.points, [side * plan.eye_x, -1.9, 7], [1.5, 0.6, 1.5])
        above = blob(self.points, [side * 3.3, plan.brow_y, 7.5], [1.8, 0.9, 2])
        still = np.zeros_like(self.points)
        return {
            "eyeBlink": self._lids(side, 0.90, 0.10) + _along(below, [0, 0.06, 0.03]),
            "eyeSquint": self._lids(side, 0.16, 0.30) + _along(self._cheek(side), [0, 0.16, 0.10]),
            "eyeWide": self._lids(side, -0.20, -0.06) + _along(above, [0, 0.12, 0]),
            "eyeLookDown": self._lids(side, 0.42, -0.10),
            "eyeLookUp": self._lids(side, -0.16, 0.06),
            "eyeLookIn": still,
            "eyeLookOut": still,
        }

    def _brow_skin(self) -> np.ndarray:
        """The skin that brows may move: not the lids."""
        brow = self.plan.brow_y
        return smoothstep(brow - 1.75, brow - 0.55, self.y) * smoothstep(0, 3, self.z)

    def _upper_face(self, side: int) -> Morphs:
        plan, brow, movable = self.plan, self.plan.brow_y, self._brow_skin()
        inner = blob(self.points, [side * 1.9, brow, 8], [1.35, 1.1, 2.5]) * movable
        outer = blob(self.points, [side * 4.3, brow, 7], [1.2, 1.0, 2.5]) * movable
        raised = blob(self.points, [side * 4.5, brow + 0.3, 6.5], [1.5, 1.5, 3]) * movable
        cheek = blob(self.points, [side * 3.9, -3.1, 6.8], [1.5, 1.1, 1.6])
        wing = blob(self.points, [side * 1.25, plan.nose_y + 0.2, 9], [0.75, 0.9, 1.2])
        bridge = blob(self.points, [side * 1.2, -0.9, 8.4], [0.7, 1.0, 1])
        between = blob(self.points, [side * 1.7, brow, 8], [1.0, 0.7, 2]) * movable
        beside = smoothstep(-0.55, 0.45, side * self.across)
        beside = beside * np.clip(1 - np.clip(side * self.across, 0, 1) ** 2.5, 0, 1)
        sneer = _along(wing, [side * 0.05, 0.42, 0.04]) + _along(bridge, [0, 0.16, 0.08])
        sneer += _along(beside * self.upper * self.near_line, [0, 0.22, 0])
        return {
            "browDown": _along(inner, [-side * 0.26, -0.62, 0.14]) + _along(outer, [0, -0.22, 0.02]),
            "browOuterUp": _along(raised, [0, 0.78, -0.12]),
            "cheekSquint": _along(cheek, [side * 0.05, 0.48, 0.28]) + self._lids(side, 0, 0.16),
            "noseSneer": sneer + _along(between, [-side * 0.08, -0.2, 0]),
        }

    def _brow_middle(self) -> Morphs:
        brow, movable = self.plan.brow_y, self._brow_skin()
        raised = sum(
            _along(
                blob(self.points, [side * 1.7, brow + 0.3, 8], [1.4, 1.5, 2.5]) * movable, [side * 0.05, 0.62, 0.02]
            )
            for side, _ in SIDES
        )
        return {"browInnerUp": 0.8 * raised}

    def _puff(self) -> Morphs:
        out = 0.25 * self.skin.normals()
        puffed = np.zeros_like(self.points)
        for side, _ in SIDES:
            cheek = blob(self.points, [side * 4.5, self.plan.mouth_y + 0.5, 5.6], [1.6, 1.7, 2.0])
            puffed += 1.05 * cheek[:, None] * (out + np.array([side * 0.75, 0, 0.40]))
        puffed[self.skin.inner] = 0
        return {"cheekPuff": puffed + _along(self.near_line * self.near_middle, [0, 0, 0.12])}
