"""Score the nano tier on voices, an engine, languages and people that it never heard, beside mouths of known quality.

    python benchmarks/lipsync/run.py [--model nano.onnx] [--beside other.onnx] [--aligner aligner.npz] [--choose]

Needs espeak-ng, pocketsphinx and py-nanotts; the first run downloads recordings to out/corpora. Writes audio and
truth to out/benchmarks/lipsync and prints markdown tables. Without the aligner of a training run, only lines with
exact times and English lines are scored. `--choose` takes other acted lines: compare and choose networks and
constants on those, so that the figures without it are of lines that nothing was fitted to.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import systems

from flashhead_engine.drivers.nano.features import FRAME_RATE_HZ
from flashhead_engine.drivers.nano.network import NanoNetwork
from flashhead_engine.drivers.nano.words import animate_with_transcript
from flashhead_engine.evaluation.lipsync import CLASSES, LipSyncScore, Track, Truth, measure, summarise
from flashhead_engine.training.nano import held_out
from flashhead_engine.training.nano.aligner import Aligner
from flashhead_engine.training.nano.held_out import BABBLE, CLEAN, CROWD, PEOPLE, Example
from flashhead_engine.transcript.alignment import Alignment
from flashhead_engine.transcript.phonemes import phonemise

_OUT = Path(__file__).parents[2] / "out"
_FPS = (25, 60)
_QUIETER_DB = (10, 20)
_SPEECHLESS = (held_out.MUSIC_ALONE, held_out.BABBLE_ALONE)

REAL, UNSEEN, NOISY = "people, English", "unseen voices", "unseen voices, noisy"
CROWDS = "six crowds, 10 dB"


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    value: Callable[[LipSyncScore], float]
    decimals: int = 2


_COLUMNS = (
    Column("SCORE", lambda s: s.score),
    Column("closures beyond chance", lambda s: s.closure_beyond_chance),
    Column("false closures", lambda s: s.false_closures, 3),
    Column("rest", lambda s: s.silence_closed),
    Column("lag ms", lambda s: s.lag_ms, 0),
    Column("closure recall", lambda s: s.closure_recall),
    Column("closure F1", lambda s: s.closure_f1),
    Column("aperture r", lambda s: s.aperture_correlation),
    Column("rounding AUC", lambda s: s.rounding_separation),
    Column("classes", lambda s: s.balanced_accuracy),
    Column("onset ms", lambda s: s.onset_ms, 0),
)


@dataclass(frozen=True, slots=True)
class Target:
    """A line of the goals: which number of which group, its bounds, and what Rhubarb reaches on the reserved set."""

    name: str
    group: str
    value: Callable[[LipSyncScore], float]
    least: str
    aim: str
    rhubarb: str


_TARGETS = (
    Target("SCORE", REAL, lambda s: s.score, ".82", ".88", ".79 (.82 with the transcript)"),
    Target("SCORE", UNSEEN, lambda s: s.score, ".75", ".85", ".65"),
    Target("SCORE", NOISY, lambda s: s.score, ".70", ".80", ".47"),
    Target("closures beyond chance", REAL, lambda s: s.closure_beyond_chance, ".90", ".95", ".90"),
    Target("closures beyond chance", UNSEEN, lambda s: s.closure_beyond_chance, ".78", ".88", ".71"),
    Target("false closures", REAL, lambda s: s.false_closures, "at most .02", ".01", ".05"),
    Target("false closures", UNSEEN, lambda s: s.false_closures, "at most .02", ".01", ".05"),
    Target("rest", CROWDS, lambda s: s.silence_closed, ".80", ".95", ".27"),
    Target("lag ms", REAL, lambda s: s.lag_ms, "-15 to 15", "-20 to 0", "-40"),
    Target("lag ms", UNSEEN, lambda s: s.lag_ms, "-15 to 15", "-20 to 0", "-40"),
)


def _number(value: float, decimals: int) -> str:
    return "-" if np.isnan(value) else f"{value:.{decimals}f}"


def _table(heading: str, results: dict[str, LipSyncScore]) -> None:
    print(f"\n| {heading} | lines | {' | '.join(column.title for column in _COLUMNS)} |")
    print("|---|" + "---|" * (len(_COLUMNS) + 1))
    for name, result in results.items():
        cells = (_number(column.value(result), column.decimals) for column in _COLUMNS)
        print(f"| {name} | {result.utterances} | {' | '.join(cells)} |")


def _target_table(networks: dict[str, dict[str, LipSyncScore]]) -> None:
    print("\nGoals (Rhubarb's figures are of the reserved set, which this project never sees):\n")
    print(f"| what | group | {' | '.join(networks)} | at least | aim | Rhubarb 1.14 |")
    print("|---|---|---|---|---|" + "---|" * len(networks))
    for target in _TARGETS:
        if all(target.group in results for results in networks.values()):
            values = (_number(target.value(results[target.group]), 3) for results in networks.values())
            cells = (target.name, target.group, *values, target.least, target.aim, target.rhubarb)
            print(f"| {' | '.join(cells)} |")


def _looks_table(results: dict[str, LipSyncScore]) -> None:
    print(f"\nShare of frames that look right, by class of the phone:\n\n| nano | {' | '.join(CLASSES)} |")
    print("|---|" + "---|" * len(CLASSES))
    for name, result in results.items():
        print(f"| {name} | {' | '.join(_number(result.class_recall[look], 2) for look in CLASSES)} |")


def _is_crowd(noise: str) -> bool:
    return noise.startswith(CROWD)


def _groups(truths: Sequence[Truth]) -> dict[str, Callable[[Truth], bool]]:
    """The groups of the goals; then every kind of noise, voice and corpus."""
    groups: dict[str, Callable[[Truth], bool]] = {
        REAL: lambda t: t.engine == PEOPLE and t.noise == CLEAN and t.language == "en",
        "people, other languages": lambda t: t.engine == PEOPLE and t.noise == CLEAN and t.language != "en",
        "people, babble10dB": lambda t: t.engine == PEOPLE and t.noise == BABBLE,
        UNSEEN: lambda t: t.engine != PEOPLE and t.noise == CLEAN,
        NOISY: lambda t: t.engine != PEOPLE and t.noise not in (CLEAN, *_SPEECHLESS) and not _is_crowd(t.noise),
        CROWDS: lambda t: _is_crowd(t.noise),
    }
    for noise in dict.fromkeys(t.noise for t in truths if t.noise != CLEAN and not _is_crowd(t.noise)):
        groups[noise] = lambda t, noise=noise: t.noise == noise and t.engine != PEOPLE
    for voice in dict.fromkeys(truth.voice for truth in truths if truth.noise == CLEAN):
        groups[voice] = lambda t, voice=voice: t.noise == CLEAN and t.voice == voice
    return groups


def _scores(examples: Sequence[Example], tracks: Sequence[Track], fps: int) -> dict[str, LipSyncScore]:
    truths = [example.truth for example in examples]
    observations = measure(truths, tracks, fps)
    chosen = {
        name: [seen for seen, truth in zip(observations, truths, strict=True) if belongs(truth)]
        for name, belongs in _groups(truths).items()
    }
    return {name: summarise(seen) for name, seen in chosen.items() if seen}


def _with_transcript(network: NanoNetwork, example: Example) -> Track:
    truth = example.truth
    weights, _ = animate_with_transcript(network, example.pcm, truth.text, systems.spoken_language(truth))
    return Track(np.arange(len(weights)) / FRAME_RATE_HZ, weights)


def _quieter(example: Example, db: float) -> Example:
    return replace(example, pcm=example.pcm * np.float32(10 ** (-db / 20)))


def _examples(aligner_path: Path, lines_of_people: Mapping[str, slice]) -> list[Example]:
    find_phones = None
    if aligner_path.exists():
        aligner = Aligner.load(aligner_path)

        def find_phones(pcm: np.ndarray, text: str, language: str) -> Alignment:
            return aligner.align(pcm, phonemise(text, language))

    else:
        print(f"{aligner_path} is not there: lines whose times it would find are left out.")
    corpora = _OUT / "corpora"
    held_out.fetch(corpora, print)
    people = held_out.people(corpora, find_phones, print, lines_of_people)
    clean = held_out.espeak_lines() + held_out.pico_lines(find_phones) + people
    return clean + held_out.in_noise(clean) + held_out.in_crowds(clean) + held_out.speechless(clean, corpora)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="another ONNX file than the shipped one")
    parser.add_argument("--beside", type=Path, help="an ONNX file that is scored on the same lines")
    parser.add_argument("--aligner", type=Path, default=_OUT / "nano" / "aligner.npz", help="of a training run")
    parser.add_argument("--choose", action="store_true", help="score the lines that choices are made on")
    arguments = parser.parse_args()

    examples = _examples(arguments.aligner, held_out.CHOOSING_LINES if arguments.choose else held_out.PEOPLE_LINES)
    held_out.save(examples, _OUT / "benchmarks" / "lipsync")
    network = NanoNetwork(arguments.model)
    networks = {"nano": network} | ({"beside": NanoNetwork(arguments.beside)} if arguments.beside else {})
    said = {name: [held_out.track(each, example) for example in examples] for name, each in networks.items()}
    nano = said["nano"]

    clean = [example for example in examples if example.truth.noise == CLEAN]
    clean_nano = [track for track, example in zip(nano, examples, strict=True) if example.truth.noise == CLEAN]
    oracle = [systems.oracle(example) for example in clean]
    compared = {
        "nano": clean_nano,
        "nano with the transcript": [_with_transcript(network, example) for example in clean],
        **{
            f"nano, {db} dB quieter": [held_out.track(network, _quieter(example, db)) for example in clean]
            for db in _QUIETER_DB
        },
        "nano 80 ms late": systems.late(clean_nano),
        "oracle": oracle,
        "oracle 80 ms late": systems.late(oracle),
        "energy flap": [systems.energy_flap(example) for example in clean],
        "oracle of a wrong sentence": systems.of_another_line(oracle),
        "frozen mouth": [systems.still_mouth(0.0)(example) for example in clean],
        "always open": [systems.still_mouth(0.3)(example) for example in clean],
    }
    # Its acoustic model is English, and so is what is compared with it.
    is_real = _groups(())[REAL]
    english = [example for example in clean if is_real(example.truth)]
    recognisers = {
        "nano": [track for track, example in zip(clean_nano, clean, strict=True) if is_real(example.truth)],
        "phones by pocketsphinx": [systems.pocketsphinx_phones(example) for example in english],
        "words by pocketsphinx": [systems.pocketsphinx_words(example) for example in english],
    }
    for fps in _FPS:
        print(f"\n### {fps} frames a second")
        goals = {name: _scores(examples, tracks, fps) for name, tracks in said.items()}
        scores = goals["nano"]
        _target_table(goals)
        for name, results in goals.items():
            _table(name, results)
        by_system = {name: _scores(clean, tracks, fps) for name, tracks in compared.items()}
        for group in (REAL, UNSEEN):
            _table(f"{group}: system", {name: results[group] for name, results in by_system.items()})
        by_recogniser = {name: _scores(english, tracks, fps) for name, tracks in recognisers.items()}
        rows = {f"{group}: {name}": part for name, parts in by_recogniser.items() for group, part in parts.items()}
        _table("recogniser", dict(sorted(rows.items())))
        _looks_table(scores)


if __name__ == "__main__":
    main()
