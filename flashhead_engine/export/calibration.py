"""What the transformer of an export is given while the sample avatars say lines of dialogue, chunk by chunk."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..audio.decode import open_audio
from ..audio.files import AUDIO_SUFFIXES, audio_files
from ..avatar.bundle import SAMPLES, load_avatar
from ..drivers.base import Outputs, SessionSettings
from ..drivers.flashhead.driver import FlashHeadDriver
from ..drivers.flashhead.generation import chunk_samples
from ..drivers.nano.driver import NanoDriver
from ..errors import AudioError
from ..runtimes.exported import Export
from ..runtimes.exported_flashhead import ExportedFlashHead
from ..runtimes.graphs import Array, GraphRunner
from ..runtimes.onnx_runner import open_runner

TRANSFORMER = "dit"
_LINES = 8
_CHUNKS = 3  # of a line: one that begins with the portrait, two that go on from pictures
_SILENT = 1e-3  # -60 dB


@dataclass(frozen=True, slots=True)
class Step:
    """`inputs`: by name. `latent`: what came of them."""

    inputs: Mapping[str, np.ndarray]
    latent: np.ndarray


class _Recorder:
    """A `GraphRunner` on the CPU that keeps what the transformer was given, and what it gave."""

    def __init__(self, inner: GraphRunner) -> None:
        self._inner = inner
        self.steps: list[Step] = []

    def __getattr__(self, name: str):
        return getattr(self._inner, name)

    def run(self, graph: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        outputs = self._inner.run(graph, inputs)
        if graph == TRANSFORMER:
            self.steps.append(Step(inputs, outputs["next_latent"]))
        return outputs


def dialogue(folder: Path) -> tuple[Path, ...]:
    """Lines of a folder to calibrate with, at most eight, from all over it. Raises AudioError where there are fewer
    than two."""
    if not folder.is_dir():
        raise AudioError(f"{folder}: there is no such folder. Name one with dialogue to calibrate with.")
    lines = audio_files(folder)
    if len(lines) < 2:
        raise AudioError(
            f"{folder}: holds fewer than two lines of dialogue ({', '.join(AUDIO_SUFFIXES)}): one is needed to "
            "calibrate with, one to measure the error on."
        )
    places = np.linspace(0, len(lines) - 1, min(_LINES, len(lines))).round().astype(int)
    return tuple(lines[place] for place in places)


def spoken(export: Export, lines: Sequence[Path]) -> Iterator[list[Step]]:
    """Steps of the first chunks of each line, one avatar and one seed after the other. Raises AudioError for a line
    that cannot be read or is silent."""
    recorder = _Recorder(open_runner(export, on_gpu=False))
    manifest = export.manifest
    runtime = ExportedFlashHead(export, recorder)
    driver = FlashHeadDriver(manifest.tier, runtime, NanoDriver(), manifest.model_sha256)
    for number, line in enumerate(lines):
        pcm = _beginning(line, _CHUNKS * chunk_samples(export.config))
        settings = SessionSettings(outputs=Outputs.VIDEO, size=manifest.size, seed=number)
        session = driver.open(load_avatar(SAMPLES[number % len(SAMPLES)]), settings)
        session.push(pcm, end=True)
        driver.step([session])
        session.close()
        yield recorder.steps
        recorder.steps = []


def _beginning(line: Path, samples: int) -> np.ndarray:
    """Its first samples, float32 mono at 16 kHz."""
    pieces, count = [], 0
    with open_audio(line) as audio:
        for piece in audio.chunks():
            pieces.append(piece)
            count += len(piece)
            if count >= samples:
                break
    pcm = np.concatenate(pieces)[:samples]
    if np.abs(pcm).max() < _SILENT:
        raise AudioError(f"{line}: begins with silence, which calibrates nothing. Leave it out or choose another.")
    return pcm
