"""Exports of tiny networks; needs the extras `flashhead` and `export`."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

collect_ignore_glob = [] if all(map(find_spec, ("torch", "safetensors", "onnxscript"))) else ["test_*.py"]
collect_ignore = [] if find_spec("modelopt") else ["test_quantise.py"]  # needs the extra `quantise` too
SIZE = 64


@dataclass(frozen=True)
class Exported:
    """`folder`: of the export of `networks()`, the small ones whose pictures are compared with the published code's:
    untrained ones amplify what rounding does from chunk to chunk."""

    tier: str
    folder: Path

    def networks(self):
        from models.test_generate import networks_of

        return networks_of(self.tier)

    @property
    def config(self):
        return self.networks().config


@pytest.fixture(scope="session")
def exported(tmp_path_factory) -> Callable[[str, str], Exported]:
    """Call with lite or pro and a precision; each is exported once, by one of the processes that run tests."""
    from filelock import FileLock

    from flashhead_engine.export.folder import export
    from flashhead_engine.export.settings import ExportSettings

    own = tmp_path_factory.getbasetemp()
    parent = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "exports"
    parent.mkdir(exist_ok=True)

    @cache
    def make(tier: str, precision: str = "float32") -> Exported:
        made = Exported(tier, parent / f"{tier}-{precision}")
        settings = ExportSettings(SIZE, precision)
        with FileLock(f"{made.folder}.lock"):
            if not made.folder.exists():
                export(made.networks(), "tiny-random", settings, "0" * 64, made.folder, lambda text, share: None)
        return made

    return make


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """With a GPU plugged in, and TensorRT and CUDA's bindings installed; nothing is forgiven."""
    from runtimes import pretend_bindings, pretend_cuda, pretend_tensorrt

    pretend_bindings.install(monkeypatch)
    monkeypatch.setitem(sys.modules, "tensorrt", pretend_tensorrt)
    monkeypatch.setenv("FLASHHEAD_MODELS", str(tmp_path / "models"))
    machine = pretend_cuda.start()
    yield machine
    pretend_cuda.stop()
    assert machine.faults == []
