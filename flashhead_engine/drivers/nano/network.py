"""The nano network at run time: log-mel features in, mouth, visemes and phones out.

The file's graph runs natively where the module was built and the processor has AVX2, else in ONNX Runtime. Both round
to 8 bits at the same places and add up in float32, so their answers differ by rounding only.
"""

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from ...errors import FlashHeadError, MissingDependencyError
from ...runtimes.gpu import GpuBudget
from ...runtimes.onnx import open_graph
from .articulation import Articulator
from .features import FRAME_RATE_HZ, SAMPLE_RATE_HZ, features_of
from .log_mel import FEATURES, SUBFRAMES, WINDOW

try:
    from ._native import Network as _Native
except ImportError:
    _Native = None

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

    `gpu`: None runs it on the CPU, and only then natively. `native` tells whether it does; the argument False asks
    for ONNX Runtime, to compare with. Raises MissingDependencyError without ONNX Runtime, or for a GPU that it cannot
    use, and FlashHeadError when the model file is missing, damaged or not a nano graph.
    """

    def __init__(self, path: Path | None = None, gpu: GpuBudget | None = None, *, native: bool = True) -> None:
        path = path or Path(str(resources.files(__package__) / "nano.onnx"))
        try:
            graph = path.read_bytes()
            session = open_graph(graph, gpu)
            inputs = {tensor.name: tensor.shape for tensor in session.get_inputs()}
            outputs = [tensor.name for tensor in session.get_outputs()]
            self._state_size = int(inputs["state"][1])
            expected = inputs["features"][2] == FEATURES and outputs[: len(_OUTPUTS)] == _OUTPUTS
            on_cpu = native and expected and gpu is None
            native_network = _native_network(session, self._state_size) if on_cpu else None
        except MissingDependencyError:
            raise
        except Exception as error:  # ONNX Runtime's own errors have no common base but Exception
            raise FlashHeadError(f"{path}: cannot be loaded as the nano model: {error}") from error
        if not expected:
            raise FlashHeadError(f"{path}: not a nano model (inputs {inputs}, outputs {outputs}).")
        self.sha256 = hashlib.sha256(graph).hexdigest()
        self.native = native_network is not None
        if self.native:
            self._run = native_network.run
        else:
            self._run = lambda features, state: session.run(_OUTPUTS, {"features": features, "state": state})

    def initial_state(self, batch: int) -> np.ndarray:
        """State before an utterance: float32 zeros (batch, S)."""
        return np.zeros((batch, self._state_size), np.float32)

    def run(self, features: np.ndarray, state: np.ndarray) -> tuple[Heard, np.ndarray]:
        """One run for several streams. `features`: float32 (B, T, 80), T >= 1; `state`: float32 (B, S).

        Returns what is heard and the next state (B, S). Output t belongs to the frame `LOOKAHEAD_FRAMES` before
        features t.
        """
        curves, visemes, phones, state = self._run(features, state)
        return Heard(curves, visemes, phones), state


def _native_network(session, state_size: int):
    """The graph of an ONNX session as a native network; None where that cannot run or the graph's weights are not
    among its outputs."""
    dilations = session.get_modelmeta().custom_metadata_map.get("dilations")
    if _Native is None or not _Native.runs_here() or dilations is None:
        return None
    names = [tensor.name for tensor in session.get_outputs()]
    nothing = {"features": np.zeros((1, 1, FEATURES), np.float32), "state": np.zeros((1, state_size), np.float32)}
    answers = dict(zip(names, session.run(names, nothing), strict=True))
    heads = [answers[name].shape[2] for name in _OUTPUTS[:3]]
    return _Native(answers, [int(dilation) for dilation in dilations.split()], heads)


def hear(network: NanoNetwork, pcm: np.ndarray) -> Heard:
    """What the network hears in a whole utterance of float32 mono PCM at 16 kHz: B = 1, T = 60 frames a second."""
    features = features_of(pcm, LOOKAHEAD_FRAMES)
    heard, _ = network.run(features[None], network.initial_state(1))
    return Heard(*(output[:, LOOKAHEAD_FRAMES:] for output in (heard.curves, heard.visemes, heard.phones)))


def animate(network: NanoNetwork, pcm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights (n, 52) and visemes (n, 15) of a whole utterance of float32 mono PCM at 16 kHz, 60 a second."""
    heard = hear(network, pcm)
    return Articulator().apply(heard.curves[0], heard.visemes[0]), heard.visemes[0]
