import os
from collections.abc import Callable
from pathlib import Path

import pytest
from synthetic import FPS, SIZE, dialogue_samples, write_wav

from flashhead_engine.bake.formats import BakeTarget
from flashhead_engine.bake.formats.theora import find_ffmpeg
from flashhead_engine.errors import MissingDependencyError


@pytest.fixture
def dialogue(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "dialogue.wav", dialogue_samples())


@pytest.fixture
def target(dialogue: Path) -> BakeTarget:
    return BakeTarget(audio=dialogue, fps=FPS, size=SIZE, background=(40, 60, 80))


@pytest.fixture
def needs_theora() -> Callable[[], None]:
    """Skip a test where no ffmpeg writes Theora; CI must have one."""

    def check() -> None:
        try:
            find_ffmpeg()
        except MissingDependencyError as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(error))

    return check
