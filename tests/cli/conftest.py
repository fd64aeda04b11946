"""Runs the `flashhead` command as a person would, in this process, and makes audio files of every kind."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from flashhead_engine.audio.decode import open_audio
from flashhead_engine.cli import main

DIALOGUE = Path(__file__).parents[2] / "examples" / "dialogue"


@dataclass(frozen=True)
class Answer:
    code: int
    output: str
    """stdout and stderr, white space folded, so that line breaks do not hide words"""


@pytest.fixture
def flashhead(monkeypatch, capfd):
    """Call it with the words after `flashhead`."""

    def call(*words: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["flashhead", *map(str, words)])
        try:
            code = main()
        except SystemExit as stop:
            code = stop.code
        captured = capfd.readouterr()
        return Answer(code or 0, " ".join((captured.out + captured.err).split()))

    return call


@pytest.fixture(scope="session")
def speech() -> np.ndarray:
    """Two seconds of a sample line, float32 mono at 16 kHz."""
    with open_audio(DIALOGUE / "guard_en.wav") as audio:
        return np.concatenate(list(audio.chunks()))[:32_000]
