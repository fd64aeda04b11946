"""The dialogue as it is, for the sound track of a baked video: at its own sample rate, mono or stereo."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from .container import opened

_SAMPLES_PER_FRAME = 4096


@dataclass(frozen=True, slots=True)
class DialogueTrack:
    """`frames`: planar float32 at `sample_rate_hz`, time stamps in samples from 0 without holes."""

    sample_rate_hz: int
    channels: int
    frames: Iterator[av.AudioFrame]


@contextmanager
def open_dialogue(
    path: Path, *, allowed_rates: Collection[int] | None, allowed_channels: Collection[int]
) -> Iterator[DialogueTrack]:
    """Open the audio of `path` for an encoder that takes `allowed_rates` (None: any) and `allowed_channels`.

    A rate that the encoder does not take becomes the next lower one that it does; another number of channels
    becomes the average of all, in the smallest number allowed. Raises AudioError.
    """
    with opened(path) as audio:
        rate = _nearest_rate(audio.info.sample_rate_hz, allowed_rates)
        own = audio.info.channels
        channels = own if own in allowed_channels else min(allowed_channels)
        yield DialogueTrack(rate, channels, _numbered(audio.frames(rate, channels, _SAMPLES_PER_FRAME)))


def read_dialogue(path: Path) -> tuple[np.ndarray, int]:
    """The whole dialogue as float32 (samples, channels), mono or stereo, and its sample rate. Raises AudioError."""
    with open_dialogue(path, allowed_rates=None, allowed_channels=(1, 2)) as track:
        pieces = [frame.to_ndarray().T for frame in track.frames]
        return np.concatenate(pieces), track.sample_rate_hz


def _nearest_rate(rate: int, allowed_rates: Collection[int] | None) -> int:
    if allowed_rates is None or rate in allowed_rates:
        return rate
    return max((allowed for allowed in allowed_rates if allowed < rate), default=min(allowed_rates))


def _numbered(frames: Iterable[av.AudioFrame]) -> Iterator[av.AudioFrame]:
    position = 0
    for frame in frames:
        frame.time_base = Fraction(1, frame.sample_rate)
        frame.pts = position
        position += frame.samples
        yield frame
