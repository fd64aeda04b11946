"""A build of C++ that fails falls back to Python without a word, so that players can install; here it must not."""

import importlib
import shutil
from pathlib import Path

import pytest

_ZIG = Path(__file__).parents[1] / ".venv" / "zig"


@pytest.mark.skipif(
    not (shutil.which("c++") or shutil.which("g++") or shutil.which("clang++") or _ZIG.exists()),
    reason="no C++ compiler on this machine",
)
@pytest.mark.parametrize("name", ["flashhead_engine._bridge", "flashhead_engine.render._kernels"])
def test_native_modules_were_built(name):
    assert importlib.import_module(name).__doc__
