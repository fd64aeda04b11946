"""Promises of the step from the 60 Hz track to video frames."""

import numpy as np
import pytest

from flashhead_engine.blendshapes.aperture import lip_aperture
from flashhead_engine.blendshapes.arkit import ARKIT_52, INDEX
from flashhead_engine.blendshapes.sampling import Sample, VideoSampler


def track(jaw: np.ndarray) -> list[Sample]:
    samples = []
    for index, value in enumerate(jaw):
        weights = np.zeros(len(ARKIT_52), np.float32)
        weights[INDEX["jawOpen"]] = value
        weights[INDEX["browInnerUp"]] = index / len(jaw)
        samples.append(Sample(weights, np.full(4, index, np.float32), np.zeros(15, np.float32)))
    return samples


def video(samples: list[Sample], fps: int, frames: int) -> list[Sample]:
    sampler = VideoSampler(fps, 60)
    out = [frame for sample in samples if (frame := sampler.push(sample))]
    return out + sampler.finish(frames)


@pytest.mark.parametrize("fps", [24, 25, 30, 60])
def test_a_closure_between_two_frames_is_seen(fps):
    # Each closure lasts a single 60 Hz sample, wherever it falls.
    for closed in range(5, 55):
        jaw = np.full(60, 0.4)
        jaw[closed] = 0.0
        frames = video(track(jaw), fps, fps)
        apertures = [float(lip_aperture(frame.weights)) for frame in frames]
        shown = [index for index, value in enumerate(apertures) if value == 0]
        assert shown == [closed * fps // 60]


@pytest.mark.parametrize("fps", [24, 25, 30, 60])
def test_frame_count_covers_the_audio(fps):
    for samples in (1, 2, 3, 59, 60, 61, 100):
        wanted = -(-samples * fps // 60)
        assert len(video(track(np.zeros(samples)), fps, wanted)) == wanted


@pytest.mark.parametrize("fps", [24, 25, 30, 60])
def test_what_is_not_mouth_moves_evenly(fps):
    frames = video(track(np.random.default_rng(0).random(120)), fps, 2 * fps)
    pose = np.array([frame.pose[0] for frame in frames])[: 2 * fps - 2]
    brows = np.array([frame.weights[INDEX["browInnerUp"]] for frame in frames])[: 2 * fps - 2]
    np.testing.assert_allclose(np.diff(pose), 60 / fps, atol=1e-4)
    np.testing.assert_allclose(np.diff(brows), 60 / fps / 120, atol=1e-5)


def test_sampler_starts_afresh_after_an_utterance():
    samples = track(np.linspace(0, 1, 37))
    sampler = VideoSampler(25, 60)
    runs = []
    for _ in range(2):
        out = [frame for sample in samples if (frame := sampler.push(sample))]
        runs.append(out + sampler.finish(16))
    for first, second in zip(*runs, strict=True):
        np.testing.assert_array_equal(first.weights, second.weights)
