"""How long a checkpoint takes to be checked and loaded on a CPU, what one chunk of it costs, and the peak of memory.

    python benchmarks/flashhead/random_checkpoint.py out/models --tier lite
    python benchmarks/flashhead/load_checkpoint.py out/models --tier lite

One denoising step instead of four; with `--step-only` from a random latent in the place of the reference picture's,
and nothing is decoded. Fails when loading takes more memory than one copy of the weights and a tenth, or when what
comes out is not finite.
"""

import argparse
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from random_checkpoint import SMALL

from flashhead_engine.models.checkpoints import CONFIGS, check
from flashhead_engine.models.configs import CHUNK_FRAMES
from flashhead_engine.models.released import NETWORKS, find_folders
from flashhead_engine.runtimes.flashhead import Reference
from flashhead_engine.runtimes.torch_flashhead import TorchFlashHead
from flashhead_engine.runtimes.torch_loading import load_runtime

_ALLOWANCE = 1.1
_CONTEXT_SAMPLES = 128_000
_Answer = TypeVar("_Answer")


def peak_bytes() -> int:
    """Most memory that this process has had, mapped files included."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def timed(what: str, work: Callable[[], _Answer]) -> _Answer:
    begun = time.perf_counter()
    answer = work()
    print(f"| {what} | {time.perf_counter() - begun:.2f} | {peak_bytes() / 2**30:.2f} |", flush=True)
    return answer


def _step(
    runtime: TorchFlashHead, heard: torch.Tensor, noise: np.ndarray, random: np.random.Generator
) -> torch.Tensor:
    latent = runtime.to_device(random.standard_normal(noise[:, 0].shape, dtype=np.float32))
    with torch.inference_mode():
        reference = Reference(runtime._dit.reference_tokens(latent), latent[:, :, :1], None)
    return runtime.denoise([reference], [None], heard, noise)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tier", choices=tuple(CONFIGS), default="lite")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--load-only", action="store_true")
    parser.add_argument("--step-only", action="store_true", help="no picture is encoded or decoded")
    parser.add_argument("--tiny", action="store_true", help="a checkpoint that was written with --tiny")
    arguments = parser.parse_args()
    tier, dtype = arguments.tier, getattr(torch, arguments.dtype)
    config = (SMALL if arguments.tiny else CONFIGS)[tier]

    print("| what | s | peak GiB so far |\n|---|---|---|")
    folders = timed("find the files", lambda: find_folders(arguments.folder))
    problems = timed("check every name, shape and dtype", lambda: check(folders, tier, config))
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 1
    before = peak_bytes()
    runtime = timed("load", lambda: load_runtime(arguments.folder, tier, "cpu", dtype, steps=1, config=config))
    taken = peak_bytes() - before
    on_disk = {network.name: folders.path(network.weights).stat().st_size for network in NETWORKS[tier]}
    # wav2vec2 stays float32.
    weights = sum(size * (4 if name == "wav2vec2" else dtype.itemsize) / 4 for name, size in on_disk.items())
    print(
        f"\nOne copy of the weights: {weights / 2**30:.2f} GiB; loading took {taken / 2**30:.2f} GiB.\n", flush=True
    )
    too_much = taken > _ALLOWANCE * weights and not arguments.tiny
    if arguments.load_only:
        return int(too_much)

    random = np.random.Generator(np.random.Philox(0))
    shape = runtime.config.latent_shape(arguments.size, arguments.size, CHUNK_FRAMES)
    noise = random.standard_normal((1, 1, *shape), dtype=np.float32)
    picture = random.integers(0, 255, (arguments.size, arguments.size, 3), np.uint8)
    pcm = random.standard_normal((1, _CONTEXT_SAMPLES), dtype=np.float32)
    print("| what | s | peak GiB so far |\n|---|---|---|")
    heard = timed("hear 8 s", lambda: runtime.hear(pcm, [_CONTEXT_SAMPLES]))
    if arguments.step_only:
        latent = timed("one step of the transformer", lambda: _step(runtime, heard, noise, random))
        finite = bool(torch.isfinite(latent).all())
        print(f"\nLatent {tuple(latent.shape)}, finite: {finite}, spread {float(latent.std()):.2f}.")
        return int(too_much or not finite)
    reference = timed(
        f"encode {CHUNK_FRAMES} pictures of the reference", lambda: runtime.reference(picture, noise[0, 0])
    )
    latent = timed("one step of the transformer", lambda: runtime.denoise([reference], [None], heard, noise))
    shown, tail = timed("decode and match colours", lambda: runtime.show(latent, [reference]))
    finite = bool(torch.isfinite(latent).all() and torch.isfinite(tail).all())
    print(f"\n{shown.shape[1]} pictures, finite: {finite}, spread {shown.std():.0f} of 255.")
    return int(too_much or not finite)


if __name__ == "__main__":
    sys.exit(main())
