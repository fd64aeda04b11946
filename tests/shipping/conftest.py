"""A worker bundle to try things with."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def copied(bundle: Path, tmp_path: Path) -> Path:
    """The bundle, to be spoiled."""
    return shutil.copytree(bundle, tmp_path / "worker")


@pytest.fixture(scope="session")
def self_test() -> Callable[..., subprocess.CompletedProcess]:
    """Call with the folder of a worker, and options of subprocess.run: runs its self-test without any environment."""

    def call(folder: Path, *before: str | Path, **options) -> subprocess.CompletedProcess:
        words = [*before, folder / "flashhead-worker", "--self-test"]
        options = {"env": {}, "cwd": "/", "timeout": 60, **options}
        return subprocess.run(words, capture_output=True, text=True, **options)

    return call


@pytest.fixture
def as_root() -> None:
    """For what needs mounts, or another user's processes."""
    if os.name != "posix" or os.geteuid() != 0:
        message = "this test needs the rights of root"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
