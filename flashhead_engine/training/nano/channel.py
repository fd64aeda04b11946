"""What a recording goes through on its way to a game: codecs and changes of tempo, both by FFmpeg's libraries."""

import io

import av
import numpy as np
from scipy.signal import correlate, correlation_lags

Codec = tuple[str, str, int, tuple[int, int] | None]
"""Container, codec, its sample rate, range of bits per second."""

TELEPHONE: Codec = ("wav", "pcm_mulaw", 8_000, None)

# Those of games and telephones.
CODECS: tuple[Codec, ...] = (
    ("ogg", "libopus", 16_000, (10_000, 24_000)),
    ("mp3", "libmp3lame", 16_000, (16_000, 48_000)),
    TELEPHONE,
    ("wav", "pcm_alaw", 8_000, None),
    ("wav", "adpcm_ms", 16_000, None),
)
_LONGEST_DELAY_S = 0.12


def _frame(pcm: np.ndarray, sample_rate_hz: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm, np.float32)[None], format="fltp", layout="mono")
    frame.sample_rate = sample_rate_hz
    return frame


def _joined(frames: list[av.AudioFrame]) -> np.ndarray:
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.float32)


def coded(pcm: np.ndarray, sample_rate_hz: int, kind: Codec, random: np.random.Generator) -> np.ndarray:
    """Encode with a codec at a random bit rate and decode again; same length, the codec's delay taken out."""
    container, codec, rate, bit_rates = kind
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, layout="mono")
        if bit_rates is not None:
            stream.bit_rate = int(random.integers(*bit_rates))
        for packet in (*stream.encode(_frame(pcm, sample_rate_hz)), *stream.encode(None)):
            output.mux(packet)
    file.seek(0)
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=sample_rate_hz)
    with av.open(file) as source:
        frames = [out for frame in source.decode(audio=0) for out in resampler.resample(frame)]
    return _undelayed(_joined(frames + resampler.resample(None)), pcm, sample_rate_hz)


def _undelayed(decoded: np.ndarray, original: np.ndarray, sample_rate_hz: int) -> np.ndarray:
    """Shift so that it correlates best with the original, and cut or fill to its length."""
    correlation = correlate(decoded, original, method="fft")
    lags = correlation_lags(len(decoded), len(original))
    near = np.abs(lags) <= _LONGEST_DELAY_S * sample_rate_hz
    delay = int(lags[near][np.argmax(correlation[near])])
    shifted = decoded[delay:] if delay >= 0 else np.pad(decoded, (-delay, 0))
    return np.pad(shifted, (0, max(0, len(original) - len(shifted))))[: len(original)]


def change_tempo(pcm: np.ndarray, sample_rate_hz: int, tempo: float) -> np.ndarray:
    """The same voice faster (`tempo` > 1) or slower, at the same pitch (FFmpeg's filter atempo)."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(
        sample_rate=sample_rate_hz, format="fltp", layout="mono", time_base=f"1/{sample_rate_hz}"
    )
    filter_ = graph.add("atempo", f"{tempo:.4f}")
    sink = graph.add("abuffersink")
    source.link_to(filter_)
    filter_.link_to(sink)
    graph.configure()
    source.push(_frame(pcm, sample_rate_hz))
    source.push(None)
    frames = []
    while True:
        try:
            frames.append(sink.pull())
        except (av.error.EOFError, av.error.BlockingIOError):
            return _joined(frames)
