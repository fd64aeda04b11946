"""NVIDIA's plug-in for ONNX Runtime is found and its devices are what sessions get; ONNX Runtime's own CPU is the
device here. Nothing ran on a GPU."""

import sys
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest

from flashhead_engine.errors import MissingDependencyError
from flashhead_engine.runtimes import rtx
from flashhead_engine.runtimes.exported import read_export
from flashhead_engine.runtimes.exported_flashhead import ExportedFlashHead
from flashhead_engine.runtimes.gpu import GpuBudget
from flashhead_engine.runtimes.onnx_runner import open_runner, sees_gpu

from .test_chunks import chunks, with_onnx_runtime


@pytest.fixture
def plugin(monkeypatch, tmp_path):
    """Installed; its library is none."""
    made = SimpleNamespace(
        get_ep_name=lambda: "CPUExecutionProvider", get_library_path=lambda: str(tmp_path / "none.so")
    )
    monkeypatch.setitem(sys.modules, "onnxruntime_ep_nv_tensorrt_rtx", made)
    rtx.rtx_devices.cache_clear()
    yield made
    rtx.rtx_devices.cache_clear()


def test_a_plug_in_that_registers_is_what_runs(exported, plugin, monkeypatch) -> None:
    registered = []
    monkeypatch.setattr(onnxruntime, "register_execution_provider_library", lambda *what: registered.append(what))
    assert sees_gpu()
    export = read_export(exported("lite").folder)
    runner = open_runner(export, on_gpu=True)
    assert registered == [(plugin.get_ep_name(), plugin.get_library_path())]
    assert runner.device == "an RTX GPU, by TensorRT for RTX"
    found = chunks(ExportedFlashHead(export, runner), 1)
    assert np.array_equal(found, chunks(with_onnx_runtime(export.folder), 1))
    with pytest.raises(MissingDependencyError, match="--gpu-memory-mib 512: TensorRT for RTX cannot be held"):
        open_runner(export, on_gpu=True, gpu=GpuBudget(512))


def test_a_plug_in_that_cannot_be_loaded_is_none(exported, plugin) -> None:
    assert not sees_gpu()
    with pytest.raises(MissingDependencyError, match="cannot use a GPU"):
        open_runner(read_export(exported("lite").folder), on_gpu=True)
