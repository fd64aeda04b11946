"""Layered artwork as an artist has it, cut out of a sample avatar."""

import msgspec
import numpy as np
from PIL import Image

from flashhead_engine.avatar import landmarks as landmark_finding
from flashhead_engine.avatar.bundle import Avatar

ARTWORK_SIDE = 512
LAYER_OF = {
    **{"eye_whites": "eye_whites", "irises": "irises", "lids_open": "lids_open", "base": "base"},
    **{"lid_lower_closed": "lid_lower", "lid_upper_closed": "lid_upper", "hair_front": "front"},
    **{"mouth_cavity": "mouth_cavity", "tongue": "tongue"},
    **{"teeth_lower": "teeth_lower", "teeth_upper": "teeth_upper"},
}
"""The layer of a bundle that each picture of an artist is."""


def on_canvas(avatar: Avatar, layer: str) -> np.ndarray:
    """A layer where it lies on the portrait: RGBA, uint8 (side, side, 4)."""
    canvas = np.zeros_like(avatar.portrait)
    if layer in avatar.layers:
        found = avatar.layers[layer]
        height, width = found.pixels.shape[:2]
        canvas[found.y : found.y + height, found.x : found.x + width] = found.pixels
    return canvas


def painted(avatar: Avatar) -> dict[str, np.ndarray]:
    """The artwork of an avatar with lips, by the names of its files: RGBA, uint8 (512, 512, 4)."""
    pictures = {name: on_canvas(avatar, layer) for name, layer in LAYER_OF.items()}
    # A bundle keeps of its base only what lies around the moving parts.
    pictures["base"] = np.where(pictures["base"][..., 3:] > 0, pictures["base"], avatar.portrait)
    brows, middle = on_canvas(avatar, "brows"), avatar.side // 2
    pictures["brow_left"], pictures["brow_right"] = brows.copy(), brows.copy()
    pictures["brow_left"][:, middle:] = 0
    pictures["brow_right"][:, :middle] = 0
    pictures["portrait"] = avatar.portrait
    size = (ARTWORK_SIDE, ARTWORK_SIDE)
    return {name: np.asarray(Image.fromarray(pixels).resize(size)) for name, pixels in pictures.items()}


def painters_landmarks(avatar: Avatar) -> dict:
    """Landmarks of that artwork; left and right are the picture's."""
    values = landmark_finding.moved(msgspec.to_builtins(avatar.landmarks), 0, 0, ARTWORK_SIDE / avatar.side)
    swapped = {"left": "right", "right": "left"}
    return {"_".join(swapped.get(word, word) for word in name.split("_")): value for name, value in values.items()}
