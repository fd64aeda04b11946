"""What a transcript adds to the shipped network, and that a wrong one takes nothing away."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from flashhead_engine.audio.decode import open_audio
from flashhead_engine.drivers.nano.network import NanoNetwork, animate
from flashhead_engine.drivers.nano.words import animate_with_transcript
from flashhead_engine.evaluation.lipsync import Track, Truth, score

LINES = Path(__file__).parents[1] / "data" / "lipsync"

pytestmark = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


@pytest.fixture(scope="module")
def network() -> NanoNetwork:
    return NanoNetwork()


@pytest.fixture(scope="module")
def lines() -> list[tuple[Truth, np.ndarray]]:
    def pcm_of(path: Path) -> np.ndarray:
        with open_audio(path) as audio:
            return np.concatenate(list(audio.chunks()))

    return [(Truth.load(path), pcm_of(path.with_suffix(".flac"))) for path in sorted(LINES.glob("*.json"))]


def track(weights: np.ndarray) -> Track:
    return Track(np.arange(len(weights)) / 60, weights)


def score_of(lines, tracks: list[Track]) -> float:
    return score([truth for truth, _ in lines], tracks, 60).score


@pytest.fixture(scope="module")
def audio_alone(network, lines) -> float:
    return score_of(lines, [track(animate(network, pcm)[0]) for _, pcm in lines])


@pytest.fixture(scope="module")
def followed(network, lines) -> list[Track]:
    return [track(animate_with_transcript(network, pcm, truth.text, truth.language)[0]) for truth, pcm in lines]


def test_words_make_the_lips_better(lines, audio_alone, followed) -> None:
    assert score_of(lines, followed) > audio_alone + 0.03


@pytest.mark.parametrize("spoil", ["80 ms late", "frozen", "another line"])
def test_spoiled_mouths_gain_nothing(lines, audio_alone, followed, spoil) -> None:
    spoiled = {
        "80 ms late": [track.delayed(0.08) for track in followed],
        "frozen": [Track(track.times_s, np.repeat(track.weights[:1], len(track.weights), 0)) for track in followed],
        "another line": followed[3:] + followed[:3],
    }
    assert score_of(lines, spoiled[spoil]) < audio_alone + 0.03


def test_wrong_words_take_nothing_away(network, lines, audio_alone) -> None:
    texts = [lines[index - 3][0].text for index in range(len(lines))]
    tracks = [
        track(animate_with_transcript(network, pcm, text, truth.language)[0])
        for (truth, pcm), text in zip(lines, texts, strict=True)
    ]
    assert score_of(lines, tracks) > audio_alone - 0.02
