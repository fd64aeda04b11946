"""A slowly swaying head moves evenly: no edge stands still and then jumps."""

import numpy as np
import pytest

from flashhead_engine.avatar.bundle import SAMPLES, Avatar, load_avatar
from flashhead_engine.render.portrait import PortraitRenderer

from .shapes import pose, shape

SIZE = 512
FPS = 60
SECONDS = 4
SWAY = 0.06
"""Radians to each side."""
LARGEST_JITTER = 0.02
"""Root mean square of how far an edge is from where the commanded angle puts it, pixels."""
SHIFT_DEGREE = 5
"""Degree of the polynomial that says where an angle puts an edge: the head's turn and its outline are smooth."""


@pytest.fixture(scope="module", params=SAMPLES)
def avatar(request) -> Avatar:
    return load_avatar(request.param)


def swaying() -> np.ndarray:
    """Yaw of each frame, (frames,): one slow sway to both sides."""
    return SWAY * np.sin(2 * np.pi * np.arange(FPS * SECONDS) / (FPS * SECONDS))


def outline(avatar: Avatar, angles: np.ndarray) -> np.ndarray:
    """x of the head's left and right edge at the height of its eyes, (frames, 2), to parts of a pixel.

    The sum of alpha along a row says where an edge is between two pixels.
    """
    renderer = PortraitRenderer(avatar, SIZE)
    level = round(float(np.mean(avatar.landmarks.eye_left, axis=0)[1]) * SIZE / avatar.side)
    edges = []
    for angle in angles:
        alpha = renderer.render(shape(), pose(headYaw=float(angle)))[level - 4 : level + 5, :, 3] / 255
        halves = alpha[:, : SIZE // 2], alpha[:, SIZE // 2 :]
        edges.append((SIZE / 2 - halves[0].sum(axis=1).mean(), SIZE / 2 + halves[1].sum(axis=1).mean()))
    return np.array(edges)


def jitter(angles: np.ndarray, edges: np.ndarray) -> float:
    """The worse of both edges: root mean square of its distance from a smooth function of the angle, pixels."""
    fitted = [np.polyval(np.polyfit(angles, edge, SHIFT_DEGREE), angles) for edge in edges.T]
    return float(np.sqrt(((edges.T - fitted) ** 2).mean(axis=1)).max())


def test_edges_of_a_swaying_head_move_evenly(avatar):
    angles = swaying()
    edges = outline(avatar, angles)
    assert np.ptp(edges, axis=0).min() > 2, "it does not sway"
    assert jitter(angles, edges) <= LARGEST_JITTER


def test_edges_that_advance_in_quarter_pixels_are_found(avatar):
    angles = swaying()
    edges = outline(avatar, angles)
    assert jitter(angles, np.round(4 * edges) / 4) > 2 * LARGEST_JITTER


def test_a_head_whose_angle_is_held_for_three_frames_is_found():
    avatar, angles = load_avatar("guard"), swaying()
    assert jitter(angles, outline(avatar, np.repeat(angles[::3], 3))) > LARGEST_JITTER
