"""Small pictures of every sample avatar in fixed states, and how much two such pictures may differ.

`tests/data/render/make.py` stores them; `test_reference_pictures.py` compares.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from flashhead_engine.avatar.bundle import Avatar
from flashhead_engine.render.portrait import PortraitRenderer

from .shapes import pose, shape

FOLDER = Path(__file__).parents[1] / "data" / "render"
TOLERANCE = 8.0
"""Largest `difference` that passes, 0..255. The README beside the pictures says what lies on either side of it."""

_SIZE = 256
_TILE = 128
_COLUMNS = 3
_BLOCK = 8


@dataclass(frozen=True)
class State:
    """What one tile shows: weights and head pose by name."""

    title: str
    weights: Mapping[str, float] = field(default_factory=dict)
    pose: Mapping[str, float] = field(default_factory=dict)

    def with_weights(self, changed: Mapping[str, float]) -> "State":
        return replace(self, weights=changed)


STATES = (
    State("rest"),
    State("jaw open", {"jawOpen": 0.7}),
    State("pucker", {"mouthPucker": 0.9, "jawOpen": 0.15}),
    State("funnel", {"mouthFunnel": 0.9, "jawOpen": 0.25}),
    State("smile on its left", {"mouthSmileLeft": 0.9, "jawOpen": 0.1}),
    State("blink of its right eye", {"eyeBlinkRight": 1.0}),
    State("look to its left", {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0}),
    State("left brow up, right brow down", {"browOuterUpLeft": 1.0, "browInnerUp": 0.3, "browDownRight": 0.8}),
    State("head turned to its left and down", {"jawOpen": 0.2}, {"headYaw": 0.15, "headPitch": 0.1}),
)
"""One-sided wherever a face has sides, so that a renderer that swaps them is found out."""


def tiles(avatar: Avatar, states: tuple[State, ...] = STATES) -> list[np.ndarray]:
    """The face in every state on the avatar's background: uint8 (128, 128, 3) each."""
    renderer = PortraitRenderer(avatar, _SIZE)
    rows, columns = _around_face(avatar)
    pictures = []
    for state in states:
        frame = renderer.render(shape(**state.weights), pose(**state.pose))[rows, columns].astype(np.float32)
        alpha = frame[..., 3:] / 255
        pictures.append((frame[..., :3] * alpha + np.float32(avatar.background) * (1 - alpha) + 0.5).astype(np.uint8))
    return pictures


def save(avatar: Avatar) -> Path:
    """Store the tiles of an avatar, three in a row, as one picture."""
    pictures = tiles(avatar)
    rows = [pictures[start : start + _COLUMNS] for start in range(0, len(pictures), _COLUMNS)]
    sheet = Image.fromarray(np.concatenate([np.concatenate(row, axis=1) for row in rows]))
    path = FOLDER / f"{avatar.name}.jpg"
    # Without chroma subsampling it differs from the rendered pixels by less than 2 after the blur.
    sheet.save(path, quality=92, subsampling=0, optimize=True)
    return path


def load(name: str) -> list[np.ndarray]:
    """The stored tiles of an avatar, in the order of `STATES`."""
    sheet = np.asarray(Image.open(FOLDER / f"{name}.jpg").convert("RGB"))
    corners = [(i // _COLUMNS * _TILE, i % _COLUMNS * _TILE) for i in range(len(STATES))]
    return [sheet[top : top + _TILE, left : left + _TILE] for top, left in corners]


def difference(picture: np.ndarray, other: np.ndarray) -> float:
    """The largest difference of any 8 x 8 block, 0..255, both pictures blurred a little.

    Half a pixel of motion passes; a lid that stays open or a mouth that opens otherwise does not.
    """
    change = np.abs(_blurred(picture) - _blurred(other)).mean(axis=2)
    return float(change.reshape(_TILE // _BLOCK, _BLOCK, _TILE // _BLOCK, _BLOCK).mean(axis=(1, 3)).max())


def differing(pictures: list[np.ndarray], others: list[np.ndarray]) -> list[str]:
    """Titles of the states whose pictures differ by more than `TOLERANCE`."""
    pairs = zip(STATES, pictures, others, strict=True)
    return [state.title for state, one, other in pairs if difference(one, other) > TOLERANCE]


def _around_face(avatar: Avatar) -> tuple[slice, slice]:
    """A square of the rendered frame around brows and chin."""
    scale = _SIZE / avatar.side
    marks = avatar.landmarks
    top = min(point[1] for point in marks.brow_left + marks.brow_right)
    middle = np.array([np.mean(marks.face_oval, axis=0)[0], (top + marks.chin[1]) / 2]) * scale
    left, above = np.clip(np.rint(middle - _TILE / 2), 0, _SIZE - _TILE).astype(int)
    return slice(above, above + _TILE), slice(left, left + _TILE)


def _blurred(picture: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(1)), np.float32)
