"""Any audio file as the PCM that drivers take: float32, mono, 16 kHz, in chunks of a second.

with open_audio(path) as audio:
    for pcm in audio.chunks():
        session.push(pcm)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..errors import AudioError
from .container import OpenAudio, opened
from .pcm import SAMPLE_RATE_HZ

_SAMPLES_PER_CHUNK = SAMPLE_RATE_HZ


class AudioFile:
    """An open audio file.

    `duration_us`: int, what the file says, None when it does not; with compressed audio some milliseconds off, so
    count the samples where it matters. `sample_rate_hz`, `channels` and `codec` (FFmpeg's name): the file's own.
    """

    def __init__(self, audio: OpenAudio) -> None:
        self._audio = audio
        self.path = audio.info.path
        self.duration_us = audio.info.duration_us
        self.sample_rate_hz = audio.info.sample_rate_hz
        self.channels = audio.info.channels
        self.codec = audio.info.codec

    def chunks(self) -> Iterator[np.ndarray]:
        """Yield float32 (n,) in [-1, 1] at 16 kHz, n = 16000 but for the last; sample 0 is time 0. One pass only.

        Channels are averaged, louder samples than 1 are clipped. Raises AudioError when the file is damaged, cut
        off, without samples or holds a value that is not a number; it may do so after chunks were yielded.
        """
        position = 0
        for frame in self._audio.frames(SAMPLE_RATE_HZ, channels=1, samples_per_frame=_SAMPLES_PER_CHUNK):
            pcm = frame.to_ndarray()[0]
            finite = np.isfinite(pcm)
            if not finite.all():
                seconds = (position + int(np.argmin(finite))) / SAMPLE_RATE_HZ
                raise AudioError(
                    f"{self.path}: has samples at {seconds:.2f} s that are not numbers (NaN or infinite). "
                    "Export it again."
                )
            position += pcm.size
            yield np.clip(pcm, -1.0, 1.0)
        if position == 0:
            raise AudioError(f"{self.path}: is shorter than a sample at 16 kHz. Record or export it again.")


@contextmanager
def open_audio(path: str | Path) -> Iterator[AudioFile]:
    """Open an audio file, or the first audio track of a video. Raises AudioError."""
    with opened(Path(path)) as audio:
        yield AudioFile(audio)
