"""The nano network at run time: log-mel features in, mouth, visemes and phones out."""

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from ...errors import FlashHeadError, MissingDependencyError
from ...runtimes.gpu import GpuBudget
from ...runtimes.onnx import open_graph
from .articulation import Articulator
from .features import FEATURES, FRAME_RATE_HZ, SAMPLE_RATE_HZ, SUBFRAMES, WINDOW, features_of

LOOKAHEAD_FRAMES = 2
"""The weights of frame i are computed from the features of frames up to i + 2."""

LOOKAHEAD_US = round(1e6 * ((LOOKAHEAD_FRAMES + 1 - 1 / SUBFRAMES) / FRAME_RATE_HZ + WINDOW / 2 / SAMPLE_RATE_HZ))
"""Audio needed after a frame's time until its weights are known: 2 frames, half a frame to the second sub-frame,
half a window. Microseconds."""


_OUTPUTS = ["curves", "visemes", "phones", "next_state"]


@dataclass(frozen=True, slots=True)
class Heard:
    """What the network hears in T frames of B streams.

    `curves`: float32 (B, T, 6) in 0..1, order of `articulation.CURVES`. `visemes`: posteriors (B, T, 15) that sum to
    1, order of `blendshapes.visemes.VISEMES`. `phones`: log posteriors (B, T, 34), order of
    `blendshapes.phone_classes.PHONE_CLASSES`.
    """

    curves: np.ndarray
    visemes: np.ndarray
    phones: np.ndarray


class NanoNetwork:
    """The exported graph, loaded once per process; it holds no stream's state, so threads may share it.

    `gpu`: None runs it on the CPU. Raises MissingDependencyError without ONNX Runtime, or for a GPU that it cannot
    use, and FlashHeadError when the model file is missing, damaged or not a nano graph.
    """

    def __init__(self, path: Path | None = None, gpu: GpuBudget | None = None) -> None:
        path = path or Path(str(resources.files(__package__) / "nano.onnx"))
        try:
            graph = path.read_bytes()
            self._session = open_graph(graph, gpu)
            inputs = {tensor.name: tensor.shape for tensor in self._session.get_inputs()}
            outputs = [tensor.name for tensor in self._session.get_outputs()]
            self._state_size = int(inputs["state"][1])
            expected = inputs["features"][2] == FEATURES and outputs == _OUTPUTS
        except MissingDependencyError:
            raise
        except Exception as error:  # ONNX Runtime's own errors have no common base but Exception
            raise FlashHeadError(f"{path}: cannot be loaded as the nano model: {error}") from error
        if not expected:
            raise FlashHeadError(f"{path}: not a nano model (inputs {inputs}, outputs {outputs}).")
        self.sha256 = hashlib.sha256(graph).hexdigest()

    def initial_state(self, batch: int) -> np.ndarray:
        """State before an utterance: float32 zeros (batch, S)."""
        return np.zeros((batch, self._state_size), np.float32)

    def run(self, features: np.ndarray, state: np.ndarray) -> tuple[Heard, np.ndarray]:
        """One run for several streams. `features`: float32 (B, T, 80), T >= 1; `state`: float32 (B, S).

        Returns what is heard and the next state (B, S). Output t belongs to the frame `LOOKAHEAD_FRAMES` before
        features t.
        """
        curves, visemes, phones, state = self._session.run(None, {"features": features, "state": state})
        return Heard(curves, visemes, phones), state


def hear(network: NanoNetwork, pcm: np.ndarray) -> Heard:
    """What the network hears in a whole utterance of float32 mono PCM at 16 kHz: B = 1, T = 60 frames a second."""
    features = features_of(pcm, LOOKAHEAD_FRAMES)
    heard, _ = network.run(features[None], network.initial_state(1))
    return Heard(*(output[:, LOOKAHEAD_FRAMES:] for output in (heard.curves, heard.visemes, heard.phones)))


def animate(network: NanoNetwork, pcm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights (n, 52) and visemes (n, 15) of a whole utterance of float32 mono PCM at 16 kHz, 60 a second."""
    heard = hear(network, pcm)
    return Articulator().apply(heard.curves[0], heard.visemes[0]), heard.visemes[0]
