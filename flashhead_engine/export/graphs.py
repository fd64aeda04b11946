"""From a network in torch to one file of ONNX with its weights beside it."""

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import onnx_ir
import torch
from torch import Tensor, nn

from ..errors import ModelError
from ..models.configs import CHUNK_FRAMES, FlashHeadConfig
from ..models.networks import Networks
from ..runtimes.exported import OPSET
from ..runtimes.graphs import BATCH, FRAMES, LATENT_FRAMES, MOST_AT_ONCE, GraphSpec
from .modules import AudioCond, DitStep, Reference, VaeDec, VaeEnc
from .settings import ExportSettings

_TRACED_BATCH = 2  # a trace with one head would fix the batch to one
_TRACED_LATENT_FRAMES = 3


def modules(networks: Networks, settings: ExportSettings) -> dict[str, nn.Module]:
    """Behind each graph, by its name. Casts the networks in place; wav2vec2 stays float32, as deployed."""
    config = networks.config
    dtype = getattr(torch, settings.precision)
    for network in (networks.dit.to(dtype), networks.vae.to(dtype), networks.wav2vec2.float()):
        network.requires_grad_(False).eval()
    cells = settings.size // config.latent_stride
    latent = (config.latent_frames(CHUNK_FRAMES), cells, cells)
    grid = [size // patch for size, patch in zip(latent, config.dit.patch, strict=True)]
    return {
        "audio_cond": AudioCond(networks.wav2vec2, networks.dit),
        "dit": DitStep(networks.dit, grid),
        "vae_dec": VaeDec(networks, settings),
        "vae_enc": VaeEnc(networks.vae),
        "reference": Reference(networks, config.latent_frames(config.motion_frames)),
    }


def examples(spec: GraphSpec, lengths: Mapping[str, int], seed: int = 0) -> tuple[Tensor, ...]:
    """Inputs of a graph of the right kinds: noise, and half of what is `known`."""
    generator = torch.Generator().manual_seed(seed)
    made = []
    for tensor in spec.inputs:
        values = torch.randn(tensor.sized(lengths), generator=generator)
        made.append(values > 0 if tensor.dtype == "bool" else values.to(getattr(torch, tensor.dtype)))
    return tuple(made)


def write_graph(module: nn.Module, spec: GraphSpec, config: FlashHeadConfig, path: Path) -> None:
    """Trace a module and write it. Raises ModelError where what came out is not what the specification says."""
    group = config.dit.frames_per_latent
    groups = torch.export.Dim("groups", min=1, max=(CHUNK_FRAMES - 1) // group)
    axes = {
        BATCH: torch.export.Dim(BATCH, min=1, max=MOST_AT_ONCE),
        FRAMES: group * groups + 1,
        LATENT_FRAMES: groups + 1,
    }
    shapes = tuple(
        {place: axes[axis] for place, axis in enumerate(tensor.shape) if axis in axes} for tensor in spec.inputs
    )
    if isinstance(module, VaeEnc):
        shapes = (shapes[0], *([shapes[1:]] if shapes[1:] else []))  # its noise is there or not
    lengths = {
        BATCH: _TRACED_BATCH,
        FRAMES: group * (_TRACED_LATENT_FRAMES - 1) + 1,
        LATENT_FRAMES: _TRACED_LATENT_FRAMES,
    }
    with _quiet():
        program = torch.onnx.export(
            module,
            examples(spec, lengths),
            dynamo=True,
            opset_version=OPSET,
            input_names=[tensor.name for tensor in spec.inputs],
            output_names=[tensor.name for tensor in spec.outputs],
            dynamic_shapes=shapes,
            verbose=False,
        )
    save_graph(program.model, spec, path)


def save_graph(model: onnx_ir.Model, spec: GraphSpec, path: Path) -> None:
    """Write a graph with its weights beside it. Raises ModelError where it is not what the specification says."""
    _name_axes(model, spec)
    _forget_origin(model)
    onnx_ir.save(model, path, external_data=f"{path.name}.data")


def _name_axes(model: onnx_ir.Model, spec: GraphSpec) -> None:
    """Give the axes the names of the specification, after checking everything else against it."""
    if model.opset_imports != {"": OPSET}:
        raise ModelError(f"graph {spec.name}: its opsets came out as {model.opset_imports}, must be {OPSET} alone.")
    for kind, values, tensors in (
        ("inputs", model.graph.inputs, spec.inputs),
        ("outputs", model.graph.outputs, spec.outputs),
    ):
        found = [(value.name, value.dtype.numpy().name, _shape(value.shape)) for value in values]
        wanted = [(tensor.name, tensor.dtype, _shape(tensor.shape)) for tensor in tensors]
        if found != wanted:
            raise ModelError(f"graph {spec.name}: its {kind} came out as {found}, must be {wanted}.")
        for value, tensor in zip(values, tensors, strict=True):
            value.shape = onnx_ir.Shape(tensor.shape)


def _shape(shape) -> tuple[int | None, ...]:
    return tuple(axis if isinstance(axis, int) else None for axis in shape)


def _forget_origin(model: onnx_ir.Model) -> None:
    """Traces name this machine's files; nobody needs them, and the same export would give other bytes elsewhere."""
    model.metadata_props.clear()
    model.graph.metadata_props.clear()
    for node in model.graph.all_nodes():
        node.metadata_props.clear()
        node.doc_string = None
    for value in (*model.graph.inputs, *model.graph.outputs, *model.graph.initializers.values()):
        value.metadata_props.clear()


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter talks about packages that are not needed."""
    log = logging.getLogger("torch.onnx")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)
