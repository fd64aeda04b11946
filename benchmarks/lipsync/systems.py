"""Mouths of known quality, which tell what a score is worth."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from flashhead_engine.blendshapes.arkit import ARKIT_52, INDEX
from flashhead_engine.blendshapes.phones import Segment
from flashhead_engine.drivers.nano.features import FRAME_RATE_HZ
from flashhead_engine.errors import FlashHeadError
from flashhead_engine.evaluation.lipsync import Track, Truth, perfect_track
from flashhead_engine.training.nano import sphinx
from flashhead_engine.training.nano.held_out import Example

LATE_S = 0.080


def late(tracks: Sequence[Track]) -> list[Track]:
    return [track.delayed(LATE_S) for track in tracks]


def of_another_line(tracks: Sequence[Track]) -> list[Track]:
    """Every line shows the mouth of the next one, in a circle."""
    return [*tracks[1:], tracks[0]]


def spoken_language(truth: Truth) -> str:
    """espeak-ng's name of the accent, by which a transcript is read."""
    return "en-us" if truth.language == "en" else truth.language


def energy_flap(example: Example) -> Track:
    """The jaw follows the loudness of the last 40 ms: what a game does without lip-sync."""
    times = np.arange(0, example.truth.duration_s, 1 / FRAME_RATE_HZ)
    ends = (times * 16_000).astype(int)
    loudness = [np.sqrt((example.pcm[max(0, end - 640) : end + 1] ** 2).mean()) for end in ends]
    weights = np.zeros((len(times), len(ARKIT_52)), np.float32)
    weights[:, INDEX["jawOpen"]] = np.clip(np.array(loudness) * 4, 0, 1)
    return Track(times, weights)


def still_mouth(jaw_open: float) -> Callable[[Example], Track]:
    def track(example: Example) -> Track:
        weights = np.zeros((2, len(ARKIT_52)), np.float32)
        weights[:, INDEX["jawOpen"]] = jaw_open
        return Track(np.array([0.0, example.truth.duration_s]), weights)

    return track


def oracle(example: Example) -> Track:
    return perfect_track(example.truth)


def pocketsphinx_phones(example: Example) -> Track:
    """A perfect articulator of the phones that pocketsphinx hears. That is the recogniser of Rhubarb's "phonetic"
    mode, not Rhubarb: its shapes, its timing and its detector of speech are missing."""
    return perfect_track(replace(example.truth, segments=sphinx.heard_phones(example.pcm)))


def pocketsphinx_words(example: Example) -> Track:
    """The same for the words that pocketsphinx hears, and their phones where it finds them in the audio: the
    recogniser of Rhubarb's "pocketSphinx" mode, for English."""
    nothing = (Segment(0.0, example.truth.duration_s, ""),)
    words = sphinx.heard_words(example.pcm)
    try:
        segments = sphinx.english_segments(example.pcm, words) if words else nothing
    except FlashHeadError:
        segments = nothing
    return perfect_track(replace(example.truth, segments=segments))
