"""The nano tier behind the common seam: speech network, performance, video sampling, portrait renderer."""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from ...audio.pcm import SAMPLE_RATE_HZ, checked_pcm
from ...avatar.bundle import Avatar
from ...blendshapes.sampling import Sample, VideoSampler
from ...errors import FlashHeadError, SettingsError
from ...render.portrait import PortraitRenderer
from ..base import WEIGHTS_HZ, FrameFlags, Outputs, SessionSettings, TimedFrame
from .features import FEATURES, FeatureExtractor, frame_count
from .network import LOOKAHEAD_FRAMES, NanoNetwork
from .performance import Performer

_NO_SAMPLES = np.zeros(0, np.float32)


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

    def step(self, sessions: Iterable["NanoSession"]) -> None:
        """Compute all frames that the stored audio allows; sessions that wait for the same number of feature
        frames share a run of the network."""
        while waiting := [session for session in sessions if session._prepare()]:
            frames = min(len(session._features) for session in waiting)
            features = np.stack([session._features[:frames] for session in waiting])
            state = np.stack([session._state for session in waiting])
            weights, visemes, state = self._network.run(features, state)
            for row, session in enumerate(waiting):
                session._accept(weights[row], visemes[row], state[row])


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
        self._renderer = None
        if Outputs.VIDEO in settings.outputs:
            self._renderer = PortraitRenderer(avatar, settings.size)
        self._utterance = 0
        self._epoch = 0
        self._stored: deque[tuple[np.ndarray, bool]] = deque()
        self._frames: list[TimedFrame] = []
        self._closed = False
        self._begin_utterance()

    def push(self, pcm: np.ndarray, end: bool = False) -> None:
        self._check_open()
        # A copy: the caller may fill the same buffer again before step() reads it.
        self._stored.append((checked_pcm(pcm).copy(), end))

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
        self._state = self._initial_state
        self._samples = 0
        self._ended = False
        self._to_skip = LOOKAHEAD_FRAMES
        self._track_index = 0
        self._video_index = 0
        self._sampler = VideoSampler(self._settings.fps, WEIGHTS_HZ)

    def _prepare(self) -> bool:
        """Turn stored audio into features, one utterance at a time; whether some wait for the network."""
        while not len(self._features) and self._stored:
            pcm, self._ended = self._stored.popleft()
            self._samples += len(pcm)
            self._features = self._extractor.push(pcm)
            if self._ended and self._samples:
                self._features = np.concatenate([self._features, self._extractor.finish(LOOKAHEAD_FRAMES)])
            elif self._ended:
                self._next_utterance()
        return len(self._features) > 0

    def _accept(self, weights: np.ndarray, visemes: np.ndarray, state: np.ndarray) -> None:
        """Take the network's answer for the first len(weights) waiting feature frames."""
        self._features = self._features[len(weights) :]
        self._state = state
        # The network answers as late as it looks ahead, so its first answers belong to no frame.
        skipped = min(self._to_skip, len(weights))
        self._to_skip -= skipped
        weights, pose = self._performer.apply(weights[skipped:])
        for sample in map(Sample, weights, pose, visemes[skipped:]):
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
        if Outputs.BLENDSHAPES in self._settings.outputs:
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
