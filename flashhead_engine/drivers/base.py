"""The seam that every tier implements and the worker, the baker, the benchmarks and the tests use.

    driver = load_driver("nano")                        # once per process and tier
    session = driver.open(avatar, SessionSettings())    # one talking head
    session.push(pcm, end=True)                         # only stores
    driver.step([session])                              # alone computes
    for frame in session.frames(): ...                  # only drains

A session owns no thread and no socket. Pushing a file at once or sample by sample gives the same frames.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Flag, IntFlag, auto
from typing import Protocol

import numpy as np

from ..avatar.bundle import Avatar
from ..blendshapes.emotions import EMOTIONS
from ..blendshapes.sampling import Sample
from ..errors import SettingsError
from ..render.portrait import SIZES as VIDEO_SIZES
from ..transcript.alignment import Alignment

WEIGHTS_HZ = 60
VIDEO_FPS = (24, 25, 30, 60)
POSE = ("headYaw", "headPitch", "headRoll", "breath")
"""Order of `TimedFrame.pose`: three angles in radians (yaw > 0: the face's own left; pitch > 0: down;
roll > 0: towards its own right shoulder) and the breath, 0 (out) to 1 (in)."""


class Outputs(Flag):
    BLENDSHAPES = auto()
    VIDEO = auto()


class FrameFlags(IntFlag):
    NONE = 0
    IDLE = 1
    FIRST = 2
    LAST = 4


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """What one session shows during [pts_us, pts_us + duration_us) of its utterance's audio.

    `weights`: float32 (52,), 0..1, order of `blendshapes.arkit.ARKIT_52`. `pose`: float32 (4,), order of `POSE`.
    `visemes`: float32 (15,), posteriors that sum to 1, order of `blendshapes.visemes.VISEMES`.
    `pixels`: uint8 (size, size, 4), straight-alpha sRGB RGBA, top row first, on video frames; None on the 60 Hz
    blendshape track.
    """

    utterance: int
    epoch: int
    index: int
    pts_us: int
    duration_us: int
    flags: FrameFlags
    weights: np.ndarray
    pose: np.ndarray
    visemes: np.ndarray
    pixels: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        sample: Sample,
        *,
        utterance: int,
        epoch: int,
        index: int,
        rate_hz: int,
        last: bool,
        idle: bool,
        pixels: np.ndarray | None,
    ) -> "TimedFrame":
        """Frame `index` of a track or video at `rate_hz`: it covers [index / rate_hz, (index + 1) / rate_hz)."""
        flags = FrameFlags.FIRST if index == 0 else FrameFlags.NONE
        if last:
            flags |= FrameFlags.LAST
        if idle:
            flags |= FrameFlags.IDLE
        pts_us = index * 1_000_000 // rate_hz
        return cls(
            utterance=utterance,
            epoch=epoch,
            index=index,
            pts_us=pts_us,
            duration_us=(index + 1) * 1_000_000 // rate_hz - pts_us,
            flags=flags,
            weights=sample.weights,
            pose=sample.pose,
            visemes=sample.visemes,
            pixels=pixels,
        )

    @property
    def confidence(self) -> float:
        """How sure the driver is of what it heard: the posterior of the likeliest viseme, 1/15..1."""
        return float(self.visemes.max())


@dataclass(frozen=True, slots=True)
class Performance:
    """What the face does besides speaking; each part can be switched off."""

    blinks: bool = True
    saccades: bool = True
    head_sway: bool = True
    breath: bool = True
    brows: bool = True

    @classmethod
    def off(cls) -> "Performance":
        return cls(blinks=False, saccades=False, head_sway=False, breath=False, brows=False)


@dataclass(frozen=True, slots=True)
class Gaze:
    """Where eyes look: radians from straight ahead, -1..1; `yaw` > 0 to the face's own left, `pitch` > 0 down.
    Raises SettingsError for other values."""

    yaw: float
    pitch: float

    def __post_init__(self) -> None:
        for name, angle in (("yaw", self.yaw), ("pitch", self.pitch)):
            if not -1.0 <= angle <= 1.0:
                raise SettingsError(f"gaze {name} {angle}: must be from -1 to 1 radians.")


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """Settings of one talking head. Raises SettingsError for a value outside its range.

    `size`: pixels, 256..1024, a multiple of 32. `fps`: 24, 25, 30 or 60. `emotion_intensity`: 0..1.
    `mouth_strength`: 0 (the mouth does not move) .. 1 (as spoken) .. 2 (exaggerated). `seed`: any int >= 0;
    the same seed gives the same performance.
    """

    outputs: Outputs = Outputs.BLENDSHAPES
    size: int = 512
    fps: int = 25
    seed: int = 0
    emotion: str = "neutral"
    emotion_intensity: float = 1.0
    mouth_strength: float = 1.0
    performance: Performance = Performance()

    def __post_init__(self) -> None:
        if self.size not in VIDEO_SIZES:
            raise SettingsError(f"size {self.size}: must be a multiple of 32 from 256 to 1024.")
        if self.fps not in VIDEO_FPS:
            raise SettingsError(f"fps {self.fps}: must be one of {', '.join(map(str, VIDEO_FPS))}.")
        if self.seed < 0:
            raise SettingsError(f"seed {self.seed}: must be 0 or greater.")
        if self.emotion not in EMOTIONS:
            raise SettingsError(f"emotion '{self.emotion}': must be one of {', '.join(EMOTIONS)}.")
        if not 0.0 <= self.emotion_intensity <= 1.0:
            raise SettingsError(f"emotion_intensity {self.emotion_intensity}: must be from 0 to 1.")
        if not 0.0 <= self.mouth_strength <= 2.0:
            raise SettingsError(f"mouth_strength {self.mouth_strength}: must be from 0 to 2.")


@dataclass(frozen=True, slots=True)
class AlignedWords:
    """When words are spoken in an utterance. `fits`: whether the audio says them; where it does not, following them
    is worse than not knowing them."""

    alignment: Alignment
    fits: bool


class DriverSession(Protocol):
    """One talking head: a value with explicit state."""

    chunk_s: float
    """Seconds of audio whose frames come together; 0: frames come as the audio does."""

    def push(self, pcm: np.ndarray, end: bool = False) -> None:
        """Store float32 mono PCM in [-1, 1] at 16 kHz, any number of samples. `end` closes the utterance;
        the next push begins the next one. Raises AudioError on another shape, dtype or a NaN."""

    def follow(self, alignment: Alignment) -> None:
        """Let the mouth follow these sounds in the utterance that the next push begins, instead of what is heard
        alone. A tier that needs no words does nothing. Raises FlashHeadError while an utterance is unfinished."""

    def idle(self, frames: int) -> None:
        """Ask for so many more frames at 60 Hz of a face that does not speak; with video, for those of the same time.
        They carry `FrameFlags.IDLE` and PTS that count from the end of the last utterance. Between utterances only:
        raises FlashHeadError while one is unfinished."""

    def frames(self) -> list[TimedFrame]:
        """Take the frames computed since the last call; those of the track and those of the video each in order
        of time."""

    def set(
        self,
        *,
        emotion: str | None = None,
        emotion_intensity: float | None = None,
        mouth_strength: float | None = None,
        video_share: float | None = None,
    ) -> None:
        """Change how the head performs from the next computed frame on. `video_share`, 0..1: of the video frames that
        are rendered; the others are left out evenly, so that a machine that cannot do them all shows fewer instead of
        late ones. Raises SettingsError."""

    def look_at(self, gaze: Gaze | None) -> None:
        """Turn the eyes to `gaze`; None lets them wander again."""

    def cancel(self, shown: TimedFrame | None = None) -> None:
        """Drop all stored audio and frames; the epoch goes up by one. `shown`: the frame that was seen last, from
        which the face goes on without a jump; None: the last one that was computed."""

    def close(self) -> None:
        """Free what the session holds. Every later call but close() raises FlashHeadError."""


class Driver(Protocol):
    """A tier, loaded once per process."""

    tier: str
    model_sha256: str
    """Hash of the model files; part of what identifies a baked line."""

    def open(self, avatar: Avatar | None, settings: SessionSettings) -> DriverSession:
        """Open a talking head. `avatar` may be None when no video is asked for."""

    def align(self, pcm: np.ndarray, words: Sequence[Sequence[str]]) -> AlignedWords | None:
        """When the sounds of `words` (see `transcript.phonemes.phonemise`) are spoken in a whole utterance of float32
        mono PCM at 16 kHz, for `DriverSession.follow`; None from a tier that needs no words. Raises AlignmentError
        when they cannot be laid over the audio."""

    def step(self, sessions: Iterable[DriverSession]) -> None:
        """Compute everything that the stored audio of these sessions allows."""
