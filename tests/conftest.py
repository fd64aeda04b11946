"""Shared by all tests."""

import os
import shutil

import pytest

# As the flashhead command does; must be set before numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.fixture
def need_program():
    """Call with a program's name: skips where it is missing, but fails in CI, which installs everything."""

    def need(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            message = f"this test needs the program {name}"
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)
        return path

    return need
