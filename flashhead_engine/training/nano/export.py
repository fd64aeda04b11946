"""Export of the trained network to one ONNX file with 8-bit weights, and the check of what that costs."""

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer

from ...drivers.nano.features import FEATURES
from ...drivers.nano.network import NanoNetwork
from ...errors import FlashHeadError
from .model import Nano

_OPSET = 17
_INPUTS = ["features", "state"]
_OUTPUTS = ["curves", "visemes", "phones", "next_state"]
PARITY_TOLERANCE = 1e-4
QUANTISATION_TOLERANCE = 0.02
"""Mean difference of a curve or posterior, 0..1, that 8-bit weights may make."""

# Blocks of 32 weights share a scale; inputs are rounded to 8 bits by the same blocks, so that a frame's answer does
# not depend on the frames and streams that are computed with it.
_BLOCK, _INT8_INPUTS = 32, 4


@dataclass(frozen=True, slots=True)
class ExportErrors:
    """`parity`: largest difference of torch and ONNX Runtime before rounding; `quantisation`: mean difference of
    curves and viseme posteriors after it, on the frames given."""

    parity: float
    quantisation: float


def export(model: Nano, path: Path) -> None:
    """Write the float32 graph: features (B, T, 80), state (B, S) -> curves, visemes, phones, next_state."""
    example = (torch.zeros(2, 8, FEATURES), torch.zeros(2, model.speech_to_mouth.state_size))
    with warnings.catch_warnings():
        # The newer exporter needs one more package and unrolls the batch; this graph has no control flow.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        torch.onnx.export(
            model.eval(),
            example,
            str(path),
            dynamo=False,
            opset_version=_OPSET,
            input_names=_INPUTS,
            output_names=_OUTPUTS,
            dynamic_axes={
                name: {0: "batch"} | ({} if name.endswith("state") else {1: "frames"}) for name in _INPUTS + _OUTPUTS
            },
        )


def quantise(source: Path, target: Path, dilations: Sequence[int]) -> None:
    """Round the weights of the inner layers to 8 bits; the first layer and the heads stay float32.

    The written graph also gives its weights, for the native network step. `dilations`: of the blocks.
    """
    graph = onnx.load(source)
    products = [node.name for node in graph.graph.node if node.op_type == "MatMul"]
    settings = DefaultWeightOnlyQuantConfig(block_size=_BLOCK, is_symmetric=True, accuracy_level=_INT8_INPUTS, bits=8)
    logging.getLogger("onnxruntime.quantization.matmul_nbits_quantizer").setLevel(logging.WARNING)
    quantiser = MatMulNBitsQuantizer(graph, nodes_to_exclude=[products[0], products[-1]], algo_config=settings)
    quantiser.process()
    rounded = quantiser.model.model
    _add_biases_in_products(rounded.graph)
    give_weights(rounded, dilations)
    onnx.save(rounded, target)


def _add_biases_in_products(graph: onnx.GraphProto) -> None:
    """Give each 8-bit product the constant that is added to its result: MatMulNBits adds it by itself."""
    constants = {tensor.name for tensor in graph.initializer}
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    for product in [node for node in graph.node if node.op_type == "MatMulNBits"]:
        (reader,) = readers[product.output[0]]
        bias = next(name for name in reader.input if name != product.output[0])
        if reader.op_type == "Add" and bias in constants:
            # Inputs 3 and 4, zero points and an order of groups, are not used.
            product.input.extend([""] * (5 - len(product.input)) + [bias])
            product.output[0] = reader.output[0]
            graph.node.remove(reader)


def give_weights(model: onnx.ModelProto, dilations: Sequence[int]) -> None:
    """Name the weights of a rounded graph after their layers and make them outputs too.

    So the player's side reads them through ONNX Runtime alone, and the file holds them once. The dilations, which no
    weight tells, stand in the file's metadata.
    """
    graph = model.graph
    names = {}
    for node in graph.node:
        if node.op_type in ("MatMul", "MatMulNBits"):
            layer = ".".join(node.name.split("/")[2:-1])  # of "/speech_to_mouth/blocks.0/mix/MatMul_Q8"
            names |= dict(zip(node.input[1:3], (f"{layer}.weight", f"{layer}.scales"), strict=False))
    for tensor in graph.initializer:
        tensor.name = names.setdefault(tensor.name, tensor.name.removeprefix("speech_to_mouth."))
        graph.output.append(onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
    onnx.helper.set_model_props(model, {"dilations": " ".join(map(str, dilations))})


def parity_error(model: Nano, path: Path, seed: int = 0) -> float:
    """Largest difference between torch and the file, over runs of several lengths that pass the state on."""
    random = np.random.default_rng(seed)
    network = NanoNetwork(path)
    state = network.initial_state(3)
    torch_state = torch.from_numpy(state.copy())
    worst = 0.0
    for frames in (1, 2, 7, 60, 1):
        features = random.uniform(-1, 1, (3, frames, FEATURES)).astype(np.float32)
        heard, state = network.run(features, state)
        with torch.no_grad():
            *expected, torch_state = model(torch.from_numpy(features), torch_state)
        ours = (heard.curves, heard.visemes, heard.phones, state)
        for mine, theirs in zip(ours, (*expected, torch_state), strict=True):
            worst = max(worst, float(np.abs(mine - theirs.numpy()).max()))
    return worst


def quantisation_error(exact: Path, rounded: Path, features: np.ndarray) -> float:
    """Mean difference of the two files' curves and viseme posteriors on real features (T, 80)."""
    first, second = (
        network.run(features[None].astype(np.float32), network.initial_state(1))[0]
        for network in (NanoNetwork(exact), NanoNetwork(rounded))
    )
    return float(max(np.abs(first.curves - second.curves).mean(), np.abs(first.visemes - second.visemes).mean()))


def export_checked(model: Nano, path: Path, features: np.ndarray) -> ExportErrors:
    """Export, compare and round. `features`: real ones, (T, 80), on which rounding is judged.

    Raises FlashHeadError when a difference exceeds its tolerance.
    """
    exact = path.with_suffix(".float32.onnx")
    export(model, exact)
    errors = ExportErrors(parity_error(model, exact), 0.0)
    if errors.parity > PARITY_TOLERANCE:
        raise FlashHeadError(f"{exact}: ONNX Runtime and torch differ by {errors.parity:.2e}.")
    quantise(exact, path, [block.dilation for block in model.speech_to_mouth.blocks])
    errors = ExportErrors(errors.parity, quantisation_error(exact, path, features))
    if errors.quantisation > QUANTISATION_TOLERANCE:
        raise FlashHeadError(f"{path}: 8-bit weights change the answers by {errors.quantisation:.3f} in the mean.")
    return errors
