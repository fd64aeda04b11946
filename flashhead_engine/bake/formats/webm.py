"""WebM: VP8 with alpha and Vorbis, the pair that Unity's video player reads with transparency on every platform."""

from dataclasses import replace
from pathlib import Path

from av.video.reformatter import Colorspace

from .base import BakeTarget
from .encoder import EncodedVideoWriter, Recipe

# VP8 knows only the BT.601 matrix, whatever a file's tags say.
_SMPTE170M = 6

_WITH_ALPHA = Recipe(
    container="webm",
    container_options={},
    video_codec=("libvpx", "vp8"),
    # auto-alt-ref would hide frames that the alpha layer does not have.
    video_options={"crf": "12", "deadline": "good", "cpu-used": "4", "auto-alt-ref": "0", "qmin": "0", "qmax": "50"},
    # With two, libvpx spends fifty times as long on the alpha layer (measured with libvpx 1.16).
    video_threads=1,
    pixel_format="yuva420p",
    colorspace=Colorspace.SMPTE170M,
    color_primaries=_SMPTE170M,
    color_transfer=_SMPTE170M,
    audio_codec=("vorbis", "vorbis"),
    # FFmpeg's own encoder, the only one in PyAV: it takes stereo only and sets its own bit rate.
    audio_options={"strict": "experimental"},
    audio_channels=(2,),
    audio_bits_per_channel=96_000,
    keeps_alpha=True,
    video_tags={"alpha_mode": "1"},
    video_bits_per_pixel=0.6,
)
_OPAQUE = replace(_WITH_ALPHA, pixel_format="yuv420p", keeps_alpha=False, video_tags={})


class WebmWriter(EncodedVideoWriter):
    def __init__(self, path: Path, target: BakeTarget) -> None:
        super().__init__(path, target, _WITH_ALPHA if target.alpha else _OPAQUE)
