"""Measures of a face that the fields are scaled by, in pixels of the portrait."""

from dataclasses import dataclass

import numpy as np

from ..avatar.bundle import Avatar


def smoothstep(edge0: float, edge1: float, value: np.ndarray) -> np.ndarray:
    """0 at `edge0`, 1 at `edge1` (either order), smooth between."""
    t = np.clip((value - edge0) / (edge1 - edge0), 0, 1)
    return t * t * (3 - 2 * t)


@dataclass(frozen=True)
class Eye:
    """One eye; `towards_outside` is +1 where the outer corner lies on the right of the picture."""

    outline: np.ndarray
    centre: np.ndarray
    iris_radius: float
    brow: np.ndarray
    towards_outside: int

    @property
    def half_width(self) -> float:
        return float(np.ptp(self.outline[:, 0])) / 2

    @property
    def height(self) -> float:
        return float(np.ptp(self.outline[:, 1]))

    def along_brow(self, x: np.ndarray) -> np.ndarray:
        """0 at the inner end of the brow, 1 at its outer end."""
        inner, outer = self.brow[np.argsort(self.brow[:, 0] * self.towards_outside)][[0, -1]]
        return np.clip((x - inner[0]) / (outer[0] - inner[0]), 0, 1)

    def lid_line(self, x: np.ndarray, upper: bool) -> np.ndarray:
        """y of the open upper or lower lid's edge at x; level beyond the corners."""
        first, last = np.argmin(self.outline[:, 0]), np.argmax(self.outline[:, 0])
        outline = np.roll(self.outline, -first, axis=0)
        last = (last - first) % len(outline)
        halves = outline[: last + 1], np.vstack([outline[last:], outline[:1]])[::-1]
        above, below = sorted(halves, key=lambda half: half[:, 1].mean())
        line = above if upper else below
        order = np.argsort(line[:, 0], kind="stable")
        return np.interp(x, line[order, 0], line[order, 1])


@dataclass(frozen=True)
class Face:
    """`unit`: 1 for a face whose eyes are 270 pixels above its chin, the size the strengths were tuned at.
    `rigid`: of plates that slide, not of skin that stretches."""

    side: int
    rigid: bool
    unit: float
    centre_x: float
    half_width: float
    eyes: dict[str, Eye]
    nose: np.ndarray
    chin: np.ndarray
    mouth_x: float
    mouth_y: float
    mouth_half_width: float
    upper_inner: np.ndarray
    lower_inner: np.ndarray
    upper_top: float
    lower_bottom: float
    jaw_drop: float
    jaw_half_width: float
    neck_top: float
    neck_bottom: float
    oval: np.ndarray

    @classmethod
    def of(cls, avatar: Avatar) -> "Face":
        marks = avatar.landmarks
        upper_inner, lower_inner = np.array(marks.lip_upper_inner), np.array(marks.lip_lower_inner)
        left, right = upper_inner[0], upper_inner[-1]
        oval = np.array(marks.face_oval)
        centre_x = float(oval[:, 0].min() + oval[:, 0].max()) / 2
        eyes = {
            own: _eye(getattr(marks, f"eye_{own}"), getattr(marks, f"iris_{own}"), getattr(marks, f"brow_{own}"), out)
            for own, out in (("left", 1), ("right", -1))
        }
        eye_y = (eyes["left"].centre[1] + eyes["right"].centre[1]) / 2
        return cls(
            side=avatar.side,
            rigid=avatar.mouth == "jaw_plate",
            unit=float(marks.chin[1] - eye_y) / 270,
            centre_x=centre_x,
            half_width=float(np.ptp(oval[:, 0])) / 2,
            eyes=eyes,
            nose=np.array(marks.nose_tip),
            chin=np.array(marks.chin),
            mouth_x=float(left[0] + right[0]) / 2,
            mouth_y=float(left[1] + right[1]) / 2,
            mouth_half_width=float(right[0] - left[0]) / 2,
            upper_inner=upper_inner,
            lower_inner=lower_inner,
            upper_top=float(np.min(np.array(marks.lip_upper_outer)[:, 1])),
            lower_bottom=float(np.max(np.array(marks.lip_lower_outer)[:, 1])),
            jaw_drop=marks.jaw_drop,
            jaw_half_width=marks.jaw_half_width,
            neck_top=marks.neck_top,
            neck_bottom=marks.neck_bottom,
            oval=oval,
        )

    def room_beside_mouth(self, y: float) -> float:
        """How far the outline of the face at height y is from the middle of the mouth, on the nearer side."""
        first, last = np.argmin(self.oval[:, 1]), np.argmax(self.oval[:, 1])
        turned = np.roll(self.oval, -first, axis=0)
        last = (last - first) % len(turned)
        halves = turned[: last + 1], np.vstack([turned[last:], turned[:1]])
        edges = []
        for half in halves:
            order = np.argsort(half[:, 1], kind="stable")
            edges.append(np.interp(y, half[order, 1], half[order, 0]))
        return min(abs(float(edge) - self.mouth_x) for edge in edges)

    def mouth_line(self, x: np.ndarray) -> np.ndarray:
        """y of the closed mouth at x; level beyond the corners."""
        upper = np.interp(x, self.upper_inner[:, 0], self.upper_inner[:, 1])
        return (upper + np.interp(x, self.lower_inner[:, 0], self.lower_inner[:, 1])) / 2


def _eye(outline: list, iris, brow: list, towards_outside: int) -> Eye:
    points = np.array(outline)
    return Eye(points, np.array(iris.centre), iris.radius, np.array(brow), towards_outside)
