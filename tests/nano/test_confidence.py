"""The confidence of a frame: higher where the network is right, lower in noise."""

import numpy as np

from flashhead_engine.blendshapes.phones import to_atoms
from flashhead_engine.blendshapes.visemes import VISEMES
from flashhead_engine.drivers import load_driver
from flashhead_engine.drivers.base import SessionSettings
from flashhead_engine.drivers.nano.features import FRAME_RATE_HZ
from flashhead_engine.drivers.nano.network import hear


def _right_and_confident(network, lines) -> tuple[np.ndarray, np.ndarray]:
    right, confident = [], []
    for line in lines:
        visemes = hear(network, line.pcm).visemes[0]
        for atom in to_atoms(line.truth.segments):
            if atom.articulation.viseme is not None:
                frame = visemes[min(round(atom.centre * FRAME_RATE_HZ), len(visemes) - 1)]
                right.append(VISEMES[int(frame.argmax())] == atom.articulation.viseme)
                confident.append(frame.max())
    return np.array(right), np.array(confident)


def test_confident_frames_are_right_more_often(network, lines) -> None:
    right, confident = _right_and_confident(network, lines)
    assert right[confident > 0.8].mean() > right[confident < 0.5].mean() + 0.3
    mixed_up = np.random.default_rng(0).permutation(confident)
    assert right[mixed_up > 0.8].mean() < right[mixed_up < 0.5].mean() + 0.15, "the check must notice a random number"


def test_noise_lowers_the_confidence(network, lines) -> None:
    random = np.random.default_rng(1)
    for line in lines[:4]:
        noise = (0.06 * random.standard_normal(len(line.pcm))).astype(np.float32)
        clean, noisy = (hear(network, pcm).visemes[0].max(1).mean() for pcm in (line.pcm, line.pcm + noise))
        assert noisy < clean


def test_frames_carry_it(lines) -> None:
    driver = load_driver("nano")
    session = driver.open(None, SessionSettings())
    session.push(lines[0].pcm, end=True)
    driver.step([session])
    for frame in session.frames():
        assert frame.confidence == frame.visemes.max()
