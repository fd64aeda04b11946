"""Bakes one line: audio through a driver into every output that was asked for."""

import functools
import hashlib
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from .. import __version__
from ..audio.decode import SAMPLE_RATE_HZ, AudioFile, open_audio
from ..avatar.bundle import Avatar, load_avatar
from ..avatar.manifest import VERSION as AVATAR_VERSION
from ..drivers import load_driver
from ..drivers.base import AlignedWords, Driver, DriverSession, Outputs
from ..transcript.alignment import AlignmentError
from .background import BackgroundWriter
from .formats import BakeTarget, FrameWriter, for_path, line_name
from .manifest import (
    Audio,
    AvatarUsed,
    ModelUsed,
    Output,
    PerformanceUsed,
    SettingsUsed,
    TranscriptUsed,
    baked_line,
    relative_path,
    save_manifest,
)
from .outputs import raise_if_ended, sigterm_raises
from .plan import LineRequest
from .quality import Quality, QualityMeter

Report = Callable[[float], None]

_LONGEST_WITH_TRANSCRIPT_S = 900  # bounds the memory; a line of dialogue is a few seconds
_PUSH_SAMPLES = SAMPLE_RATE_HZ // 5
_NO_SAMPLES = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class BakedLine:
    """What became of a line. `files`: the outputs, then the manifest entry. `video_frames`: 0 without a video.
    `warning`: what a person should know of a line that was baked otherwise than asked for."""

    audio: Path
    files: tuple[Path, ...]
    duration_us: int
    video_frames: int
    elapsed_s: float
    warning: str | None = None

    @property
    def speed(self) -> float:
        """Seconds of dialogue baked per second."""
        return self.duration_us / 1e6 / self.elapsed_s


def bake_line(line: LineRequest, report: Report) -> BakedLine:
    """Bake one line; `report` is called with shares of the work that add up to 1.

    Raises AudioError, AvatarError, OutputError, SettingsError or MissingDependencyError. On any exception,
    KeyboardInterrupt included, what was not finished is removed.
    """
    begun = time.perf_counter()
    driver = _driver(line.tier, line.runtime)
    writer_types = [for_path(path) for path in line.outputs]
    wanted = functools.reduce(Outputs.__or__, (writer.needs for writer in writer_types))
    avatar = load_avatar(line.avatar) if Outputs.VIDEO in wanted else None
    with ExitStack() as cleaning:
        cleaning.enter_context(sigterm_raises())
        audio = cleaning.enter_context(open_audio(line.audio))
        target = BakeTarget(
            audio=line.audio,
            fps=line.settings.fps,
            size=line.settings.size,
            background=avatar.background if avatar else (0, 0, 0),
            alpha=avatar is not None and bool((avatar.portrait[..., 3] < 255).any()),
            rig=line.rig,
        )
        writers = []
        for writer_type, path in zip(writer_types, line.outputs, strict=True):
            writer = writer_type(path, target)
            if writer.needs is Outputs.VIDEO:
                writer = BackgroundWriter(writer)
            cleaning.callback(writer.abort)
            writers.append(writer)
        session = driver.open(avatar, replace(line.settings, outputs=wanted))
        cleaning.callback(session.close)
        aligned, warning = _align(line, driver)
        if aligned is not None and aligned.fits:
            session.follow(aligned.alignment)
        meter = QualityMeter(wanted) if line.key is not None else None
        samples = _speak(audio, driver, session, writers, meter, report)
        outputs = [writer.finish() for writer in writers]
        duration_us = samples * 1_000_000 // SAMPLE_RATE_HZ
        words = line.transcript.words if line.transcript is not None else None
        quality = meter.result(words, aligned) if meter is not None else None
        manifest = _save_manifest(line, audio, avatar, driver, duration_us, outputs, aligned, quality)
    return BakedLine(
        audio=line.audio,
        files=(*(manifest.parent / output.file for output in outputs), manifest),
        duration_us=duration_us,
        video_frames=max((output.frames for output in outputs if output.kind in ("video", "frames")), default=0),
        elapsed_s=time.perf_counter() - begun,
        warning=warning,
    )


@functools.cache
def _driver(tier: str, runtime: str | None) -> Driver:
    return load_driver(tier, runtime=runtime)


def _align(line: LineRequest, driver: Driver) -> tuple[AlignedWords | None, str | None]:
    """When the words of the line are spoken, and a warning where the audio says something else."""
    if line.transcript is None:
        return None, None
    pcm = _whole_audio(line.audio)
    if pcm is None:
        return None, f"{line.audio}: baked from the audio alone: too long to follow a transcript; cut it in lines."
    try:
        aligned = driver.align(pcm, line.transcript.words)
    except AlignmentError as error:
        return None, f"{line.audio}: baked from the audio alone: {error}"
    if aligned is None or aligned.fits:
        return aligned, None
    return aligned, f"{line.audio}: baked from the audio alone: what is heard does not fit the transcript."


def _whole_audio(path: Path) -> np.ndarray | None:
    """The utterance, float32 mono at 16 kHz; None when it is longer than a transcript is followed."""
    pieces, samples = [_NO_SAMPLES], 0
    with open_audio(path) as audio:
        for pcm in audio.chunks():
            pieces.append(pcm)
            samples += len(pcm)
            if samples > _LONGEST_WITH_TRANSCRIPT_S * SAMPLE_RATE_HZ:
                return None
    return np.concatenate(pieces)


def _speak(
    audio: AudioFile,
    driver: Driver,
    session: DriverSession,
    writers: list[FrameWriter],
    meter: QualityMeter | None,
    report: Report,
) -> int:
    """Run the whole utterance through the session into the writers; returns its length in samples."""
    samples, reported = 0, 0.0
    expected = max(1, (audio.duration_us or 0) * SAMPLE_RATE_HZ // 1_000_000)
    for pcm in audio.chunks():
        # Short pushes, so that frames reach the writers' threads as steadily as they can encode them.
        for start in range(0, len(pcm), _PUSH_SAMPLES):
            _push(pcm[start : start + _PUSH_SAMPLES], False, driver, session, writers, meter)
        samples += len(pcm)
        share = min(0.99, samples / expected) if audio.duration_us else 0.0
        report(max(0.0, share - reported))
        reported = max(reported, share)
    _push(_NO_SAMPLES, True, driver, session, writers, meter)
    report(1.0 - reported)
    return samples


def _push(
    pcm: np.ndarray,
    end: bool,
    driver: Driver,
    session: DriverSession,
    writers: list[FrameWriter],
    meter: QualityMeter | None,
) -> None:
    raise_if_ended()
    if meter is not None:
        meter.hear(pcm)
    session.push(pcm, end)
    driver.step([session])
    for frame in session.frames():
        if meter is not None:
            meter.see(frame)
        kind = Outputs.BLENDSHAPES if frame.pixels is None else Outputs.VIDEO
        for writer in writers:
            if writer.needs is kind:
                writer.write(frame)


def _save_manifest(
    line: LineRequest,
    audio: AudioFile,
    avatar: Avatar | None,
    driver: Driver,
    duration_us: int,
    outputs: list[Output],
    aligned: AlignedWords | None,
    quality: Quality | None,
) -> Path:
    folder = line.outputs[0].parent
    settings = line.settings
    with line.audio.open("rb") as file:
        audio_sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    entry = baked_line(
        id=line_name(line.outputs[0]),
        duration_us=duration_us,
        tier=line.tier,
        engine_version=__version__,
        audio=Audio(
            name=line.audio.name,
            file=relative_path(line.audio, folder),
            sha256=audio_sha256,
            duration_us=duration_us,
            sample_rate_hz=audio.sample_rate_hz,
            channels=audio.channels,
        ),
        avatar=AvatarUsed(name=avatar.name, version=AVATAR_VERSION, sha256=avatar.digest) if avatar else None,
        model=ModelUsed(name=line.tier, sha256=driver.model_sha256),
        transcript=_transcript_used(line, aligned),
        settings=SettingsUsed(
            fps=settings.fps,
            size=settings.size,
            seed=settings.seed,
            emotion=settings.emotion,
            emotion_intensity=settings.emotion_intensity,
            mouth_strength=settings.mouth_strength,
            performance=PerformanceUsed(**asdict(settings.performance)),
        ),
        quality=quality,
        key=line.key,
        outputs=outputs,
    )
    return save_manifest(entry, folder)


def _transcript_used(line: LineRequest, aligned: AlignedWords | None) -> TranscriptUsed | None:
    if line.transcript is None:
        return None
    return TranscriptUsed(
        language=line.transcript.language,
        confidence=round(aligned.alignment.confidence, 3) if aligned else 0.0,
        followed=aligned is not None and aligned.fits,
    )
