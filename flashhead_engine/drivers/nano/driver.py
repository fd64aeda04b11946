"""The nano tier behind the common seam: speech network, performance, video sampling, portrait renderer."""

import functools
import os
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from ...audio.pcm import SAMPLE_RATE_HZ, checked_pcm
from ...avatar.bundle import Avatar
from ...blendshapes.arkit import ARKIT_52
from ...blendshapes.sampling import Sample, VideoSampler
from ...blendshapes.visemes import VISEMES
from ...errors import FlashHeadError, SettingsError
from ...render.portrait import PortraitRenderer
from ...runtimes.gpu import GpuBudget
from ...transcript.alignment import Alignment
from ..base import WEIGHTS_HZ, AlignedWords, Gaze, Outputs, SessionSettings, TimedFrame
from .articulation import CURVES, Articulator
from .attention import Attention
from .features import FEATURES, FeatureExtractor, frame_count
from .handover import Handover
from .network import LOOKAHEAD_FRAMES, NanoNetwork
from .performance import Performer
from .words import SpokenMouth, align_words

_SPEECH = CURVES.index("speech")
_SIL = VISEMES.index("sil")
# What `FeatureExtractor` says of silence.
_SILENT_FEATURE, _SILENT_DB = -1.0, -100.0


@dataclass(frozen=True, slots=True)
class _Pushed:
    """A piece of an utterance; `follow` only with its first one."""

    pcm: np.ndarray
    end: bool
    follow: Alignment | None


@dataclass(frozen=True, slots=True)
class _Idle:
    """So many frames at 60 Hz without speech."""

    frames: int


@functools.cache
def _painters() -> ThreadPoolExecutor:
    """Heads are rendered beside each other, one thread a core: numpy and the native kernels let go of the
    interpreter's lock."""
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="flashhead-render")


class NanoDriver:
    """`Driver` of the nano tier: one ONNX session for every head of the process, on one CPU thread, or on a GPU
    within a budget."""

    tier = "nano"

    def __init__(self, gpu: GpuBudget | None = None) -> None:
        self._network = NanoNetwork(gpu=gpu)

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
        frames share a run of the network, and their pictures are drawn side by side."""
        sessions = list(sessions)
        while waiting := [session for session in sessions if session._prepare()]:
            frames = min(len(session._features) for session in waiting)
            features = np.array([session._features[:frames] for session in waiting])
            state = np.array([session._state for session in waiting])
            heard, state = self._network.run(features, state)
            for row, session in enumerate(waiting):
                session._accept(heard.curves[row], heard.visemes[row], state[row])
        to_draw = [session for session in sessions if session._undrawn]
        if len(to_draw) == 1:
            to_draw[0]._draw()
        elif to_draw:
            # A list, so that an error of a thread is raised here.
            list(_painters().map(NanoSession._draw, to_draw))


class NanoSession:
    """One talking head of the nano tier. See `DriverSession` for the calls."""

    chunk_s = 0.0

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
        self._stored: deque[_Pushed | _Idle] = deque()
        self._utterance_open = False  # as pushed; step() may be behind
        self._to_follow: Alignment | None = None
        self._frames: list[TimedFrame] = []
        self._undrawn: list[int] = []  # places in _frames
        self._closed = False
        self._attention = Attention()
        self._handover = Handover()
        self._last: Sample | None = None
        self._video_share, self._video_due = 1.0, 0.0
        self._begin_utterance()

    def push(self, pcm: np.ndarray, end: bool = False) -> None:
        self.check_open()
        # A copy: the caller may fill the same buffer again before step() reads it.
        self._stored.append(_Pushed(checked_pcm(pcm).copy(), end, self._to_follow))
        self._utterance_open = not end
        self._to_follow = None

    def follow(self, alignment: Alignment) -> None:
        self.check_open()
        if self._utterance_open:
            raise FlashHeadError("an utterance is unfinished: its words must be given before its first push.")
        self._to_follow = alignment

    def idle(self, frames: int) -> None:
        self.check_open()
        if self._utterance_open:
            raise FlashHeadError("an utterance is unfinished: a head is idle only between utterances.")
        if frames > 0:
            self._stored.append(_Idle(frames))

    def frames(self) -> list[TimedFrame]:
        self.check_open()
        taken, self._frames = self._frames, []
        return taken

    def set(
        self,
        *,
        emotion: str | None = None,
        emotion_intensity: float | None = None,
        mouth_strength: float | None = None,
        video_share: float | None = None,
    ) -> None:
        self.check_open()
        if video_share is not None:
            if not 0.0 <= video_share <= 1.0:
                raise SettingsError(f"video_share {video_share}: must be from 0 to 1.")
            self._video_share = video_share
        given = {"emotion": emotion, "emotion_intensity": emotion_intensity, "mouth_strength": mouth_strength}
        changes = {name: value for name, value in given.items() if value is not None}
        self._settings = replace(self._settings, **changes)
        for name, value in changes.items():
            setattr(self._performer, name, value)

    def look_at(self, gaze: Gaze | None) -> None:
        self.check_open()
        self._attention.look_at(gaze)

    def cancel(self, shown: TimedFrame | None = None) -> None:
        self.check_open()
        if shown is not None:
            self._last = Sample(shown.weights, shown.pose, shown.visemes)
        if self._last is not None:
            self._handover.start(self._last.weights, self._last.pose)
        self._stored.clear()
        self._frames.clear()
        self._undrawn.clear()
        self._utterance_open = False
        self._to_follow = None
        self._epoch += 1
        self._utterance += 1
        self._begin_utterance()

    @property
    def epoch(self) -> int:
        """Cancels so far."""
        return self._epoch

    def close(self) -> None:
        self._closed = True
        self._stored.clear()
        self._frames.clear()
        self._renderer = None

    def check_open(self) -> None:
        """Raises FlashHeadError when it is closed."""
        if self._closed:
            raise FlashHeadError("this session is closed; open a new one.")

    def _begin_utterance(self) -> None:
        self._extractor = FeatureExtractor()
        self._features = np.zeros((0, FEATURES), np.float32)
        self._loudness_db = np.zeros(0, np.float32)  # of _features
        self._state = self._initial_state
        self._samples = 0
        self._ended = False
        self._idle = False
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
            if isinstance(pushed, _Idle):
                self._rest(pushed.frames)
                continue
            if self._idle:
                self._begin_utterance()
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
        self._perform(mouth, curves[:, _SPEECH], features[skipped:], loudness_db[skipped:], visemes)
        if self._ended and not len(self._features):
            self._next_utterance()

    def _rest(self, frames: int) -> None:
        """Frames without speech: the mouth lets go of what it said last, the rest lives on."""
        if not self._idle:
            self._idle = True
            if self._last is not None:
                self._handover.start(self._last.weights, self._last.pose)
        visemes = np.zeros((frames, len(VISEMES)), np.float32)
        visemes[:, _SIL] = 1.0
        self._perform(
            np.zeros((frames, len(ARKIT_52)), np.float32),
            np.zeros(frames, np.float32),
            np.full((frames, FEATURES), _SILENT_FEATURE, np.float32),
            np.full(frames, _SILENT_DB, np.float32),
            visemes,
        )

    def _perform(
        self,
        mouth: np.ndarray,
        speech: np.ndarray,
        features: np.ndarray,
        loudness_db: np.ndarray,
        visemes: np.ndarray,
    ) -> None:
        weights, pose = self._performer.apply(mouth, speech, features, loudness_db)
        self._attention.apply(weights)
        self._handover.apply(weights, pose)
        for sample in map(Sample, weights, pose, visemes):
            self._emit_track(sample)

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
        self._last = sample
        if self._renderer is not None and (chosen := self._sampler.push(sample)):
            self._emit_video(chosen)

    def _emit_video(self, sample: Sample) -> None:
        first, last = self._video_index == 0, self._ended and self._video_index == self._video_frames() - 1
        self._video_due += self._video_share
        if self._video_due >= 1.0 or first or last:
            self._video_due = min(self._video_due - 1.0, 1.0) if self._video_due >= 1.0 else 0.0
            self._undrawn.append(len(self._frames))
            self._frames.append(self._frame(sample, self._video_index, self._settings.fps, last, None))
        self._video_index += 1

    def _draw(self) -> None:
        for place in self._undrawn:
            frame = self._frames[place]
            self._frames[place] = replace(frame, pixels=self._renderer.render(frame.weights, frame.pose))
        self._undrawn.clear()

    def _frame(self, sample: Sample, index: int, rate_hz: int, last: bool, pixels: np.ndarray | None) -> TimedFrame:
        return TimedFrame.of(
            sample,
            utterance=self._utterance,
            epoch=self._epoch,
            index=index,
            rate_hz=rate_hz,
            last=last,
            idle=self._idle,
            pixels=pixels,
        )
