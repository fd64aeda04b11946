"""A spoken line with the times of its phones: what every speech synthesiser here returns."""

from dataclasses import dataclass

import numpy as np

from ...blendshapes.phones import Segment


@dataclass(frozen=True, slots=True)
class Speech:
    """Synthetic speech. `pcm`: float32 mono in [-1, 1]; `segments` cover it from start to end, in order."""

    pcm: np.ndarray
    sample_rate_hz: int
    segments: tuple[Segment, ...]

    @property
    def duration_s(self) -> float:
        return len(self.pcm) / self.sample_rate_hz
