"""ONNX Runtime: one place that loads graphs, on the CPU or, with a budget, on a GPU.

The GPU's part was not run on a GPU yet. Options of the CUDA provider: onnxruntime.ai, "CUDA Execution Provider".
"""

import functools
from typing import TYPE_CHECKING

from ..errors import MissingDependencyError
from .gpu import GPU_MEMORY, GPU_PRIORITY, GpuBudget

if TYPE_CHECKING:
    from .cuda import Stream

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


def onnxruntime_module():
    """The module. Raises MissingDependencyError without it."""
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingDependencyError(
            "ONNX Runtime is needed, which is not installed. "
            "Install it with: pip install flashhead-engine[cpu]   (or [gpu], never both)"
        ) from error
    return onnxruntime


def open_graph(graph: bytes, gpu: GpuBudget | None = None):
    """An `onnxruntime.InferenceSession` on one CPU thread, or on the GPU within a budget.

    Raises MissingDependencyError without ONNX Runtime, or with a budget that it cannot obey: nothing then runs on the
    CPU instead, because that would be a surprise in the middle of a game. ONNX Runtime's own errors for a graph that
    it cannot load.
    """
    onnxruntime = onnxruntime_module()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # several heads share a game's cores; one run is too small to split
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    if gpu is None:
        return onnxruntime.InferenceSession(graph, options, providers=[CPU])
    if CUDA not in onnxruntime.get_available_providers():
        raise MissingDependencyError(
            f"{GPU_MEMORY} {gpu.memory_mib}: this ONNX Runtime cannot use a GPU. Install flashhead-engine[gpu] in "
            "place of [cpu], or leave the option out."
        )
    # Loads CUDA's libraries from the packages beside it.
    onnxruntime.preload_dlls()
    session = onnxruntime.InferenceSession(graph, options, providers=[(CUDA, cuda_options(gpu)), CPU])
    if CUDA not in session.get_providers():
        raise MissingDependencyError(
            f"{GPU_MEMORY} {gpu.memory_mib}: no GPU can be used: CUDA's libraries, its driver or the card are "
            "missing. Mend that, or leave the option out."
        )
    return session


def cuda_options(gpu: GpuBudget) -> dict[str, str]:
    """Of ONNX Runtime's CUDA provider. Raises MissingDependencyError where CUDA makes no stream."""
    options = memory_options(gpu)
    if gpu.priority == "low":
        options["user_compute_stream"] = str(_low_priority_stream().handle)
    return options


def memory_options(gpu: GpuBudget) -> dict[str, str]:
    return {
        "gpu_mem_limit": str(gpu.memory_mib << 20),
        # The other strategy doubles what it takes, and would meet the limit before it is used up.
        "arena_extend_strategy": "kSameAsRequested",
    }


@functools.cache
def _low_priority_stream() -> "Stream":
    """One for all networks of the process; it lives as long."""
    from .cuda import CudaError, Stream  # a machine without a GPU never needs it

    try:
        return Stream(low_priority=True)
    except CudaError as error:
        raise MissingDependencyError(
            f"{GPU_PRIORITY} low: CUDA makes no stream: no driver or no card. Mend that, or use {GPU_PRIORITY} "
            f"normal. {error}"
        ) from error
