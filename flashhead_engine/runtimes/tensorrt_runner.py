"""FlashHead's exported graphs run by TensorRT: every graph an engine, every batch size a captured piece of work.

All happens in order on one stream of its own: the host waits once a chunk, for the pictures. Engines share one arena
for what they compute in between, because they run one after the other. Each engine reads and writes fixed addresses,
as captured work must; values come there and go by copies on the GPU.

Never run on a GPU: what is called exists in TensorRT 11.4's bindings, and runs in tests on a stand-in.
"""

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ModelError, SettingsError
from .cuda import Captured, CudaArray, Stream, itemsize, this_gpu
from .engines import Engines, has_engines, read_engines
from .exported import Export
from .flashhead import OutOfMemory
from .gpu import GPU_MEMORY, GpuBudget
from .graphs import BATCH, Array, GraphSpec, TensorSpec
from .tensorrt import NAME, new_logger, said, tensorrt_module

if TYPE_CHECKING:
    import tensorrt as trt


def usable_engines(export: Export) -> Engines:
    """Those that this machine can run. Raises ModelError where none were built or they do not fit,
    MissingDependencyError without a package or a GPU."""
    if not has_engines(export):
        folder = export.folder
        raise ModelError(f"{folder} has no engines: build them with `flashhead build-engines {folder}`.")
    version = tensorrt_module().__version__
    return read_engines(export, this_gpu(), version)


def open_runner(export: Export, engines: Engines, budget: GpuBudget | None = None) -> "TensorRtRunner":
    """Load all engines and fill them with the export's weights. `budget`: what they may take of the GPU together;
    None: all of it. Raises ModelError for engines that TensorRT cannot load, SettingsError where they do not fit."""
    memory = None if budget is None else budget.memory_mib << 20
    stream = Stream(budget is not None and budget.priority == "low", memory)
    loader = _Loader(export, engines)
    loaded = [(spec, loader.engine(spec)) for spec in export.specs()]
    try:
        if engines.manifest.streams_weights:
            _share_out(loaded, stream)
        else:
            for _, engine in loaded:
                stream.reserve(engine.get_engine_stat(loader.trt.EngineStat.TOTAL_WEIGHTS_SIZE))
        arena = stream.empty((_arena_size(loaded),), "uint8")
    except OutOfMemory as error:
        given = "" if budget is None else f"{GPU_MEMORY} {budget.memory_mib}: "
        raise SettingsError(
            f"{given}the engines in {engines.folder} do not fit. {error} Leave them more memory, or build them with "
            "--stream-weights, which is slower and takes less."
        ) from error
    # Work that streams weights is not captured.
    captures = not engines.manifest.streams_weights
    graphs = {spec.name: _Graph(spec, engine, stream, arena, captures) for spec, engine in loaded}
    return TensorRtRunner(graphs, stream, this_gpu().name, loader)


class TensorRtRunner:
    """A `GraphRunner`; its arrays are `CudaArray`s."""

    name = NAME

    def __init__(self, graphs: "Mapping[str, _Graph]", stream: Stream, device: str, loader: "_Loader") -> None:
        self.device = device
        self._graphs, self._stream = graphs, stream
        self._loader = loader  # TensorRT's runtime and its log live as long as its engines
        # What was asked last may be under way yet, and needs all of this.
        weakref.finalize(self, stream.wait)

    def run(self, graph: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        try:
            return self._graphs[graph].run(inputs)
        except OutOfMemory:
            # What this batch has taken is in the way of smaller ones.
            for one in self._graphs.values():
                one.give_back()
            raise

    def to_device(self, values: np.ndarray) -> Array:
        return self._stream.upload(values)

    def to_host(self, values: Array) -> np.ndarray:
        return self._stream.download(values)

    def joined(self, arrays: Sequence[Array]) -> Array:
        first = arrays[0]
        together = self._stream.empty((sum(one.shape[0] for one in arrays), *first.shape[1:]), first.dtype)
        address = together.address
        for one in arrays:
            self._stream.copy(address, one.address, one.nbytes)
            address += one.nbytes
        return together

    def rows(self, values: Array) -> list[Array]:
        row = values.nbytes // values.shape[0]
        shape = (1, *values.shape[1:])
        return [
            CudaArray(shape, values.dtype, values.address + number * row, values) for number in range(values.shape[0])
        ]

    def wait(self) -> None:
        self._stream.wait()


class _Loader:
    """What TensorRT loads engines with."""

    def __init__(self, export: Export, engines: Engines) -> None:
        self.trt = trt = tensorrt_module()
        self._export, self._engines = export, engines
        self._errors: list[str] = []
        self._logger = new_logger(self._errors)
        self._runtime = trt.Runtime(self._logger)

    def engine(self, spec: GraphSpec) -> "trt.ICudaEngine":
        """With its weights, which the export has. Raises ModelError."""
        trt = self.trt
        path, graph = self._engines.path(spec.name), self._export.graph(spec.name)
        engine = self._runtime.deserialize_cuda_engine(path.read_bytes())
        if engine is None:
            raise ModelError(f"{path} cannot be loaded. {said(self._errors)}")
        refitter = trt.Refitter(engine, self._logger)
        weights = trt.OnnxParserRefitter(refitter, self._logger)
        if not weights.refit_from_file(str(graph)) or not refitter.refit_cuda_engine():
            raise ModelError(f"{path} cannot be filled with the weights of {graph}. {said(self._errors)}")
        return engine


def _arena_size(loaded: "Sequence[tuple[GraphSpec, trt.ICudaEngine]]") -> int:
    return max(engine.device_memory_size_v2 for _, engine in loaded)


def _share_out(loaded: "Sequence[tuple[GraphSpec, trt.ICudaEngine]]", stream: Stream) -> None:
    """Let engines keep as many weights on the GPU as fit beside all else that a head needs there."""
    for _, engine in loaded:
        engine.weight_streaming_budget_v2 = 0
    left = max(0, stream.left - _arena_size(loaded) - sum(_of_one_head(spec) for spec, _ in loaded))
    whole = sum(engine.streamable_weights_size for _, engine in loaded)
    for _, engine in loaded:
        kept = min(engine.streamable_weights_size, left * engine.streamable_weights_size // max(1, whole))
        engine.weight_streaming_budget_v2 = kept
        stream.reserve(kept)


def _of_one_head(spec: GraphSpec) -> int:
    """Bytes at the fixed addresses, and as many of the arrays that come there and go."""
    lengths = {axis: allowed.most for axis, allowed in spec.profiles[-1].items()} | {BATCH: 1}
    return 2 * sum(_nbytes(tensor, lengths) for tensor in (*spec.inputs, *spec.outputs))


def _nbytes(tensor: TensorSpec, lengths: Mapping[str, int]) -> int:
    return prod(tensor.sized(lengths)) * itemsize(tensor.dtype)


@dataclass(frozen=True, slots=True)
class _Work:
    """One engine's work for inputs of certain shapes. `captured`: None where it is not captured."""

    context: "trt.IExecutionContext"
    captured: Captured | None


class _Graph:
    """An engine, its fixed addresses, and its work for each batch size that was run."""

    def __init__(
        self, spec: GraphSpec, engine: "trt.ICudaEngine", stream: Stream, arena: CudaArray, captures: bool
    ) -> None:
        self._spec, self._engine, self._stream, self._arena = spec, engine, stream, arena
        self._captures = captures
        self._fixed: dict[str, CudaArray] = {}
        self._held: dict[str, weakref.ref[CudaArray]] = {}
        self._work: dict[tuple[int, ...], _Work] = {}

    def run(self, inputs: Mapping[str, CudaArray]) -> dict[str, CudaArray]:
        spec = self._spec
        lengths = spec.lengths({name: values.shape for name, values in inputs.items()})
        profile = spec.profile(lengths)
        self._make_room(lengths)
        outputs = {tensor.name: self._stream.empty(tensor.sized(lengths), tensor.dtype) for tensor in spec.outputs}
        for tensor in spec.inputs:
            self._fill(tensor, inputs[tensor.name])
        key = tuple(lengths.values())
        if key not in self._work:
            self._work[key] = self._prepared(profile, lengths)
        work = self._work[key]
        if work.captured is None:
            self._enqueue(work.context)
        else:
            work.captured.launch()
        for name, values in outputs.items():
            self._stream.copy(values.address, self._fixed[name].address, values.nbytes)
        return outputs

    def give_back(self) -> None:
        """The memory of the fixed addresses, and the work that has them."""
        self._stream.wait()
        for made in (self._work, self._held, self._fixed):
            made.clear()

    def _make_room(self, lengths: Mapping[str, int]) -> None:
        """At the fixed addresses, for the most of each that was needed so far: memory follows what is used."""
        there = {name: values.nbytes for name, values in self._fixed.items()}
        needed = {
            tensor.name: max(_nbytes(tensor, lengths), there.get(tensor.name, 0))
            for tensor in (*self._spec.inputs, *self._spec.outputs)
        }
        if needed == there:
            return
        self.give_back()
        for name, nbytes in needed.items():
            self._fixed[name] = self._stream.empty((nbytes,), "uint8")

    def _fill(self, tensor: TensorSpec, values: CudaArray) -> None:
        """Most inputs of a step are those of the step before."""
        if values.dtype != tensor.dtype:
            raise ValueError(f"{tensor.name} of {self._spec.name} is {values.dtype}, must be {tensor.dtype}")
        held = self._held.get(tensor.name)
        if held is None or held() is not values:
            self._stream.copy(self._fixed[tensor.name].address, values.address, values.nbytes)
            self._held[tensor.name] = weakref.ref(values)

    def _prepared(self, profile: int, lengths: Mapping[str, int]) -> _Work:
        """Each shape has a context of its own: captured work is that of the state in which its context was."""
        trt = tensorrt_module()
        stream, spec = self._stream, self._spec
        context = self._engine.create_execution_context(trt.ExecutionContextAllocationStrategy.USER_MANAGED)
        if context is None:
            raise OutOfMemory(f"TensorRT has not enough memory to run {spec.name}.")
        context.set_device_memory(self._arena.address, self._arena.nbytes)
        fits = context.set_optimization_profile_async(profile, stream.handle)
        for tensor in spec.inputs:
            fits = fits and context.set_input_shape(tensor.name, tensor.sized(lengths))
        for tensor in (*spec.inputs, *spec.outputs):
            fits = fits and context.set_tensor_address(tensor.name, self._fixed[tensor.name].address)
        if not fits:
            raise ModelError(f"The engine of {spec.name} does not take {dict(lengths)}; build the engines again.")
        if not self._captures:
            return _Work(context, None)
        # TensorRT makes ready at its first run, which captured work cannot.
        self._enqueue(context)
        return _Work(context, stream.captured(lambda: self._enqueue(context)))

    def _enqueue(self, context: "trt.IExecutionContext") -> None:
        if not context.execute_async_v3(self._stream.handle):
            raise ModelError(f"TensorRT could not run {self._spec.name}; `flashhead --verbose` shows what it says.")
