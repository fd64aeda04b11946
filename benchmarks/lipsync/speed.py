"""Cost of the nano tier's features and network on one core: how many times faster than real time, and per push.

python benchmarks/lipsync/speed.py
"""

import os
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from flashhead_engine.drivers.nano.features import FRAME_RATE_HZ, SAMPLE_RATE_HZ, FeatureExtractor
from flashhead_engine.drivers.nano.network import LOOKAHEAD_US, NanoNetwork, animate

_SECONDS = 60
_STREAMS = (1, 8, 32)
_PUSH = 320  # samples, 20 ms, as a microphone gives them


def _streaming_ms(network: NanoNetwork, pcm: np.ndarray, streams: int) -> np.ndarray:
    """Milliseconds that one push of 20 ms takes for so many heads at once, over the whole audio."""
    extractors = [FeatureExtractor() for _ in range(streams)]
    state = network.initial_state(streams)
    spent = []
    for start in range(0, len(pcm), _PUSH):
        began = time.perf_counter()
        features = np.stack([extractor.push(pcm[start : start + _PUSH]) for extractor in extractors])
        if features.shape[1]:
            *_, state = network.run(features, state)
        spent.append(1000 * (time.perf_counter() - began))
    return np.array(spent)


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    random = np.random.default_rng(0)
    pcm = (0.1 * random.standard_normal(_SECONDS * SAMPLE_RATE_HZ)).astype(np.float32)
    network = NanoNetwork()
    animate(network, pcm[:SAMPLE_RATE_HZ])

    began = time.perf_counter()
    animate(network, pcm)
    whole = _SECONDS / (time.perf_counter() - began)
    print(f"\nwhole file: {whole:.0f} x real time ({100 / whole:.2f} % of one core per head)")
    print(f"look-ahead: {LOOKAHEAD_US / 1000:.1f} ms; {FRAME_RATE_HZ} frames a second\n")
    print("| heads | ms per push of 20 ms, median | 99 % | share of one core |\n|---|---|---|---|")
    for streams in _STREAMS:
        spent = _streaming_ms(network, pcm[: 10 * SAMPLE_RATE_HZ], streams)
        share = spent.mean() / (1000 * _PUSH / SAMPLE_RATE_HZ)
        print(f"| {streams} | {np.median(spent):.2f} | {np.percentile(spent, 99):.2f} | {100 * share:.1f} % |")


if __name__ == "__main__":
    main()
