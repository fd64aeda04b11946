"""The preview sheet of `flashhead avatar show`: mouth shapes, a blink, two gazes, the landmarks and the masks."""

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
    "SS (see)": {"jawOpen": 0.06, **_both(mouthStretch=0.4, mouthLowerDown=0.3, mouthUpperUp=0.2)},
    "ou (boot)": {"jawOpen": 0.18, "mouthPucker": 0.85},
    "FF (five)": {"jawOpen": 0.1, "mouthRollLower": 0.6, **_both(mouthUpperUp=0.35)},
    "PP (map)": {"jawOpen": 0.2, "mouthClose": 0.2, **_both(mouthPress=0.5)},
    "blink": _both(eyeBlink=1.0),
    "look left": {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0},
    "look right": {"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0},
}
"""Weights of each shown state; left and right are the face's own."""

MASKS: dict[str, dict[str, tuple[int, int, int]]] = {
    "masks: mouth": {
        **{"mouth_cavity": (150, 0, 60), "tongue": (255, 120, 160), "teeth_lower": (255, 255, 0)},
        **{"teeth_upper": (255, 160, 0), "plate_lower": (0, 200, 255), "plate_upper": (0, 90, 255)},
    },
    "masks: eyes": {
        **{"lid_upper": (0, 90, 255), "lid_lower": (0, 200, 255), "eye_whites": (255, 255, 0)},
        **{"irises": (0, 200, 60), "lids_open": (255, 0, 0), "brows": (255, 120, 255)},
    },
    "masks: base, front": {"base": (0, 90, 255), "front": (255, 0, 0)},
}
"""Layers of each mask picture and their colours, those in front last."""
_MASK_STRENGTH = 0.7


def preview_sheet(avatar: Avatar) -> Image.Image:
    """All states of `SHOWN`, then landmarks and `MASKS` over the resting portrait, on its background colour."""
    renderer = PortraitRenderer(avatar, _RENDERED)
    pose = np.zeros(len(POSE), np.float32)
    tiles = {}
    for title, values in SHOWN.items():
        weights = np.zeros(len(ARKIT_52), np.float32)
        for name, value in values.items():
            weights[INDEX[name]] = value
        tiles[title] = _opaque(renderer.render(weights, pose), avatar.background)
    tiles["landmarks"] = _landmarks(tiles["rest"].copy(), avatar)
    tiles |= {title: _masks(tiles["rest"], avatar, colours) for title, colours in MASKS.items()}
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


def _masks(rest: Image.Image, avatar: Avatar, colours: dict[str, tuple[int, int, int]]) -> Image.Image:
    """Where layers have something painted, each in its colour over the resting face."""
    tile = rest.copy()
    for name, colour in colours.items():
        if name in avatar.layers:
            alpha = avatar.layers[name].alpha_on(avatar.side)
            mask = alpha.resize(tile.size).point(lambda value: round(_MASK_STRENGTH * value))
            tile.paste(colour, (0, 0, *tile.size), mask)
    return tile


def _dot(draw: ImageDraw.ImageDraw, point: tuple[float, float], scale: float, colour: str) -> None:
    x, y = point[0] * scale, point[1] * scale
    draw.ellipse([x - 2, y - 2, x + 2, y + 2], fill=colour)
