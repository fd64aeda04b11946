"""Promises of the GPU's budget, as far as a machine without a GPU can hold them: it is checked, it reaches the place
that loads networks, and a GPU that cannot be used is said in words. Nothing here ran on a GPU."""

import os
import subprocess
import sys

import onnxruntime
import pytest

from flashhead_engine.drivers import load_driver
from flashhead_engine.errors import MissingDependencyError, SettingsError
from flashhead_engine.runtimes import onnx
from flashhead_engine.runtimes.gpu import GpuBudget
from flashhead_engine.worker.limits import Limits

from . import pretend_bindings, pretend_cuda

no_gpu = pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="this ONNX Runtime can use a GPU"
)


@pytest.mark.parametrize(
    ("memory_mib", "priority", "named"),
    [(63, "low", "--gpu-memory-mib 63"), (-1, "low", "--gpu-memory-mib -1"), (512, "high", "--gpu-priority high")],
)
def test_a_budget_that_cannot_be_is_refused(memory_mib, priority, named):
    with pytest.raises(SettingsError, match=named):
        GpuBudget.of_options(memory_mib, priority)


def test_a_supervised_worker_gets_the_budget():
    options = Limits(gpu=GpuBudget(512, "normal")).options()
    assert options[-4:] == ("--gpu-memory-mib", "512", "--gpu-priority", "normal")
    assert not any(option.startswith("--gpu") for option in Limits(gpu=GpuBudget.of_options(0, "low")).options())


def test_the_cap_is_in_bytes_and_is_not_reached_by_doubling():
    options = onnx.cuda_options(GpuBudget(512, "normal"))
    assert options == {"gpu_mem_limit": str(512 * 1024 * 1024), "arena_extend_strategy": "kSameAsRequested"}


@pytest.fixture
def cuda(monkeypatch):
    """CUDA's bindings on the stand-in, which has no card yet."""
    pretend_bindings.install(monkeypatch)
    onnx._low_priority_stream.cache_clear()
    yield pretend_cuda
    onnx._low_priority_stream.cache_clear()
    pretend_cuda.stop()


def test_low_priority_is_a_stream_of_the_lowest_priority_that_all_networks_share(cuda, monkeypatch):
    machine = cuda.start()
    made = []
    make = cuda.cudaStreamCreateWithPriority
    monkeypatch.setattr(cuda, "cudaStreamCreateWithPriority", lambda *given: made.append(given) or make(*given))
    first, second = (onnx.cuda_options(GpuBudget(512, "low"))["user_compute_stream"] for _ in range(2))
    assert first == second and int(first) > 0
    assert len(made) == 1 and machine.priority == 0, "of 0, the lowest, and -5, the highest"


def test_a_card_that_makes_no_stream_is_said_in_words(cuda):
    with pytest.raises(MissingDependencyError, match=r"--gpu-priority low: CUDA makes no stream.*InsufficientDriver"):
        onnx.cuda_options(GpuBudget(512, "low"))


def test_missing_bindings_are_said_in_words(cuda, monkeypatch):
    monkeypatch.setitem(sys.modules, "cuda.bindings", None)
    with pytest.raises(MissingDependencyError, match="cuda-bindings"):
        onnx.cuda_options(GpuBudget(512, "low"))


class Runtime:
    """ONNX Runtime as built for GPUs, which finds a card or does not, and falls back to the CPU by itself."""

    SessionOptions = onnxruntime.SessionOptions

    def __init__(self, finds_a_card: bool) -> None:
        self.given: list = []
        self._finds_a_card = finds_a_card

    def get_available_providers(self) -> list[str]:
        return ["CUDAExecutionProvider", "CPUExecutionProvider"]

    def preload_dlls(self) -> None:
        pass

    def InferenceSession(self, graph: bytes, options, providers: list) -> onnxruntime.InferenceSession:
        self.given = providers
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        if self._finds_a_card:
            session.get_providers = self.get_available_providers
        return session


def test_the_network_is_opened_on_the_gpu_with_the_budget(monkeypatch):
    runtime = Runtime(finds_a_card=True)
    monkeypatch.setattr(onnx, "onnxruntime_module", lambda: runtime)
    budget = GpuBudget(256, "normal")
    load_driver("nano", budget)
    assert runtime.given[0] == ("CUDAExecutionProvider", onnx.cuda_options(budget))


def test_a_runtime_that_finds_no_card_is_not_used_on_the_cpu_instead(monkeypatch):
    monkeypatch.setattr(onnx, "onnxruntime_module", lambda: Runtime(finds_a_card=False))
    with pytest.raises(MissingDependencyError, match="no GPU can be used"):
        load_driver("nano", GpuBudget(256, "normal"))


@no_gpu
def test_the_driver_does_not_fall_back_to_the_cpu_unasked():
    with pytest.raises(MissingDependencyError, match=r"--gpu-memory-mib 512: .*\[gpu\]"):
        load_driver("nano", GpuBudget(512))


@no_gpu
def test_a_worker_whose_budget_cannot_be_obeyed_says_so_and_ends(tmp_path):
    environment = {**os.environ, "FLASHHEAD_ENDPOINT": f"ipc://{tmp_path}/socket", "FLASHHEAD_TOKEN": "t"}
    command = [sys.executable, "-m", "flashhead_engine.worker", "--private", "--gpu-memory-mib", "512"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, stdin=subprocess.PIPE)
    assert done.returncode == 1
    assert "--gpu-memory-mib 512" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
