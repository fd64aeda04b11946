"""Every sample avatar in fixed states looks as it looked when somebody last looked at it.

When a change is wanted: `.venv/bin/python tests/data/render/make.py pictures`, look at the pictures, commit them.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from flashhead_engine.avatar.bundle import SAMPLES, Avatar, load_avatar

from .references import STATES, State, differing, load, tiles

Weights = Mapping[str, float]
BLINK, GAZE, BROWS = "blink of its right eye", "look to its left", "left brow up, right brow down"
SMILE, TURN = "smile on its left", "head turned to its left and down"
OPEN = {"jaw open", "pucker", "funnel", SMILE, TURN}


@pytest.fixture(scope="module", params=SAMPLES)
def avatar(request) -> Avatar:
    return load_avatar(request.param)


def found(avatar: Avatar, spoiled: Callable[[State], State] = lambda state: state) -> set[str]:
    """Titles of the states that do not look as stored when all are spoiled like this."""
    return set(differing(tiles(avatar, tuple(spoiled(state) for state in STATES)), load(avatar.name)))


def changed(change: Callable[[str, float], tuple[str, float]]) -> Callable[[State], State]:
    """A spoiler that renames or rescales weights."""
    return lambda state: state.with_weights(dict(change(name, value) for name, value in state.weights.items()))


def swapped(name: str, value: float) -> tuple[str, float]:
    if name.endswith("Left"):
        return name.removesuffix("Left") + "Right", value
    return (name.removesuffix("Right") + "Left", value) if name.endswith("Right") else (name, value)


def test_every_state_looks_as_stored(avatar):
    assert found(avatar) == set()


def test_swapped_sides_are_found(avatar):
    one_sided = {BLINK, GAZE, BROWS}
    if avatar.mouth == "lips":
        one_sided.add(SMILE)
    assert found(avatar, changed(swapped)) == one_sided


def test_an_inverted_jaw_is_found(avatar):
    assert found(avatar, changed(lambda name, value: (name, 1 - value if name == "jawOpen" else value))) == OPEN


def test_lids_that_do_not_close_are_found(avatar):
    assert found(avatar, changed(lambda name, value: (name, 0.6 * value if "Blink" in name else value))) == {BLINK}


def test_a_head_that_turns_the_other_way_is_found(avatar):
    turned_away = found(
        avatar, lambda state: replace(state, pose={name: -value for name, value in state.pose.items()})
    )
    assert turned_away == {TURN}


def test_motions_of_half_the_strength_are_found(avatar):
    moved = {state.title for state in STATES if state.weights}
    assert found(avatar, changed(lambda name, value: (name, 0.5 * value))) == moved


def test_a_layer_in_the_wrong_colour_is_found():
    avatar = load_avatar("heroine")
    pictures = tiles(avatar)
    darkened = [np.where(picture > 200, 128, picture).astype(np.uint8) for picture in pictures]
    assert set(differing(darkened, load(avatar.name))) == {state.title for state in STATES}
