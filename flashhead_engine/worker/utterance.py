"""The audio of one utterance between its client and the driver: kept as it came, turned to 16 kHz as it is needed."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue

import numpy as np

from ..audio.pcm import SAMPLE_RATE_HZ
from ..errors import AudioError, FlashHeadError
from .resample import Resampler, decoded, sample_bytes

_NOTHING = np.zeros(0, np.float32)
_READ_AHEAD_S = 2.0


class Utterance:
    """`number`: the client's. Raises AudioError for a rate, format or number of channels that cannot be."""

    def __init__(self, number: int, sample_rate_hz: int, channels: int, format: str) -> None:
        self.number = number
        self.complete = False
        """Whether all of its audio has come."""
        self._rate_hz, self._channels, self._format = sample_rate_hz, channels, format
        self._sample_bytes = sample_bytes(format, channels)
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

    def seconds_of(self, data: bytes) -> float:
        """How long these samples last."""
        return len(data) / self._sample_bytes / self._rate_hz

    def add(self, data: bytes, end: bool) -> None:
        """More samples. Raises AudioError when they are not in the utterance's format, or come after its end."""
        if self.complete:
            raise AudioError(f"utterance {self.number} has ended; begin another one for more audio.")
        self.append(decoded(data, self._format, self._channels))
        self.complete = end

    def append(self, pcm: np.ndarray) -> None:
        """More samples, float32 mono at the utterance's rate."""
        if len(pcm):
            self._pieces.append(pcm)
            self._waiting += len(pcm)

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
    """An utterance that the worker reads from a file, a little ahead of what is spoken.

    `chunks`: float32 mono at 16 kHz; getting one may take as long as a disk does, so only calls handed to `later` do.
    `later` has a call made on another thread, one at a time for each utterance.
    """

    def __init__(
        self, number: int, chunks: Iterator[np.ndarray], later: Callable[[Callable[[], None]], None]
    ) -> None:
        self.number = number
        self._chunks, self._later = chunks, later
        self._audio = Utterance(number, SAMPLE_RATE_HZ, 1, "f32")
        self._read: SimpleQueue[np.ndarray | FlashHeadError | None] = SimpleQueue()
        self._reading = False
        self._failed: FlashHeadError | None = None
        self._receive()

    @property
    def complete(self) -> bool:
        self._receive()
        return self._audio.complete

    @property
    def waiting_s(self) -> float:
        self._receive()
        return self._audio.waiting_s

    @property
    def exhausted(self) -> bool:
        return self._audio.exhausted

    def take(self, seconds: float) -> tuple[np.ndarray, bool]:
        """See `Utterance.take`. Raises FlashHeadError when all was taken of a file that cannot be read on."""
        self._receive()
        if self._failed and not self._audio.waiting_s:
            raise self._failed
        return self._audio.take(seconds)

    def _receive(self) -> None:
        """Keep what was read, and have more read when little is left."""
        with suppress(Empty):
            while True:
                piece = self._read.get_nowait()
                self._reading = False
                if isinstance(piece, FlashHeadError):
                    self._failed = piece
                    self._audio.complete = True
                elif piece is None:
                    self._audio.complete = True
                else:
                    self._audio.append(piece)
        if not self._reading and not self._audio.complete and self._audio.waiting_s < _READ_AHEAD_S:
            self._reading = True
            self._later(self._read_on)

    def _read_on(self) -> None:
        try:
            self._read.put(next(self._chunks, None))
        except FlashHeadError as error:
            self._read.put(error)
        except Exception as error:
            self._read.put(AudioError(f"the file cannot be read: {error!r}"))
