"""FlashHead's exported graphs run by ONNX Runtime: on the CPU; on an NVIDIA GPU by CUDA, where everything that goes
from graph to graph stays; or there by TensorRT for RTX, by way of the host.

The GPU's parts were not run on a GPU yet.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from ..errors import MissingDependencyError, ModelError
from .exported import Export
from .flashhead import OutOfMemory
from .gpu import GPU_MEMORY, GpuBudget
from .graphs import Array
from .onnx import CPU, CUDA, cuda_options, onnxruntime_module
from .rtx import rtx_devices

NAME = "onnxruntime"


def sees_cuda() -> bool:
    """Whether the ONNX Runtime that is installed can use NVIDIA's GPUs; not whether there is one."""
    return CUDA in onnxruntime_module().get_available_providers()


def sees_gpu() -> bool:
    """Whether it can use one by whatever way."""
    return sees_cuda() or bool(rtx_devices())


def open_runner(export: Export, on_gpu: bool, gpu: GpuBudget | None = None) -> "HostRunner | CudaRunner":
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
    sessions = _sessions(export, [(CUDA, cuda_options(gpu) if gpu else {}), CPU])
    if any(CUDA not in session.get_providers() for session in sessions.values()):
        raise MissingDependencyError("No GPU can be used: CUDA's libraries, its driver or the card are missing.")
    return CudaRunner(sessions)


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


class CudaRunner:
    """A `GraphRunner`; its arrays are ONNX Runtime's, on the GPU."""

    name, device = NAME, "CUDA device 0"

    def __init__(self, sessions: dict) -> None:
        self._values = onnxruntime_module().OrtValue
        self._sessions = sessions
        self._outputs = {name: [output.name for output in one.get_outputs()] for name, one in sessions.items()}

    def run(self, graph: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        session, names = self._sessions[graph], self._outputs[graph]
        binding = session.io_binding()
        for name, value in inputs.items():
            binding.bind_ortvalue_input(name, value)
        for name in names:
            binding.bind_output(name, "cuda")
        _computed(session.run_with_iobinding, binding)
        return dict(zip(names, binding.get_outputs(), strict=True))

    def to_device(self, values: np.ndarray) -> Array:
        return self._values.ortvalue_from_numpy(values, "cuda", 0)

    def to_host(self, values: Array) -> np.ndarray:
        return values.numpy()

    def joined(self, arrays: Sequence[Array]) -> Array:
        # By way of the host: ONNX Runtime cuts and joins inside of graphs alone.
        return self.to_device(np.concatenate([array.numpy() for array in arrays]))

    def rows(self, values: Array) -> list[Array]:
        if values.shape()[0] == 1:
            return [values]
        host = values.numpy()
        return [self.to_device(row) for row in np.split(host, len(host))]

    def wait(self) -> None:
        """`run` ends when its graph has."""


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
