"""The audio of one utterance between its client and the driver: kept as it came, turned to 16 kHz as it is needed."""

from collections import deque
from collections.abc import Iterator

import numpy as np

from ..audio.pcm import SAMPLE_RATE_HZ
from ..errors import AudioError
from .resample import Resampler, decoded

_NOTHING = np.zeros(0, np.float32)


class Utterance:
    """`number`: the client's. Raises AudioError for a rate that cannot be."""

    def __init__(self, number: int, sample_rate_hz: int, channels: int, format: str) -> None:
        self.number = number
        self.complete = False
        """Whether all of its audio has come."""
        self._rate_hz, self._channels, self._format = sample_rate_hz, channels, format
        self._resampler = Resampler(sample_rate_hz)
        self._pieces: deque[np.ndarray] = deque()
        self._waiting = 0
        self._taken_all = False

    @property
    def waiting_s(self) -> float:
        """Seconds of audio that were not taken yet."""
        return self._waiting / self._rate_hz

    @property
    def exhausted(self) -> bool:
        """Whether everything, its end too, was taken."""
        return self._taken_all

    def add(self, data: bytes, end: bool) -> None:
        """More samples. Raises AudioError when they are not in the utterance's format, or come after its end."""
        if self.complete:
            raise AudioError(f"utterance {self.number} has ended; begin another one for more audio.")
        pcm = decoded(data, self._format, self._channels)
        if len(pcm):
            self._pieces.append(pcm)
            self._waiting += len(pcm)
        self.complete = end

    def take(self, seconds: float) -> tuple[np.ndarray, bool]:
        """About so much of the next audio as float32 mono at 16 kHz, and whether the utterance ends with it."""
        wanted = max(1, round(seconds * self._rate_hz))
        taken = []
        while wanted > 0 and self._pieces:
            piece = self._pieces.popleft()
            if len(piece) > wanted:
                self._pieces.appendleft(piece[wanted:])
                piece = piece[:wanted]
            wanted -= len(piece)
            self._waiting -= len(piece)
            taken.append(piece)
        end = self.complete and not self._pieces
        self._taken_all = end
        pcm = np.concatenate(taken) if taken else _NOTHING
        return np.clip(self._resampler.next(pcm, end), -1.0, 1.0), end


class FileUtterance:
    """An utterance that the worker reads from a file. `chunks`: float32 mono at 16 kHz."""

    complete = True
    waiting_s = 0.0  # it waits on the disk

    def __init__(self, number: int, chunks: Iterator[np.ndarray]) -> None:
        self.number = number
        self.exhausted = False
        self._chunks = chunks
        self._rest = _NOTHING

    def add(self, data: bytes, end: bool) -> None:
        raise AudioError(f"utterance {self.number} is read from a file; it takes no audio.")

    def take(self, seconds: float) -> tuple[np.ndarray, bool]:
        """See `Utterance.take`. Raises AudioError when the file is damaged."""
        wanted = max(1, round(seconds * SAMPLE_RATE_HZ))
        # One more sample than wanted, so that the end is known with the last piece.
        while len(self._rest) <= wanted and (chunk := next(self._chunks, None)) is not None:
            self._rest = np.concatenate([self._rest, chunk])
        pcm, self._rest = self._rest[:wanted], self._rest[wanted:]
        self.exhausted = not len(self._rest)
        return pcm, self.exhausted
