"""The preview sheet of `flashhead avatar show`: mouth shapes, a blink, two gazes and the landmarks."""

import msgspec
import numpy as np
from PIL import Image, ImageDraw

from ..avatar.bundle import Avatar
from ..blendshapes.arkit import ARKIT_52, INDEX
from ..drivers.base import POSE
from .portrait import PortraitRenderer

_TILE = 384
_RENDERED = 768
_AROUND_FACE = 1.35
_COLUMNS = 4


def _both(**values: float) -> dict[str, float]:
    return {f"{name}{side}": value for name, value in values.items() for side in ("Left", "Right")}


SHOWN: dict[str, dict[str, float]] = {
    "rest": {},
    "aa (father)": {"jawOpen": 0.7},
    "E (bed)": {"jawOpen": 0.35, **_both(mouthStretch=0.4, mouthSmile=0.2)},
    "ih (bit)": {"jawOpen": 0.2, **_both(mouthStretch=0.5, mouthLowerDown=0.2)},
    "oh (more)": {"jawOpen": 0.4, "mouthFunnel": 0.7},
    "ou (boot)": {"jawOpen": 0.18, "mouthPucker": 0.85},
    "FF (five)": {"jawOpen": 0.1, "mouthRollLower": 0.6, **_both(mouthUpperUp=0.35)},
    "PP (map)": {"jawOpen": 0.2, "mouthClose": 0.2, **_both(mouthPress=0.5)},
    "blink": _both(eyeBlink=1.0),
    "look left": {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0},
    "look right": {"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0},
}
"""Weights of each shown state; left and right are the face's own."""


def preview_sheet(avatar: Avatar) -> Image.Image:
    """All states of `SHOWN` and the landmarks over the resting portrait, on the avatar's background colour."""
    renderer = PortraitRenderer(avatar, _RENDERED)
    pose = np.zeros(len(POSE), np.float32)
    tiles = {}
    for title, values in SHOWN.items():
        weights = np.zeros(len(ARKIT_52), np.float32)
        for name, value in values.items():
            weights[INDEX[name]] = value
        tiles[title] = _opaque(renderer.render(weights, pose), avatar.background)
    tiles["landmarks"] = _landmarks(tiles["rest"].copy(), avatar)
    box = _face_box(avatar)
    rows = -(-len(tiles) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * _TILE, rows * _TILE))
    for index, (title, picture) in enumerate(tiles.items()):
        tile = picture.resize((_TILE, _TILE), Image.Resampling.LANCZOS, box=box)
        draw = ImageDraw.Draw(tile)
        draw.text((9, 7), title, fill="black")
        draw.text((8, 6), title, fill="white")
        sheet.paste(tile, (index % _COLUMNS * _TILE, index // _COLUMNS * _TILE))
    return sheet


def _opaque(frame: np.ndarray, background: tuple[int, int, int]) -> Image.Image:
    picture = Image.fromarray(frame)
    canvas = Image.new("RGBA", picture.size, (*background, 255))
    return Image.alpha_composite(canvas, picture).convert("RGB")


def _face_box(avatar: Avatar) -> tuple[float, float, float, float]:
    """The square around the face in a rendered frame."""
    oval = np.array(avatar.landmarks.face_oval) * (_RENDERED / avatar.side)
    centre = (oval.min(axis=0) + oval.max(axis=0)) / 2
    side = min(float(_RENDERED), _AROUND_FACE * float(np.ptp(oval, axis=0).max()))
    left, top = np.clip(centre - side / 2, 0, _RENDERED - side)
    return float(left), float(top), float(left + side), float(top + side)


def _landmarks(tile: Image.Image, avatar: Avatar) -> Image.Image:
    draw = ImageDraw.Draw(tile)
    scale = _RENDERED / avatar.side
    for name, value in msgspec.structs.asdict(avatar.landmarks).items():
        colour = "red" if name.startswith("lip") else "lime" if name.startswith("eye") else "yellow"
        if isinstance(value, list):
            draw.line([(x * scale, y * scale) for x, y in value], fill=colour)
        elif isinstance(value, tuple):
            _dot(draw, value, scale, "cyan")
        elif name.startswith("iris"):
            (x, y), radius = value.centre, value.radius
            draw.ellipse([(x - radius) * scale, (y - radius) * scale, (x + radius) * scale, (y + radius) * scale])
        elif name.startswith("neck"):
            draw.line([(0, value * scale), (_RENDERED, value * scale)], fill="gray")
    return tile


def _dot(draw: ImageDraw.ImageDraw, point: tuple[float, float], scale: float, colour: str) -> None:
    x, y = point[0] * scale, point[1] * scale
    draw.ellipse([x - 2, y - 2, x + 2, y + 2], fill=colour)
