"""The dialogue as it is, for the sound track of a baked video: own sample rate, mono or stereo."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from .container import opened

_SAMPLES_PER_FRAME = 4096


@dataclass(frozen=True, slots=True)
class DialogueTrack:
    """`frames`: planar float32 at `sample_rate_hz`, time stamps in samples from 0 without holes."""

    sample_rate_hz: int
    channels: int
    frames: Iterator[av.AudioFrame]


@contextmanager
def open_dialogue(path: Path, allowed_rates: Iterable[int] | None) -> Iterator[DialogueTrack]:
    """Open the audio of `path` for an encoder that takes `allowed_rates` (None: any).

    Mono and stereo stay as they are; more channels become their average. A rate that the encoder does not take
    becomes the next lower one that it does. Raises AudioError.
    """
    with opened(path) as audio:
        rate = _nearest_rate(audio.info.sample_rate_hz, allowed_rates)
        channels = audio.info.channels if audio.info.channels <= 2 else 1
        yield DialogueTrack(rate, channels, _numbered(audio.frames(rate, channels, _SAMPLES_PER_FRAME)))


def _nearest_rate(rate: int, allowed_rates: Iterable[int] | None) -> int:
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
