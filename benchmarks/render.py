"""Speed of the portrait renderer on one core, everything moving: mouth, both eyes, brows, head and breath.

    python benchmarks/render.py

Prints the median and the 95th percentile of the time per frame, frames per second and the time to compile a rig,
for each sample avatar and size.
"""

import os

# One core, as a game leaves to it; must be set before numpy is imported.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import time

import numpy as np

from flashhead_engine.avatar.bundle import SAMPLES, load_avatar
from flashhead_engine.blendshapes.arkit import ARKIT_52
from flashhead_engine.render.portrait import PortraitRenderer

SIZES = (256, 512, 768, 1024)
FRAMES = 150


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    random = np.random.default_rng(0)
    weights = random.uniform(0, 0.5, (FRAMES, len(ARKIT_52))).astype(np.float32)
    poses = random.uniform(-0.1, 0.1, (FRAMES, 4)).astype(np.float32)
    print(f"{'avatar':10} {'size':>5} {'median ms':>10} {'p95 ms':>8} {'frames/s':>9} {'compile s':>10}")
    for name in SAMPLES:
        avatar = load_avatar(name)
        for size in SIZES:
            started = time.perf_counter()
            renderer = PortraitRenderer(avatar, size)
            compiled = time.perf_counter() - started
            times = _frame_times(renderer, weights, poses) * 1000
            median, p95 = np.percentile(times, [50, 95])
            print(f"{name:10} {size:5} {median:10.2f} {p95:8.2f} {1000 / median:9.0f} {compiled:10.2f}")


def _frame_times(renderer: PortraitRenderer, weights: np.ndarray, poses: np.ndarray) -> np.ndarray:
    out = renderer.render(weights[0], poses[0])
    times = np.empty(len(weights))
    for index, (row, pose) in enumerate(zip(weights, poses, strict=True)):
        started = time.perf_counter()
        renderer.render(row, pose, out)
        times[index] = time.perf_counter() - started
    return times


if __name__ == "__main__":
    main()
