"""Speed of the portrait renderer on one core, everything moving: mouth, both eyes, brows, head and breath.

    python benchmarks/render.py            with the native kernels
    python benchmarks/render.py --numpy    as where none were built

Prints for each sample avatar and size: the median time per frame on the clock and on the processor (they differ
where other programs share the core), the 95th percentile, frames per second of processor time, and the time to
compile a rig.
"""

import os

# One core, as a game leaves to it; must be set before numpy is imported.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import time

import numpy as np

from flashhead_engine.avatar.bundle import SAMPLES, load_avatar
from flashhead_engine.blendshapes.arkit import ARKIT_52
from flashhead_engine.render import kernels, numpy_kernels
from flashhead_engine.render.portrait import PortraitRenderer

SIZES = (256, 512, 1024)
FRAMES = 150


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--numpy", action="store_true", help="leave the native kernels out")
    if parser.parse_args().numpy:
        kernels._loops = numpy_kernels
    elif kernels._loops is numpy_kernels:
        parser.error("the native kernels were not built here; use --numpy")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    random = np.random.default_rng(0)
    weights = random.uniform(0, 0.5, (FRAMES, len(ARKIT_52))).astype(np.float32)
    poses = random.uniform(-0.1, 0.1, (FRAMES, 4)).astype(np.float32)
    print("avatar      size  clock ms  processor ms  p95 ms  frames/s  compile s")
    for name in SAMPLES:
        avatar = load_avatar(name)
        for size in SIZES:
            started = time.perf_counter()
            renderer = PortraitRenderer(avatar, size)
            compiled = time.perf_counter() - started
            clock, processor = _frame_times(renderer, weights, poses) * 1000
            median, p95 = np.percentile(processor, [50, 95])
            print(
                f"{name:10} {size:5} {np.median(clock):9.2f} {median:13.2f} {p95:7.2f} {1000 / median:9.0f}"
                f" {compiled:10.2f}"
            )


def _frame_times(renderer: PortraitRenderer, weights: np.ndarray, poses: np.ndarray) -> np.ndarray:
    """Seconds per frame, on the clock and on the processor: (2, frames)."""
    out = renderer.render(weights[0], poses[0])
    times = np.empty((2, len(weights)))
    for index, (row, pose) in enumerate(zip(weights, poses, strict=True)):
        clock, processor = time.perf_counter(), time.thread_time()
        renderer.render(row, pose, out)
        times[:, index] = time.perf_counter() - clock, time.thread_time() - processor
    return times


if __name__ == "__main__":
    main()
