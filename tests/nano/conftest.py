"""Shared by the tests of the nano tier: the shipped network, the committed held-out lines."""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest

from flashhead_engine.drivers.nano.network import NanoNetwork
from flashhead_engine.evaluation.lipsync import Truth

LINES = Path(__file__).parents[1] / "data" / "lipsync"


@dataclass(frozen=True)
class Line:
    truth: Truth
    pcm: np.ndarray


def _read_flac(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        blocks = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return (np.concatenate(blocks, axis=1)[0] / 32768).astype(np.float32)


@pytest.fixture(scope="session")
def lines() -> list[Line]:
    """Lines of voices and languages that training never heard."""
    found = [Line(Truth.load(path), _read_flac(path.with_suffix(".flac"))) for path in sorted(LINES.glob("*.json"))]
    assert len(found) >= 10, f"the held-out lines are missing from {LINES}"
    return found


@pytest.fixture(scope="session")
def network() -> NanoNetwork:
    return NanoNetwork()


@pytest.fixture(scope="session")
def speech_like() -> np.ndarray:
    """Ten seconds of noise with the rhythm of syllables."""
    random = np.random.default_rng(0)
    envelope = np.interp(np.arange(160_000), np.arange(0, 160_001, 1600), random.uniform(0, 0.3, 101) ** 2)
    return (envelope * random.standard_normal(160_000)).astype(np.float32)
