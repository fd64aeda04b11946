"""Draws docs/images/landmarks.png: the landmarks of an avatar bundle on a sample avatar.

.venv/bin/python docs/images/draw_landmarks.py
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from flashhead_engine.avatar.bundle import Avatar, load_avatar

OUT = Path(__file__).parent / "landmarks.png"
AVATAR = "merchant"

Point = tuple[float, float]
Label = tuple[str, Point]

PAPER, INK, LEADER = "white", (20, 20, 28), (110, 110, 120)
LIPS, EYES, OTHERS, LEVELS = (200, 0, 40), (0, 120, 60), (20, 60, 200), (120, 120, 130)
FADED = 0.5
LINE_HEIGHT = 26
SMOOTH = 2
COLOURS = 96


@dataclass(frozen=True)
class View:
    """A part of the portrait (left, top, right, bottom), drawn `scale` times as large with its corner at `at`."""

    box: tuple[int, int, int, int]
    scale: float
    at: tuple[int, int]

    def __call__(self, point: Point) -> Point:
        return (
            SMOOTH * (self.at[0] + (point[0] - self.box[0]) * self.scale),
            SMOOTH * (self.at[1] + (point[1] - self.box[1]) * self.scale),
        )

    @property
    def size(self) -> tuple[int, int]:
        left, top, right, bottom = self.box
        return round((right - left) * self.scale), round((bottom - top) * self.scale)


FACE = View((262, 130, 762, 970), 0.8, (170, 10))
MOUTH = View((424, 580, 600, 676), 2.0, (730, 40))
EYE = View((540, 340, 690, 484), 2.0, (756, 330))
SIZE = (1240, 692)


def draw(avatar: Avatar) -> Image.Image:
    """The whole face and, larger, its mouth and one eye, with the names of all landmarks."""
    canvas = Image.new("RGB", (SIZE[0] * SMOOTH, SIZE[1] * SMOOTH), PAPER)
    for view in (FACE, MOUTH, EYE):
        _paste(canvas, avatar, view)
    pen = ImageDraw.Draw(canvas)
    _face(pen, avatar)
    _mouth(pen, avatar)
    _eye(pen, avatar)
    small = canvas.resize(SIZE, Image.Resampling.LANCZOS)
    return small.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def _paste(canvas: Image.Image, avatar: Avatar, view: View) -> None:
    portrait = Image.new("RGBA", (avatar.side,) * 2, (*avatar.background, 255))
    portrait.alpha_composite(Image.fromarray(avatar.portrait))
    size = tuple(SMOOTH * side for side in view.size)
    part = portrait.convert("RGB").resize(size, Image.Resampling.LANCZOS, box=view.box)
    faded = Image.blend(part, Image.new("RGB", size, PAPER), FADED)
    canvas.paste(faded, tuple(SMOOTH * place for place in view.at))


def _face(pen: ImageDraw.ImageDraw, avatar: Avatar) -> None:
    marks = avatar.landmarks
    _curve(pen, FACE, [*marks.face_oval, marks.face_oval[0]], OTHERS)
    for curve in (marks.brow_left, marks.brow_right):
        _curve(pen, FACE, curve, OTHERS)
    for outline in (marks.eye_left, marks.eye_right):
        _curve(pen, FACE, [*outline, outline[0]], EYES)
    for iris in (marks.iris_left, marks.iris_right):
        _circle(pen, FACE, iris.centre, iris.radius, EYES)
    for lip in (marks.lip_upper_outer, marks.lip_upper_inner, marks.lip_lower_outer):
        _curve(pen, FACE, lip, LIPS)
    for point in (marks.nose_tip, marks.chin):
        _dot(pen, FACE, point, OTHERS)
    left, _, right, _ = FACE.box
    for y in (marks.neck_top, marks.neck_bottom):
        _curve(pen, FACE, [(left, y), (right, y)], LEVELS)
    middle, line = marks.lip_lower_inner[len(marks.lip_lower_inner) // 2]
    edge = middle + marks.jaw_half_width
    below = line + marks.jaw_drop
    _arrow(pen, FACE, (middle, line), (middle, below), LIPS)
    _arrow(pen, FACE, (middle, below), (edge, below), LEVELS)
    _labels(
        pen,
        FACE,
        right=False,
        labels=[
            ("brow_right", marks.brow_right[-1]),
            ("eye_right", marks.eye_right[20]),
            ("iris_right", (marks.iris_right.centre[0] - marks.iris_right.radius, marks.iris_right.centre[1])),
            ("nose_tip", marks.nose_tip),
            ("jaw_drop", (middle, line + 0.6 * marks.jaw_drop)),
            ("chin", marks.chin),
            ("neck_bottom", (left, marks.neck_bottom)),
        ],
    )
    _labels(
        pen,
        FACE,
        right=True,
        labels=[
            ("face_oval", marks.face_oval[8]),
            ("brow_left", marks.brow_left[-1]),
            ("eye_left", marks.eye_left[20]),
            ("jaw_half_width", (edge, below)),
            ("neck_top", (right, marks.neck_top)),
        ],
    )


def _mouth(pen: ImageDraw.ImageDraw, avatar: Avatar) -> None:
    marks = avatar.landmarks
    for lip in (marks.lip_upper_outer, marks.lip_upper_inner, marks.lip_lower_outer):
        _curve(pen, MOUTH, lip, LIPS)
        for point in lip:
            _dot(pen, MOUTH, point, LIPS)
    third = len(marks.lip_upper_inner) * 2 // 3
    _labels(
        pen,
        MOUTH,
        right=True,
        labels=[
            ("lip_upper_outer", marks.lip_upper_outer[third]),
            ("lip_upper_inner =", marks.lip_upper_inner[third]),
            ("lip_lower_inner", marks.lip_lower_inner[third]),
            ("lip_lower_outer", marks.lip_lower_outer[third]),
        ],
    )


def _eye(pen: ImageDraw.ImageDraw, avatar: Avatar) -> None:
    marks = avatar.landmarks
    outline, iris = marks.eye_left, marks.iris_left
    _curve(pen, EYE, [*outline, outline[0]], EYES)
    for point in outline:
        _dot(pen, EYE, point, EYES)
    _circle(pen, EYE, iris.centre, iris.radius, EYES)
    _dot(pen, EYE, iris.centre, EYES)
    _curve(pen, EYE, marks.brow_left, OTHERS)
    for point in marks.brow_left:
        _dot(pen, EYE, point, OTHERS)
    _labels(
        pen,
        EYE,
        right=True,
        labels=[
            ("brow_left", marks.brow_left[-2]),
            ("eye_left", outline[20]),
            ("iris_left: centre", iris.centre),
            ("iris_left: radius", (iris.centre[0] + 0.7 * iris.radius, iris.centre[1] + 0.7 * iris.radius)),
        ],
    )


def _labels(pen: ImageDraw.ImageDraw, view: View, *, right: bool, labels: Sequence[Label]) -> None:
    """Names beside a view, from top to bottom, each with a line to its landmark."""
    font = ImageFont.load_default(14 * SMOOTH)
    edge = SMOOTH * (view.at[0] + (view.size[0] + 14 if right else -14))
    height = float("-inf")
    for name, target in labels:
        point = view(target)
        height = max(point[1], height + LINE_HEIGHT * SMOOTH)
        pen.line([(edge, height), point], fill=LEADER, width=SMOOTH)
        anchor = "lm" if right else "rm"
        pen.text((edge + (4 if right else -4) * SMOOTH, height), name, fill=INK, font=font, anchor=anchor)


def _curve(pen: ImageDraw.ImageDraw, view: View, points: Sequence[Point], colour: tuple[int, int, int]) -> None:
    pen.line([view(point) for point in points], fill=colour, width=2 * SMOOTH, joint="curve")


def _circle(pen: ImageDraw.ImageDraw, view: View, centre: Point, radius: float, colour: tuple[int, int, int]) -> None:
    (left, top), (right, bottom) = (view((centre[0] + s * radius, centre[1] + s * radius)) for s in (-1, 1))
    pen.ellipse([left, top, right, bottom], outline=colour, width=2 * SMOOTH)


def _dot(pen: ImageDraw.ImageDraw, view: View, point: Point, colour: tuple[int, int, int]) -> None:
    x, y = view(point)
    reach = 3 * SMOOTH
    pen.ellipse([x - reach, y - reach, x + reach, y + reach], fill=colour)


def _arrow(pen: ImageDraw.ImageDraw, view: View, start: Point, end: Point, colour: tuple[int, int, int]) -> None:
    _curve(pen, view, [start, end], colour)
    _dot(pen, view, end, colour)


if __name__ == "__main__":
    draw(load_avatar(AVATAR)).save(OUT, optimize=True)
    print(OUT.name)
