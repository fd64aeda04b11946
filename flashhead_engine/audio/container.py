"""Open an audio file and read it as frames on one gapless time line that begins at 0.

What players do is done here once, for the networks (16 kHz) and for the sound track of a video (its own rate):
encoder delay is skipped, a track that begins late is preceded by silence, MP4 padding at the end is dropped, holes
in the time stamps of WebM and MP4 are silence. What is damaged or cut off is an AudioError, never a shorter line.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from ..errors import AudioError, MissingDependencyError
from .completeness import declares_duration, missing_bytes, ogg_is_cut_off

try:
    import av
    from av.filter import Graph
except ImportError as error:
    raise MissingDependencyError(
        f'Reading audio files needs PyAV ({error}). Install it with: pip install "flashhead-engine[bake]"'
    ) from error

# Formats whose time stamps may jump on purpose, as browsers do when nobody speaks. Elsewhere a jump is damage.
_FORMATS_WITH_PAUSES = ("matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2", "mpegts")
_MOV = "mov,mp4,m4a,3gp,3g2,mj2"
_LONGEST_PAUSE_S = 60
_SAMPLE_RATES_HZ = range(4_000, 768_000 + 1)
_STAMP_TOLERANCE_S = 0.02
# A shorter decode than declared by no more than this is rounding: MP3 and AAC count whole frames.
_DURATION_TOLERANCE_S = 0.15


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a file's header says. `duration_us` is None when the file does not say how long it is."""

    path: Path
    codec: str
    sample_rate_hz: int
    channels: int
    duration_us: int | None


class OpenAudio:
    """The first audio track of a file, opened. Use `opened()`; frames can be read once."""

    def __init__(self, path: Path, container: "av.container.InputContainer") -> None:
        if not container.streams.audio:
            found = "is a video without sound" if container.streams.video else "holds no audio track or is cut off"
            raise AudioError(f"{path}: {found}. Give a file with dialogue in it.")
        self._container = container
        self._stream = container.streams.audio[0]
        context = self._stream.codec_context
        if context is None or not context.sample_rate:
            raise AudioError(f"{path}: its audio codec is not known here. Convert the file to WAV or FLAC.")
        if context.sample_rate not in _SAMPLE_RATES_HZ:
            raise AudioError(
                f"{path}: says it has {context.sample_rate} samples a second, as no recording has. Export it again."
            )
        # By default a decoder hides what it could not read.
        context.options = {"err_detect": "crccheck+explode"}
        self._origin = Fraction(container.start_time or 0, av.time_base)
        self._position = Fraction(0)  # How far the file is decoded, in seconds.
        self.info = AudioInfo(
            path=path,
            codec=context.name,
            sample_rate_hz=context.sample_rate,
            channels=context.channels,
            duration_us=_declared_duration_us(path, container, self._stream),
        )

    def frames(self, rate: int, channels: int, samples_per_frame: int) -> "Iterator[av.AudioFrame]":
        """Planar float32 frames at `rate` Hz from time 0 on; every one but the last has `samples_per_frame`.

        With another number of `channels` than the file's own each one is the average of all. Raises AudioError.
        """
        graph, end = None, self._end_sample(rate)
        try:
            for frame in self._frames_of_file():
                if graph is None:
                    graph = _graph(frame, rate, channels, samples_per_frame, end)
                graph.push(frame)
                yield from _pulled(graph)
            if graph is None:
                raise AudioError(f"{self.info.path}: has an audio header but no samples. Record or export it again.")
            graph.push(None)
            yield from _pulled(graph)
        except av.FFmpegError as error:
            raise self._damaged() from error
        self._check_length()

    def _frames_of_file(self) -> "Iterator[av.AudioFrame]":
        """Decoded frames with times from the file's start; raises AudioError at a hole or a change of format."""
        may_pause = self._container.format.name in _FORMATS_WITH_PAUSES
        longest_jump_s = _LONGEST_PAUSE_S if may_pause else _STAMP_TOLERANCE_S
        first = None
        for frame in self._container.decode(self._stream):
            first = first or frame
            start = self._position if frame.pts is None else frame.pts * frame.time_base - self._origin
            if frame.is_corrupt or start - self._position > longest_jump_s or not _same_format(frame, first):
                raise self._damaged()
            frame.time_base = Fraction(1, frame.sample_rate)
            frame.pts = round(start * frame.sample_rate)
            self._position = max(self._position, start + Fraction(frame.samples, frame.sample_rate))
            yield frame

    def _check_length(self) -> None:
        declared = Fraction(self.info.duration_us or 0, 1_000_000)
        if declared - self._position > _DURATION_TOLERANCE_S:
            raise AudioError(
                f"{self.info.path}: is cut off: it says {float(declared):.2f} s but holds "
                f"{float(self._position):.2f} s. Copy, record or export it again."
            )

    def _damaged(self) -> AudioError:
        return AudioError(
            f"{self.info.path}: is damaged at {float(self._position):.2f} s. Record or export it again."
        )

    def _end_sample(self, rate: int) -> int | None:
        """Where players stop an MP4 although its last AAC frame goes on; None for other formats."""
        if self._container.format.name != _MOV or self.info.duration_us is None:
            return None
        return round(self.info.duration_us * rate / 1_000_000)


@contextmanager
def opened(path: Path) -> Iterator[OpenAudio]:
    """Open `path`. Raises AudioError, saying what to do, when it is no readable and complete audio file."""
    path = Path(path)
    _check_file(path)
    try:
        # "file:" keeps FFmpeg from taking a name such as "a:b.wav" for a network protocol, and the white list
        # keeps a play list in disguise from opening one.
        container = av.open(f"file:{path}", options={"protocol_whitelist": "file"}, metadata_errors="replace")
    except av.FFmpegError as error:
        raise AudioError(
            f"{path}: is no audio file that FFmpeg knows, or it is cut off ({error.strerror}). "
            "Give a WAV, FLAC, MP3, Ogg, Opus, M4A, MP4 or WebM file."
        ) from error
    with container:
        _check_complete(path, container.format.name)
        yield OpenAudio(path, container)


def _check_file(path: Path) -> None:
    try:
        status = path.stat()
    except FileNotFoundError:
        raise AudioError(f"{path}: there is no such file. Check the name and the folder.") from None
    except OSError as error:
        raise AudioError(f"{path}: cannot be opened ({error.strerror}).") from error
    if stat.S_ISDIR(status.st_mode):
        raise AudioError(f"{path}: is a folder. Give one audio file.")
    # The mode is asked too because root may read everything, and a build that runs as root should fail alike.
    if not os.access(path, os.R_OK) or not status.st_mode & 0o444:
        raise AudioError(f"{path}: may not be read. Allow reading it for this user.")
    if status.st_size == 0:
        raise AudioError(f"{path}: is empty (0 bytes). Record or export it again.")


def _check_complete(path: Path, format_name: str) -> None:
    missing = missing_bytes(path, format_name)
    if missing:
        raise AudioError(
            f"{path}: is cut off: {missing} bytes of its samples are missing. Copy, record or export it again."
        )
    if ogg_is_cut_off(path, format_name):
        raise AudioError(f"{path}: is cut off: its last part is missing. Copy, record or export it again.")


def _declared_duration_us(
    path: Path, container: "av.container.InputContainer", stream: "av.AudioStream"
) -> int | None:
    """Time from the file's start to the end of the audio track, where the file says it."""
    if not declares_duration(path, container.format.name):
        return None
    if stream.duration is not None:
        late = Fraction(stream.start_time or 0) * stream.time_base - Fraction(container.start_time or 0, av.time_base)
        return round((late + stream.duration * stream.time_base) * 1_000_000)
    # WebM declares one duration for all tracks: the audio's own only when it is alone.
    if len(container.streams) == 1:
        return container.duration
    return None


def average_mix(inputs: int, outputs: int) -> str:
    """Arguments of FFmpeg's filter `pan` that make each of the outputs (1 or 2) the average of all inputs."""
    average = "+".join(f"{1 / inputs!r}*c{channel}" for channel in range(inputs))
    layout = "mono" if outputs == 1 else "stereo"
    return "|".join([layout, *(f"c{output}={average}" for output in range(outputs))])


def _graph(frame: "av.AudioFrame", rate: int, channels: int, samples_per_frame: int, end_sample: int | None) -> Graph:
    """FFmpeg filters: float, mix to one channel if asked, resample from time 0 on, cut into equal frames."""
    graph = Graph()
    # Or a thread for each core is started for every file.
    graph.threads = 1
    count = frame.layout.nb_channels
    steps = [
        graph.add(
            "abuffer",
            sample_rate=str(frame.sample_rate),
            sample_fmt=frame.format.name,
            channel_layout=frame.layout.name,
            time_base=str(frame.time_base),
        ),
        # Before the mix, which would otherwise round in the file's integer type.
        graph.add("aformat", sample_fmts="fltp"),
    ]
    if channels != count:
        steps.append(graph.add("pan", average_mix(count, channels)))
    # async=1 puts silence where the time stamps leave a hole and before a track that begins late.
    steps.append(graph.add("aresample", sample_rate=str(rate), first_pts="0", min_hard_comp="0.03", **{"async": "1"}))
    if end_sample is not None:
        steps.append(graph.add("atrim", end_sample=str(end_sample)))
    steps.append(graph.add("asetnsamples", nb_out_samples=str(samples_per_frame), pad="0"))
    steps.append(graph.add("abuffersink"))
    for source, sink in pairwise(steps):
        source.link_to(sink)
    graph.configure()
    return graph


def _pulled(graph: Graph) -> "Iterator[av.AudioFrame]":
    while True:
        try:
            yield graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return


def _same_format(frame: "av.AudioFrame", first: "av.AudioFrame") -> bool:
    return (frame.sample_rate, frame.layout.name, frame.format.name) == (
        first.sample_rate,
        first.layout.name,
        first.format.name,
    )
