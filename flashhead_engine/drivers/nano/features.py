"""Streaming log-mel features at exactly the rate of the weights: 60 frames a second, no later resampling.

Feature frame i holds two sub-frames of 40 mel bands: windows of 25 ms centred at i/60 s and (i + 0.5)/60 s.
Loudness is taken out by a running maximum that rises at once and falls slowly; it looks only backwards, so
streaming in pieces of any size gives the same features as the whole file at once.
"""

import math

import numpy as np

from ...audio.pcm import SAMPLE_RATE_HZ
from ..base import WEIGHTS_HZ
from .log_mel import FEATURES, FIRST_REFERENCE, LOG_MEL, SUBFRAMES, WINDOW

FRAME_RATE_HZ = WEIGHTS_HZ

_HALF_WINDOW = WINDOW // 2
_BUFFER = 8192  # samples; bounds the memory of a session and of one large push


def frame_count(samples: int) -> int:
    """Frames that cover an utterance of so many samples: the last one may end after the audio."""
    return -(-samples * FRAME_RATE_HZ // SAMPLE_RATE_HZ)


def subframe_centres(first_frame: int, frames: int) -> np.ndarray:
    """Sample positions at which the windows of these frames are centred, int64 of shape (2 * frames,)."""
    subframe = np.arange(SUBFRAMES * first_frame, SUBFRAMES * (first_frame + frames), dtype=np.int64)
    rate = SUBFRAMES * FRAME_RATE_HZ
    return (2 * subframe * SAMPLE_RATE_HZ + rate) // (2 * rate)  # rounded half up, in integers


# Window starts repeat after the shortest time that is a whole number of frames and of samples: 3 frames, 800 samples.
_CYCLE_FRAMES = FRAME_RATE_HZ // math.gcd(FRAME_RATE_HZ, SAMPLE_RATE_HZ)
_CYCLE_SAMPLES = SAMPLE_RATE_HZ // math.gcd(FRAME_RATE_HZ, SAMPLE_RATE_HZ)
_CYCLE_STARTS = subframe_centres(0, frame_count(_BUFFER) + _CYCLE_FRAMES) - _HALF_WINDOW

_NO_FRAMES = np.zeros((0, FEATURES), np.float32)
_NO_LOUDNESS = np.zeros(0, np.float32)


class FeatureExtractor:
    """Features of one utterance. State: the last samples, three counters and the loudness reference."""

    loudness_db: np.ndarray
    """Levels of the frames that the last call returned, float32 (n,): power between 200 and 4000 Hz, where vowels
    are loud and hiss and rumble are not, in dB relative to a full-scale sine; silence is -100."""

    def __init__(self) -> None:
        self._buffer = np.zeros(_BUFFER, np.float32)
        self._filled = _HALF_WINDOW  # the first window reaches before the audio
        self._buffer_start = -_HALF_WINDOW  # position of _buffer[0] in the utterance
        self._received = 0
        self._next_frame = 0
        self._reference = FIRST_REFERENCE
        self.loudness_db = _NO_LOUDNESS

    def push(self, pcm: np.ndarray) -> np.ndarray:
        """Take float32 mono PCM at 16 kHz, any number of samples; return the new frames, float32 (n, 80)."""
        self._received += len(pcm)
        return self._append(pcm)

    def finish(self, extra_frames: int) -> np.ndarray:
        """End the utterance with silence, so that over its life it gives ceil(samples * 60 / 16000) frames and
        `extra_frames` more (what a network needs to look ahead). Returns the remaining frames, (n, 80)."""
        wanted = frame_count(self._received) + extra_frames
        if wanted <= self._next_frame:
            self.loudness_db = _NO_LOUDNESS
            return _NO_FRAMES
        last_centre = int(subframe_centres(wanted - 1, 1)[-1])
        missing = last_centre + _HALF_WINDOW - (self._buffer_start + self._filled)
        return self._append(np.zeros(max(0, missing), np.float32))

    def _append(self, pcm: np.ndarray) -> np.ndarray:
        """Store samples and return every frame whose windows are now complete."""
        features, loudness = [], []
        taken = 0
        while taken < len(pcm):
            room = _BUFFER - self._filled
            if room < len(pcm) - taken and room < _BUFFER // 2:
                room += self._forget_used_samples()
            piece = pcm[taken : taken + room]
            self._buffer[self._filled : self._filled + len(piece)] = piece
            self._filled += len(piece)
            taken += len(piece)
            if frames := self._complete_frames():
                piece_features, piece_loudness_db = self._extract(frames)
                features.append(piece_features)
                loudness.append(piece_loudness_db)
                self._next_frame += frames
        if len(features) == 1:
            self.loudness_db = loudness[0]
            return features[0]
        self.loudness_db = np.concatenate([_NO_LOUDNESS, *loudness])
        return np.concatenate([_NO_FRAMES, *features])

    def _complete_frames(self) -> int:
        """Number of frames from `_next_frame` on whose last window lies within the stored samples."""
        last_centre = self._buffer_start + self._filled - _HALF_WINDOW
        # The formula of subframe_centres, solved for the number of centres up to this one.
        rate = SUBFRAMES * FRAME_RATE_HZ
        complete_subframes = (2 * rate * last_centre + rate - 1) // (2 * SAMPLE_RATE_HZ) + 1
        return max(0, complete_subframes // SUBFRAMES - self._next_frame)

    def _forget_used_samples(self) -> int:
        """Move what later windows need to the front of the buffer; the number of samples that became free."""
        used = _first_sample(self._next_frame) - self._buffer_start
        kept = self._filled - used
        self._buffer[:kept] = self._buffer[used : self._filled].copy()
        self._buffer_start += used
        self._filled = kept
        return used

    def _extract(self, frames: int) -> tuple[np.ndarray, np.ndarray]:
        """The next frames (n, 80) and their levels (n,)."""
        cycle, phase = divmod(self._next_frame, _CYCLE_FRAMES)
        starts = _CYCLE_STARTS[SUBFRAMES * phase : SUBFRAMES * (phase + frames)]
        offset = cycle * _CYCLE_SAMPLES - self._buffer_start
        features, loudness_db, self._reference = LOG_MEL.extract(self._buffer, starts, offset, self._reference)
        return features, loudness_db


def features_of(pcm: np.ndarray, extra_frames: int) -> np.ndarray:
    """Features of a whole utterance, float32 (ceil(samples * 60 / 16000) + extra_frames, 80)."""
    extractor = FeatureExtractor()
    return np.concatenate([extractor.push(pcm), extractor.finish(extra_frames)])


def _first_sample(frame: int) -> int:
    """Position of the first sample of a frame's first window, for any frame >= 0."""
    cycle, phase = divmod(frame, _CYCLE_FRAMES)
    return int(_CYCLE_STARTS[SUBFRAMES * phase]) + cycle * _CYCLE_SAMPLES
