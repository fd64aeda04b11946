"""Training data on disk: lines of every source, augmented, as features and targets in one .npz per version."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np

from ...blendshapes.phones import to_atoms
from ...drivers.nano.features import features_of, frame_count
from ...drivers.nano.spoken import spoken_frames
from . import flite, openjtalk
from .augment import Scene, at_16_khz, augmented, lightly_augmented
from .corpus import line
from .espeak import Espeak
from .processes import side_by_side
from .speech import Speech
from .voices import TRAINING_FLITE_VOICES, TRAINING_LANGUAGES, TRAINING_VARIANTS

_FLITE_SHARE, _OPENJTALK_SHARE = 0.4, 0.07
_AT_ONCE = 2  # programs of synthesisers that run side by side
_BABBLERS = 200
_CHUNK = 40  # lines that a process augments before it reports


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Frames of many lines, one after the other.

    `features`: float16 (frames, 80). `curves`: float16 (frames, 6), order of `articulation.CURVES`.
    `visemes`: int8 (frames,), index or `spoken.NO_VISEME`. `phones`: int8 (frames,), index.
    """

    features: np.ndarray
    curves: np.ndarray
    visemes: np.ndarray
    phones: np.ndarray

    def save(self, path: Path) -> None:
        """Write the file; it appears under its name only when it is complete."""
        partial_file = path.with_name(f"partial-{path.name}")
        np.savez(partial_file, **{field.name: getattr(self, field.name) for field in fields(self)})
        partial_file.replace(path)

    @classmethod
    def load(cls, path: Path) -> "TrainingSet":
        with np.load(path, allow_pickle=False) as file:
            return cls(**{field.name: file[field.name] for field in fields(cls)})

    @classmethod
    def joined(cls, sets: Sequence["TrainingSet"]) -> "TrainingSet":
        return cls(*(np.concatenate([getattr(one, field.name) for one in sets]) for field in fields(cls)))


def _espeak_lines(seconds: float, random: np.random.Generator) -> Iterator[Speech]:
    espeak = Espeak()
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


def _program_lines(
    seconds: float, speak: Callable[[np.random.Generator], Callable[[], Speech]], random: np.random.Generator
) -> Iterator[Speech]:
    """Lines of a synthesiser that is a program. `speak` draws a line's parameters and returns the call."""
    spoken = 0.0
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while spoken < seconds:
            calls = [speak(random) for _ in range(8 * _AT_ONCE)]
            for speech in pool.map(lambda call: call(), calls):
                spoken += speech.duration_s
                yield speech


def _flite_call(random: np.random.Generator) -> Callable[[], Speech]:
    voice = str(random.choice(TRAINING_FLITE_VOICES))
    pitch_hz = random.uniform(75, 150) if voice.startswith("kal") else None
    return partial(flite.speak, line("en", random), voice, random.uniform(0.8, 1.3), pitch_hz)


def _openjtalk_call(random: np.random.Generator) -> Callable[[], Speech]:
    text = line("ja", random)
    return partial(openjtalk.speak, text, random.uniform(0.75, 1.3), random.uniform(-8, 3), random.uniform(0.5, 0.6))


def synthesise(minutes: float, seed: int, report: Callable[[float], None]) -> list[Speech]:
    """Clean synthetic speech of about so many minutes; `report` is called with the minutes made so far.

    Raises MissingDependencyError without espeak-ng, flite or Open JTalk.
    """
    flite.check_installed()
    openjtalk.check_installed()
    random = np.random.default_rng(seed)
    lines = []
    spoken = 0.0
    seconds = 60 * minutes
    sources = (
        _espeak_lines((1 - _FLITE_SHARE - _OPENJTALK_SHARE) * seconds, random),
        _program_lines(_FLITE_SHARE * seconds, _flite_call, random),
        _program_lines(_OPENJTALK_SHARE * seconds, _openjtalk_call, random),
    )
    for speech in chain(*sources):
        lines.append(speech)
        spoken += speech.duration_s
        report(spoken / 60)
    random.shuffle(lines)
    return lines


def _frames_of(version: Speech) -> TrainingSet:
    targets = spoken_frames(to_atoms(version.segments), 0, frame_count(len(version.pcm)))
    return TrainingSet(
        features_of(version.pcm, extra_frames=0).astype(np.float16),
        targets.curves.astype(np.float16),
        targets.visemes.astype(np.int8),
        targets.phones.astype(np.int8),
    )


_babblers: list[np.ndarray] = []  # of a worker process


def _set_babblers(babblers: list[np.ndarray]) -> None:
    _babblers[:] = babblers


def _augment_chunk(job: tuple[list[Speech], list[int], Scene | None]) -> TrainingSet:
    lines, seed, scene = job
    if scene is None:
        return light_set(lines, seed)
    random = np.random.default_rng(seed)
    return TrainingSet.joined([_frames_of(augmented(speech, _babblers, random, scene)) for speech in lines])


def training_set(lines: list[Speech], seed: int, scene: Scene | None, report: Callable[[int], None]) -> TrainingSet:
    """One random augmentation of every line in a scene, or, with None, a light one without noise; the same for any
    number of processes. `report` is called with the number of lines done."""
    babblers = [at_16_khz(speech).pcm for speech in lines[:_BABBLERS]]
    jobs = [(lines[start : start + _CHUNK], [seed, start], scene) for start in range(0, len(lines), _CHUNK)]
    chunks = []
    with side_by_side(_set_babblers, babblers) as pool:
        for done, chunk in enumerate(pool.map(_augment_chunk, jobs), start=1):
            chunks.append(chunk)
            report(min(done * _CHUNK, len(lines)))
    return TrainingSet.joined(chunks)


def light_set(lines: list[Speech], seed: int | list[int]) -> TrainingSet:
    """Lines in other throats and microphones, but without noise."""
    random = np.random.default_rng(seed)
    return TrainingSet.joined([_frames_of(lightly_augmented(speech, random)) for speech in lines])
