"""Bundles from layered artwork: a folder of registered PNG layers and `landmarks.json`."""

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import AvatarError
from ..render.alpha import premultiply
from .images import read_picture
from .landmarks import complete, read_landmarks
from .manifest import Landmarks
from .parts import Parts

# Bottom to top. Artwork calls left what lies on the left of the picture, as artists do; bundles call left the
# face's own left.
LAYER_ORDER = (
    *("base", "mouth_cavity", "tongue", "teeth_lower", "teeth_upper", "lip_lower", "lip_upper"),
    *("eye_whites", "irises", "lids_open", "lid_lower_closed", "lid_upper_closed"),
    *("brow_left", "brow_right", "hair_front"),
)
HIDDEN_AT_REST = {
    *("mouth_cavity", "tongue", "teeth_lower", "teeth_upper"),
    *("lid_lower_closed", "lid_upper_closed"),
}


def parts_from_layers(folder: Path) -> Parts:
    """Read layered artwork (docs/avatar-format.md). Raises AvatarError naming what is missing or does not fit."""
    artwork = {name: _read_layer(folder, name) for name in LAYER_ORDER}
    side = artwork["base"].shape[0]
    for name, pixels in artwork.items():
        if pixels.shape[:2] != (side, side):
            height, width = pixels.shape[:2]
            raise AvatarError(
                f"{folder / name}.png: {width}x{height} pixels, base.png {side}x{side}. "
                "All layers must be square and of one size."
            )
    raw = read_landmarks(folder / "landmarks.json")
    rigid = "mechanism" in raw
    portrait_file = folder / "full.png"
    portrait = read_picture(portrait_file) if portrait_file.is_file() else _rest(artwork)
    layers = {
        "base": artwork["base"],
        "eye_whites": artwork["eye_whites"],
        "irises": artwork["irises"],
        "lids_open": artwork["lids_open"],
        "lid_upper": artwork["lid_upper_closed"],
        "lid_lower": artwork["lid_lower_closed"],
        "brows": compose([artwork["brow_left"], artwork["brow_right"]]),
        "mouth_cavity": artwork["mouth_cavity"],
        "tongue": artwork["tongue"],
        "teeth_lower": artwork["teeth_lower"],
        "teeth_upper": artwork["teeth_upper"],
        "front": artwork["hair_front"],
    }
    if rigid:
        layers |= {"plate_upper": artwork["lip_upper"], "plate_lower": artwork["lip_lower"]}
    return Parts(
        portrait=portrait,
        layers=layers,
        landmarks=_landmarks(raw, side, folder / "landmarks.json"),
        mouth="jaw_plate" if rigid else "lips",
        lower_lid="slide" if rigid else "fade",
    )


def compose(layers: list[np.ndarray]) -> np.ndarray:
    """Straight-alpha layers over each other, first at the bottom: straight alpha, uint8."""
    below = np.zeros(layers[0].shape, np.float32)
    for layer in layers:
        above = premultiply(layer).astype(np.float32)
        below = above + below * (1 - above[..., 3:] / 255)
    alpha = below[..., 3:]
    below[..., :3] *= 255 / np.maximum(alpha, 1e-3)
    return np.clip(below + 0.5, 0, 255).astype(np.uint8)


def _rest(artwork: dict[str, np.ndarray]) -> np.ndarray:
    return compose([artwork[name] for name in LAYER_ORDER if name not in HIDDEN_AT_REST])


def _read_layer(folder: Path, name: str) -> np.ndarray:
    path = folder / f"{name}.png"
    if not path.is_file():
        raise AvatarError(
            f"{path}: missing. Layered artwork needs {', '.join(f'{layer}.png' for layer in LAYER_ORDER)} "
            "and landmarks.json."
        )
    return read_picture(path)


def _landmarks(raw: dict[str, Any], side: int, path: Path) -> Landmarks:
    """Swap the sides and fill in what artists need not give."""
    mirrored = {"left": "right", "right": "left"}
    values = {}
    for name in Landmarks.__struct_fields__:
        artist_name = "_".join(mirrored.get(word, word) for word in name.split("_"))
        if artist_name in raw:
            values[name] = raw[artist_name]
    return complete(values, side, str(path))
