"""Score the nano tier on voices and languages that it never heard, beside mouths of known quality.

    python benchmarks/lipsync/run.py [--model nano.onnx]

Needs espeak-ng and flite. Writes audio and truth to out/benchmarks/lipsync and prints markdown tables.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import systems

from flashhead_engine.drivers.nano.network import NanoNetwork
from flashhead_engine.evaluation.lipsync import CLASSES, LipSyncScore, Track, Truth, measure, summarise
from flashhead_engine.training.nano import held_out
from flashhead_engine.training.nano.held_out import Example

_OUT = Path(__file__).parents[2] / "out" / "benchmarks" / "lipsync"
_FPS = (25, 60)
_HEADER = "SCORE|closure recall|beyond chance F1|false closures|aperture r|rounding AUC|classes|rest|lag ms|onset ms"


def _row(name: str, result: LipSyncScore) -> str:
    cells = (
        f"**{result.score:.2f}**",
        f"{result.closure_recall:.2f}",
        f"{result.closure_f1:.2f}",
        f"{result.false_closures:.2f}",
        f"{result.aperture_correlation:.2f}",
        f"{result.rounding_separation:.2f}",
        f"{result.balanced_accuracy:.2f}",
        f"{result.silence_closed:.2f}",
        f"{result.lag_ms:.0f}".replace("nan", "-"),
        f"{result.onset_ms:.0f}".replace("nan", "-"),
    )
    return f"| {name} | {result.utterances} | {' | '.join(cells)} |"


def _print_looks(scores: dict[str, LipSyncScore]) -> None:
    print(f"\nShare of frames that look right, by class of the phone:\n\n| system | {' | '.join(CLASSES)} |")
    print("|---|" + "---|" * len(CLASSES))
    for name, result in scores.items():
        cells = [f"{result.class_recall[look]:.2f}".replace("nan", "-") for look in CLASSES]
        print(f"| nano, {name} | {' | '.join(cells)} |")


def _groups(examples: Sequence[Example]) -> dict[str, Callable[[Truth], bool]]:
    groups: dict[str, Callable[[Truth], bool]] = {
        "all clean": lambda truth: truth.noise == "clean",
        "all noisy": lambda truth: truth.noise != "clean",
    }
    for voice in dict.fromkeys(example.truth.voice for example in examples):
        groups[f"voice {voice}"] = lambda truth, voice=voice: truth.noise == "clean" and truth.voice == voice
    for noise in dict.fromkeys(example.truth.noise for example in examples):
        if noise != "clean":
            groups[noise] = lambda truth, noise=noise: truth.noise == noise
    return groups


def _scores(examples: Sequence[Example], tracks: Sequence[Track], fps: int) -> dict[str, LipSyncScore]:
    truths = [example.truth for example in examples]
    observations = measure(truths, tracks, fps)
    return {
        name: summarise([seen for seen, truth in zip(observations, truths, strict=True) if belongs(truth)])
        for name, belongs in _groups(examples).items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="another ONNX file than the shipped one")
    arguments = parser.parse_args()

    examples = held_out.make_examples()
    held_out.save(examples, _OUT)
    network = NanoNetwork(arguments.model)
    nano = [held_out.track(network, example) for example in examples]
    oracle = [systems.oracle(example) for example in examples]
    calibration = {
        "nano 80 ms late": systems.late(nano),
        "oracle": oracle,
        "oracle 80 ms late": systems.late(oracle),
        "energy flap": [systems.energy_flap(example) for example in examples],
        "oracle of another line": systems.of_another_line(oracle, examples),
        "frozen mouth": [systems.still_mouth(0.0)(example) for example in examples],
        "always open": [systems.still_mouth(0.3)(example) for example in examples],
    }
    for fps in _FPS:
        print(f"\n### {fps} frames a second\n")
        print(f"| system | lines | {' | '.join(_HEADER.split('|'))} |")
        print("|---|" + "---|" * (_HEADER.count("|") + 2))
        scores = _scores(examples, nano, fps)
        for name, result in scores.items():
            print(_row(f"nano, {name}", result))
        for name, tracks in calibration.items():
            print(_row(f"{name}, all clean", _scores(examples, tracks, fps)["all clean"]))
        _print_looks(scores)


if __name__ == "__main__":
    main()
