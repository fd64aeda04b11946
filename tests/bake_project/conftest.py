"""Small dialogue projects on disk."""

import wave
from pathlib import Path

import numpy as np
import pytest

from flashhead_engine.audio.decode import open_audio

DIALOGUE = Path(__file__).parents[2] / "examples" / "dialogue"

PROJECT = """
version = "1.0"
output = "baked"
formats = ["csv"]

[characters.guard]
emotion = "neutral"

[characters.heroine]
avatar = "heroine"
emotion = "happy"
"""


def write_wav(path: Path, pcm: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes((np.clip(pcm, -1, 1) * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture(scope="session")
def speech() -> np.ndarray:
    """A sample line, float32 mono at 16 kHz."""
    with open_audio(DIALOGUE / "guard_en.wav") as audio:
        return np.concatenate(list(audio.chunks()))


@pytest.fixture
def project(tmp_path, speech):
    """Call it with the text of sources to get a project file beside voice/a.wav, b.wav and c.wav, which differ."""
    for number, name in enumerate("abc"):
        start = 4_000 * number
        write_wav(tmp_path / "voice" / f"{name}.wav", speech[start : start + 8_000])

    def write(sources: str, head: str = PROJECT) -> Path:
        path = tmp_path / "dialogue.toml"
        path.write_text(head + sources, encoding="utf-8")
        return path

    return write


def csv_source(more: str = "") -> str:
    return f'\n[[sources]]\nkind = "csv"\nfile = "lines.csv"\n{more}\n'
