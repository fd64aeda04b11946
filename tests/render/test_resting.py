"""A face at rest stays the painting, pixel for pixel, and its idle life moves nothing else."""

import numpy as np
import pytest

from flashhead_engine.audio.pcm import SAMPLE_RATE_HZ
from flashhead_engine.avatar.bundle import SAMPLES, Avatar, load_avatar
from flashhead_engine.avatar.images import resize_portrait
from flashhead_engine.blendshapes.arkit import INDEX
from flashhead_engine.drivers import load_driver
from flashhead_engine.drivers.base import Outputs, Performance, SessionSettings, TimedFrame
from flashhead_engine.render.portrait import PortraitRenderer

from .references import FOLDER
from .shapes import STILL, pose, shape

SIZE = 256
SILENCE_S = 8
ONLY_EYES = Performance(head_sway=False, breath=False, brows=False)


@pytest.fixture(scope="module", params=SAMPLES)
def avatar(request) -> Avatar:
    return load_avatar(request.param)


@pytest.fixture(scope="module")
def driver():
    return load_driver("nano")


def listened_to_silence(driver, avatar: Avatar, performance: Performance) -> list[TimedFrame]:
    settings = SessionSettings(Outputs.VIDEO, size=SIZE, fps=25, performance=performance)
    session = driver.open(avatar, settings)
    session.push(np.zeros(SILENCE_S * SAMPLE_RATE_HZ, np.float32), end=True)
    driver.step([session])
    return session.frames()


def around_eyes(avatar: Avatar) -> np.ndarray:
    """Bool (SIZE, SIZE): where lids and their lashes may be."""
    result = np.zeros((SIZE, SIZE), bool)
    for outline in (avatar.landmarks.eye_left, avatar.landmarks.eye_right):
        points = np.array(outline) * SIZE / avatar.side
        height, width = np.ptp(points[:, 1]), np.ptp(points[:, 0])
        margin = np.array([0.5 * width, 1.2 * height])
        (left, top), (right, bottom) = points.min(axis=0) - margin, points.max(axis=0) + margin
        result[int(top) : int(bottom) + 1, int(left) : int(right) + 1] = True
    return result


def changed_outside(avatar: Avatar, pictures: list[np.ndarray]) -> int:
    """Pixels that are not the painting's and not at the eyes, over all pictures."""
    painting, elsewhere = resize_portrait(avatar.portrait, SIZE), ~around_eyes(avatar)
    return sum(int(((picture != painting).any(axis=-1) & elsewhere).sum()) for picture in pictures)


def test_after_every_motion_it_rests_as_the_painting(avatar):
    """No trace of the frames before: buffers are reused."""
    renderer = PortraitRenderer(avatar, SIZE)
    painting = resize_portrait(avatar.portrait, SIZE)
    with np.load(FOLDER / "speech.npz") as stored:
        spoken = stored["en-02"].astype(np.float32)
    for row in spoken[::16]:
        renderer.render(row, pose(headYaw=0.1, headRoll=0.1, breath=0.5))
        np.testing.assert_array_equal(renderer.render(shape(), STILL), painting)


def test_in_silence_without_idle_life_no_pixel_changes(driver, avatar):
    frames = listened_to_silence(driver, avatar, Performance.off())
    assert len(frames) == SILENCE_S * 25
    painting = resize_portrait(avatar.portrait, SIZE)
    assert all(np.array_equal(frame.pixels, painting) for frame in frames)


def test_in_silence_blinks_and_glances_change_only_the_eyes(driver, avatar):
    frames = listened_to_silence(driver, avatar, ONLY_EYES)
    painting = resize_portrait(avatar.portrait, SIZE)
    assert sum(not np.array_equal(frame.pixels, painting) for frame in frames) > 10, "it is asleep"
    assert changed_outside(avatar, [frame.pixels for frame in frames]) == 0


@pytest.mark.parametrize(
    ("weights", "head"),
    [
        (shape(jawOpen=0.02), STILL),
        (shape(mouthSmileLeft=0.05), STILL),
        (shape(), pose(headYaw=0.005)),
        (shape(), pose(breath=0.1)),
    ],
)
def test_a_twitch_of_anything_else_is_found(weights, head):
    avatar = load_avatar("heroine")
    assert changed_outside(avatar, [PortraitRenderer(avatar, SIZE).render(weights, head)]) > 0


def test_a_mouth_that_twitches_in_silence_is_found(driver):
    """The measure of the two tests of silence, on frames whose jaw hangs open by a hair."""
    avatar = load_avatar("guard")
    frame = listened_to_silence(driver, avatar, ONLY_EYES)[-1]
    weights = frame.weights.copy()
    weights[INDEX["jawOpen"]] += 0.02
    assert changed_outside(avatar, [PortraitRenderer(avatar, SIZE).render(weights, frame.pose)]) > 0
