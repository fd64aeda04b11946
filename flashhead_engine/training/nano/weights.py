"""An exported network read back into torch, so that training can go on from it, and what is kept of that training."""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from ...drivers.nano.network import NanoNetwork
from ...errors import FlashHeadError
from .model import DILATIONS, SpeechToMouth

KEPT = 0.6
"""How far the second stage moves the weights towards what it learnt. Chosen of 0.5, 0.6, 0.65, 0.7, 0.85 and 1 on the
held-out set: above it the lips shut in more than 2 % of the vowels that people speak."""

_ZERO = 128  # the 8-bit number that stands for a weight of 0


def read_network(path: Path) -> SpeechToMouth:
    """The network of a file that `export.quantise` wrote, with its weights as they were rounded; one with fewer
    blocks than today's gains the others, see `grown`.

    Raises FlashHeadError for a file that is no nano model, or one of other layers than today's network.
    """
    NanoNetwork(path)  # says what is wrong with another file
    model = onnx.load(path)
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    dilations = [
        int(number) for entry in model.metadata_props if entry.key == "dilations" for number in entry.value.split()
    ]
    network = SpeechToMouth(dilations=dilations)
    state = {name: _values(name, tensors) for name in network.state_dict() if name in tensors}
    try:
        if tuple(dilations) != DILATIONS[: len(dilations)]:
            raise RuntimeError(f"dilations {dilations}")
        network.load_state_dict({name: torch.from_numpy(values) for name, values in state.items()})
    except RuntimeError as error:
        raise FlashHeadError(
            f"{path}: its layers are not those of today's network. Give a nano.onnx of train-nano or the shipped one."
        ) from error
    return grown(network)


def grown(network: SpeechToMouth) -> SpeechToMouth:
    """The network with today's blocks. New ones after its last add nothing yet, but can learn to (as in Chen et al.,
    2016, "Net2Net"), so it answers the same."""
    today = SpeechToMouth(network.channels)
    for block in today.blocks[len(network.blocks) :]:
        nn.init.zeros_(block.mix.weight)
        nn.init.zeros_(block.mix.bias)
    today.load_state_dict(today.state_dict() | network.state_dict())
    return today


def moved(start: SpeechToMouth, end: SpeechToMouth, share: float) -> SpeechToMouth:
    """The network whose weights lie at `share` of the way from `start` to `end`, a network trained on from it.

    Such a mean knows what both know (Wortsman et al., 2022, "Robust fine-tuning of zero-shot models").
    """
    network = SpeechToMouth(start.channels)
    weights = end.state_dict()
    for name, value in start.state_dict().items():
        weights[name] = torch.lerp(value, weights[name], share)
    network.load_state_dict(weights)
    return network


def _values(name: str, tensors: dict[str, np.ndarray]) -> np.ndarray:
    """A layer's weights (outputs, inputs) or its biases, float32."""
    values = tensors[name]
    scales = tensors.get(name.removesuffix("weight") + "scales")
    if scales is not None:  # (outputs, blocks, 32), with a scale for every block
        blocks = (values.astype(np.float32) - _ZERO) * scales.reshape(*values.shape[:2], 1)
        return blocks.reshape(len(values), -1)
    # What is multiplied from the right in the graph is written the other way round in torch.
    return np.ascontiguousarray(values.T) if name.endswith("weight") else values.copy()
