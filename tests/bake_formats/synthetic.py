"""A synthetic performance: a soft round portrait with a moving mouth, and speech-like dialogue with known clicks."""

import math
import wave
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import numpy as np

from flashhead_engine.bake.formats import BakeTarget, for_path
from flashhead_engine.bake.manifest import Output
from flashhead_engine.drivers.base import WEIGHTS_HZ, FrameFlags, TimedFrame

SIZE = 256
FPS = 25
SECONDS = 2.31
RATE = 48_000


def dialogue_samples(seconds: float = SECONDS, rate: int = RATE) -> np.ndarray:
    """float32 (n,): band-limited noise in bursts, which has one sharp peak of correlation with itself."""
    random = np.random.default_rng(7)
    time = np.arange(round(seconds * rate)) / rate
    noise = np.convolve(random.standard_normal(time.size), np.hanning(24) / 6, "same")
    return (0.25 * noise * (0.55 + 0.45 * np.sin(2 * np.pi * 2.7 * time))).clip(-0.9, 0.9).astype(np.float32)


def write_wav(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    """`samples` float (n,) or (n, channels) as 16-bit WAV."""
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes((samples * 32767).round().astype("<i2").tobytes())
    return path


@cache
def portrait(index: int, size: int = SIZE) -> np.ndarray:
    """uint8 (size, size, 4): what a renderer draws, shading, a mouth that moves and an edge that is soft."""
    y, x = np.mgrid[0:size, 0:size] / size
    pixels = np.empty((size, size, 4), np.float32)
    pixels[..., 0] = 200 - 60 * y + 10 * np.sin(9 * x)
    pixels[..., 1] = 150 - 50 * y
    pixels[..., 2] = 120 - 30 * x
    opening = 0.03 + 0.025 * math.sin(index / 2)
    mouth = np.hypot((x - 0.5) / 0.13, (y - 0.68) / opening)
    inside = np.clip((1.1 - mouth) * 4, 0, 1)[..., None]
    pixels[..., :3] = pixels[..., :3] * (1 - inside) + np.array((90, 30, 35)) * inside
    distance = np.hypot(x - 0.5, y - 0.5 - 0.01 * math.sin(index / 7))
    pixels[..., 3] = np.clip((0.45 - distance) * 40, 0, 1) * 255
    return pixels.clip(0, 255).round().astype(np.uint8)


def timed_frame(index: int, fps: int, pixels: np.ndarray | None = None) -> TimedFrame:
    random = np.random.default_rng(index)
    visemes = random.random(15).astype(np.float32)
    return TimedFrame(
        utterance=0,
        epoch=0,
        index=index,
        pts_us=round(index * 1_000_000 / fps),
        duration_us=round(1_000_000 / fps),
        flags=FrameFlags.NONE,
        weights=random.random(52).astype(np.float32),
        pose=(random.random(4) - 0.5).astype(np.float32),
        visemes=visemes / visemes.sum(),
        pixels=pixels,
    )


def video_frames(seconds: float = SECONDS, fps: int = FPS, size: int = SIZE) -> Iterator[TimedFrame]:
    for index in range(math.ceil(seconds * fps)):
        yield timed_frame(index, fps, portrait(index, size))


def track_frames(seconds: float = SECONDS) -> Iterator[TimedFrame]:
    for index in range(math.ceil(seconds * WEIGHTS_HZ)):
        yield timed_frame(index, WEIGHTS_HZ)


def write_all(path: Path, target: BakeTarget, frames: Iterable[TimedFrame]) -> Output:
    """The frames as one output, by the writer of the path's extension."""
    writer = for_path(path)(path, target)
    try:
        for frame in frames:
            writer.write(frame)
        return writer.finish()
    finally:
        writer.abort()
