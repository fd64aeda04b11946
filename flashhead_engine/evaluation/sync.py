"""How well the picture of a finished video follows its own sound.

The mouth is read from the decoded pixels and the sound from the decoded audio track, so everything between the
driver and the file is inside the measurement.
"""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from ..audio.pcm import SAMPLE_RATE_HZ

GRID_HZ = 1000
MIN_CORRELATION = 0.5
"""Below this, a mouth does not follow the speech that it was measured against."""

_SEARCH_S = 0.4


@dataclass(frozen=True, slots=True)
class SyncReport:
    """`lag_ms` > 0: the mouth is later than the sound. `correlation`: of mouth and reference at that lag, -1..1.
    `fps`: frame rate of the measured video."""

    lag_ms: float
    correlation: float
    fps: float


@dataclass(frozen=True, slots=True)
class MouthBox:
    """Where the mouth is in the picture, pixels, y down; right and bottom are outside."""

    left: int
    top: int
    right: int
    bottom: int


def measure_sync(
    video: Path, speech: np.ndarray, aperture: np.ndarray, aperture_hz: float, mouth: MouthBox
) -> SyncReport:
    """Measure a video of a head that only speaks (no head sway, no blinks in the box).

    `speech`: the utterance, float32 mono at 16 kHz. `aperture`: how far the lips are apart in that utterance, from
    its known phoneme times, sampled at `aperture_hz` from the first sample on. The audio track of the video may
    start at any time: it is found by cross-correlation with `speech`.
    """
    times_s, opening, fps = _mouth_opening(video, mouth)
    if np.ptp(opening) == 0:
        return SyncReport(lag_ms=0.0, correlation=0.0, fps=fps)
    sound_s = _sound_offset_s(video, speech)
    grid_s = np.arange(0, len(aperture) / aperture_hz, 1 / GRID_HZ)
    reference = np.interp(grid_s, np.arange(len(aperture)) / aperture_hz, aperture)
    lags_s = np.arange(-_SEARCH_S, _SEARCH_S, 1 / GRID_HZ)
    correlations = [
        np.corrcoef(reference, np.interp(grid_s + sound_s + lag, times_s, opening))[0, 1] for lag in lags_s
    ]
    best = int(np.argmax(correlations))
    return SyncReport(lag_ms=1000 * float(lags_s[best]), correlation=float(correlations[best]), fps=fps)


def _mouth_opening(video: Path, mouth: MouthBox) -> tuple[np.ndarray, np.ndarray, float]:
    """Presentation times in seconds, how much of the mouth box differs from the resting first frame, and the fps."""
    times, pictures = [], []
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        fps = float(stream.average_rate)
        for frame in container.decode(stream):
            grey = frame.to_ndarray(format="gray")
            pictures.append(grey[mouth.top : mouth.bottom, mouth.left : mouth.right].astype(np.float32))
            times.append(frame.time)
    opening = np.array([np.abs(picture - pictures[0]).mean() for picture in pictures])
    return np.array(times), opening, fps


def _sound_offset_s(video: Path, speech: np.ndarray) -> float:
    """When, on the video's clock, the first sample of `speech` is heard."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE_HZ)
    pieces, start_s = [], None
    with av.open(str(video)) as container:
        for frame in container.decode(container.streams.audio[0]):
            start_s = frame.time if start_s is None else start_s
            pieces += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
    pieces += [piece.to_ndarray()[0] for piece in resampler.resample(None)]
    track = np.concatenate(pieces)
    size = 1 << (len(track) + len(speech)).bit_length()
    product = np.fft.irfft(np.fft.rfft(track, size) * np.conj(np.fft.rfft(speech, size)))
    offset = int(np.argmax(product))
    return start_s + (offset if offset < size // 2 else offset - size) / SAMPLE_RATE_HZ
