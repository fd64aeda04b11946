"""Cost of the nano tier on one core: audio pushed in pieces of 20 ms, blendshapes taken, as a live head does.

Times are of the processor, not of the clock on the wall, so other programs disturb them less.

python benchmarks/lipsync/speed.py
python benchmarks/lipsync/speed.py --without-native    as where no native module was built
"""

import argparse
import os
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from flashhead_engine.drivers.base import WEIGHTS_HZ, Performance, SessionSettings
from flashhead_engine.drivers.nano import features as features_module
from flashhead_engine.drivers.nano import network as network_module
from flashhead_engine.drivers.nano.articulation import CURVES, Articulator
from flashhead_engine.drivers.nano.driver import NanoDriver
from flashhead_engine.drivers.nano.features import SAMPLE_RATE_HZ, FeatureExtractor
from flashhead_engine.drivers.nano.log_mel import SETTINGS, NumpyLogMel
from flashhead_engine.drivers.nano.network import LOOKAHEAD_US, NanoNetwork
from flashhead_engine.drivers.nano.performance import Performer

_SECONDS = 20
_ROUNDS = 5
_HEADS = (1, 8, 32)
_PUSH = 320  # samples, 20 ms, as a microphone gives them
_PUSH_US = 1e6 * _PUSH / SAMPLE_RATE_HZ
_SPEECH = CURVES.index("speech")


def _speech_like(seconds: int) -> np.ndarray:
    """Noise with the rhythm of syllables."""
    random = np.random.default_rng(0)
    count = seconds * SAMPLE_RATE_HZ
    loudness = np.interp(
        np.arange(count), np.arange(0, count + 1, 1600), random.uniform(0, 0.5, count // 1600 + 1) ** 2
    )
    return (loudness * random.standard_normal(count)).clip(-1, 1).astype(np.float32)


def _driver_us(driver: NanoDriver, pcm: np.ndarray, heads: int) -> np.ndarray:
    """Microseconds of each push, step and taking of frames of so many heads at once."""
    sessions = [driver.open(None, SessionSettings(seed=seed)) for seed in range(heads)]
    spent = []
    for start in range(0, len(pcm), _PUSH):
        piece = pcm[start : start + _PUSH]
        began = time.thread_time()
        for session in sessions:
            session.push(piece)
        driver.step(sessions)
        for session in sessions:
            session.frames()
        spent.append(1e6 * (time.thread_time() - began))
    return np.array(spent)


def _parts_us(network: NanoNetwork, pcm: np.ndarray) -> np.ndarray:
    """Mean microseconds a push of features, network, articulation and performance, each called by itself."""
    extractor, articulator = FeatureExtractor(), Articulator()
    performer = Performer(0, Performance(), "neutral", 1.0, 1.0)
    state = network.initial_state(1)
    spent = np.zeros(4)
    for start in range(0, len(pcm), _PUSH):
        times = [time.thread_time()]
        features = extractor.push(pcm[start : start + _PUSH])
        times.append(time.thread_time())
        if not len(features):
            continue
        heard, state = network.run(features[None], state)
        times.append(time.thread_time())
        mouth = articulator.apply(heard.curves[0], heard.visemes[0])
        times.append(time.thread_time())
        performer.apply(mouth, heard.curves[0, :, _SPEECH], features, extractor.loudness_db)
        times.append(time.thread_time())
        spent += np.diff(times)
    return 1e6 * spent / (len(pcm) / _PUSH)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without-native", action="store_true", help="use numpy and ONNX Runtime only")
    if parser.parse_args().without_native:
        features_module.LOG_MEL = NumpyLogMel(**SETTINGS)
        network_module._Native = None
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    pcm = _speech_like(_SECONDS)
    driver, network = NanoDriver(), NanoNetwork()
    _driver_us(driver, pcm[:SAMPLE_RATE_HZ], 1)

    rounds = [(_driver_us(driver, pcm, 1).mean(), *_parts_us(network, pcm)) for _ in range(_ROUNDS)]
    whole, *parts = np.median(rounds, axis=0)
    print(f"\nlook-ahead: {LOOKAHEAD_US / 1000:.1f} ms; {WEIGHTS_HZ} frames a second; median of {_ROUNDS} rounds")
    numpy_features = isinstance(features_module.LOG_MEL, NumpyLogMel)
    print(f"features: {'numpy' if numpy_features else 'native'}; ", end="")
    print(f"network: {'native' if network.native else 'ONNX Runtime'}\n")
    print("| part | us per push of 20 ms | x real time |\n|---|---|---|")
    for name, cost in zip(("features", "network", "articulation", "performance"), parts, strict=True):
        print(f"| {name} | {cost:.0f} | {_PUSH_US / cost:.0f} |")
    print(f"| the four together | {sum(parts):.0f} | {_PUSH_US / sum(parts):.0f} |")
    print(f"| the whole driver | {whole:.0f} | {_PUSH_US / whole:.0f} |\n")
    print("| heads in one step | ms per push of 20 ms, median | 99 % | share of one core |\n|---|---|---|---|")
    for heads in _HEADS:
        spent = _driver_us(driver, pcm, heads)
        share = spent.mean() / _PUSH_US
        median_ms, late_ms = np.percentile(spent, [50, 99]) / 1000
        print(f"| {heads} | {median_ms:.2f} | {late_ms:.2f} | {100 * share:.1f} % |")


if __name__ == "__main__":
    main()
