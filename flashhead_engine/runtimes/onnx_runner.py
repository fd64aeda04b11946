"""FlashHead's exported graphs run by ONNX Runtime: on the CPU; on an NVIDIA GPU by CUDA, where everything that goes
from graph to graph stays; or there by TensorRT for RTX, by way of the host.

The GPU's parts were not run on a GPU yet. Options of the CUDA provider and of its CUDA graphs: onnxruntime.ai, "CUDA
Execution Provider".
"""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count

import numpy as np

from ..errors import MissingDependencyError, ModelError
from .cuda import CudaArray, Stream, this_gpu
from .exported import Export
from .flashhead import OutOfMemory
from .gpu import GPU_MEMORY, GpuBudget
from .graphs import Array, GraphSpec
from .onnx import CPU, CUDA, memory_options, onnxruntime_module
from .resident import Launch, ResidentGraph, ResidentRunner
from .rtx import rtx_devices

NAME = "onnxruntime"
_ELEMENTS = {"float32": 1, "uint8": 2, "bool": 9, "float16": 10, "bfloat16": 16}  # of onnx.TensorProto


def sees_cuda() -> bool:
    """Whether the ONNX Runtime that is installed can use NVIDIA's GPUs; not whether there is one."""
    return CUDA in onnxruntime_module().get_available_providers()


def sees_gpu() -> bool:
    """Whether it can use one by whatever way."""
    return sees_cuda() or bool(rtx_devices())


def open_runner(export: Export, on_gpu: bool, gpu: GpuBudget | None = None) -> "HostRunner | ResidentRunner":
    """Load all graphs. `gpu`: what each may take of it; None: all. Raises ModelError for graphs that ONNX Runtime
    cannot load, MissingDependencyError without it or without a GPU that it can use."""
    if not on_gpu:
        if export.manifest.precision == "bfloat16":
            raise ModelError(
                f"{export.folder} is of bfloat16, which ONNX Runtime cannot compute on a CPU. Export it with "
                "--precision float32 for this machine."
            )
        return HostRunner(_sessions(export, [CPU]), "CPU")
    if not sees_cuda():
        return _rtx_runner(export, gpu)
    ort = onnxruntime_module()
    ort.preload_dlls()
    device = this_gpu()
    stream = Stream(gpu is not None and gpu.priority == "low")
    options = {**(memory_options(gpu) if gpu else {}), "user_compute_stream": str(stream.handle)}
    try:
        sessions = _sessions(export, [(CUDA, {**options, "enable_cuda_graph": "1"}), CPU])
    except ModelError:
        # Where one of its nodes cannot run on the GPU, a graph is not captured.
        sessions = _sessions(export, [(CUDA, options), CPU])
    if any(CUDA not in session.get_providers() for session in sessions.values()):
        raise MissingDependencyError("No GPU can be used: CUDA's libraries, its driver or the card are missing.")
    graphs = {
        spec.name: ResidentGraph(spec, stream, _Session(spec, sessions[spec.name]).prepared)
        for spec in export.specs()
    }
    return ResidentRunner(NAME, device.name, graphs, stream)


def _rtx_runner(export: Export, gpu: GpuBudget | None) -> "HostRunner":
    devices = rtx_devices()
    if not devices:
        raise MissingDependencyError(
            "This ONNX Runtime cannot use a GPU: install flashhead-engine[gpu] in place of [cpu]."
        )
    if gpu is not None:
        raise MissingDependencyError(
            f"{GPU_MEMORY} {gpu.memory_mib}: TensorRT for RTX cannot be held to a budget. Install "
            "flashhead-engine[gpu] in place of [cpu], or leave the option out."
        )
    return HostRunner(_sessions(export, None, devices), "an RTX GPU, by TensorRT for RTX")


class HostRunner:
    """A `GraphRunner`; its arrays are numpy's."""

    name = NAME

    def __init__(self, sessions: dict, device: str) -> None:
        self.device = device
        self._sessions = sessions
        self._outputs = {name: [output.name for output in one.get_outputs()] for name, one in sessions.items()}

    def run(self, graph: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        names = self._outputs[graph]
        return dict(zip(names, _computed(self._sessions[graph].run, names, inputs), strict=True))

    def to_device(self, values: np.ndarray) -> Array:
        return values

    def to_host(self, values: Array) -> np.ndarray:
        return values

    def joined(self, arrays: Sequence[Array]) -> Array:
        return np.concatenate(arrays)

    def rows(self, values: Array) -> list[Array]:
        return np.split(values, len(values))

    def wait(self) -> None:
        """Nothing is computed later."""


class _Session:
    """Makes a graph's work for each batch size that is run: the provider captures it at its first run."""

    def __init__(self, spec: GraphSpec, session) -> None:
        self._spec, self._session = spec, session
        self._numbers = count()

    def prepared(self, lengths: Mapping[str, int], fixed: Mapping[str, CudaArray]) -> Launch:
        binding = self._session.io_binding()
        bound = ((binding.bind_input, self._spec.inputs), (binding.bind_output, self._spec.outputs))
        for bind, tensors in bound:
            for tensor in tensors:
                shape, address = tensor.sized(lengths), fixed[tensor.name].address
                bind(tensor.name, "cuda", 0, _ELEMENTS[tensor.dtype], shape, address)
        options = onnxruntime_module().RunOptions()
        options.add_run_config_entry("gpu_graph_id", str(next(self._numbers)))
        # Its stream is ours, on which what follows waits for it.
        options.add_run_config_entry("disable_synchronize_execution_providers", "1")
        return partial(_computed, self._session.run_with_iobinding, binding, options)


def _sessions(export: Export, providers: list | None, devices: Sequence = ()) -> dict:
    """`providers`: by name, or `devices`: of plug-ins."""
    ort = onnxruntime_module()
    options = ort.SessionOptions()
    options.log_severity_level = 3
    if devices:
        options.add_provider_for_devices(devices, {})
    sessions = {}
    for spec in export.specs():
        path = export.graph(spec.name)
        try:
            sessions[spec.name] = ort.InferenceSession(path, options, providers=providers)
        except Exception as error:  # its own kinds of errors have no common base
            hint = ""
            if export.manifest.quantisation is not None:
                hint = f" Export it with --precision {export.manifest.precision} for this machine."
            raise ModelError(
                f"{path} cannot be loaded by ONNX Runtime {ort.__version__}: {_line(error)}{hint}"
            ) from error
    return sessions


def _computed(call, *arguments):
    try:
        return call(*arguments)
    except Exception as error:
        if "Failed to allocate memory" in str(error) or "bad_alloc" in str(error):
            raise OutOfMemory(f"The memory for a batch ran out: {_line(error)}.") from error
        raise


def _line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
