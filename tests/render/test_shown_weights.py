"""docs/avatar-format.md says which of the 52 weights a portrait cannot show; rendering each keeps that true."""

import re
from functools import cache, cached_property
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from flashhead_engine.avatar.bundle import SAMPLES, Avatar, load_avatar
from flashhead_engine.blendshapes.arkit import ARKIT_52, INDEX
from flashhead_engine.render.portrait import PortraitRenderer

from .shapes import STILL, shape

SIZE = 512
DOCUMENT = Path(__file__).parents[2] / "docs" / "avatar-format.md"
OPEN_JAW = 0.4
VISIBLE_STEP = 12
VISIBLE_PIXELS = 30
"""A weight is seen when so many pixels of 512 x 512 change by more than so many steps of 0..255."""

COLUMNS = {"lips": 1, "jaw_plate": 2}
NEVER, ONLY_OPEN, BOTH_SIDES = (
    "never changes",
    "changes only while the jaw is open",
    "is the same for Left and Right",
)


@pytest.fixture(scope="module", params=SAMPLES)
def avatar(request) -> Avatar:
    return load_avatar(request.param)


def documented(row: str, mouth: str) -> set[str]:
    """The weights that the table of the document names in a row."""
    lines = [line for line in DOCUMENT.read_text("utf-8").splitlines() if line.startswith(f"| {row} |")]
    assert len(lines) == 1, f"{DOCUMENT.name} has no row, or several, '{row}'"
    names = set(re.findall(r"`(\w+)`", lines[0].strip("|").split("|")[COLUMNS[mouth]]))
    return set().union(*(sided(name) for name in names)) if names else set()


def sided(name: str) -> set[str]:
    """The weights that a name without Left or Right stands for."""
    weights = {name} if name in INDEX else {f"{name}Left", f"{name}Right"}
    assert weights <= set(INDEX), f"{DOCUMENT.name}: '{name}' is no ARKit weight"
    return weights


def visibly_different(picture: np.ndarray, other: np.ndarray) -> bool:
    large = np.maximum(picture, other) - np.minimum(picture, other) > VISIBLE_STEP
    # Four booleans seen as one number: much faster than any().
    return np.count_nonzero(large.view(np.uint32)) >= VISIBLE_PIXELS


class Pictures:
    """Frames of one avatar, each weight alone at 1 with a closed and with an open jaw."""

    def __init__(self, avatar: Avatar) -> None:
        renderer = PortraitRenderer(avatar, SIZE)
        self.rest = {jaw: renderer.render(shape(jawOpen=jaw), STILL) for jaw in (0.0, OPEN_JAW)}
        self.moved = {
            (name, jaw): renderer.render(shape(**{"jawOpen": jaw, name: 1.0}), STILL)
            for name, jaw in product(ARKIT_52, self.rest)
        }

    @cached_property
    def never_shown(self) -> set[str]:
        return {name for name in ARKIT_52 if not any(self.shows(name, jaw) for jaw in self.rest)}

    def shows(self, name: str, jaw: float) -> bool:
        return visibly_different(self.moved[name, jaw], self.rest[jaw])

    def tells_sides_apart(self, name: str) -> bool:
        other = name.removesuffix("Left") + "Right"
        return any(visibly_different(self.moved[name, jaw], self.moved[other, jaw]) for jaw in self.rest)


@cache
def pictures_of(name: str) -> Pictures:
    return Pictures(load_avatar(name))


@pytest.fixture
def pictures(avatar) -> Pictures:
    return pictures_of(avatar.name)


def test_weights_that_never_change_the_picture_are_documented(avatar, pictures):
    assert pictures.never_shown == documented(NEVER, avatar.mouth)


def test_weights_that_need_an_open_jaw_are_documented(avatar, pictures):
    found = {name for name in ARKIT_52 if pictures.shows(name, OPEN_JAW) and not pictures.shows(name, 0.0)}
    assert found == documented(ONLY_OPEN, avatar.mouth)


def test_weights_whose_sides_look_alike_are_documented(avatar, pictures):
    lefts = [name for name in ARKIT_52 if name.endswith("Left") and name.removesuffix("Left") + "Right" in INDEX]
    seen = [name for name in lefts if name not in pictures.never_shown]
    found = set().union(*(sided(name.removesuffix("Left")) for name in seen if not pictures.tells_sides_apart(name)))
    assert found == documented(BOTH_SIDES, avatar.mouth)


def test_a_weight_that_stopped_moving_anything_is_found():
    pictures = Pictures(load_avatar("heroine"))
    pictures.moved["browInnerUp", 0.0] = pictures.rest[0.0]
    pictures.moved["browInnerUp", OPEN_JAW] = pictures.rest[OPEN_JAW]
    assert pictures.never_shown == {"browInnerUp"}
