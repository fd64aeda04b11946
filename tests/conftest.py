"""Shared by all tests."""

import os
import shutil
import sys
from pathlib import Path

import pytest

# As the flashhead command does; must be set before numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

_TESTS = Path(__file__).parent
# `build.py test` runs them side by side: they compute, and wait for nothing by the clock. All others watch a worker,
# a ring, a game or a screen.
_SIDE_BY_SIDE = {
    *("audio", "avatar", "bake", "bake_formats", "bake_project", "bench", "blendshapes", "cli", "drivers", "export"),
    *("models", "nano", "release", "render", "runtimes", "transcript"),
}


def pytest_collection_modifyitems(items) -> None:
    for item in items:
        if item.path.relative_to(_TESTS).parts[0] in _SIDE_BY_SIDE:
            item.add_marker("side_by_side")


@pytest.fixture(scope="session")
def bundle() -> Path:
    """The folder of a worker that a game brings along. Leave it as it is."""
    folder = os.environ.get("FLASHHEAD_BUNDLE")
    if not folder:
        message = "no worker bundle: python3 build.py worker-bundle, then FLASHHEAD_BUNDLE names its folder"
        pytest.fail(message) if os.environ.get("CI") and sys.platform == "linux" else pytest.skip(message)
    return Path(folder)


@pytest.fixture(scope="session", autouse=True)
def no_models(tmp_path_factory) -> None:
    """What was added or exported on this machine is no part of a test."""
    os.environ["FLASHHEAD_MODELS"] = str(tmp_path_factory.mktemp("models"))


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
