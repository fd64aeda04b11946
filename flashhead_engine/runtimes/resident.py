"""Exported graphs on an NVIDIA GPU, where everything that goes from graph to graph stays; shared by TensorRT and ONNX
Runtime.

All happens in order on one stream: the host waits once a chunk, for the pictures. Each graph reads and writes fixed
addresses, as captured work must; values come there and go by copies on the GPU.

Never run on a GPU: what is called exists in CUDA's bindings, and runs in tests on a stand-in.
"""

import weakref
from collections.abc import Callable, Mapping, Sequence
from math import prod

import numpy as np

from .cuda import CudaArray, Stream, itemsize
from .flashhead import OutOfMemory
from .graphs import Array, GraphSpec, TensorSpec

Launch = Callable[[], None]
"""Puts the work of a graph on the stream."""
Prepare = Callable[[Mapping[str, int], Mapping[str, CudaArray]], Launch]
"""Makes it, for lengths of the named axes and the memory of each input and output."""


class ResidentRunner:
    """A `GraphRunner`; its arrays are `CudaArray`s. `keep`: what must live as long as the graphs."""

    def __init__(
        self, name: str, device: str, graphs: "Mapping[str, ResidentGraph]", stream: Stream, keep: object = None
    ) -> None:
        self.name, self.device = name, device
        self._graphs, self._stream, self._keep = graphs, stream, keep
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


class ResidentGraph:
    """A graph's fixed addresses, and its work for the lengths that were run."""

    def __init__(self, spec: GraphSpec, stream: Stream, prepare: Prepare) -> None:
        self._spec, self._stream, self._prepare = spec, stream, prepare
        self._fixed: dict[str, CudaArray] = {}
        self._held: dict[str, weakref.ref[CudaArray]] = {}
        self._work: dict[tuple[int, ...], Launch] = {}

    def run(self, inputs: Mapping[str, CudaArray]) -> dict[str, CudaArray]:
        spec = self._spec
        lengths = spec.lengths({name: values.shape for name, values in inputs.items()})
        self._make_room(lengths)
        outputs = {tensor.name: self._stream.empty(tensor.sized(lengths), tensor.dtype) for tensor in spec.outputs}
        for tensor in spec.inputs:
            self._fill(tensor, inputs[tensor.name])
        key = tuple(lengths.values())
        if key not in self._work:
            self._work[key] = self._prepare(lengths, self._fixed)
        self._work[key]()
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
            tensor.name: max(nbytes_of(tensor, lengths), there.get(tensor.name, 0))
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


def nbytes_of(tensor: TensorSpec, lengths: Mapping[str, int]) -> int:
    return prod(tensor.sized(lengths)) * itemsize(tensor.dtype)
