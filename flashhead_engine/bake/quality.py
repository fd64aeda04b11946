"""How a line came out, in numbers that a machine can compare with limits. They find lines to look at; they are no
score of lip-sync, which needs to know what was said (evaluation/lipsync.py).

    meter = QualityMeter()
    meter.hear(pcm)             # the line's audio, 16 kHz, in pieces
    meter.see(frame)            # its frames
    quality = meter.result()
"""

import numpy as np
from msgspec import Struct

from ..audio.pcm import SAMPLE_RATE_HZ
from ..blendshapes.aperture import lip_aperture
from ..drivers.base import TimedFrame

_WINDOW = SAMPLE_RATE_HZ // 50
_SILENCE_DBFS = -50.0
_CLIPPED = 0.999


class Quality(Struct, frozen=True, kw_only=True):
    """`silence`: share of the time below -50 dBFS. `clipping`: share of the samples at full scale. `mouth_motion`:
    standard deviation of the lip aperture while there is sound; 0 for a still mouth."""

    silence: float
    clipping: float
    mouth_motion: float


class QualityMeter:
    """Takes a line as it is baked; memory grows by a few hundred bytes a second."""

    def __init__(self) -> None:
        self._left = np.zeros(0, np.float32)
        self._levels: list[np.ndarray] = []
        self._samples = self._clipped = 0
        self._times_us: list[int] = []
        self._apertures: list[float] = []

    def hear(self, pcm: np.ndarray) -> None:
        self._samples += len(pcm)
        self._clipped += int(np.count_nonzero(np.abs(pcm) >= _CLIPPED))
        pcm = np.concatenate([self._left, pcm])
        whole = len(pcm) // _WINDOW * _WINDOW
        self._levels.append(np.sqrt(np.mean(pcm[:whole].reshape(-1, _WINDOW) ** 2, axis=1)))
        self._left = pcm[whole:]

    def see(self, frame: TimedFrame) -> None:
        self._times_us.append(frame.pts_us)
        self._apertures.append(float(lip_aperture(frame.weights)))

    def result(self) -> Quality:
        if self._left.size:
            self._levels.append(np.sqrt(np.mean(self._left**2, keepdims=True)))
        levels = np.concatenate(self._levels)
        sounds = levels > 10 ** (_SILENCE_DBFS / 20)
        windows = np.array(self._times_us, np.int64) * SAMPLE_RATE_HZ // 1_000_000 // _WINDOW
        speaking = np.array(self._apertures)[sounds[np.minimum(windows, len(sounds) - 1)]]
        return Quality(
            silence=round(float(1 - sounds.mean()), 4),
            clipping=round(self._clipped / self._samples, 6),
            mouth_motion=round(float(speaking.std()), 4) if speaking.size else 0.0,
        )
