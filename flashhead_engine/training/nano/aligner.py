"""Finds when each phone of a recorded line is spoken, so that recordings of people can be trained on.

The aligner is a network like nano's that may look 200 ms ahead and only names phones. It learns from synthetic
speech, whose times are known, aligns the recordings, and then learns from both and aligns them again: the second
time it knows how people sound.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ...drivers.nano.features import FRAME_RATE_HZ, SAMPLE_RATE_HZ, features_of
from ...errors import FlashHeadError
from ...transcript.alignment import Alignment, AlignmentError, align
from ...transcript.phonemes import phonemise
from .dataset import light_set
from .model import SpeechToMouth
from .speech import Speech
from .train import phone_loss, train

_CHANNELS, _DILATIONS = 160, (1, 2, 4, 8, 16)
_LOOKAHEAD_FRAMES = 12
_VALIDATION_LINES = 40
SURE, LIKELY = 0.35, 0.17
"""Confidences: of lines that the aligner itself may learn from, and of lines that surely say their text."""

_PROGRAMS_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """A recording and its words. `pcm`: float32 mono, 16 kHz. `language`: espeak-ng's voice name."""

    pcm: np.ndarray
    text: str
    language: str


class Aligner:
    """Forced alignment of recordings with the words they say."""

    def __init__(self) -> None:
        self._network = SpeechToMouth(_CHANNELS, _DILATIONS)

    def learn(self, lines: Sequence[Speech], epochs: int, seed: int, report: Callable[[int, int], None]) -> None:
        """Learn (on) from lines whose phones are known."""
        lines = list(lines)
        validation = light_set(lines[:_VALIDATION_LINES], seed)
        data = light_set(lines[_VALIDATION_LINES:], seed + 1)
        train(self._network, [data], validation, epochs, seed, _LOOKAHEAD_FRAMES, phone_loss, report)

    def phone_posteriors(self, pcm: np.ndarray) -> np.ndarray:
        """Log posteriors of a whole line, float32 (T, 34)."""
        features = torch.from_numpy(features_of(pcm, extra_frames=_LOOKAHEAD_FRAMES)[None])
        with torch.no_grad():
            _, _, phones, _ = self._network(features, torch.zeros(1, self._network.state_size))
        return torch.log_softmax(phones[0, _LOOKAHEAD_FRAMES:], dim=1).numpy()

    def align(self, pcm: np.ndarray, words: Sequence[Sequence[str]]) -> Alignment:
        """Times of a line's phones. Raises AlignmentError when the text cannot be laid over the audio."""
        return align(self.phone_posteriors(pcm), words, FRAME_RATE_HZ)

    def save(self, path: Path) -> None:
        np.savez(path, **{name: tensor.numpy() for name, tensor in self._network.state_dict().items()})

    @classmethod
    def load(cls, path: Path) -> "Aligner":
        aligner = cls()
        with np.load(path, allow_pickle=False) as file:
            aligner._network.load_state_dict({name: torch.from_numpy(file[name]) for name in file.files})
        aligner._network.eval()
        return aligner


def words_of(lines: Sequence[SpokenLine]) -> list[list[tuple[str, ...]]]:
    """The phones of every line's text; no words where espeak-ng can read none."""

    def words(line: SpokenLine) -> list[tuple[str, ...]]:
        try:
            return phonemise(line.text, line.language)
        except FlashHeadError:
            return []

    with ThreadPoolExecutor(_PROGRAMS_AT_ONCE) as pool:
        return list(pool.map(words, lines))


def aligned_speech(
    aligner: Aligner, lines: Sequence[SpokenLine], words: Sequence[Sequence[Sequence[str]]], least_confidence: float
) -> list[Speech]:
    """The lines with the times of their phones, without those that do not seem to say their text."""
    spoken = []
    for line, line_words in zip(lines, words, strict=True):
        try:
            alignment = aligner.align(line.pcm, line_words)
        except AlignmentError:
            continue
        if alignment.confidence >= least_confidence:
            spoken.append(Speech(line.pcm, SAMPLE_RATE_HZ, alignment.segments))
    return spoken
