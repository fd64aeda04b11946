"""FlashHead's exported graphs run by TensorRT: every graph an engine, every batch size a captured piece of work.

Engines share one arena for what they compute in between, because they run one after the other.

Never run on a GPU: what is called exists in TensorRT 11.4's bindings, and runs in tests on a stand-in.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ..errors import ModelError, SettingsError
from .cuda import Captured, CudaArray, Stream, this_gpu
from .engines import Engines, has_engines, read_engines
from .exported import Export
from .flashhead import OutOfMemory
from .gpu import GPU_MEMORY, GpuBudget
from .graphs import BATCH, GraphSpec
from .resident import Launch, ResidentGraph, ResidentRunner, nbytes_of
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


def open_runner(export: Export, engines: Engines, budget: GpuBudget | None = None) -> ResidentRunner:
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
    graphs = {
        spec.name: ResidentGraph(spec, stream, _Engine(spec, engine, stream, arena, captures).prepared)
        for spec, engine in loaded
    }
    # TensorRT's runtime and its log live as long as its engines.
    return ResidentRunner(NAME, this_gpu().name, graphs, stream, keep=loader)


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
    return 2 * sum(nbytes_of(tensor, lengths) for tensor in (*spec.inputs, *spec.outputs))


class _Engine:
    """Makes an engine's work for each batch size that is run."""

    def __init__(
        self, spec: GraphSpec, engine: "trt.ICudaEngine", stream: Stream, arena: CudaArray, captures: bool
    ) -> None:
        self._spec, self._engine, self._stream, self._arena = spec, engine, stream, arena
        self._captures = captures

    def prepared(self, lengths: Mapping[str, int], fixed: Mapping[str, CudaArray]) -> Launch:
        """Each shape has a context of its own: captured work is that of the state in which its context was."""
        trt = tensorrt_module()
        stream, spec = self._stream, self._spec
        context = self._engine.create_execution_context(trt.ExecutionContextAllocationStrategy.USER_MANAGED)
        if context is None:
            raise OutOfMemory(f"TensorRT has not enough memory to run {spec.name}.")
        context.set_device_memory(self._arena.address, self._arena.nbytes)
        fits = context.set_optimization_profile_async(spec.profile(lengths), stream.handle)
        for tensor in spec.inputs:
            fits = fits and context.set_input_shape(tensor.name, tensor.sized(lengths))
        for tensor in (*spec.inputs, *spec.outputs):
            fits = fits and context.set_tensor_address(tensor.name, fixed[tensor.name].address)
        if not fits:
            raise ModelError(f"The engine of {spec.name} does not take {dict(lengths)}; build the engines again.")
        if not self._captures:
            return partial(self._enqueue, context)
        # TensorRT makes ready at its first run, which captured work cannot.
        self._enqueue(context)
        return partial(self._launch, context, stream.captured(lambda: self._enqueue(context)))

    @staticmethod
    def _launch(context: "trt.IExecutionContext", captured: Captured) -> None:
        """`context` lives as long as what was captured of it."""
        captured.launch()

    def _enqueue(self, context: "trt.IExecutionContext") -> None:
        if not context.execute_async_v3(self._stream.handle):
            raise ModelError(f"TensorRT could not run {self._spec.name}; `flashhead --verbose` shows what it says.")
