"""In the place of tensorrt: engines are made of graphs as TensorRT makes them, and refuse what it refuses, but ONNX
Runtime computes them on the CPU. The GPU is that of pretend_cuda.

What it knows of TensorRT's rules: what its documentation and the docstrings of its bindings say.
"""

import hashlib
from enum import Enum, IntEnum
from pathlib import Path

import msgspec
import numpy as np

from . import pretend_cuda

__version__ = "11.4.0.106"

_MARK = b"a plan of pretend_tensorrt\n"
_ARENA = 4096


class BuilderFlag(Enum):
    REFIT_IDENTICAL = 1
    STRIP_PLAN = 2
    TF32 = 3
    WEIGHT_STREAMING = 4


class HardwareCompatibilityLevel(Enum):
    NONE = 0
    SAME_COMPUTE_CAPABILITY = 2


class RuntimePlatform(Enum):
    SAME_AS_BUILD = 0
    WINDOWS_AMD64 = 1


class EngineStat(Enum):
    TOTAL_WEIGHTS_SIZE = 0


class ExecutionContextAllocationStrategy(Enum):
    USER_MANAGED = 2


class DataType(Enum):
    FLOAT = "float32"
    HALF = "float16"
    BF16 = "bfloat16"
    UINT8 = "uint8"
    BOOL = "bool"


class ILogger:
    class Severity(IntEnum):
        INTERNAL_ERROR = 0
        ERROR = 1
        WARNING = 2
        INFO = 3
        VERBOSE = 4

    def log(self, severity, msg):
        raise NotImplementedError


class IProgressMonitor:
    def phase_start(self, phase_name, parent_phase, num_steps):
        raise NotImplementedError

    def step_complete(self, phase_name, step):
        raise NotImplementedError

    def phase_finish(self, phase_name):
        raise NotImplementedError


class IHostMemory(bytes):
    pass


class ITensor:
    def __init__(self, name: str, dtype: DataType, shape: tuple[int, ...]) -> None:
        self.name, self.dtype, self.shape = name, dtype, shape


class INetworkDefinition:
    def __init__(self) -> None:
        self._inputs: list[ITensor] = []
        self._outputs: list[ITensor] = []
        self._path: Path | None = None

    @property
    def num_inputs(self):
        return len(self._inputs)

    @property
    def num_outputs(self):
        return len(self._outputs)

    def get_input(self, index):
        return self._inputs[index]

    def get_output(self, index):
        return self._outputs[index]


class ParserError:
    def __init__(self, node: str, operator: str, text: str) -> None:
        self._node, self._operator, self._text = node, operator, text

    def node_name(self):
        return self._node

    def node_operator(self):
        return self._operator

    def desc(self):
        return self._text


class OnnxParser:
    def __init__(self, network, logger):
        self._network = network
        self._errors: list[ParserError] = []

    @property
    def num_errors(self):
        return len(self._errors)

    def get_error(self, index):
        return self._errors[index]

    def parse_from_file(self, model):
        import onnx

        try:
            graph = onnx.load(model, load_external_data=False).graph
        except Exception as error:
            self._errors.append(ParserError("", "", f"cannot be read: {error}"))
            return False
        self._refuse(graph)
        if self._errors:
            return False
        for values, tensors in ((graph.input, self._network._inputs), (graph.output, self._network._outputs)):
            for value in values:
                kind = value.type.tensor_type
                shape = tuple(-1 if axis.dim_param else axis.dim_value for axis in kind.shape.dim)
                name = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type).name
                tensors.append(ITensor(value.name, DataType(name), shape))
        self._network._path = Path(model)
        return True

    def _refuse(self, graph) -> None:
        """Attention with more than one output, and uint8 that is not converted to at the very end."""
        uint8 = {value.name for value in graph.output if value.type.tensor_type.elem_type == 2}
        for node in graph.node:
            if node.op_type == "Attention" and len(node.output) != 1:
                self._errors.append(ParserError(node.name, node.op_type, "must have one output"))
            if (uint8 & set(node.output) and node.op_type != "Cast") or uint8 & set(node.input):
                self._errors.append(ParserError(node.name, node.op_type, "UINT8 is for network outputs alone"))


class IOptimizationProfile:
    def __init__(self) -> None:
        self._shapes: dict[str, tuple] = {}

    def set_shape(self, input, min, opt, max):
        self._shapes[input] = (tuple(min), tuple(opt), tuple(max))


class ITimingCache:
    def __init__(self, known: bytes) -> None:
        self._known = known

    def serialize(self):
        return IHostMemory(self._known)


class IBuilderConfig:
    def __init__(self) -> None:
        self.hardware_compatibility_level = HardwareCompatibilityLevel.NONE
        self.runtime_platform = RuntimePlatform.SAME_AS_BUILD
        self.progress_monitor = None
        self._flags = {BuilderFlag.TF32}
        self._profiles: list[IOptimizationProfile] = []
        self._cache: ITimingCache | None = None

    def set_flag(self, flag):
        self._flags.add(flag)

    def clear_flag(self, flag):
        self._flags.discard(flag)

    def add_optimization_profile(self, profile):
        for least, usual, most in profile._shapes.values():
            if not all(low <= middle <= high for low, middle, high in zip(least, usual, most, strict=True)):
                return -1
        self._profiles.append(profile)
        return len(self._profiles) - 1

    def create_timing_cache(self, serialized_timing_cache):
        return ITimingCache(bytes(serialized_timing_cache))

    def set_timing_cache(self, cache, ignore_mismatch):
        if cache._known and not cache._known.startswith(_timing_head()):
            return False
        self._cache = cache
        return True


class Builder:
    def __init__(self, logger):
        self._logger = logger

    def create_network(self, flags=0):
        assert flags == 0
        return INetworkDefinition()

    def create_builder_config(self):
        return IBuilderConfig()

    def create_optimization_profile(self):
        return IOptimizationProfile()

    def build_serialized_network(self, network, config):
        def refused(text: str) -> None:
            self._logger.log(ILogger.Severity.ERROR, text)

        for tensor in network._inputs:
            given = [tensor.name in profile._shapes for profile in config._profiles]
            if -1 in tensor.shape and not (given and all(given)):
                return refused(f"no profile for {tensor.name}")
            for profile in config._profiles:
                for shape in profile._shapes.get(tensor.name, ()):
                    if any(wanted not in (-1, axis) for wanted, axis in zip(tensor.shape, shape, strict=True)):
                        return refused(f"{shape} is no shape of {tensor.name}")
        digest = hashlib.sha256(network._path.read_bytes()).digest()
        monitor = config.progress_monitor
        monitor.phase_start("Building engine", None, 4)
        monitor.phase_start("Timing kernels", "Building engine", 10)
        if digest not in config._cache._known:
            pretend_cuda.machine.timed += 1
            config._cache._known = (config._cache._known or _timing_head()) + digest
        for step in range(4):
            if not monitor.step_complete("Building engine", step):
                return refused("cancelled")
        monitor.phase_finish("Timing kernels")
        monitor.phase_finish("Building engine")
        plan = _PlanFile(
            version=__version__,
            graph=digest.hex(),
            profiles=[
                {name: [list(shape) for shape in shapes] for name, shapes in profile._shapes.items()}
                for profile in config._profiles
            ],
            tensors={
                tensor.name: (is_input, tensor.dtype.value)
                for is_input, tensors in ((True, network._inputs), (False, network._outputs))
                for tensor in tensors
            },
            flags=sorted(flag.name for flag in config._flags),
            hardware=config.hardware_compatibility_level.name,
            compute_capability=pretend_cuda.machine.compute_capability,
            platform=config.runtime_platform.name,
        )
        return IHostMemory(_MARK + msgspec.json.encode(plan))


class _PlanFile(msgspec.Struct):
    version: str
    graph: str
    profiles: list[dict[str, list[list[int]]]]
    tensors: dict[str, tuple[bool, str]]
    flags: list[str]
    hardware: str
    compute_capability: tuple[int, int]
    platform: str


class Runtime:
    def __init__(self, logger):
        self._logger = logger

    def deserialize_cuda_engine(self, serialized_engine):
        raw = bytes(serialized_engine)
        text = None
        if not raw.startswith(_MARK):
            text = "magic tag does not match"
        else:
            plan = msgspec.json.decode(raw[len(_MARK) :], type=_PlanFile)
            if plan.version != __version__:
                text = "another version of TensorRT"
            elif plan.compute_capability != pretend_cuda.machine.compute_capability:
                text = "another compute capability"
            elif plan.platform != "SAME_AS_BUILD":
                text = "another platform"
        if text:
            self._logger.log(ILogger.Severity.ERROR, text)
            return None
        return ICudaEngine(plan, self._logger)


class ICudaEngine:
    def __init__(self, plan: _PlanFile, logger: ILogger) -> None:
        self._plan, self._logger = plan, logger
        self._session = None
        self._weights = 0
        self._kept: int | None = None

    @property
    def streamable_weights_size(self):
        return self._weights

    @property
    def weight_streaming_budget_v2(self):
        return self._weights if self._kept is None else self._kept

    @weight_streaming_budget_v2.setter
    def weight_streaming_budget_v2(self, nbytes):
        assert "WEIGHT_STREAMING" in self._plan.flags
        self._kept = min(nbytes, self._weights)

    @property
    def device_memory_size_v2(self):
        """More where weights come and go."""
        return _ARENA + 1000 * (self.weight_streaming_budget_v2 < self._weights)

    def get_engine_stat(self, stat):
        return self._weights

    def create_execution_context(self, strategy):
        assert strategy is ExecutionContextAllocationStrategy.USER_MANAGED
        return IExecutionContext(self)


class Refitter:
    def __init__(self, engine, logger):
        self._engine, self._logger = engine, logger
        self._path: Path | None = None

    def refit_cuda_engine(self):
        import onnxruntime

        if self._path is None:
            return False
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self._engine._session = onnxruntime.InferenceSession(self._path, options, providers=["CPUExecutionProvider"])
        self._engine._weights = self._path.with_name(f"{self._path.name}.data").stat().st_size
        return True


class OnnxParserRefitter:
    def __init__(self, refitter, logger):
        self._refitter, self._logger = refitter, logger

    def refit_from_file(self, model):
        path = Path(model)
        if hashlib.sha256(path.read_bytes()).hexdigest() != self._refitter._engine._plan.graph:
            self._logger.log(ILogger.Severity.ERROR, "weights of another graph")
            return False
        self._refitter._path = path
        return True


class IExecutionContext:
    """Captured work is of the state that the context had then."""

    def __init__(self, engine: ICudaEngine) -> None:
        self._engine = engine
        self._profile: int | None = None
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._addresses: dict[str, int] = {}
        self._arena: tuple[int, int] = (0, 0)
        self._state = 0
        self._ready = False

    def set_device_memory(self, memory, size):
        self._arena = (memory, size)
        self._state += 1

    def set_optimization_profile_async(self, profile_index, stream_handle):
        self._profile = profile_index
        self._changed()
        return profile_index < len(self._engine._plan.profiles)

    def set_input_shape(self, name, shape):
        least, _, most = self._engine._plan.profiles[self._profile][name]
        if len(shape) != len(least) or not all(
            low <= axis <= high for low, axis, high in zip(least, shape, most, strict=True)
        ):
            return self._refused(f"{shape} of {name} is outside the profile")
        self._shapes[name] = tuple(shape)
        self._changed()
        return True

    def set_tensor_address(self, name, memory):
        if name not in self._engine._plan.tensors:
            return self._refused(f"no tensor {name}")
        self._addresses[name] = memory
        self._state += 1
        return True

    def execute_async_v3(self, stream_handle):
        plan, machine = self._engine._plan, pretend_cuda.machine
        inputs = [name for name, (is_input, _) in plan.tensors.items() if is_input]
        if set(self._addresses) != set(plan.tensors) or set(self._shapes) != set(inputs):
            return self._refused("not all tensors are bound")
        if self._arena[1] < self._engine.device_memory_size_v2:
            return self._refused("the device memory is too small")
        if self._engine._session is None:
            return self._refused("the engine has no weights")
        if machine.capturing is not None and not self._ready:
            return self._refused("its first run cannot be captured")
        if machine.capturing is not None and "WEIGHT_STREAMING" in plan.flags:
            return self._refused("streamed weights are not captured")
        assert stream_handle == pretend_cuda._STREAM
        self._ready = True
        state = self._state
        machine.put(lambda: self._compute(machine, state))
        return True

    def _compute(self, machine: pretend_cuda.Machine, state: int) -> None:
        if state != self._state:
            raise RuntimeError("the context has changed since its work was put on the stream")
        tensors = self._engine._plan.tensors
        given = {}
        for name, shape in self._shapes.items():
            dtype = np.dtype(tensors[name][1])
            raw = machine.bytes_at(self._addresses[name], int(np.prod(shape)) * dtype.itemsize)
            given[name] = raw.view(dtype).reshape(shape)
        machine.bytes_at(*self._arena)[:] = machine._garbage.integers(0, 256, self._arena[1], np.uint8)
        session = self._engine._session
        names = [output.name for output in session.get_outputs()]
        for name, values in zip(names, session.run(names, given), strict=True):
            raw = np.ascontiguousarray(values).reshape(-1).view(np.uint8)
            machine.bytes_at(self._addresses[name], raw.size)[:] = raw

    def _changed(self) -> None:
        self._state += 1
        self._ready = False

    def _refused(self, text: str) -> bool:
        self._engine._logger.log(ILogger.Severity.ERROR, text)
        return False


def _timing_head() -> bytes:
    return f"times of {pretend_cuda.machine.name}, {__version__}\n".encode()
