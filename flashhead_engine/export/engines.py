"""TensorRT engines of an export: built for the GPU at hand. Needs the extra `tensorrt`, and not torch.

Never run on a GPU: what is called exists in TensorRT 11.4's bindings, and runs in tests on a stand-in.
"""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ..bake.outputs import PendingFolder, explained, raise_if_ended, write_whole
from ..errors import ModelError
from ..models.registry import models_dir
from ..runtimes.cuda import Gpu
from ..runtimes.engines import (
    MANIFEST,
    THIS_SYSTEM,
    VERSION,
    Engines,
    EnginesManifest,
    engine_name,
    engines_folder,
    read_engines,
)
from ..runtimes.exported import Export, stored_file
from ..runtimes.graphs import GraphSpec, TensorSpec
from ..runtimes.tensorrt import new_logger, said, tensorrt_module

if TYPE_CHECKING:
    import tensorrt as trt

_FILES = re.compile(r"(audio_cond|dit|vae_dec|vae_enc|reference)\.engine|engines\.json")

Report = Callable[[str, float], None]
"""What is being done, and the share of all that is done."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """`system`: that will run them. `streams_weights`: whether weights may stay in main memory, for small cards."""

    system: str = THIS_SYSTEM
    streams_weights: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What a build will take, as far as it is known. Sizes in bytes. `largest`: the graph with the most weights.
    `known_times`: whether kernels were timed on such a GPU before."""

    folder: Path
    weights: int
    largest: str
    largest_weights: int
    free_disk: int
    known_times: bool


def plan(export: Export, gpu: Gpu, settings: EngineSettings) -> Plan:
    """Before a build."""
    files = export.manifest.files
    weights = {spec.name: file.length for spec in export.specs() if (file := files.get(f"{spec.name}.onnx.data"))}
    largest = max(weights, key=weights.__getitem__)
    folder = engines_folder(export, gpu.compute_capability, settings.system)
    return Plan(
        folder,
        sum(weights.values()),
        largest,
        weights[largest],
        shutil.disk_usage(export.folder.parent).free,
        _timing_file(gpu).is_file(),
    )


def build(export: Export, gpu: Gpu, settings: EngineSettings, report: Report) -> Engines:
    """An engine for each graph, in the place of older ones for such a GPU and system.

    Raises MissingDependencyError without TensorRT, OutputError where engines cannot be written, ModelError where
    TensorRT cannot build one; nothing is left then but the times of kernels.
    """
    trt = tensorrt_module()
    pending = PendingFolder(engines_folder(export, gpu.compute_capability, settings.system), _FILES)
    try:
        specs = export.specs()
        for number, spec in enumerate(specs):
            report(spec.name, number / len(specs))
            part = _part_of(report, spec.name, number, len(specs))
            engine = _engine(export.graph(spec.name), spec, gpu, settings, part)
            with explained(pending.path):
                (pending.temporary / engine_name(spec.name)).write_bytes(engine)
        with explained(pending.path):
            manifest = EnginesManifest(
                version=VERSION,
                export_sha256=export.sha256,
                tensorrt=trt.__version__,
                gpu=gpu.name,
                compute_capability=gpu.compute_capability,
                system=settings.system,
                streams_weights=settings.streams_weights,
                files={path.name: stored_file(path) for path in sorted(pending.temporary.iterdir())},
            )
            (pending.temporary / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
        pending.commit()
    finally:
        pending.discard()
    report("done", 1.0)
    return read_engines(export, gpu, trt.__version__, settings.system)


def _part_of(report: Report, name: str, number: int, count: int) -> Report:
    return lambda text, share: report(f"{name}: {text}", (number + share) / count)


def _engine(graph: Path, spec: GraphSpec, gpu: Gpu, settings: EngineSettings, report: Report) -> "trt.IHostMemory":
    """A serialized engine without weights."""
    trt = tensorrt_module()
    errors: list[str] = []
    logger = new_logger(errors)
    builder = trt.Builder(logger)
    network = builder.create_network(0)  # strongly typed: the graph's own types are computed in
    parser = trt.OnnxParser(network, logger)
    if not parser.parse_from_file(str(graph)):
        raise ModelError(f"{graph} cannot be read by TensorRT {trt.__version__}. {_parsing_error(parser)}")
    _check(network, spec)
    config = builder.create_builder_config()
    # Not REFIT: its engines may lose biases (release notes of 11.3), and the weights are the same ones.
    config.set_flag(trt.BuilderFlag.REFIT_IDENTICAL)
    config.set_flag(trt.BuilderFlag.STRIP_PLAN)
    # What is float32 stays it: as in torch and ONNX Runtime.
    config.clear_flag(trt.BuilderFlag.TF32)
    if settings.streams_weights:
        config.set_flag(trt.BuilderFlag.WEIGHT_STREAMING)
    config.hardware_compatibility_level = trt.HardwareCompatibilityLevel.SAME_COMPUTE_CAPABILITY
    if settings.system != THIS_SYSTEM:  # Windows' engines can be built on Linux, and no others elsewhere
        config.runtime_platform = trt.RuntimePlatform.WINDOWS_AMD64
    for lengths in spec.profiles:
        profile = builder.create_optimization_profile()
        for tensor in spec.inputs:
            least, usual, most = (
                tensor.sized({axis: getattr(allowed, which) for axis, allowed in lengths.items()})
                for which in ("least", "usual", "most")
            )
            profile.set_shape(tensor.name, least, usual, most)
        if config.add_optimization_profile(profile) < 0:
            raise ModelError(f"{graph}: TensorRT refuses its sizes {dict(lengths)}. {said(errors)}")
    failures: list[BaseException] = []
    monitor = _monitor(report, failures)
    config.progress_monitor = monitor
    with _timing(config, gpu):
        engine = builder.build_serialized_network(network, config)
    if failures:
        raise failures[0]
    if engine is None:
        raise ModelError(f"TensorRT {trt.__version__} cannot build an engine of {graph}. {said(errors)}")
    return engine


def _parsing_error(parser: "trt.OnnxParser") -> str:
    if parser.num_errors == 0:
        return "It does not say why."
    error: trt.ParserError = parser.get_error(0)
    return f"Node {error.node_name()} ({error.node_operator()}): {error.desc()}"


def _check(network: "trt.INetworkDefinition", spec: GraphSpec) -> None:
    """Whether what TensorRT read is what was specified."""
    inputs = [network.get_input(number) for number in range(network.num_inputs)]
    outputs = [network.get_output(number) for number in range(network.num_outputs)]
    for kind, found, wanted in (("inputs", inputs, spec.inputs), ("outputs", outputs, spec.outputs)):
        read = [_described(tensor) for tensor in found]
        specified = [(tensor.name, _data_types()[tensor.dtype], _shape(tensor)) for tensor in wanted]
        if read != specified:
            raise ModelError(f"graph {spec.name}: TensorRT reads its {kind} as {read}, must be {specified}.")


def _described(tensor: "trt.ITensor") -> tuple:
    return tensor.name, tensor.dtype, tuple(tensor.shape)


def _shape(tensor: TensorSpec) -> tuple[int, ...]:
    return tuple(axis if isinstance(axis, int) else -1 for axis in tensor.shape)


def _data_types() -> "Mapping[str, trt.DataType]":
    trt = tensorrt_module()
    return {
        "float32": trt.DataType.FLOAT,
        "float16": trt.DataType.HALF,
        "bfloat16": trt.DataType.BF16,
        "uint8": trt.DataType.UINT8,
        "bool": trt.DataType.BOOL,
    }


@contextmanager
def _timing(config: "trt.IBuilderConfig", gpu: Gpu) -> Iterator[None]:
    """Times of kernels, kept for each GPU and version of TensorRT: graphs, and later builds, share them."""
    path = _timing_file(gpu)
    known = path.read_bytes() if path.is_file() else b""
    cache = config.create_timing_cache(known)
    if cache is None or not config.set_timing_cache(cache, False):
        cache = config.create_timing_cache(b"")
        config.set_timing_cache(cache, False)
    yield
    write_whole(path, bytes(memoryview(cache.serialize())))


def _timing_file(gpu: Gpu) -> Path:
    name = re.sub(r"\W+", "-", f"{gpu.name} {tensorrt_module().__version__}")
    return models_dir() / "timing" / f"{name}.cache"


def _monitor(report: Report, failures: list[BaseException]) -> "trt.IProgressMonitor":
    """Tells what TensorRT does, by its outermost phase. Nothing may be raised through TensorRT: what is raised, by
    Ctrl-C too, goes to `failures` and ends the build."""
    trt = tensorrt_module()

    class Monitor(trt.IProgressMonitor):
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)
            self._steps: dict[str, int] = {}

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            if not parent_phase:
                self._steps[phase_name] = num_steps

        def step_complete(self, phase_name: str, step: int) -> bool:
            try:
                if phase_name in self._steps:
                    report(phase_name, min(1.0, (step + 1) / max(1, self._steps[phase_name])))
                raise_if_ended()
            except BaseException as error:
                failures.append(error)
                return False
            return True

        def phase_finish(self, phase_name: str) -> None:
            self._steps.pop(phase_name, None)

    return Monitor()
