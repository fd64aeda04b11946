"""The lips of rendered frames against the weights: measured on pixels, on every sample avatar.

`evaluation.lip_gap.LipGauge` finds both painted lips again in a narrow band of the frame; the gap between them is the
lip aperture in pixels. It is compared with `lip_aperture` of the weights over two spoken lines, and every measure is
also taken on spoiled input, where it must fail.
"""

from dataclasses import dataclass

import numpy as np
import pytest

from flashhead_engine.avatar.bundle import SAMPLES, Avatar, load_avatar
from flashhead_engine.blendshapes.aperture import lip_aperture
from flashhead_engine.blendshapes.arkit import INDEX
from flashhead_engine.evaluation.lip_gap import LipGauge
from flashhead_engine.render.portrait import PortraitRenderer

from .references import FOLDER
from .shapes import STILL, both, shape

SIZE = 512
LEAST_CORRELATION = 0.98
LEAST_CLOSED_SHARE = 0.98
MEETING = 1.25
"""Lips at most so far apart, in pixels of 512, meet: the gap is thinner than the painted line between them."""
ASKED_CLOSED = 0.005
LEAST_CORRELATION_OF_SWEEPS = 0.97
"""Lower: small openings are drawn larger than they are (`controls.as_drawn`), which bends a sweep from 0 to 1."""
LATE_FRAMES = 2
"""80 ms at 25 frames a second."""
LABIAL = [INDEX[name] for name in ("mouthClose", "mouthPressLeft", "mouthPressRight")]

SWEEPS = {
    "jawOpen": lambda value: {"jawOpen": value},
    "mouthLowerDown": lambda value: both("mouthLowerDown", value),
    "mouthUpperUp": lambda value: both("mouthUpperUp", value),
    "mouthFunnel on an open jaw": lambda value: {"jawOpen": 0.3, "mouthFunnel": value},
    "mouthClose on an open jaw": lambda value: {"jawOpen": 0.5, "mouthClose": 0.5 * value},
    "mouthPress on an open jaw": lambda value: {"jawOpen": 0.25, **both("mouthPress", value)},
}
OPENING = {"jawOpen", "mouthLowerDown", "mouthUpperUp", "mouthFunnel on an open jaw"}


class NotFollowing(AssertionError):
    """The measured lips are not those of the weights."""


@dataclass(frozen=True)
class Mouth:
    """Renders and measures one avatar."""

    avatar: Avatar
    renderer: PortraitRenderer
    gauge: LipGauge

    @classmethod
    def of(cls, avatar: Avatar) -> "Mouth":
        return cls(avatar, PortraitRenderer(avatar, SIZE), LipGauge(avatar, SIZE))

    def heights(self, weights: np.ndarray) -> np.ndarray:
        """Pixels between the lips, (frames,), for weights (frames, 52)."""
        return np.array([self.gauge.height(self.renderer.render(row, STILL)) for row in weights])

    def widest(self, weights: np.ndarray) -> np.ndarray:
        return np.array([self.gauge.widest(self.renderer.render(row, STILL)) for row in weights])


@pytest.fixture(scope="module", params=SAMPLES)
def mouth(request) -> Mouth:
    return Mouth.of(load_avatar(request.param))


@pytest.fixture(scope="module")
def spoken() -> dict[str, np.ndarray]:
    """Weights (frames, 52) of spoken lines at 25 frames a second, from the first to the last motion of the lips."""
    lines = {}
    with np.load(FOLDER / "speech.npz") as stored:
        for name, weights in stored.items():
            moving = np.flatnonzero(lip_aperture(weights.astype(np.float32)) > 0.02)
            lines[name] = weights[moving[0] : moving[-1] + 1].astype(np.float32)
    return lines


@pytest.fixture(scope="module")
def heights(mouth, spoken) -> dict[str, np.ndarray]:
    return {name: mouth.heights(spoken[name]) for name in ("en-02", "guard_en")}


def assert_follows(heights: np.ndarray, weights: np.ndarray, least: float = LEAST_CORRELATION) -> None:
    """Raises NotFollowing unless the measured lips part as the weights ask."""
    if np.ptp(heights) < 2:
        raise NotFollowing("frozen")
    correlation = np.corrcoef(heights, lip_aperture(weights))[0, 1]
    if correlation < least:
        raise NotFollowing(f"correlation {correlation:.3f}")


def labial_frames(weights: np.ndarray) -> np.ndarray:
    """The frames of p, b and m: something presses the lips together, and nothing is left of the aperture."""
    pressed = (weights[:, LABIAL] > 0.02).any(axis=1)
    return weights[pressed & (lip_aperture(weights) < ASKED_CLOSED)]


@pytest.mark.parametrize("line", ["en-02", "guard_en"])
def test_lips_follow_the_weights_of_spoken_lines(mouth, heights, spoken, line):
    assert_follows(heights[line], spoken[line])


@pytest.mark.parametrize("late", [LATE_FRAMES, -LATE_FRAMES])
def test_lips_that_are_80_ms_late_or_early_are_found(heights, spoken, late):
    for line, measured in heights.items():
        shown, asked = np.roll(measured, late), spoken[line]
        with pytest.raises(NotFollowing, match="correlation"):
            assert_follows(shown, asked)


def test_lips_of_another_line_are_found(heights, spoken):
    frames = min(len(measured) for measured in heights.values())
    with pytest.raises(NotFollowing, match="correlation"):
        assert_follows(heights["guard_en"][:frames], spoken["en-02"][:frames])


@pytest.mark.parametrize("name", ["heroine", "robot"])
def test_a_frozen_and_an_inverted_mouth_are_found(spoken, name):
    mouth, weights = Mouth.of(load_avatar(name)), spoken["en-02"]
    with pytest.raises(NotFollowing, match="frozen"):
        assert_follows(mouth.heights(np.zeros_like(weights)), weights)
    inverted = weights.copy()
    inverted[:, INDEX["jawOpen"]] = 1 - inverted[:, INDEX["jawOpen"]]
    with pytest.raises(NotFollowing, match="correlation"):
        assert_follows(mouth.heights(inverted), weights)


@pytest.mark.parametrize("sweep", SWEEPS)
def test_lips_follow_a_sweep_of_one_weight(mouth, sweep):
    weights = np.stack([shape(**SWEEPS[sweep](value)) for value in np.linspace(0, 1, 6)])
    measured = mouth.heights(weights)
    assert_follows(measured, weights, least=LEAST_CORRELATION_OF_SWEEPS)
    apart = np.diff(measured) if sweep in OPENING else -np.diff(measured)
    assert np.all(apart > 0), "every step moves the lips"


def test_rounding_leaves_the_lips_as_far_apart(mouth):
    measured = mouth.heights(np.stack([shape(jawOpen=0.2, mouthPucker=value) for value in np.linspace(0, 1, 6)]))
    assert measured.min() > 4
    assert np.ptp(measured) <= 2


def test_lips_meet_in_every_p_b_and_m(mouth, spoken):
    frames = np.concatenate([labial_frames(weights) for weights in spoken.values()])
    assert len(frames) >= 40
    assert (mouth.widest(frames) <= MEETING).mean() >= LEAST_CLOSED_SHARE


def test_lips_held_apart_in_p_b_and_m_are_found(mouth, spoken):
    frames = labial_frames(spoken["en-02"])
    frames[:, INDEX["jawOpen"]] += 0.1
    frames[:, LABIAL] = 0
    assert (mouth.widest(frames) <= MEETING).mean() < 0.1


def test_a_jaw_that_falls_behind_closed_lips_is_no_gap(mouth):
    assert mouth.gauge.widest(mouth.renderer.render(shape(), STILL)) == 0
    for jaw in (0.2, 0.5, 0.8):
        chewing = shape(jawOpen=jaw, mouthClose=jaw)
        assert mouth.gauge.widest(mouth.renderer.render(chewing, STILL)) <= MEETING


def test_the_gauge_reads_what_is_painted(mouth):
    """The painting cut along its mouth line, its lower part moved down and a bar of any colour put between."""
    painting = mouth.renderer.render(shape(), STILL)
    marks = mouth.avatar.landmarks
    curve = np.array(marks.lip_upper_inner)
    line = round(float(np.interp(curve[[0, -1], 0].mean(), *curve.T)) * SIZE / mouth.avatar.side)
    for bar in (4, 12, 20):
        for colour in ((250, 250, 240, 255), (30, 10, 15, 255), (60, 200, 220, 255)):
            parted = painting.copy()
            parted[line + bar :] = painting[line:-bar]
            parted[line : line + bar] = colour
            assert mouth.gauge.height(parted) == pytest.approx(bar, abs=2)
