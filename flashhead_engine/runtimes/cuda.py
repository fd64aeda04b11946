"""CUDA by NVIDIA's own bindings: the GPU, its memory, and one stream on which everything happens in order. Needs the
package cuda-bindings alone.

Never run on a GPU: what is called exists in the bindings, and runs in tests on a stand-in.
"""

import ctypes
import weakref
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ..errors import FlashHeadError, MissingDependencyError
from .flashhead import OutOfMemory

_LARGE = 32 << 20  # bytes: a portrait's pictures, which come once; pinned memory is not kept for them
_KEEP_ALL = 2**64 - 1


class CudaError(FlashHeadError):
    """CUDA refused something, in its own words."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """`compute_capability`: such as "8.9". `memory`: bytes, all there are."""

    name: str
    compute_capability: str
    memory: int


@dataclass(eq=False)
class CudaArray:
    """Values on the GPU, one after the other; they are not written again once computed. `dtype`: numpy's name, or
    "bfloat16". `owner`: of the memory, where it is another array's."""

    shape: tuple[int, ...]
    dtype: str
    address: int
    owner: "CudaArray | None" = None

    @property
    def nbytes(self) -> int:
        return prod(self.shape) * itemsize(self.dtype)


def itemsize(dtype: str) -> int:
    """Bytes of a value; `dtype` as in `CudaArray`."""
    return 2 if dtype == "bfloat16" else np.dtype(dtype).itemsize


def cuda_module():
    """`cuda.bindings.runtime`. Raises MissingDependencyError without it."""
    try:
        from cuda.bindings import runtime
    except ImportError as error:
        raise MissingDependencyError(
            "On a GPU this needs the package cuda-bindings: pip install cuda-bindings"
        ) from error
    return runtime


def done(answer: tuple) -> Any:
    """What a call of CUDA answers beside its code. Raises OutOfMemory, CudaError."""
    cuda = cuda_module()
    code, *values = answer
    if code != cuda.cudaError_t.cudaSuccess:
        text = cuda.cudaGetErrorString(code)[1].decode()
        if code == cuda.cudaError_t.cudaErrorMemoryAllocation:
            raise OutOfMemory(f"The GPU's memory ran out: {text}.")
        raise CudaError(f"CUDA failed: {text} ({code.name}).")
    return values[0] if len(values) == 1 else tuple(values)


def this_gpu() -> Gpu:
    """The first one. Raises MissingDependencyError where none can be used."""
    cuda = cuda_module()
    try:
        about: cuda.cudaDeviceProp = done(cuda.cudaGetDeviceProperties(0))
    except CudaError as error:
        raise MissingDependencyError(f"No GPU can be used. {error}") from error
    return Gpu(about.name.decode(), f"{about.major}.{about.minor}", about.totalGlobalMem)


class Stream:
    """A CUDA stream apart from the default one, with the memory that is used on it. Memory that nobody has any more
    is given back in the stream's order, so that nothing waits for it."""

    def __init__(self, low_priority: bool, memory: int | None = None) -> None:
        """`memory`: most bytes that may be taken; None: all that there are."""
        self._cuda = cuda = cuda_module()
        from cuda.bindings import driver

        lowest, _ = done(cuda.cudaDeviceGetStreamPriorityRange())
        priority = lowest if low_priority else 0
        self._stream = done(cuda.cudaStreamCreateWithPriority(cuda.cudaStreamNonBlocking, priority))
        pool = done(cuda.cudaDeviceGetDefaultMemPool(0))
        # Otherwise what is free goes back to the system at every wait, and a chunk asks for it again.
        threshold = cuda.cudaMemPoolAttr.cudaMemPoolAttrReleaseThreshold
        done(cuda.cudaMemPoolSetAttribute(pool, threshold, driver.cuuint64_t(_KEEP_ALL)))
        self._left = memory
        self._free_blocks: dict[int, list[int]] = defaultdict(list)
        self._lent_blocks: list[tuple[int, int]] = []

    @property
    def handle(self) -> int:
        return int(self._stream)

    @property
    def left(self) -> int:
        """Bytes that may be taken yet."""
        free, _ = done(self._cuda.cudaMemGetInfo())
        return free if self._left is None else min(free, self._left)

    def reserve(self, nbytes: int) -> None:
        """Count what others take. Raises OutOfMemory where it is more than there is left."""
        if self._left is None:
            return
        if nbytes > self._left:
            raise OutOfMemory(f"{nbytes >> 20} MiB are needed, {self._left >> 20} MiB of the budget are left.")
        self._left -= nbytes

    def empty(self, shape: Sequence[int], dtype: str) -> CudaArray:
        """Raises OutOfMemory."""
        nbytes = prod(shape) * itemsize(dtype)
        self.reserve(nbytes)
        try:
            address = done(self._cuda.cudaMallocAsync(nbytes, self._stream))
        except BaseException:
            self._give_back(nbytes)
            raise
        array = CudaArray(tuple(shape), dtype, int(address))
        weakref.finalize(array, self._free, array.address, nbytes)
        return array

    def upload(self, values: np.ndarray) -> CudaArray:
        """By way of pinned memory, so that the host goes on at once. Raises OutOfMemory."""
        values = np.ascontiguousarray(values)
        array = self.empty(values.shape, values.dtype.name)
        source = values.ctypes.data
        if values.nbytes <= _LARGE:
            source = self._pinned(values.nbytes)
            ctypes.memmove(source, values.ctypes.data, values.nbytes)
        self._copy(array.address, source, values.nbytes, self._cuda.cudaMemcpyKind.cudaMemcpyHostToDevice)
        if values.nbytes > _LARGE:
            self.wait()
        return array

    def download(self, array: CudaArray) -> np.ndarray:
        """Waits."""
        values = np.empty(array.shape, array.dtype)
        self._copy(values.ctypes.data, array.address, array.nbytes, self._cuda.cudaMemcpyKind.cudaMemcpyDeviceToHost)
        self.wait()
        return values

    def copy(self, to: int, source: int, nbytes: int) -> None:
        """Between addresses on the GPU."""
        self._copy(to, source, nbytes, self._cuda.cudaMemcpyKind.cudaMemcpyDeviceToDevice)

    def wait(self) -> None:
        """Until everything that was asked is computed."""
        done(self._cuda.cudaStreamSynchronize(self._stream))
        for nbytes, block in self._lent_blocks:
            self._free_blocks[nbytes].append(block)
        self._lent_blocks.clear()

    def captured(self, enqueue: Callable[[], None]) -> "Captured":
        """What `enqueue` puts on the stream, as one piece of work; nothing of it runs now."""
        cuda = self._cuda
        done(cuda.cudaStreamBeginCapture(self._stream, cuda.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal))
        try:
            enqueue()
        finally:
            graph = done(cuda.cudaStreamEndCapture(self._stream))
        executable = done(cuda.cudaGraphInstantiate(graph, 0))
        done(cuda.cudaGraphDestroy(graph))
        return Captured(executable, self._stream)

    def _copy(self, to: int, source: int, nbytes: int, kind: Any) -> None:
        done(self._cuda.cudaMemcpyAsync(to, source, nbytes, kind, self._stream))

    def _pinned(self, nbytes: int) -> int:
        """The address of host memory that stays as it is until the next wait."""
        free = self._free_blocks[nbytes]
        block = free.pop() if free else int(done(self._cuda.cudaHostAlloc(nbytes, self._cuda.cudaHostAllocDefault)))
        self._lent_blocks.append((nbytes, block))
        return block

    def _free(self, address: int, nbytes: int) -> None:
        self._cuda.cudaFreeAsync(address, self._stream)
        self._give_back(nbytes)

    def _give_back(self, nbytes: int) -> None:
        if self._left is not None:
            self._left += nbytes


class Captured:
    """Work that was captured on a stream. Gone only after the stream has waited."""

    def __init__(self, executable: Any, stream: Any) -> None:
        self._cuda = cuda_module()
        self._executable, self._stream = executable, stream
        weakref.finalize(self, self._cuda.cudaGraphExecDestroy, executable)

    def launch(self) -> None:
        done(self._cuda.cudaGraphLaunch(self._executable, self._stream))
