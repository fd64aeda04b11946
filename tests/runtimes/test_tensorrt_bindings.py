"""Our use of TensorRT and CUDA, held against the bindings as NVIDIA publishes them: what is called exists, in just
that form. Nothing is computed; `build.py test` installs the bindings."""

import importlib
import inspect
import os
import sys
from pathlib import Path

import pytest

import flashhead_engine

from . import pretend_cuda, pretend_tensorrt
from .bindings_check import Bindings, check, signatures

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "tensorrt-bindings"
PACKAGE = Path(flashhead_engine.__file__).parent
CUDA, RUNNER = "runtimes/cuda.py", "runtimes/tensorrt_runner.py"
BUILDER, MODULE = "export/engines.py", "runtimes/tensorrt.py"


@pytest.fixture(scope="module")
def bindings() -> Bindings:
    if not FOLDER.is_dir():
        message = "this test needs TensorRT's Python bindings: build.py test installs them, on Linux"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    sys.path.insert(0, str(FOLDER))
    try:
        trt = importlib.import_module("tensorrt_bindings")
        runtime, driver = (importlib.import_module(f"cuda.bindings.{name}") for name in ("runtime", "driver"))
        return Bindings(trt, runtime, driver)
    finally:
        sys.path.remove(str(FOLDER))


_MUST_SEE = {
    CUDA: """
        cudaMallocAsync cudaFreeAsync cudaMemcpyAsync cudaStreamSynchronize cudaStreamBeginCapture cudaHostAlloc
        cudaStreamEndCapture cudaGraphInstantiate cudaGraphLaunch cudaGraphExecDestroy cudaMemPoolSetAttribute
        cuuint64_t cudaMemcpyHostToDevice cudaStreamCreateWithPriority cudaGetDeviceProperties totalGlobalMem major
    """,
    RUNNER: """
        deserialize_cuda_engine Refitter OnnxParserRefitter refit_from_file refit_cuda_engine execute_async_v3
        create_execution_context USER_MANAGED set_device_memory device_memory_size_v2 set_input_shape
        set_tensor_address set_optimization_profile_async weight_streaming_budget_v2 streamable_weights_size
        get_engine_stat TOTAL_WEIGHTS_SIZE
    """,
    BUILDER: """
        create_network parse_from_file num_errors get_error desc node_name node_operator create_builder_config
        REFIT_IDENTICAL STRIP_PLAN TF32 WEIGHT_STREAMING SAME_COMPUTE_CAPABILITY hardware_compatibility_level
        WINDOWS_AMD64 runtime_platform create_optimization_profile set_shape add_optimization_profile
        progress_monitor build_serialized_network create_timing_cache set_timing_cache serialize get_input
        num_inputs get_output num_outputs dtype shape phase_start step_complete phase_finish FLOAT HALF BF16 UINT8
    """,
    MODULE: "ILogger Severity log name",
}


@pytest.mark.parametrize("path", _MUST_SEE)
def test_all_that_is_used_exists(bindings, path) -> None:
    report = check((PACKAGE / path).read_text("utf-8"), bindings)
    assert report.problems == []
    assert set(_MUST_SEE[path].split()) <= report.seen


@pytest.mark.parametrize(
    ("path", "real", "spoiled"),
    [
        (RUNNER, ".execute_async_v3(", ".execute_async_v2("),
        (RUNNER, "(self._arena.address, self._arena.nbytes)", "(self._arena.address)"),
        (RUNNER, "engine.device_memory_size_v2 for", "engine.device_memory_size for"),
        (RUNNER, "engine.weight_streaming_budget_v2 = 0", "engine.weight_streaming_budget = 0"),
        (RUNNER, "ExecutionContextAllocationStrategy.USER_MANAGED", "ExecutionContextAllocationStrategy.USERMANAGED"),
        (RUNNER, "context.set_tensor_address(", "context.set_binding_address("),
        (RUNNER, "weights.refit_from_file(str(graph))", "weights.refit_from_file(str(graph), graph)"),
        (BUILDER, "BuilderFlag.STRIP_PLAN", "BuilderFlag.FP16"),
        (BUILDER, "set_flag(trt.BuilderFlag.STRIP_PLAN)", "set_flag(trt.RuntimePlatform.WINDOWS_AMD64)"),
        (BUILDER, "build_serialized_network(network, config)", "build_serialized_network(config, network)"),
        (BUILDER, "builder.build_serialized_network(", "builder.build_cuda_engine("),
        (BUILDER, "config.progress_monitor", "config.progress"),
        (BUILDER, "config.set_timing_cache(cache, False)", "config.set_timing_cache(cache)"),
        (BUILDER, "create_optimization_profile()", "create_optimisation_profile()"),
        (BUILDER, "set_shape(tensor.name, least, usual, most)", "set_shape(tensor.name, least, most)"),
        (BUILDER, "error.desc()", "error.description()"),
        (BUILDER, "network.num_outputs", "network.outputs"),
        (BUILDER, "def step_complete(self, phase_name: str, step: int)", "def step_complete(self, phase_name: str)"),
        (BUILDER, "trt.DataType.BF16", "trt.DataType.BFLOAT16"),
        (MODULE, "def log(self,", "def write(self,"),
        (MODULE, "severity.name not in", "severity.title not in"),
        (CUDA, "cuda.cudaGraphInstantiate(graph, 0)", "cuda.cudaGraphInstantiate(graph)"),
        (CUDA, "_cuda.cudaStreamSynchronize(", "_cuda.cudaStreamSynchronise("),
        (CUDA, "cudaMemcpyKind.cudaMemcpyDeviceToHost", "cudaMemcpyKind.cudaMemcpyDeviceToHostAsync"),
        (CUDA, "about.totalGlobalMem", "about.total_memory"),
        (CUDA, "driver.cuuint64_t(", "driver.uint64_t("),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_seen(bindings, path, real, spoiled) -> None:
    source = (PACKAGE / path).read_text("utf-8")
    assert real in source
    assert check(source.replace(real, spoiled), bindings).problems


def test_the_stand_in_offers_nothing_else(bindings) -> None:
    """And so code that runs on it uses nothing else."""
    wrong = _unlike(pretend_cuda, bindings.runtime) + _unlike(pretend_tensorrt, bindings.trt)
    assert wrong == []


def test_a_stand_in_that_offers_more_is_seen(bindings, monkeypatch) -> None:
    monkeypatch.setattr(pretend_tensorrt.Builder, "build_cuda_engine", lambda self, network: None, raising=False)
    monkeypatch.setattr(pretend_cuda, "cudaStreamSynchronize", lambda: None)
    wrong = _unlike(pretend_cuda, bindings.runtime) + _unlike(pretend_tensorrt, bindings.trt)
    assert len(wrong) == 2, wrong


def _unlike(stand_in, real, path: str = "") -> list[str]:
    """What the stand-in has and the real one has not, or in another form."""
    wrong = []
    for name, made in _public(stand_in):
        if not hasattr(real, name) or (inspect.isfunction(made) and not _alike(made, getattr(real, name))):
            wrong.append(path + name)
        elif inspect.isclass(made):
            wrong += _unlike(made, getattr(real, name), f"{name}.")
    return wrong


def _public(holder) -> list[tuple[str, object]]:
    """What a module or a class of the stand-in has of its own."""
    ours = (pretend_cuda.__name__, pretend_tensorrt.__name__, __name__)
    return [
        (name, value)
        for name, value in vars(holder).items()
        if not name.startswith("_")
        and name not in ("Machine", "machine", "start", "stop", "Work")
        and not inspect.ismodule(value)
        and (not callable(value) or value.__module__ in ours)
    ]


def _alike(ours, real) -> bool:
    """The names of the arguments, but for those at the end that may be left out."""
    names = [name for name in inspect.signature(ours).parameters if name != "self"]
    return any(
        names == [one.name for one in form.parameters[: len(names)]]
        and all(one.has_default for one in form.parameters[len(names) :])
        for form in signatures(real)
    )
