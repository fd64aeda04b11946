"""The mouth of an utterance whose words are known: what the phones look like, mixed with what the network hears."""

from collections.abc import Sequence

import numpy as np

from ...blendshapes.phones import to_atoms
from ...blendshapes.visemes import VISEMES
from ...transcript.alignment import Alignment, AlignmentError, align, fits
from ...transcript.phonemes import phonemise
from ..base import AlignedWords
from .articulation import CURVES, Articulator
from .features import FRAME_RATE_HZ, features_of
from .network import LOOKAHEAD_FRAMES, NanoNetwork, hear
from .spoken import NO_VISEME, spoken_frames

_SHARE_OF_WORDS = 0.7
"""Weight of the words against the network where the alignment is sure."""

_SURE = 0.15  # confidence of a segment from which its share is full

_SPEECH = CURVES.index("speech")
_FRAMES_AT_ONCE = 600  # bounds the memory of a long utterance


class SpokenMouth:
    """What the words of one utterance say about its frames."""

    def __init__(self, alignment: Alignment) -> None:
        self._atoms = to_atoms(alignment.segments)
        self._centres = np.array([(segment.start + segment.end) / 2 for segment in alignment.segments])
        self._shares = _SHARE_OF_WORDS * np.minimum(1.0, np.array(alignment.segment_confidences) / _SURE)

    def mix(self, first: int, curves: np.ndarray, visemes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The network's curves (T, 6) and visemes (T, 15) of frames `first` .. `first + T - 1`, mixed with the words.

        The curve `speech` stays the network's own, so that only sound wakes the mouth.
        """
        curves, visemes = curves.copy(), visemes.copy()
        for start in range(0, len(curves), _FRAMES_AT_ONCE):
            piece = slice(start, start + _FRAMES_AT_ONCE)
            curves[piece], visemes[piece] = self._mix_piece(first + start, curves[piece], visemes[piece])
        return curves, visemes

    def _mix_piece(self, first: int, curves: np.ndarray, visemes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        spoken = spoken_frames(self._atoms, first, len(curves))
        times = (first + np.arange(len(curves))) / FRAME_RATE_HZ
        share = np.interp(times, self._centres, self._shares).astype(np.float32)[:, None]
        mixed = curves + share * (spoken.curves - curves)
        mixed[:, _SPEECH] = curves[:, _SPEECH]
        known = (spoken.visemes != NO_VISEME)[:, None]
        named = np.eye(len(VISEMES), dtype=np.float32)[spoken.visemes]
        return mixed, np.where(known, visemes + share * (named - visemes), visemes)


def animate_with_transcript(
    network: NanoNetwork, pcm: np.ndarray, text: str, language: str
) -> tuple[np.ndarray, np.ndarray]:
    """As `network.animate`, following a text where it fits the audio: weights (n, 52) and visemes (n, 15), 60 a
    second. Raises what `phonemise` raises."""
    heard = hear(network, pcm)
    curves, visemes = heard.curves[0], heard.visemes[0]
    try:
        found = _aligned(heard.phones[0], phonemise(text, language))
    except AlignmentError:
        return Articulator().apply(curves, visemes), visemes
    if found.fits:
        curves, visemes = SpokenMouth(found.alignment).mix(0, curves, visemes)
    return Articulator().apply(curves, visemes), visemes


def align_words(network: NanoNetwork, pcm: np.ndarray, words: Sequence[Sequence[str]]) -> AlignedWords:
    """When `words` are spoken in a whole utterance of float32 mono PCM at 16 kHz. Raises AlignmentError."""
    features = features_of(pcm, LOOKAHEAD_FRAMES)[None]
    state = network.initial_state(1)
    phones = []
    for start in range(0, features.shape[1], _FRAMES_AT_ONCE):
        heard, state = network.run(features[:, start : start + _FRAMES_AT_ONCE], state)
        phones.append(heard.phones[0])
    return _aligned(np.concatenate(phones)[LOOKAHEAD_FRAMES:], words)


def _aligned(phones: np.ndarray, words: Sequence[Sequence[str]]) -> AlignedWords:
    alignment = align(phones, words, FRAME_RATE_HZ)
    return AlignedWords(alignment, fits(alignment, phones, words, FRAME_RATE_HZ))
