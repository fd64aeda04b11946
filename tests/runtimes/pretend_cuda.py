"""In the place of cuda.bindings.runtime: a GPU whose memory is numpy's. What is put on the stream runs only when the
host waits, in its order: whoever reads too early, or uses memory again too early, gets other values than he expects.

`start` plugs in the GPU; `machine` is what tests look at.
"""

import bisect
import ctypes
from collections.abc import Callable
from enum import IntEnum
from types import SimpleNamespace

import numpy as np

cudaStreamNonBlocking = 1
cudaHostAllocDefault = 0


class cudaError_t(IntEnum):
    cudaSuccess = 0
    cudaErrorInvalidValue = 1
    cudaErrorMemoryAllocation = 2
    cudaErrorInsufficientDriver = 35


class cudaMemcpyKind(IntEnum):
    cudaMemcpyHostToDevice = 1
    cudaMemcpyDeviceToHost = 2
    cudaMemcpyDeviceToDevice = 3


class cudaStreamCaptureMode(IntEnum):
    cudaStreamCaptureModeThreadLocal = 1


class cudaMemPoolAttr(IntEnum):
    cudaMemPoolAttrReleaseThreshold = 4


Work = Callable[[], None]
_OK = (cudaError_t.cudaSuccess,)
_STREAM = 0x5000
_DEVICE = 1 << 52  # where the GPU's addresses begin: no host has memory there


class Machine:
    """`used`: bytes, without those that will be free where the stream comes to what is put on it now. `waits`: how
    often the host waited. `launches`: of captured work. `priority`: of the stream. `timed`: graphs whose kernels were
    timed. `faults`: what a real GPU would not forgive."""

    def __init__(self, name: str, compute_capability: tuple[int, int], memory: int) -> None:
        self.name, self.compute_capability, self.memory = name, compute_capability, memory
        self.used = self.waits = self.launches = self.timed = 0
        self.priority: int | None = None
        self.faults: list[str] = []
        self.blocks: dict[int, np.ndarray] = {}
        self.pinned: dict[int, np.ndarray] = {}
        self.queue: list[Work] = []
        self.capturing: list[Work] | None = None
        self._starts: list[int] = []
        self._next = _DEVICE
        self._garbage = np.random.default_rng(0)

    def put(self, work: Work) -> None:
        (self.queue if self.capturing is None else self.capturing).append(work)

    def allocate(self, nbytes: int) -> int:
        address = self._next
        self._next += -(-nbytes // 256) * 256 + 256
        self.used += nbytes
        self.blocks[address] = self._garbage.integers(0, 256, nbytes, np.uint8)
        bisect.insort(self._starts, address)
        return address

    def free(self, address: int) -> None:
        del self.blocks[address]
        self._starts.remove(address)

    def bytes_at(self, address: int, nbytes: int) -> np.ndarray:
        """A view. Raises IndexError for memory that is not there (any more)."""
        place = bisect.bisect_right(self._starts, address) - 1
        start = self._starts[place] if place >= 0 else 0
        block = self.blocks.get(start)
        if block is None or address + nbytes > start + len(block):
            raise IndexError(f"{nbytes} bytes at {address:#x} are not on the GPU")
        return block[address - start : address - start + nbytes]


machine: Machine | None = None


def start(
    name: str = "Pretended GPU", compute_capability: tuple[int, int] = (8, 9), memory: int = 1 << 33
) -> Machine:
    global machine
    machine = Machine(name, compute_capability, memory)
    return machine


def stop() -> None:
    global machine
    machine = None


def _host(address: int, nbytes: int) -> np.ndarray:
    return np.ctypeslib.as_array((ctypes.c_uint8 * nbytes).from_address(address))


def cudaGetErrorString(error):
    return *_OK, error.name.encode()


def cudaGetDeviceProperties(device):
    if machine is None:
        return cudaError_t.cudaErrorInsufficientDriver, None
    major, minor = machine.compute_capability
    about = SimpleNamespace(name=machine.name.encode(), major=major, minor=minor, totalGlobalMem=machine.memory)
    return *_OK, about


def cudaMemGetInfo():
    return *_OK, machine.memory - machine.used, machine.memory


def cudaDeviceGetStreamPriorityRange():
    if machine is None:
        return cudaError_t.cudaErrorInsufficientDriver, None, None
    return *_OK, 0, -5


def cudaStreamCreateWithPriority(flags, priority):
    assert flags == cudaStreamNonBlocking
    machine.priority = priority
    return *_OK, _STREAM


def cudaDeviceGetDefaultMemPool(device):
    return *_OK, 1


def cudaMemPoolSetAttribute(memPool, attr, value):
    return _OK


def cudaMallocAsync(size, hStream):
    if machine.used + size > machine.memory:
        return cudaError_t.cudaErrorMemoryAllocation, None
    return *_OK, machine.allocate(size)


def cudaFreeAsync(devPtr, hStream):
    here = machine
    if here is not None and devPtr in here.blocks:  # else of a GPU that was unplugged
        here.used -= len(here.blocks[devPtr])
        here.put(lambda: here.free(devPtr))
    return _OK


def cudaHostAlloc(size, flags):
    block = np.zeros(size, np.uint8)
    machine.pinned[block.ctypes.data] = block
    return *_OK, block.ctypes.data


def cudaMemcpyAsync(dst, src, count, kind, stream):
    here = machine
    assert stream == _STREAM
    if kind == cudaMemcpyKind.cudaMemcpyHostToDevice:
        # Of other memory than pinned one CUDA makes a copy first.
        values = here.pinned[src][:count] if src in here.pinned else _host(src, count).copy()
        here.put(lambda: np.copyto(here.bytes_at(dst, count), values))
    elif kind == cudaMemcpyKind.cudaMemcpyDeviceToHost:
        to = _host(dst, count)
        here.put(lambda: np.copyto(to, here.bytes_at(src, count)))
    else:
        here.put(lambda: np.copyto(here.bytes_at(dst, count), here.bytes_at(src, count)))
    return _OK


def cudaStreamSynchronize(stream):
    if machine is None:
        return _OK
    machine.waits += 1
    if machine.capturing is not None:
        machine.faults.append("a wait while work was captured")
    while machine.queue:
        machine.queue.pop(0)()
    return _OK


def cudaStreamBeginCapture(stream, mode):
    machine.capturing = []
    return _OK


def cudaStreamEndCapture(stream):
    graph, machine.capturing = machine.capturing, None
    return *_OK, graph


class _Executable:
    def __init__(self, graph: list[Work]) -> None:
        self.graph = graph
        self.under_way = 0

    def run(self) -> None:
        self.under_way -= 1
        for work in self.graph:
            work()


def cudaGraphInstantiate(graph, flags):
    return *_OK, _Executable(list(graph))


def cudaGraphDestroy(graph):
    return _OK


def cudaGraphExecDestroy(graphExec):
    if graphExec.under_way and machine is not None:
        machine.faults.append("captured work was thrown away under way")
    return _OK


def cudaGraphLaunch(graphExec, stream):
    machine.launches += 1
    graphExec.under_way += 1
    machine.put(graphExec.run)
    return _OK
