"""The sound device as the clock of a head: what is heard now decides what is shown.

clock, note = open_clock(pcm, 48_000)     # `note` says why it is only a wall clock, where it is one
clock.start()
head.frame_at(utterance, clock.now_us())
"""

import time
from typing import Protocol

import numpy as np

from ..errors import MissingDependencyError


class AudioClock(Protocol):
    """Time of the audio that is heard."""

    def start(self) -> None:
        """Begin at 0."""

    def now_us(self) -> int:
        """Microseconds since the first sample was heard; 0 until then."""

    def close(self) -> None: ...


class WallClock:
    """Time that passes without a sound."""

    def __init__(self) -> None:
        self._began_s: float | None = None

    def start(self) -> None:
        self._began_s = time.monotonic()

    def now_us(self) -> int:
        return 0 if self._began_s is None else round(1e6 * (time.monotonic() - self._began_s))

    def close(self) -> None:
        pass


class SoundDevice:
    """Plays a clip on the default output. Raises MissingDependencyError without PortAudio or a device."""

    def __init__(self, pcm: np.ndarray, sample_rate_hz: int) -> None:
        try:
            import sounddevice
        except (ImportError, OSError) as error:
            raise MissingDependencyError(f"no sound: {error}; {INSTALL}") from error
        self._pcm = pcm.reshape(len(pcm), -1).astype(np.float32, copy=False)
        self._rate_hz = sample_rate_hz
        self._played = 0
        self._heard: tuple[int, float] | None = None  # a sample, and when it leaves the device
        try:
            self._stream = sounddevice.OutputStream(
                samplerate=sample_rate_hz, channels=self._pcm.shape[1], dtype="float32", callback=self._fill
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            raise MissingDependencyError(f"no sound device can be used ({error})") from error

    def start(self) -> None:
        self._stream.start()

    def now_us(self) -> int:
        if self._heard is None:
            return 0
        sample, at_s = self._heard
        return max(0, round(1e6 * (sample / self._rate_hz + self._stream.time - at_s)))

    def close(self) -> None:
        self._stream.close()

    def _fill(self, out: np.ndarray, samples: int, times, _status) -> None:
        # Some systems do not say when a buffer will be heard; then the stream's own estimate has to do.
        at_s = times.outputBufferDacTime or times.currentTime + self._stream.latency
        self._heard = (self._played, at_s)
        piece = self._pcm[self._played : self._played + samples]
        out[: len(piece)] = piece
        out[len(piece) :] = 0
        self._played += samples


INSTALL = 'install it with: pip install "flashhead-engine[window]" (on Linux also the package libportaudio2)'


def open_clock(pcm: np.ndarray, sample_rate_hz: int) -> tuple[AudioClock, str]:
    """A clock for a clip of float32 (samples, channels), and words when it had to be one without sound."""
    try:
        return SoundDevice(pcm, sample_rate_hz), ""
    except MissingDependencyError as error:
        return WallClock(), str(error)
