"""The transformer's linear layers in 8 bits: weights per channel, what goes in per tensor, with ranges from dialogue.

Only the eight linear layers of each block are quantised. The patch embedding and the head, the first and the last
layer of the transformer, are a thousandth of its work, and their errors go straight into the picture; so do those of
the autoencoder, whose layers are convolutions. Speech is heard once a chunk.
"""

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from itertools import chain
from pathlib import Path

import numpy as np
import onnx
import onnx_ir
import onnxruntime
from modelopt.onnx.quantization import quantize
from onnxruntime.quantization import CalibrationDataReader

from ..errors import ModelError
from ..runtimes.exported import Export, Quantisation, StoredLine, stored_file
from ..runtimes.graphs import GraphSpec
from ..runtimes.onnx import CPU
from .calibration import TRANSFORMER, Step, spoken
from .graphs import save_graph
from .settings import EightBit

_LAYERS_OF_BLOCK = 8  # self-attention: q, k, v, o; cross-attention: q, o; feed-forward: 2
TOOLS = ("nvidia-modelopt", "onnx-graphsurgeon", "onnxruntime")


class _Reader(CalibrationDataReader):
    """Steps as ModelOpt takes them."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self.rewind()

    def get_next(self) -> dict[str, np.ndarray] | None:
        step = next(self._left, None)
        return None if step is None else dict(step.inputs)

    def get_first(self) -> dict[str, np.ndarray]:
        return dict(self._steps[0].inputs)

    def rewind(self) -> None:
        self._left = iter(self._steps)


def quantise(export: Export, eight_bit: EightBit, report: Callable[[str, float], None]) -> Quantisation:
    """Calibrate with dialogue and replace the transformer's graph. `report`: told what is done, and the share of all
    that is. Raises AudioError for dialogue that cannot be used, ModelError for a graph that is of no use."""
    lines = eight_bit.dialogue
    recorded = []
    for steps in spoken(export, lines):
        recorded.append(steps)
        report("calibrating", len(recorded) / (len(lines) + 1))
    *calibrating, held_out = recorded
    samples = list(chain.from_iterable(calibrating))
    graph = export.graph(TRANSFORMER)
    (spec,) = [spec for spec in export.specs() if spec.name == TRANSFORMER]
    layers = write_quantised(graph, spec, export.config.dit.layers, eight_bit.linears, samples)
    error = worst_error(graph, held_out)
    if not error < 1.0:
        raise ModelError(
            f"Linear layers in {eight_bit.linears} are of no use to this model: the relative error of its flow is "
            f"{error:.2f}. Nothing was kept; export it with --precision {export.manifest.precision}."
        )
    *calibrated, last = [StoredLine(line.name, stored_file(line).sha256) for line in lines]
    return Quantisation(
        linears=eight_bit.linears,
        layers=layers,
        calibration=tuple(calibrated),
        samples=len(samples),
        held_out=last,
        error=error,
    )


def write_quantised(path: Path, spec: GraphSpec, blocks: int, linears: str, steps: Sequence[Step]) -> int:
    """Replace the graph of a transformer of so many blocks by one with linear layers in 8 bits, and tell how many.
    `steps`: give the ranges. Raises ModelError where the graph is not the one that is known here, or a layer was left
    out."""
    layers = _linear_layers(path, blocks)
    # ModelOpt and ONNX Runtime copy the weights to the system's temporary folder, where they may not fit; and talk
    # about packages that are not needed.
    with (
        tempfile.TemporaryDirectory(dir=path.parent) as scratch,
        _temporary_files_in(scratch),
        redirect_stdout(StringIO()),
    ):
        quantised = Path(scratch) / path.name
        quantize(
            str(path),
            quantize_mode=linears,
            calibration_data_reader=_Reader(steps),
            calibration_method="max",
            calibration_eps=["cpu"],
            op_types_to_quantize=["MatMul"],
            nodes_to_quantize=[f"^{re.escape(name)}$" for name in layers],
            enable_gemv_detection_for_trt=False,
            high_precision_dtype="fp32",  # that is: as it is
            dq_only=True,  # weights are stored in 8 bits
            use_external_data_format=True,
            output_path=str(quantised),
            log_level="CRITICAL",
        )
        _check_layers(quantised, layers)
        save_graph(onnx_ir.load(quantised), spec, path)
    return len(layers)


def worst_error(graph: Path, steps: Sequence[Step]) -> float:
    """Of a step's flow against the recorded one: relative L2, the worst."""
    session = onnxruntime.InferenceSession(graph, providers=[CPU])
    errors = []
    for step in steps:
        (latent,) = session.run(None, dict(step.inputs))
        errors.append(np.linalg.norm(latent - step.latent) / np.linalg.norm(_moved(step)))
    return float(np.max(errors))


def _moved(step: Step) -> np.ndarray:
    """What the flow did to a latent: without it, there would be the same latent with less of its noise exchanged."""
    inputs = step.inputs
    still = (1.0 - inputs["next_sigma"]) * inputs["latent"] + inputs["next_sigma"] * inputs["fresh"]
    return np.where(inputs["known"], 0.0, step.latent - still)


def _linear_layers(path: Path, blocks: int) -> list[str]:
    """Names of the nodes that are the blocks' linear layers; attention has nodes of its own."""
    graph = onnx.load(path, load_external_data=False).graph
    found = [node.name for node in graph.node if node.op_type == "MatMul"]
    if len(found) != _LAYERS_OF_BLOCK * blocks + 2:
        raise ModelError(f"{path} has {len(found)} linear layers, not {_LAYERS_OF_BLOCK} in each of {blocks} blocks.")
    return found[1:-1]  # without patch embedding and head


def _check_layers(path: Path, layers: Sequence[str]) -> None:
    """That what goes into each layer, and its weights, were in 8 bits."""
    graph = onnx.load(path, load_external_data=False).graph
    kinds = {output: node.op_type for node in graph.node for output in node.output}
    done = {node.name for node in graph.node if {kinds.get(name) for name in node.input} == {"DequantizeLinear"}}
    if missing := sorted(set(layers) - done):
        raise ModelError(f"graph {TRANSFORMER}: linear layers stayed as they were: {', '.join(missing)}.")


@contextmanager
def _temporary_files_in(folder: str) -> Iterator[None]:
    before = tempfile.tempdir
    tempfile.tempdir = folder
    try:
        yield
    finally:
        tempfile.tempdir = before
