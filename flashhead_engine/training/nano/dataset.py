"""Training data on disk: synthesise lines, augment them, keep features and targets as one .npz per set."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from ...drivers.nano.features import features_of, frame_count
from . import flite
from .augment import at_16_khz, augmented
from .corpus import line
from .espeak import Espeak
from .speech import Speech
from .targets import frame_targets
from .voices import TRAINING_FLITE_VOICES, TRAINING_LANGUAGES, TRAINING_VARIANTS

_FLITE_SHARE = 0.45
_FLITE_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Frames of many lines, one after the other.

    `features`: float16 (frames, 80). `curves`: float16 (frames, 6), order of `targets.CURVES`.
    `visemes`: int8 (frames,), index or `targets.NO_VISEME`.
    """

    features: np.ndarray
    curves: np.ndarray
    visemes: np.ndarray

    def save(self, path: Path) -> None:
        """Write the file; it appears under its name only when it is complete."""
        partial = path.with_name(f"partial-{path.name}")
        np.savez(partial, features=self.features, curves=self.curves, visemes=self.visemes)
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> "TrainingSet":
        with np.load(path, allow_pickle=False) as file:
            return cls(file["features"], file["curves"], file["visemes"])


def _espeak_lines(espeak: Espeak, seconds: float, random: np.random.Generator) -> Iterator[Speech]:
    spoken = 0.0
    while spoken < seconds:
        language = str(random.choice(TRAINING_LANGUAGES))
        voice = f"{language}+{random.choice(TRAINING_VARIANTS)}".removesuffix("+")
        speech = espeak.speak(
            line(language, random),
            voice,
            words_per_minute=int(random.integers(120, 230)),
            pitch=int(random.integers(20, 80)),
            pitch_range=int(random.integers(20, 90)),
        )
        spoken += speech.duration_s
        yield speech


def _flite_lines(seconds: float, random: np.random.Generator) -> Iterator[Speech]:
    spoken = 0.0
    with ThreadPoolExecutor(_FLITE_AT_ONCE) as pool:
        while spoken < seconds:
            count = 8 * _FLITE_AT_ONCE
            texts = [line("en", random) for _ in range(count)]
            voices = [str(voice) for voice in random.choice(TRAINING_FLITE_VOICES, count)]
            stretches = random.uniform(0.85, 1.3, count)
            pitches = [random.uniform(75, 150) if voice.startswith("kal") else None for voice in voices]
            for speech in pool.map(flite.speak, texts, voices, stretches, pitches):
                spoken += speech.duration_s
                yield speech


def synthesise(minutes: float, seed: int, report: Callable[[float], None]) -> list[Speech]:
    """Clean training speech of about so many minutes; `report` is called with the minutes made so far.

    Raises MissingDependencyError without espeak-ng or flite.
    """
    espeak = Espeak()
    flite.check_installed()
    random = np.random.default_rng(seed)
    lines = []
    spoken = 0.0
    seconds = 60 * minutes
    sources = (
        _espeak_lines(espeak, (1 - _FLITE_SHARE) * seconds, random),
        _flite_lines(_FLITE_SHARE * seconds, random),
    )
    for speech in chain(*sources):
        lines.append(speech)
        spoken += speech.duration_s
        report(spoken / 60)
    random.shuffle(lines)
    return lines


def training_set(lines: list[Speech], seed: int, report: Callable[[int], None]) -> TrainingSet:
    """One random augmentation of every line; `report` is called with the number of lines done."""
    random = np.random.default_rng(seed)
    babblers = [at_16_khz(speech).pcm for speech in lines[:200]]
    features, curves, visemes = [], [], []
    for done, speech in enumerate(lines, start=1):
        version = augmented(speech, babblers, random)
        line_curves, line_visemes = frame_targets(version.segments, frame_count(len(version.pcm)))
        features.append(features_of(version.pcm, extra_frames=0).astype(np.float16))
        curves.append(line_curves.astype(np.float16))
        visemes.append(line_visemes.astype(np.int8))
        report(done)
    return TrainingSet(np.concatenate(features), np.concatenate(curves), np.concatenate(visemes))
