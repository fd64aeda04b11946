"""Reading back what was baked, as a player would."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter


def read_sound(path: Path, rate: int) -> np.ndarray:
    """float32 (n,): the first channel from time 0 of the file on, every frame where its time stamp says.

    Deliberately not the package's own reader, which is under test elsewhere.
    """
    with av.open(str(path)) as container:
        placed = []
        for frame in container.decode(audio=0):
            assert frame.sample_rate == rate
            samples = frame.to_ndarray()
            placed.append((round(frame.pts * frame.time_base * rate), samples[0]))
    sound = np.zeros(max(start + samples.size for start, samples in placed), np.float32)
    for start, samples in placed:
        sound[start : start + samples.size] = samples
    return sound


def delay_s(sound: np.ndarray, original: np.ndarray, rate: int) -> float:
    """How much later `sound` is than `original`, by the peak of their cross-correlation."""
    size = 1 << (sound.size + original.size).bit_length()
    spectrum = np.fft.rfft(sound, size) * np.fft.rfft(original, size).conj()
    lag = int(np.fft.irfft(spectrum).argmax())
    return (lag if lag < size // 2 else lag - size) / rate


def picture_times(path: Path) -> list[Fraction]:
    with av.open(str(path)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def pictures(path: Path, matrix: Colorspace, decoder: str | None = None) -> list[np.ndarray]:
    """uint8 (h, w, 4) each; `decoder` names one that also reads the alpha layer."""
    reformatter = VideoReformatter()
    found = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context = av.codec.Codec(decoder, "r").create() if decoder else stream.codec_context
        for packet in container.demux(stream):
            for frame in context.decode(packet):
                picture = reformatter.reformat(
                    frame,
                    format="rgba",
                    src_colorspace=matrix,
                    dst_colorspace=matrix,
                    src_color_range=ColorRange.MPEG,
                    dst_color_range=ColorRange.JPEG,
                    interpolation=Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT,
                )
                found.append(picture.to_ndarray())
    return found


def psnr_db(picture: np.ndarray, expected: np.ndarray) -> float:
    error = np.mean((picture.astype(np.float64) - expected.astype(np.float64)) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))
