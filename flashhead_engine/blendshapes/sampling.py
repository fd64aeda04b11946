"""From the 60 Hz blendshape track to the frames of a video."""

from dataclasses import dataclass, field

import numpy as np

from .aperture import lip_aperture
from .arkit import ARKIT_52, MOUTH

_OTHERS = np.setdiff1d(np.arange(len(ARKIT_52)), MOUTH)


@dataclass(frozen=True, slots=True)
class Sample:
    """One instant of the track: weights (52,), pose (4,), visemes (15,)."""

    weights: np.ndarray
    pose: np.ndarray
    visemes: np.ndarray


@dataclass
class VideoSampler:
    """Chooses what each video frame shows.

    Frame i covers [i / fps, (i + 1) / fps). Its mouth is the sample of that interval with the smallest lip aperture,
    so that a closure between two frames is seen; eyes, brows and pose move evenly, so they are taken at the start
    of the interval.
    """

    fps: int
    track_hz: int
    _index: int = 0
    _first: int = 0
    _samples: list[Sample] = field(default_factory=list)

    def push(self, sample: Sample) -> Sample | None:
        """Take the next track sample; return the next video frame as soon as its interval is complete."""
        self._samples.append(sample)
        end = -(-self.track_hz * (self._index + 1) // self.fps)
        if self._first + len(self._samples) < end:
            return None
        return self._take(end)

    def finish(self, frames: int) -> list[Sample]:
        """The remaining ones of `frames` video frames in all; the last sample stands in where the track ended.
        The sampler is as new afterwards."""
        rest = []
        while self._index < frames:
            end = -(-self.track_hz * (self._index + 1) // self.fps)
            rest.append(self._take(end))
        self._index, self._first, self._samples = 0, 0, []
        return rest

    def _take(self, end: int) -> Sample:
        start = self._index * self.track_hz / self.fps
        inside = [s for n, s in enumerate(self._samples, self._first) if n >= start] or self._samples[-1:]
        apertures = lip_aperture(np.stack([s.weights for s in inside]))
        mouth = inside[int(np.argmin(apertures))]
        begin = self._at(start)
        weights = mouth.weights.copy()
        weights[_OTHERS] = begin.weights[_OTHERS]
        # The next interval interpolates from the last sample before its start, so one sample is kept.
        keep = min(max(end - 1 - self._first, 0), len(self._samples) - 1)
        self._samples = self._samples[keep:]
        self._first += keep
        self._index += 1
        return Sample(weights, begin.pose, mouth.visemes)

    def _at(self, position: float) -> Sample:
        """The track at a fractional sample number, linearly interpolated, held at both ends."""
        offset = min(max(position - self._first, 0.0), len(self._samples) - 1.0)
        low = int(offset)
        high = min(low + 1, len(self._samples) - 1)
        part = np.float32(offset - low)
        a, b = self._samples[low], self._samples[high]
        return Sample(a.weights + part * (b.weights - a.weights), a.pose + part * (b.pose - a.pose), a.visemes)
