"""MP4: H.264 and AAC. Plays everywhere, has no alpha: the portrait is composed over the avatar's background."""

from pathlib import Path

from av.video.reformatter import Colorspace

from .base import BakeTarget
from .encoder import EncodedVideoWriter, Recipe

_BT709 = 1

_RECIPE = Recipe(
    container="mp4",
    container_options={"movflags": "+faststart"},
    video_codec=("libx264", "h264"),
    # Without B-frames the first frame stands at 0 without an edit list, which some importers ignore. chromaloc 1:
    # chroma lies in the middle of its four pixels, as GPUs sample it; H.264's default is at their left.
    video_options={"crf": "18", "preset": "veryfast", "bf": "0", "x264-params": "chromaloc=1"},
    video_threads=2,
    pixel_format="yuv420p",
    colorspace=Colorspace.ITU709,
    color_primaries=_BT709,
    color_transfer=_BT709,
    audio_codec=("aac", "aac"),
    audio_options={},
    audio_channels=(1, 2),
    audio_bits_per_channel=128_000,
)


class Mp4Writer(EncodedVideoWriter):
    def __init__(self, path: Path, target: BakeTarget) -> None:
        super().__init__(path, target, _RECIPE)
