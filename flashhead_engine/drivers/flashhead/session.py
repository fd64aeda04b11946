"""One talking head of lite or pro: what was pushed, what was heard, what was shown.

Weights come 60 times a second from nano, pictures 25 times a second by the chunk. A video frame is given out when
both are there: the picture of its time, at 24, 30 or 60 frames a second the newest one, with the weights of its time.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple

import numpy as np

from ...audio.context_cache import appended
from ...audio.pcm import SAMPLE_RATE_HZ, checked_pcm
from ...avatar.bundle import Avatar
from ...blendshapes.sampling import Sample, VideoSampler
from ...models.configs import FRAME_RATE_HZ, FlashHeadConfig
from ...transcript.alignment import Alignment
from ..base import WEIGHTS_HZ, FrameFlags, Gaze, Outputs, SessionSettings, TimedFrame
from ..nano.driver import NanoDriver
from .generation import HeadState, Portrait, chunk_samples
from .idle import IdleClip
from .keying import Keyer
from .stamp import stamp

_REMEMBERED = 8 * FRAME_RATE_HZ  # pictures; a client is never so far behind when it cancels


@dataclass
class _Stretch:
    """An utterance, or the idle time after one.

    `samples`: of audio so far; `waiting`: what of it no chunk has yet. `weights`: of the video frames that were not
    given out; `pictures` too, of which the first has the number `first`.
    """

    idle: bool
    sampler: VideoSampler
    samples: int = 0
    waiting: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    ended: bool = False
    utterance: int = 0
    weights: deque[Sample] = field(default_factory=deque)
    weights_ended: bool = False
    pictures: deque[np.ndarray] = field(default_factory=deque)
    first: int = 0
    given: int = 0  # video frames

    def count(self, rate_hz: int) -> int:
        """Frames at this rate that cover the audio so far."""
        return -(-self.samples * rate_hz // SAMPLE_RATE_HZ)

    def missing_pictures(self) -> int:
        return self.count(FRAME_RATE_HZ) - self.first - len(self.pictures)


@dataclass(frozen=True, slots=True)
class _Seen:
    """Picture `number` of an utterance or of the idle time that is counted to it: RGBA uint8."""

    utterance: int
    idle: bool
    number: int
    pixels: np.ndarray


class Likeness(NamedTuple):
    """Heads that are equal in this share a `Look`. `emotion`: of the portrait; None: the one for all emotions that
    have none of their own."""

    avatar: str
    emotion: str | None
    size: int
    seed: int


@dataclass(eq=False)
class Look:
    """What the model makes of a portrait, once; shared by heads that begin alike. `keyer`: None for an opaque
    portrait."""

    likeness: Likeness
    portrait: Portrait
    keyer: Keyer | None
    idle_clip: IdleClip | None = None


class FlashHeadSession:
    """See `DriverSession` for what clients call; the rest is the driver's."""

    def __init__(
        self,
        avatar: Avatar | None,
        settings: SessionSettings,
        nano: NanoDriver,
        config: FlashHeadConfig,
        stamped: bool,
    ) -> None:
        self.track = nano.open(None, replace(settings, outputs=Outputs.BLENDSHAPES))
        self.size = settings.size
        self.chunk_s = config.new_frames / FRAME_RATE_HZ if Outputs.VIDEO in settings.outputs else 0.0
        self.state = HeadState(settings.seed)
        self.look: Look | None = None
        self.avatar = avatar
        self._emotion = settings.emotion
        self._settings = settings
        self._config = config
        self._stamped = stamped
        self._shows_video = Outputs.VIDEO in settings.outputs
        self._shows_track = Outputs.BLENDSHAPES in settings.outputs
        self._stretches: deque[_Stretch] = deque()
        self._frames: list[TimedFrame] = []
        self._seen: deque[_Seen] = deque(maxlen=_REMEMBERED)
        self._goes_on = True  # the next chunk from the one before; else from what was seen
        self._heard = np.zeros(0, np.float32)
        self._idle_clip: IdleClip | None = None
        self._idle_since = 0
        self._before_idle: np.ndarray | None = None

    # --- What clients call --------------------------------------------------------------------------------------

    def push(self, pcm: np.ndarray, end: bool = False) -> None:
        pcm = checked_pcm(pcm)
        self.track.push(pcm, end)
        if not self._shows_video:
            return
        if not self._stretches or self._stretches[-1].idle or self._stretches[-1].ended:
            self._stretches.append(self._stretch(idle=False))
        stretch = self._stretches[-1]
        stretch.samples += len(pcm)
        stretch.waiting = np.concatenate([stretch.waiting, pcm])
        stretch.ended = end
        if end and not stretch.samples:
            self._stretches.pop()  # nobody spoke: no frame will come

    def follow(self, alignment: Alignment) -> None:
        self.track.follow(alignment)

    def idle(self, frames: int) -> None:
        self.track.idle(frames)
        if self._shows_video and frames > 0 and not (self._stretches and self._stretches[-1].idle):
            self._stretches.append(self._stretch(idle=True))

    def frames(self) -> list[TimedFrame]:
        self.track.check_open()
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
        """See `DriverSession.set`. Pictures follow `emotion` where the avatar has a portrait of it, from the next
        chunk on. All else acts on the weights alone: FlashHead knows none of it; and pictures come by the chunk, so
        that leaving some out would save nothing."""
        self.track.set(
            emotion=emotion,
            emotion_intensity=emotion_intensity,
            mouth_strength=mouth_strength,
            video_share=video_share,
        )
        if emotion is not None:
            self._emotion = emotion

    def look_at(self, gaze: Gaze | None) -> None:
        self.track.look_at(gaze)

    def cancel(self, shown: TimedFrame | None = None) -> None:
        self.track.cancel(shown)
        self._stretches.clear()
        self._frames.clear()
        if shown is not None:
            self._forget_after(shown)
        self._goes_on = False

    def close(self) -> None:
        self.track.close()
        self._stretches.clear()
        self._frames.clear()
        self._seen.clear()
        self.look = None

    # --- What the driver calls ----------------------------------------------------------------------------------

    @property
    def likeness(self) -> Likeness:
        """What the head looks like now."""
        emotion = self._emotion if self._emotion in self.avatar.portraits else None
        return Likeness(self.avatar.digest, emotion, self.size, self._settings.seed)

    def take_track(self) -> None:
        """Take what nano computed."""
        for frame in self.track.frames():
            if self._shows_track:
                self._frames.append(frame)
            if self._shows_video:
                self._take_weights(frame)

    def wants_chunk(self) -> bool:
        """Whether the utterance that is being spoken has audio for a chunk: a whole one, or the rest of its own."""
        if not self._stretches or self._stretches[0].idle:
            return False
        stretch = self._stretches[0]
        return len(stretch.waiting) >= chunk_samples(self._config) or (stretch.ended and len(stretch.waiting) > 0)

    def take_seen(self) -> np.ndarray | None:
        """What to go on from, RGBA uint8 (motion frames, H, W, 4), where the next chunk does not go on from the one
        before; None where it does, or where nothing was seen: then `state` begins anew."""
        if self._goes_on:
            return None
        self._goes_on = True
        if not self._seen:
            self.state = replace(self.state, motion=None)
            return None
        wanted = self._config.motion_frames
        newest = [seen.pixels for seen in islice(reversed(self._seen), wanted)][::-1]
        return np.stack(newest[:1] * (wanted - len(newest)) + newest)

    def next_pcm(self) -> np.ndarray:
        """The next chunk's audio; silence fills it after the end of an utterance."""
        stretch = self._stretches[0]
        samples = chunk_samples(self._config)
        self._heard, stretch.waiting = stretch.waiting[:samples], stretch.waiting[samples:]
        return np.pad(self._heard, (0, samples - len(self._heard)))

    def accept(self, context: np.ndarray, state: HeadState, pictures: np.ndarray) -> None:
        """Take a chunk, RGBA uint8 (new frames, H, W, 4). `context`: what was heard before it."""
        # What was added to fill the chunk was not heard, and of its pictures none is shown.
        silence = chunk_samples(self._config) - len(self._heard)
        self.state = replace(state, context=appended(context, self._heard), heard=state.heard - silence)
        stretch = self._stretches[0]
        if self._stamped:
            stamp(pictures)
        number = stretch.first + len(stretch.pictures)
        for pixels in pictures[: stretch.missing_pictures()]:
            stretch.pictures.append(pixels)
            self._seen.append(_Seen(stretch.utterance, False, number, pixels))
            number += 1

    def give_out(self, idle_clip: Callable[[], IdleClip]) -> None:
        """Join pictures and weights to frames, as far as both are there."""
        while self._stretches:
            stretch = self._stretches[0]
            if stretch.idle:
                self._draw_idle(stretch, idle_clip)
            self._give_out(stretch)
            if not (stretch.weights_ended and not stretch.weights):
                return
            self._goes_on = False  # the next utterance begins with what is seen then
            self._stretches.popleft()

    # --- Inside -------------------------------------------------------------------------------------------------

    def _stretch(self, idle: bool) -> _Stretch:
        return _Stretch(idle, VideoSampler(self._settings.fps, WEIGHTS_HZ))

    def _take_weights(self, frame: TimedFrame) -> None:
        is_idle = FrameFlags.IDLE in frame.flags
        stretch = next(stretch for stretch in self._stretches if not stretch.weights_ended)
        if stretch.idle and not is_idle:
            stretch.weights_ended = True
            stretch = next(stretch for stretch in self._stretches if not stretch.weights_ended)
        stretch.utterance = frame.utterance
        chosen = stretch.sampler.push(Sample(frame.weights, frame.pose, frame.visemes))
        if chosen is not None:
            stretch.weights.append(chosen)
        if FrameFlags.LAST in frame.flags:
            stretch.weights.extend(stretch.sampler.finish(stretch.count(self._settings.fps)))
            stretch.weights_ended = True

    def _picture_number(self, frame: int) -> int:
        return frame * FRAME_RATE_HZ // self._settings.fps

    def _draw_idle(self, stretch: _Stretch, idle_clip: Callable[[], IdleClip]) -> None:
        if not stretch.weights:
            return
        if stretch.first == 0 and not stretch.pictures:
            self._idle_clip = None
        wanted = self._picture_number(stretch.given + len(stretch.weights) - 1)
        for number in range(stretch.first + len(stretch.pictures), wanted + 1):
            clip = idle_clip()
            if clip is not self._idle_clip:  # the first, or that of another emotion
                self._idle_clip, self._idle_since = clip, number
                self._before_idle = self._seen[-1].pixels if self._seen else None
            pixels = clip.picture(number - self._idle_since, self._before_idle)
            stretch.pictures.append(pixels)
            self._seen.append(_Seen(stretch.utterance, True, number, pixels))

    def _give_out(self, stretch: _Stretch) -> None:
        while stretch.weights:
            number = self._picture_number(stretch.given)
            if number >= stretch.first + len(stretch.pictures):
                return
            while stretch.first < number:
                stretch.pictures.popleft()
                stretch.first += 1
            self._frames.append(self._frame(stretch, stretch.weights.popleft(), stretch.pictures[0]))
            stretch.given += 1

    def _frame(self, stretch: _Stretch, sample: Sample, pixels: np.ndarray) -> TimedFrame:
        fps = self._settings.fps
        return TimedFrame.of(
            sample,
            utterance=stretch.utterance,
            epoch=self.track.epoch,
            index=stretch.given,
            rate_hz=fps,
            last=stretch.ended and stretch.given == stretch.count(fps) - 1,
            idle=stretch.idle,
            pixels=pixels,
        )

    def _forget_after(self, shown: TimedFrame) -> None:
        """Drop remembered pictures that come after the one that was seen last."""
        last = (shown.utterance, FrameFlags.IDLE in shown.flags)
        number = shown.pts_us * FRAME_RATE_HZ // 1_000_000
        while self._seen:
            newest = self._seen[-1]
            if (newest.utterance, newest.idle) == last and newest.number <= number:
                return
            self._seen.pop()
