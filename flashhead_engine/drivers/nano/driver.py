"""The nano tier behind the common seam: speech network, performance, video sampling, portrait renderer."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...audio.pcm import SAMPLE_RATE_HZ, checked_pcm
from ...avatar.bundle import Avatar
from ...blendshapes.sampling import Sample, VideoSampler
from ...errors import FlashHeadError, SettingsError
from ...render.portrait import PortraitRenderer
from ...transcript.alignment import Alignment
from ..base import WEIGHTS_HZ, AlignedWords, FrameFlags, Outputs, SessionSettings, TimedFrame
from .articulation import CURVES, Articulator
from .features import FEATURES, FeatureExtractor, frame_count
from .network import LOOKAHEAD_FRAMES, NanoNetwork
from .performance import Performer
from .words import SpokenMouth, align_words

_SPEECH = CURVES.index("speech")


@dataclass(frozen=True, slots=True)
class _Pushed:
    """A piece of an utterance; `follow` only with its first one."""

    pcm: np.ndarray
    end: bool
    follow: Alignment | None


class NanoDriver:
    """`Driver` of the nano tier: one ONNX session for every head of the process, on one CPU thread."""

    tier = "nano"

    def __init__(self) -> None:
        self._network = NanoNetwork()

    @property
    def model_sha256(self) -> str:
        """Hash of the network's file; part of what identifies a baked line."""
        return self._network.sha256

    def open(self, avatar: Avatar | None, settings: SessionSettings) -> "NanoSession":
        """Open a talking head. Raises SettingsError when video is asked for without an avatar."""
        return NanoSession(avatar, settings, self._network.initial_state(1)[0])

    def align(self, pcm: np.ndarray, words: Sequence[Sequence[str]]) -> AlignedWords:
        """See `Driver.align`."""
        return align_words(self._network, checked_pcm(pcm), words)

    def step(self, sessions: Iterable["NanoSession"]) -> None:
        """Compute all frames that the stored audio allows; sessions that wait for the same number of feature
        frames share a run of the network."""
        while waiting := [session for session in sessions if session._prepare()]:
            frames = min(len(session._features) for session in waiting)
            features = np.stack([session._features[:frames] for session in waiting])
            state = np.stack([session._state for session in waiting])
            heard, state = self._network.run(features, state)
            for row, session in enumerate(waiting):
                session._accept(heard.curves[row], heard.visemes[row], state[row])


class NanoSession:
    """One talking head of the nano tier. See `DriverSession` for the calls."""

    def __init__(self, avatar: Avatar | None, settings: SessionSettings, initial_state: np.ndarray) -> None:
        if Outputs.VIDEO in settings.outputs and avatar is None:
            raise SettingsError("video needs an avatar: give one, or ask for blendshapes only.")
        self._settings = settings
        self._initial_state = initial_state
        self._performer = Performer(
            seed=settings.seed,
            parts=settings.performance,
            emotion=settings.emotion,
            emotion_intensity=settings.emotion_intensity,
            mouth_strength=settings.mouth_strength,
        )
        self._shows_track = Outputs.BLENDSHAPES in settings.outputs
        self._renderer = None
        if Outputs.VIDEO in settings.outputs:
            self._renderer = PortraitRenderer(avatar, settings.size)
        self._utterance = 0
        self._epoch = 0
        self._stored: deque[_Pushed] = deque()
        self._utterance_open = False  # as pushed; step() may be behind
        self._to_follow: Alignment | None = None
        self._frames: list[TimedFrame] = []
        self._closed = False
        self._begin_utterance()

    def push(self, pcm: np.ndarray, end: bool = False) -> None:
        self._check_open()
        # A copy: the caller may fill the same buffer again before step() reads it.
        self._stored.append(_Pushed(checked_pcm(pcm).copy(), end, self._to_follow))
        self._utterance_open = not end
        self._to_follow = None

    def follow(self, alignment: Alignment) -> None:
        self._check_open()
        if self._utterance_open:
            raise FlashHeadError("an utterance is unfinished: its words must be given before its first push.")
        self._to_follow = alignment

    def frames(self) -> list[TimedFrame]:
        self._check_open()
        taken, self._frames = self._frames, []
        return taken

    def set(
        self,
        *,
        emotion: str | None = None,
        emotion_intensity: float | None = None,
        mouth_strength: float | None = None,
    ) -> None:
        self._check_open()
        given = {"emotion": emotion, "emotion_intensity": emotion_intensity, "mouth_strength": mouth_strength}
        changes = {name: value for name, value in given.items() if value is not None}
        self._settings = replace(self._settings, **changes)
        for name, value in changes.items():
            setattr(self._performer, name, value)

    def cancel(self) -> None:
        self._check_open()
        self._stored.clear()
        self._frames.clear()
        self._utterance_open = False
        self._to_follow = None
        self._epoch += 1
        self._utterance += 1
        self._begin_utterance()

    def close(self) -> None:
        self._closed = True
        self._stored.clear()
        self._frames.clear()
        self._renderer = None

    def _check_open(self) -> None:
        if self._closed:
            raise FlashHeadError("this session is closed; open a new one.")

    def _begin_utterance(self) -> None:
        self._extractor = FeatureExtractor()
        self._features = np.zeros((0, FEATURES), np.float32)
        self._loudness_db = np.zeros(0, np.float32)  # of _features
        self._state = self._initial_state
        self._samples = 0
        self._ended = False
        self._articulator = Articulator()
        self._to_skip = LOOKAHEAD_FRAMES
        self._track_index = 0
        self._video_index = 0
        self._sampler = VideoSampler(self._settings.fps, WEIGHTS_HZ)
        self._spoken: SpokenMouth | None = None

    def _prepare(self) -> bool:
        """Turn stored audio into features, one utterance at a time; whether some wait for the network."""
        while not len(self._features) and self._stored:
            pushed = self._stored.popleft()
            self._ended = pushed.end
            if pushed.follow is not None:
                self._spoken = SpokenMouth(pushed.follow)
            self._samples += len(pushed.pcm)
            self._features = self._extractor.push(pushed.pcm)
            self._loudness_db = self._extractor.loudness_db
            if self._ended and self._samples:
                self._features = np.concatenate([self._features, self._extractor.finish(LOOKAHEAD_FRAMES)])
                self._loudness_db = np.concatenate([self._loudness_db, self._extractor.loudness_db])
            elif self._ended:
                self._next_utterance()
        return len(self._features) > 0

    def _accept(self, curves: np.ndarray, visemes: np.ndarray, state: np.ndarray) -> None:
        """Take the network's answer for the first len(curves) waiting feature frames."""
        features, self._features = self._features[: len(curves)], self._features[len(curves) :]
        loudness_db, self._loudness_db = self._loudness_db[: len(curves)], self._loudness_db[len(curves) :]
        self._state = state
        # The network answers as late as it looks ahead, so its first answers belong to no frame.
        skipped = min(self._to_skip, len(curves))
        self._to_skip -= skipped
        curves, visemes = curves[skipped:], visemes[skipped:]
        if self._spoken is not None:
            curves, visemes = self._spoken.mix(self._track_index, curves, visemes)
        mouth = self._articulator.apply(curves, visemes)
        weights, pose = self._performer.apply(mouth, curves[:, _SPEECH], features[skipped:], loudness_db[skipped:])
        for sample in map(Sample, weights, pose, visemes):
            self._emit_track(sample)
        if self._ended and not len(self._features):
            self._next_utterance()

    def _next_utterance(self) -> None:
        if self._renderer is not None:
            for sample in self._sampler.finish(self._video_frames()):
                self._emit_video(sample)
        self._utterance += 1
        self._begin_utterance()

    def _video_frames(self) -> int:
        return -(-self._samples * self._settings.fps // SAMPLE_RATE_HZ)

    def _emit_track(self, sample: Sample) -> None:
        last = self._ended and self._track_index == frame_count(self._samples) - 1
        if self._shows_track:
            self._frames.append(self._frame(sample, self._track_index, WEIGHTS_HZ, last, None))
        self._track_index += 1
        if self._renderer is not None and (chosen := self._sampler.push(sample)):
            self._emit_video(chosen)

    def _emit_video(self, sample: Sample) -> None:
        last = self._ended and self._video_index == self._video_frames() - 1
        pixels = self._renderer.render(sample.weights, sample.pose)
        self._frames.append(self._frame(sample, self._video_index, self._settings.fps, last, pixels))
        self._video_index += 1

    def _frame(self, sample: Sample, index: int, rate_hz: int, last: bool, pixels: np.ndarray | None) -> TimedFrame:
        pts_us = index * 1_000_000 // rate_hz
        flags = FrameFlags.FIRST if index == 0 else FrameFlags.NONE
        if last:
            flags |= FrameFlags.LAST
        return TimedFrame(
            utterance=self._utterance,
            epoch=self._epoch,
            index=index,
            pts_us=pts_us,
            duration_us=(index + 1) * 1_000_000 // rate_hz - pts_us,
            flags=flags,
            weights=sample.weights,
            pose=sample.pose,
            visemes=sample.visemes,
            pixels=pixels,
        )
