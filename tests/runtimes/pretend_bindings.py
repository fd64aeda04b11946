"""Puts pretend_cuda where cuda.bindings would be imported from."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from . import pretend_cuda


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the test ends."""
    bindings = ModuleType("cuda.bindings")
    bindings.runtime, bindings.driver = pretend_cuda, SimpleNamespace(cuuint64_t=int)
    monkeypatch.setitem(sys.modules, "cuda", ModuleType("cuda"))
    monkeypatch.setitem(sys.modules, "cuda.bindings", bindings)
