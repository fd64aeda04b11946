"""Export of the trained network to one ONNX file, and the check that the file says the same as torch."""

import warnings
from pathlib import Path

import numpy as np
import torch

from ...drivers.nano.features import FEATURES
from ...drivers.nano.network import NanoNetwork
from ...errors import FlashHeadError
from .model import Nano

_OPSET = 17
PARITY_TOLERANCE = 1e-4


def export(model: Nano, path: Path) -> None:
    """Write the graph: features (B, T, 80), state (B, S) -> weights (B, T, 52), visemes (B, T, 15), next_state."""
    example = (torch.zeros(2, 8, FEATURES), torch.zeros(2, model.speech_to_mouth.state_size))
    with warnings.catch_warnings():
        # The newer exporter needs one more package and unrolls the batch; this graph has no control flow.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            model.eval(),
            example,
            str(path),
            dynamo=False,
            opset_version=_OPSET,
            input_names=["features", "state"],
            output_names=["weights", "visemes", "next_state"],
            dynamic_axes={
                "features": {0: "batch", 1: "frames"},
                "state": {0: "batch"},
                "weights": {0: "batch", 1: "frames"},
                "visemes": {0: "batch", 1: "frames"},
                "next_state": {0: "batch"},
            },
        )


def parity_error(model: Nano, path: Path, seed: int = 0) -> float:
    """Largest difference between torch and the file, over runs of several lengths that pass the state on."""
    random = np.random.default_rng(seed)
    network = NanoNetwork(path)
    state = network.initial_state(3)
    torch_state = torch.from_numpy(state.copy())
    worst = 0.0
    for frames in (1, 2, 7, 60, 1):
        features = random.uniform(-1, 1, (3, frames, FEATURES)).astype(np.float32)
        *outputs, state = network.run(features, state)
        with torch.no_grad():
            *expected, torch_state = model(torch.from_numpy(features), torch_state)
        for ours, theirs in zip((*outputs, state), (*expected, torch_state), strict=True):
            worst = max(worst, float(np.abs(ours - theirs.numpy()).max()))
    return worst


def export_checked(model: Nano, path: Path) -> float:
    """Export and compare; returns the largest difference. Raises FlashHeadError when it exceeds the tolerance."""
    export(model, path)
    error = parity_error(model, path)
    if error > PARITY_TOLERANCE:
        raise FlashHeadError(f"{path}: ONNX Runtime and torch differ by {error:.2e} (limit {PARITY_TOLERANCE}).")
    return error
