"""In the place of ONNX Runtime's sessions with its CUDA provider: graphs are bound to memory of pretend_cuda, and the
real ONNX Runtime computes them on the CPU when the stream comes to them.

What it knows of the provider's rules: onnxruntime.ai, "CUDA Execution Provider". Captured work is played again with
the shapes and addresses that it was captured with, whatever is bound then.
"""

import inspect

import numpy as np
import onnxruntime

from . import pretend_cuda

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
_DTYPES = {1: np.float32, 2: np.uint8, 9: np.bool_, 10: np.float16}
_Session = onnxruntime.InferenceSession


class CudaSession:
    """`refuses_capture`: as where one node is left to the CPU. `given`: the provider's options."""

    refuses_capture = False

    def __init__(self, path, options, providers) -> None:
        (name, self.given), cpu = providers
        assert (name, cpu) == (CUDA, CPU)
        assert int(self.given["user_compute_stream"]) == pretend_cuda._STREAM
        self._captures = self.given.get("enable_cuda_graph") == "1"
        if self._captures and self.refuses_capture:
            raise RuntimeError("This session cannot use the graph capture feature as requested by the user")
        self._real = _Session(path, options, providers=[CPU])
        self._captured: dict[str, dict] = {}

    def get_providers(self):
        return [CUDA, CPU]

    def io_binding(self) -> "Binding":
        return Binding()

    def run_with_iobinding(self, iobinding, run_options) -> None:
        bound = dict(iobinding.bound)
        if self._captures:
            bound = self._captured.setdefault(run_options.get_run_config_entry("gpu_graph_id"), bound)
        machine = pretend_cuda.machine
        machine.put(lambda: self._compute(machine, bound))
        if run_options.get_run_config_entry("disable_synchronize_execution_providers") != "1":
            pretend_cuda.cudaStreamSynchronize(pretend_cuda._STREAM)

    def _compute(self, machine, bound) -> None:
        def memory(name: str) -> np.ndarray:
            dtype, shape, address = bound[name]
            length = int(np.prod(shape)) * np.dtype(dtype).itemsize
            return machine.bytes_at(address, length).view(dtype).reshape(shape)

        names = [one.name for one in self._real.get_outputs()]
        found = self._real.run(names, {one.name: memory(one.name) for one in self._real.get_inputs()})
        for name, values in zip(names, found, strict=True):
            np.copyto(memory(name), values, casting="no")


class Binding:
    """Takes what the real one takes."""

    def __init__(self) -> None:
        self.bound: dict[str, tuple] = {}

    def bind_input(self, *words) -> None:
        self._bind(onnxruntime.IOBinding.bind_input, words)

    def bind_output(self, *words) -> None:
        self._bind(onnxruntime.IOBinding.bind_output, words)

    def _bind(self, real, words) -> None:
        given = inspect.signature(real).bind(self, *words).arguments
        assert (given["device_type"], given["device_id"]) == ("cuda", 0)
        self.bound[given["name"]] = (_DTYPES[given["element_type"]], given["shape"], given["buffer_ptr"])
