"""Pictures a second of FlashHead with random weights of the full size, and where the time of a chunk goes.

    python benchmarks/flashhead/generate.py --tier lite                      on the GPU, bfloat16, 512x512
    python benchmarks/flashhead/generate.py --tier lite --batch 4 --compile reduce-overhead
    python benchmarks/flashhead/generate.py --tier lite --steps 20 --guidance 3    as the unreleased teacher does
    python benchmarks/flashhead/generate.py --tier tiny-random               on any CPU, in seconds

Medians over the chunks after the first ones. What is shown is noise; only time and memory are of interest. The limit
is what the card could do if it did nothing but multiply: 1.005 (lite) and 8.44 (pro) TFLOP for a new picture.
"""

import argparse
import statistics
import sys
import time

import numpy as np
import torch

from flashhead_engine.bench.stages import STAGES, TimedRuntime
from flashhead_engine.drivers.flashhead.generation import HeadState, chunk_samples, next_chunk, portrait
from flashhead_engine.models.configs import LITE, PRO, TINY
from flashhead_engine.models.networks import Networks
from flashhead_engine.runtimes.torch_flashhead import TorchFlashHead

CONFIGS = {"lite": LITE, "pro": PRO, "tiny-random": TINY}
TFLOP_PER_PICTURE = {"lite": 1.005, "pro": 8.44}
WARM_UP = 2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tier", choices=tuple(CONFIGS), default="lite")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--dtype", choices=("bfloat16", "float16", "float32"))
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--batch", type=int, default=1, help="heads at once")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--guidance", type=float, help="of the teacher, 3 with --steps 20: every step costs twice")
    parser.add_argument("--chunks", type=int, default=8, help="measured ones")
    parser.add_argument("--compile", metavar="MODE", help="of torch.compile: default, reduce-overhead (CUDA graphs)")
    parser.add_argument("--peak-tflops", type=float, help="of the card, dense, in this precision: gives the limit")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    dtype = getattr(torch, arguments.dtype or ("bfloat16" if device.type == "cuda" else "float32"))

    with torch.device(device):
        networks = Networks.random(CONFIGS[arguments.tier])
    networks.dit.to(dtype)
    networks.vae.to(dtype)
    runtime = TorchFlashHead(
        networks, steps=arguments.steps, guidance=arguments.guidance, compile_mode=arguments.compile
    )
    random = np.random.default_rng(0)
    picture = random.integers(0, 256, (arguments.size, arguments.size, 3), dtype=np.uint8)
    head = portrait(runtime, picture, (arguments.size, arguments.size), seed=0)
    states = [HeadState(seed) for seed in range(arguments.batch)]
    runtime = TimedRuntime(runtime)
    whole = []
    for _ in range(WARM_UP + arguments.chunks):
        pcm = random.uniform(-0.1, 0.1, (arguments.batch, chunk_samples(runtime.config))).astype(np.float32)
        begun = time.perf_counter()
        states, pictures = next_chunk(runtime, [head] * arguments.batch, states, list(pcm))
        whole.append(time.perf_counter() - begun)
    chunk_s = statistics.median(whole[WARM_UP:])
    rate = arguments.batch * runtime.config.new_frames / chunk_s
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    mode = arguments.compile or "eager"
    print(f"{arguments.tier} {arguments.size}x{arguments.size}, {arguments.batch} heads, {dtype}, {mode}, {name}\n")
    print("| part of a chunk | ms | |\n|---|---|---|")
    for stage, meaning in STAGES.items():
        print(f"| {stage} | {1e3 * statistics.median(runtime.seconds[stage][WARM_UP:]):.1f} | {meaning} |")
    print(f"| all | {1e3 * chunk_s:.1f} | {runtime.config.new_frames} new pictures of each head |\n")
    print(f"{rate:.1f} pictures/s, {rate / 25:.2f} heads in real time")
    if device.type == "cuda":
        print(f"peak memory {torch.cuda.max_memory_allocated() / 2**30:.2f} GiB")
    if arguments.peak_tflops and arguments.tier in TFLOP_PER_PICTURE:
        limit = arguments.peak_tflops / TFLOP_PER_PICTURE[arguments.tier]
        print(f"limit {limit:.0f} pictures/s; {100 * rate / limit:.0f} % of it")
    if not np.ptp(pictures):
        print("The pictures are blank: the networks overflowed.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
