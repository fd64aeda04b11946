"""Streaming log-mel features at exactly the rate of the weights: 60 frames a second, no later resampling.

Feature frame i holds two sub-frames of 40 mel bands: windows of 25 ms centred at i/60 s and (i + 0.5)/60 s.
Loudness is taken out by a running maximum that rises at once and falls slowly; it looks only backwards, so
streaming in pieces of any size gives the same features as the whole file at once.
"""

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
_NEPERS_PER_DB = np.log(10.0) / 10.0
_SMALLEST_POWER = 1e-10
_FIRST_REFERENCE = -30.0 * _NEPERS_PER_DB  # loudest band of ordinary dialogue, until real speech tells better
_LOWEST_REFERENCE = -50.0 * _NEPERS_PER_DB  # below this, sound counts as silence and is not lifted
_REFERENCE_FALL = 1.0 * _NEPERS_PER_DB / FRAME_RATE_HZ  # 1 dB a second
_DEPTH = 50.0 * _NEPERS_PER_DB  # what lies deeper under the reference is flattened

_FRAMES_AT_ONCE = 600  # bounds the memory of one large push

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


_MEL_FILTERS = _mel_filters()


def frame_count(samples: int) -> int:
    """Frames that cover an utterance of so many samples: the last one may end after the audio."""
    return -(-samples * FRAME_RATE_HZ // SAMPLE_RATE_HZ)


def subframe_centres(first_frame: int, frames: int) -> np.ndarray:
    """Sample positions at which the windows of these frames are centred, int64 of shape (2 * frames,)."""
    subframe = np.arange(SUBFRAMES * first_frame, SUBFRAMES * (first_frame + frames), dtype=np.int64)
    rate = SUBFRAMES * FRAME_RATE_HZ
    return (2 * subframe * SAMPLE_RATE_HZ + rate) // (2 * rate)  # rounded half up, in integers


class FeatureExtractor:
    """Features of one utterance. State: the last samples, two counters and the loudness reference."""

    def __init__(self) -> None:
        self._samples = np.zeros(_HALF_WINDOW, np.float32)  # the first window reaches before the audio
        self._buffer_start = -_HALF_WINDOW  # position of _samples[0] in the utterance
        self._received = 0
        self._next_frame = 0
        self._reference = _FIRST_REFERENCE

    def push(self, pcm: np.ndarray) -> np.ndarray:
        """Take float32 mono PCM at 16 kHz, any number of samples; return the new frames, float32 (n, 80)."""
        self._received += len(pcm)
        return self._append(np.asarray(pcm, np.float32))

    def finish(self, extra_frames: int) -> np.ndarray:
        """End the utterance with silence, so that over its life it gives ceil(samples * 60 / 16000) frames and
        `extra_frames` more (what a network needs to look ahead). Returns the remaining frames, (n, 80)."""
        wanted = frame_count(self._received) + extra_frames
        if wanted <= self._next_frame:
            return np.zeros((0, FEATURES), np.float32)
        last_centre = int(subframe_centres(wanted - 1, 1)[-1])
        missing = last_centre + _HALF_WINDOW - (self._buffer_start + len(self._samples))
        return self._append(np.zeros(max(0, missing), np.float32))

    def _append(self, pcm: np.ndarray) -> np.ndarray:
        """Store samples and return every frame whose windows are now complete."""
        self._samples = np.concatenate([self._samples, pcm])
        pieces = []
        while frames := min(self._complete_frames(), _FRAMES_AT_ONCE):
            starts = subframe_centres(self._next_frame, frames) - _HALF_WINDOW - self._buffer_start
            windows = np.lib.stride_tricks.sliding_window_view(self._samples, WINDOW)[starts]
            pieces.append(self._normalise(_log_mel(windows)))
            self._next_frame += frames
            self._forget_used_samples()
        return np.concatenate(pieces) if pieces else np.zeros((0, FEATURES), np.float32)

    def _complete_frames(self) -> int:
        """Number of frames from `_next_frame` on whose last window lies within the stored samples."""
        end = self._buffer_start + len(self._samples)
        estimate = max(0, (end * FRAME_RATE_HZ) // SAMPLE_RATE_HZ - self._next_frame) + 1
        last_centres = subframe_centres(self._next_frame, estimate)[SUBFRAMES - 1 :: SUBFRAMES]
        return int(np.count_nonzero(last_centres + _HALF_WINDOW <= end))

    def _forget_used_samples(self) -> None:
        first_needed = int(subframe_centres(self._next_frame, 1)[0]) - _HALF_WINDOW
        self._samples = self._samples[first_needed - self._buffer_start :].copy()
        self._buffer_start = first_needed

    def _normalise(self, log_mel: np.ndarray) -> np.ndarray:
        """Express log-mel (2 n, 40) relative to the running maximum, as frames (n, 80) in about -1..1."""
        frames = log_mel.reshape(-1, FEATURES)
        # max(level, previous - fall), without a loop: add the fall back, take the running maximum, remove it.
        fallen = _REFERENCE_FALL * np.arange(1, len(frames) + 1)
        level = np.maximum(frames.max(1).astype(np.float64), _LOWEST_REFERENCE)
        reference = np.maximum(np.maximum.accumulate(level + fallen), self._reference) - fallen
        reference = np.maximum(reference, _LOWEST_REFERENCE)
        self._reference = float(reference[-1])
        relative = np.maximum(frames - reference[:, None], -_DEPTH)
        return (1.0 + 2.0 * relative / _DEPTH).astype(np.float32)


def features_of(pcm: np.ndarray, extra_frames: int) -> np.ndarray:
    """Features of a whole utterance, float32 (ceil(samples * 60 / 16000) + extra_frames, 80)."""
    extractor = FeatureExtractor()
    return np.concatenate([extractor.push(pcm), extractor.finish(extra_frames)])


def _log_mel(windows: np.ndarray) -> np.ndarray:
    """Natural log of mel band powers of windows (n, 400): float32 (n, 40)."""
    centred = windows - windows.mean(1, keepdims=True)  # a constant offset of the audio leaks into the lowest band
    spectrum = np.fft.rfft(centred * _WINDOW_SHAPE, _FFT).astype(np.complex64)
    power = spectrum.real**2 + spectrum.imag**2
    return np.log(power @ _MEL_FILTERS + np.float32(_SMALLEST_POWER))
