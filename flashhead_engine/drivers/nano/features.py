"""Streaming log-mel features at exactly the rate of the weights: 60 frames a second, no later resampling.

Feature frame i holds two sub-frames of 40 mel bands: windows of 25 ms centred at i/60 s and (i + 0.5)/60 s.
Loudness is taken out by a running maximum that rises at once and falls slowly; it looks only backwards, so
streaming in pieces of any size gives the same features as the whole file at once.
"""

import math

import numpy as np

from ...audio.pcm import SAMPLE_RATE_HZ
from ..base import WEIGHTS_HZ

FRAME_RATE_HZ = WEIGHTS_HZ
MEL_BANDS = 40
SUBFRAMES = 2
FEATURES = SUBFRAMES * MEL_BANDS

WINDOW = 400  # samples, 25 ms
_HALF_WINDOW = WINDOW // 2
_FFT = 512
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 7_600.0

# Logarithms are natural, of power; 10 dB are 2.303 of them. A full-scale sine has a band power of about 1.
_NEPERS_PER_DB = math.log(10.0) / 10.0
_SMALLEST_POWER = np.float32(1e-10)
_FIRST_REFERENCE = -30.0 * _NEPERS_PER_DB  # loudest band of ordinary dialogue, until real speech tells better
_LOWEST_REFERENCE = -50.0 * _NEPERS_PER_DB  # below this, sound counts as silence and is not lifted
_REFERENCE_FALL = 1.0 * _NEPERS_PER_DB / FRAME_RATE_HZ  # 1 dB a second
_DEPTH_DB = 50.0  # what lies deeper under the reference is flattened
_DEPTH = _DEPTH_DB * _NEPERS_PER_DB
FEATURE_PER_DB = 2.0 / _DEPTH_DB
"""How much a feature grows when its band becomes 1 dB louder."""

_BUFFER = 8192  # samples; bounds the memory of a session and of one large push

_ONE_SAMPLE = np.float32(1 / WINDOW)
_WINDOW_SHAPE = np.hanning(WINDOW + 1)[:-1].astype(np.float32) / np.float32(WINDOW / 4)


def _mel(hz: np.ndarray | float) -> np.ndarray:
    """Mel scale of O'Shaughnessy (1987), as in HTK."""
    return 2595.0 * np.log10(1.0 + np.asarray(hz) / 700.0)


def _mel_filters() -> np.ndarray:
    """Triangular filters with a peak of 1, float32 of shape (257 bins, 40 bands)."""
    corners = np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), MEL_BANDS + 2)
    bins = _mel(np.arange(_FFT // 2 + 1) * SAMPLE_RATE_HZ / _FFT)[:, None]
    rising = (bins - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - bins) / (corners[2:] - corners[1:-1])
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


# A complex spectrum seen as floats alternates real and imaginary parts; each has the filter of its bin.
_PART_FILTERS = np.repeat(_mel_filters(), 2, axis=0)
# A full-scale sine has 1.5 bins' worth of power under a Hann window, more of them by the padding.
_SINE_POWER = np.float32(1 / (SUBFRAMES * 1.5 * _FFT / WINDOW))
_LOUDNESS_PARTS = slice(2 * (200 * _FFT // SAMPLE_RATE_HZ), 2 * (4_000 * _FFT // SAMPLE_RATE_HZ))


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
        # Every possible window as a view; a row is a window, chosen by its first sample.
        self._windows = np.lib.stride_tricks.sliding_window_view(self._buffer, WINDOW)
        self._filled = _HALF_WINDOW  # the first window reaches before the audio
        self._buffer_start = -_HALF_WINDOW  # position of _buffer[0] in the utterance
        self._received = 0
        self._next_frame = 0
        self._reference = _FIRST_REFERENCE
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
                log_mel, loudness_db = self._analyse(frames)
                features.append(self._normalise(log_mel))
                loudness.append(loudness_db)
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

    def _analyse(self, frames: int) -> tuple[np.ndarray, np.ndarray]:
        """Natural log of the mel band powers of the next frames, float32 (frames, 2, 40), and their loudness."""
        cycle, phase = divmod(self._next_frame, _CYCLE_FRAMES)
        offset = cycle * _CYCLE_SAMPLES - self._buffer_start
        windows = self._windows[_CYCLE_STARTS[SUBFRAMES * phase : SUBFRAMES * (phase + frames)] + offset]
        windows -= np.add.reduce(windows, 1, keepdims=True) * _ONE_SAMPLE  # an offset leaks into the lowest band
        windows *= _WINDOW_SHAPE
        parts = np.fft.rfft(windows, _FFT).view(np.float32)
        parts *= parts
        # Sums within a row do not depend on the number of rows. So features and loudness, and what is decided by
        # them, are the same for any push sizes, to the bit.
        power = np.add.reduce(parts[:, _LOUDNESS_PARTS].reshape(frames, -1), 1) * _SINE_POWER
        bands = parts.reshape(frames, SUBFRAMES, -1) @ _PART_FILTERS  # one product a frame, for the same reason
        return np.log(bands + _SMALLEST_POWER), 10.0 * np.log10(power + _SMALLEST_POWER)

    def _normalise(self, log_mel: np.ndarray) -> np.ndarray:
        """Express log-mel (n, 2, 40) relative to the running maximum, as frames (n, 80) in about -1..1."""
        frames = log_mel.reshape(-1, FEATURES)
        references = []
        reference = self._reference
        for level in np.maximum.reduce(frames, 1).tolist():
            reference = max(level, reference - _REFERENCE_FALL, _LOWEST_REFERENCE)
            references.append(reference)
        self._reference = reference
        relative = frames - np.array(references, np.float32)[:, None]
        relative *= 2.0 / _DEPTH
        relative += 1.0
        return np.maximum(relative, -1.0, out=relative)


def features_of(pcm: np.ndarray, extra_frames: int) -> np.ndarray:
    """Features of a whole utterance, float32 (ceil(samples * 60 / 16000) + extra_frames, 80)."""
    extractor = FeatureExtractor()
    return np.concatenate([extractor.push(pcm), extractor.finish(extra_frames)])


def _first_sample(frame: int) -> int:
    """Position of the first sample of a frame's first window, for any frame >= 0."""
    cycle, phase = divmod(frame, _CYCLE_FRAMES)
    return int(_CYCLE_STARTS[SUBFRAMES * phase]) + cycle * _CYCLE_SAMPLES
