"""A build of C++ that fails falls back to Python without a word, so that players can install; here it must not."""

import importlib
import shutil
import sysconfig
from pathlib import Path

import pytest

_ZIG = Path(__file__).parents[1] / ".venv" / "zig"
_COMPILER = _ZIG.exists() or any(shutil.which(name) for name in ("c++", "g++", "clang++"))
_HEADERS = (Path(sysconfig.get_path("include")) / "Python.h").is_file()


@pytest.mark.skipif(not (_COMPILER and _HEADERS), reason="no C++ compiler, or no headers of Python (python3-dev)")
@pytest.mark.parametrize(
    "name", ["flashhead_engine._bridge", "flashhead_engine.drivers.nano._native", "flashhead_engine.render._kernels"]
)
def test_native_modules_were_built(name):
    assert importlib.import_module(name).__doc__
