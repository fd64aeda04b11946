"""Fixtures of the avatar tests."""

import json
from pathlib import Path

import pytest
from PIL import Image

from flashhead_engine.avatar.bundle import Avatar, load_avatar

from .artists import painted, painters_landmarks


@pytest.fixture(scope="session")
def heroine() -> Avatar:
    return load_avatar("heroine")


@pytest.fixture
def artwork(tmp_path: Path, heroine: Avatar) -> Path:
    """A folder as an artist exports it."""
    folder = tmp_path / "artwork"
    folder.mkdir()
    for name, pixels in painted(heroine).items():
        Image.fromarray(pixels).save(folder / f"{name}.png")
    (folder / "landmarks.json").write_text(json.dumps(painters_landmarks(heroine)))
    return folder
