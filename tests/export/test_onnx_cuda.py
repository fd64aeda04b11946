"""ONNX Runtime on a GPU, on a stand-in that computes on the CPU what CUDA would: whole chunks, addresses, captured
work, options and errors are the real code's. Nothing here ran on a GPU."""

import sys
from itertools import repeat

import numpy as np
import onnxruntime
import pytest
from runtimes import pretend_cuda
from runtimes.pretend_cuda_sessions import CPU, CUDA, CudaSession

from flashhead_engine.errors import MissingDependencyError
from flashhead_engine.runtimes import onnx_runner
from flashhead_engine.runtimes.exported import read_export
from flashhead_engine.runtimes.exported_flashhead import ExportedFlashHead
from flashhead_engine.runtimes.gpu import GpuBudget
from flashhead_engine.runtimes.onnx_runner import open_runner

from .test_chunks import chunks, with_onnx_runtime


@pytest.fixture
def sessions(machine, monkeypatch) -> list[CudaSession]:
    """All that were opened."""
    opened = []

    def session(*words, **named) -> CudaSession:
        opened.append(CudaSession(*words, **named))
        return opened[-1]

    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None)
    return opened


@pytest.fixture(scope="module")
def expected(exported) -> dict[int, np.ndarray]:
    """Three chunks on the CPU, for one head and for four."""
    runtime = with_onnx_runtime(exported("lite").folder)
    return {batch: chunks(runtime, batch) for batch in (1, 4)}


def _runtime(exported, budget: GpuBudget | None = None) -> ExportedFlashHead:
    export = read_export(exported("lite").folder)
    return ExportedFlashHead(export, open_runner(export, on_gpu=True, gpu=budget))


def test_whole_chunks_are_the_cpus(exported, expected, sessions) -> None:
    runtime = _runtime(exported)
    assert runtime.device == "Pretended GPU"
    assert all(session.given["enable_cuda_graph"] == "1" for session in sessions)
    for batch in (1, 4, 1):
        assert np.array_equal(chunks(runtime, batch), expected[batch]), batch


def test_captured_work_of_another_size_is_seen(exported, expected, sessions, monkeypatch) -> None:
    monkeypatch.setattr(onnx_runner, "count", lambda: repeat(0))
    assert not np.array_equal(chunks(_runtime(exported), 1), expected[1]), "a portrait is no motion"


def test_graphs_that_cannot_be_captured_are_run(exported, expected, sessions, monkeypatch) -> None:
    monkeypatch.setattr(CudaSession, "refuses_capture", True)
    runtime = _runtime(exported)
    assert not any("enable_cuda_graph" in session.given for session in sessions)
    assert np.array_equal(chunks(runtime, 1), expected[1])


def test_the_host_waits_once_a_chunk(exported, sessions, machine, monkeypatch) -> None:
    runtime = _runtime(exported)
    waits, real = [], ExportedFlashHead.show

    def show(self, latent, references):
        shown = real(self, latent, references)
        waits.append(machine.waits)
        return shown

    monkeypatch.setattr(ExportedFlashHead, "show", show)
    chunks(runtime, 1)
    assert waits[2] - waits[1] == 1


def test_a_budget_is_obeyed(exported, sessions) -> None:
    _runtime(exported, GpuBudget(512))
    assert {session.given["gpu_mem_limit"] for session in sessions} == {str(512 << 20)}


def test_what_is_missing_is_named(exported, sessions, monkeypatch) -> None:
    pretend_cuda.stop()
    with pytest.raises(MissingDependencyError, match="No GPU can be used"):
        _runtime(exported)
    monkeypatch.setitem(sys.modules, "cuda.bindings", None)
    with pytest.raises(MissingDependencyError, match="pip install cuda-bindings"):
        _runtime(exported)
