"""Video and its dialogue into one file with PyAV; what differs between MP4 and WebM is in the `Recipe`."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from ...audio.source import open_dialogue
from ...avatar.images import over_background
from ...drivers.base import Outputs, TimedFrame
from ..manifest import Output
from ..outputs import PendingFile, explained
from .base import BakeTarget, FrameCounter

# Each chroma sample is the mean of the four pixels it stands for; FFmpeg's default reads only two of them.
_CHROMA = Interpolation.AREA | Interpolation.FULL_CHR_H_INP | Interpolation.ACCURATE_RND


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one container is written. Options are FFmpeg's; codecs are its (encoder, format) names.

    `video_threads` is fixed because encoders write other bytes with another number, and the same line should bake to
    the same file on every machine.
    """

    container: str
    container_options: dict[str, str]
    video_codec: tuple[str, str]
    video_options: dict[str, str]
    video_threads: int
    pixel_format: str
    colorspace: Colorspace
    color_primaries: int
    color_transfer: int
    audio_codec: tuple[str, str]
    audio_options: dict[str, str]
    audio_channels: tuple[int, ...]
    audio_bits_per_channel: int
    keeps_alpha: bool = False
    video_tags: dict[str, str] = field(default_factory=dict)
    video_bits_per_pixel: float | None = None


class EncodedVideoWriter:
    """A FrameWriter that follows a recipe."""

    needs = Outputs.VIDEO

    def __init__(self, path: Path, target: BakeTarget, recipe: Recipe) -> None:
        self._target = target
        self._recipe = recipe
        self._counter = FrameCounter(target.fps)
        self._output = PendingFile(path)
        try:
            self._encoder = _Encoder(self._output, recipe, target)
        except BaseException:
            self._output.discard()
            raise

    def write(self, frame: TimedFrame) -> None:
        self._counter.add(frame)
        if self._recipe.keeps_alpha:
            self._encoder.add(frame.pixels)
        else:
            self._encoder.add(over_background(frame.pixels, self._target.background))

    def finish(self) -> Output:
        self._encoder.close()
        self._output.commit()
        return Output(
            kind="video",
            file=self._output.path.name,
            format=self._recipe.container,
            fps=self._target.fps,
            frames=self._counter.count,
            width=self._target.size,
            height=self._target.size,
            alpha="straight" if self._recipe.keeps_alpha else "none",
            video_codec=self._recipe.video_codec[1],
            audio_codec=self._recipe.audio_codec[1],
        )

    def abort(self) -> None:
        self._encoder.abandon()
        self._output.discard()


class _Encoder:
    """One file being encoded. `close` completes it, `abandon` only frees it."""

    def __init__(self, output: PendingFile, recipe: Recipe, target: BakeTarget) -> None:
        self._path = output.path
        self._recipe = recipe
        self._fps = target.fps
        self._count = 0
        self._reformatter = VideoReformatter()
        self._resources = ExitStack()
        try:
            with self._explained():
                self._open(output, recipe, target)
        except BaseException:
            self.abandon()
            raise

    def _open(self, output: PendingFile, recipe: Recipe, target: BakeTarget) -> None:
        dialogue = self._resources.enter_context(
            open_dialogue(
                target.audio,
                allowed_rates=av.Codec(recipe.audio_codec[0], "w").audio_rates,
                allowed_channels=recipe.audio_channels,
            )
        )
        # bitexact: no random ids and no dates in the file.
        options = {"fflags": "+bitexact", **recipe.container_options}
        self._container = av.open(f"file:{output.temporary}", "w", format=recipe.container, options=options)
        self._resources.callback(self._container.close)
        self._video = self._video_stream(recipe, target)
        self._audio = self._container.add_stream(recipe.audio_codec[0], rate=dialogue.sample_rate_hz)
        context = self._audio.codec_context
        context.layout = "mono" if dialogue.channels == 1 else "stereo"
        context.format = "fltp"
        context.bit_rate = recipe.audio_bits_per_channel * dialogue.channels
        context.options = recipe.audio_options
        self._dialogue = dialogue.frames

    def _video_stream(self, recipe: Recipe, target: BakeTarget) -> av.VideoStream:
        stream = self._container.add_stream(recipe.video_codec[0], rate=target.fps)
        stream.metadata.update(recipe.video_tags)
        context = stream.codec_context
        context.width = context.height = target.size
        context.pix_fmt = recipe.pixel_format
        context.time_base = Fraction(1, target.fps)
        # Engines seek when a line is scrubbed or interrupted: one key frame a second.
        context.gop_size = target.fps
        context.options = recipe.video_options
        context.thread_count = recipe.video_threads
        context.color_range = ColorRange.MPEG
        context.colorspace = recipe.colorspace
        context.color_primaries = recipe.color_primaries
        context.color_trc = recipe.color_transfer
        if recipe.video_bits_per_pixel is not None:
            context.bit_rate = round(recipe.video_bits_per_pixel * target.size**2 * target.fps)
        return stream

    def add(self, picture: np.ndarray) -> None:
        """Encode the next picture, uint8 (size, size, 3 or 4), and the dialogue up to its end. Raises OutputError."""
        source = av.VideoFrame.from_ndarray(picture, format="rgb24" if picture.shape[2] == 3 else "rgba")
        frame = self._reformatter.reformat(
            source,
            format=self._recipe.pixel_format,
            src_colorspace=self._recipe.colorspace,
            dst_colorspace=self._recipe.colorspace,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            interpolation=_CHROMA,
        )
        frame.time_base = Fraction(1, self._fps)
        frame.pts = self._count
        self._count += 1
        with self._explained():
            self._container.mux(self._video.encode(frame))
            self._add_dialogue(until=Fraction(self._count, self._fps))

    def _add_dialogue(self, until: Fraction) -> None:
        """Keep sound and picture side by side in the file, so that players need not read far ahead."""
        for frame in self._dialogue:
            self._container.mux(self._audio.encode(frame))
            if frame.pts * frame.time_base >= until:
                return

    def close(self) -> None:
        """Write the rest of the dialogue and complete the file. Raises OutputError, AudioError."""
        with self._explained():
            self._container.mux(self._video.encode(None))
            for frame in self._dialogue:
                self._container.mux(self._audio.encode(frame))
            self._container.mux(self._audio.encode(None))
            self._resources.close()

    def abandon(self) -> None:
        """Free the encoders of a file that is thrown away."""
        # What cannot be written of its end nobody wants.
        with suppress(av.FFmpegError, OSError):
            self._resources.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        with explained(self._path):
            try:
                yield
            except av.FFmpegError as error:
                raise OSError(error.errno, error.strerror) from error
