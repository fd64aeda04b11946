"""The whole recipe: texts -> speech -> features and targets -> training -> ONNX -> score. Seeded throughout.

Every step leaves a file in the output folder and is skipped when its file is there, so an interrupted run goes on
where it stopped: settings.json, data/version-N.npz, weights.npz, nano.onnx, training.json.
"""

import json
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from ...errors import OutputError
from .dataset import TrainingSet, synthesise, training_set
from .export import export_checked
from .held_out import score_clean
from .model import Nano, SpeechToMouth
from .train import train


@dataclass(frozen=True, slots=True)
class RecipeSettings:
    """`minutes_of_speech`: clean synthetic speech. `versions`: random augmentations of all of it. `epochs`: passes
    over one version each. `seed`: the same seed and tool versions give the same data."""

    minutes_of_speech: float = 180.0
    versions: int = 3
    epochs: int = 24
    seed: int = 0


QUICK = RecipeSettings(minutes_of_speech=1.0, versions=1, epochs=3)
"""Checks that everything works, in well under a minute; the network it makes is useless."""


class Progress(Protocol):
    def __call__(self, step: str, done: float, total: float) -> None:
        """The recipe's step named `step` is at `done` of `total`."""


@dataclass(frozen=True, slots=True)
class TrainingLog:
    """What a run leaves in training.json. `held_out_score`: fps -> SCORE on clean held-out lines."""

    settings: RecipeSettings
    parameters: int
    epoch_losses: list[float]
    onnx_difference: float
    held_out_score: dict[str, float]
    training_seconds: float
    versions: dict[str, str]


def _claim(folder: Path, settings: RecipeSettings) -> None:
    """Make the folder this run's, so that files of different runs never mix."""
    note = folder / "settings.json"
    if note.exists() and json.loads(note.read_text("utf-8")) != asdict(settings):
        raise OutputError(f"{folder} holds a run of other settings; choose another folder or delete it.")
    (folder / "data").mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(asdict(settings)), "utf-8")


def _make_data(settings: RecipeSettings, folder: Path, progress: Progress) -> list[TrainingSet]:
    """Load the data that an earlier start of this run made, and make what is missing."""
    paths = [folder / f"version-{number}.npz" for number in range(settings.versions)]
    if not all(path.exists() for path in paths):
        minutes = settings.minutes_of_speech
        lines = synthesise(minutes, settings.seed, lambda done: progress("speech", min(done, minutes), minutes))
        for number, path in enumerate(paths):
            if path.exists():
                continue
            label = f"features {number + 1} of {len(paths)}"
            seed = settings.seed + 1 + number
            training_set(lines, seed, lambda done, label=label: progress(label, done, len(lines))).save(path)
    return [TrainingSet.load(path) for path in paths]


def _save_weights(network: SpeechToMouth, losses: list[float], path: Path) -> None:
    arrays = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    np.savez(path, **arrays, epoch_losses=np.array(losses))


def _load_weights(network: SpeechToMouth, path: Path) -> list[float]:
    with np.load(path, allow_pickle=False) as file:
        losses = file["epoch_losses"].tolist()
        network.load_state_dict({name: torch.from_numpy(file[name]) for name in file.files if name != "epoch_losses"})
    return losses


def run_recipe(settings: RecipeSettings, folder: Path, progress: Progress) -> TrainingLog:
    """Make `folder`/nano.onnx and `folder`/training.json.

    Raises MissingDependencyError without espeak-ng or flite, OutputError when the folder cannot be used.
    """
    started = time.monotonic()
    try:
        _claim(folder, settings)
        versions = _make_data(settings, folder / "data", progress)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror}") from error

    torch.manual_seed(settings.seed)
    network = SpeechToMouth()
    weights = folder / "weights.npz"
    if weights.exists():
        losses = _load_weights(network, weights)
    else:
        losses = train(
            network,
            versions,
            settings.epochs,
            settings.seed,
            lambda step, steps: progress("training", step, steps),
        )
        _save_weights(network, losses, weights)

    graph = folder / "nano.onnx"
    difference = export_checked(Nano(network), graph)
    log = TrainingLog(
        settings=settings,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        epoch_losses=losses,
        onnx_difference=difference,
        held_out_score={str(fps): score_clean(graph, fps).score for fps in (25, 60)},
        training_seconds=round(time.monotonic() - started, 1),
        versions={package: version(package) for package in ("torch", "numpy", "onnxruntime")},
    )
    (folder / "training.json").write_text(json.dumps(asdict(log), indent=1) + "\n", "utf-8")
    return log
