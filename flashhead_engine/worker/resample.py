"""A client's PCM as what drivers take: float32, mono, 16 kHz, piece by piece."""

import numpy as np
import samplerate

from ..audio.pcm import SAMPLE_RATE_HZ
from ..errors import AudioError

RATES_HZ = range(4_000, 192_000 + 1)
_MOST_CHANNELS = 8
_TAIL_S = 0.04
_FORMATS = {"f32": np.dtype("<f4"), "s16": np.dtype("<i2")}


def sample_bytes(format: str, channels: int) -> int:
    """Bytes of the samples of one moment, all channels. Raises AudioError, in words."""
    if format not in _FORMATS:
        raise AudioError(f"format '{format}': send samples as {' or '.join(_FORMATS)}.")
    if not 1 <= channels <= _MOST_CHANNELS:
        raise AudioError(f"channels {channels}: must be from 1 to {_MOST_CHANNELS}.")
    return _FORMATS[format].itemsize * channels


def decoded(data: bytes, format: str, channels: int) -> np.ndarray:
    """Interleaved bytes as float32 (n,), the mean of the channels. Raises AudioError, in words."""
    if len(data) % sample_bytes(format, channels):
        raise AudioError(f"{len(data)} bytes are not whole samples of {channels} x {format}.")
    kind = _FORMATS[format]
    samples = np.frombuffer(data, kind)
    if kind.kind == "i":
        samples = samples.astype(np.float32) / np.float32(32768)
    elif not np.isfinite(samples).all():
        raise AudioError(
            "the samples hold values that are not numbers (NaN or infinity); replace them before sending."
        )
    return samples.reshape(-1, channels).mean(axis=1, dtype=np.float32)


class Resampler:
    """Turns consecutive pieces at `rate_hz` into pieces at 16 kHz. Raises AudioError for a rate that cannot be."""

    def __init__(self, rate_hz: int) -> None:
        if rate_hz not in RATES_HZ:
            raise AudioError(f"sample_rate_hz {rate_hz}: must be from {RATES_HZ.start} to {RATES_HZ.stop - 1}.")
        self._rate_hz = rate_hz
        self._taken = self._given = 0
        self._converter = None if rate_hz == SAMPLE_RATE_HZ else samplerate.Resampler("sinc_fastest")

    def next(self, pcm: np.ndarray, end: bool) -> np.ndarray:
        """`end`: no piece follows; what the filter still holds comes out too."""
        if self._converter is None:
            return pcm
        ratio = SAMPLE_RATE_HZ / self._rate_hz
        self._taken += len(pcm)
        if end:
            # The filter keeps the last samples until others follow them.
            pcm = np.concatenate([pcm, np.zeros(round(_TAIL_S * self._rate_hz), np.float32)])
        made = self._converter.process(pcm, ratio, end_of_input=end)
        if end:
            made = made[: round(self._taken * ratio) - self._given]
        self._given += len(made)
        return made
