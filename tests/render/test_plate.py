"""A rigid face: light behind the jaw plate, shutters over the eyes. The robot is measured, with a layer marked."""

import numpy as np
import pytest

from flashhead_engine.avatar.bundle import load_avatar
from flashhead_engine.render.portrait import PortraitRenderer

from .shapes import STILL, both, shape
from .test_portrait import SIZE, marked, marker_pixels

HALVES = (slice(None, SIZE // 2), slice(SIZE // 2, None))


def seen(names: tuple[str, ...], **weights: float) -> np.ndarray:
    """Where the robot shows these layers: bool (SIZE, SIZE)."""
    renderer = PortraitRenderer(marked(load_avatar("robot"), names), SIZE)
    return marker_pixels(renderer.render(shape(**weights), STILL))


def middle_row(part: np.ndarray) -> float:
    return float(np.argwhere(part)[:, 0].mean())


def ends_below_middle(strip: np.ndarray) -> float:
    """How many pixels the ends of the light strip lie below its middle."""
    columns = np.flatnonzero(strip.any(axis=0))
    left, right = columns[0], columns[-1]
    third = (right - left) // 3
    ends = np.concatenate([strip[:, left : left + third], strip[:, right - third + 1 : right + 1]], axis=1)
    return middle_row(ends) - middle_row(strip[:, left + third : right - third + 1])


def test_a_jaw_that_barely_opens_shows_light():
    assert seen(("tongue",)).sum() == 0
    assert seen(("tongue",), jawOpen=0.08).sum() >= 24


@pytest.mark.parametrize("jaw", [0.15, 0.4, 1.0])
def test_the_light_stays_in_the_middle_of_the_opening(jaw):
    opening = seen(("mouth_cavity", "tongue", "teeth_lower", "teeth_upper"), jawOpen=jaw)
    assert middle_row(seen(("tongue",), jawOpen=jaw)) == pytest.approx(middle_row(opening), abs=1)


def test_the_light_narrows_for_rounded_lips_and_bends_in_a_smile_and_a_frown():
    plain, rounded = seen(("tongue",), jawOpen=0.6), seen(("tongue",), jawOpen=0.6, mouthPucker=1.0)
    assert rounded.any(axis=0).sum() < 0.7 * plain.any(axis=0).sum()
    assert ends_below_middle(seen(("tongue",), jawOpen=0.6, **both("mouthSmile", 1.0))) < -1
    assert ends_below_middle(seen(("tongue",), jawOpen=0.6, **both("mouthFrown", 1.0))) > 1
    assert abs(ends_below_middle(plain)) < 0.5


@pytest.mark.parametrize("blink", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("half", HALVES)
def test_a_shutter_slides_as_one_plate(blink, half):
    """Its edge is level, all across the eye."""
    shutter = seen(("lid_upper",), **both("eyeBlink", blink))[:, half]
    columns = np.flatnonzero(shutter.any(axis=0))
    edge = np.array([np.flatnonzero(shutter[:, column])[-1] for column in columns[2:-2]])
    assert len(edge) >= 18
    assert np.ptp(edge) <= 1
