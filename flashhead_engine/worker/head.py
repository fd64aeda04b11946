"""One talking head in the worker: what it says next, how far it may be ahead of its client's ears, what it shows."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..audio.pcm import SAMPLE_RATE_HZ
from ..drivers.base import WEIGHTS_HZ, DriverSession, FrameFlags, Outputs, SessionSettings, TimedFrame
from ..errors import FlashHeadError, SettingsError
from ..transport.messages import AHEAD_FRAMES, Cancelled, Error, Finished, FirstFrame, FromWorker, Started, Underrun
from .generating import GeneratingSession
from .scheduler import SLACK_S, Turn
from .statistics import Rate, WorkerStatistics
from .utterance import FileUtterance, Utterance

_LOOKAHEAD_S = 0.08
"""Audio that a driver hears beyond a frame; nano needs 54 ms, the rest is for the resampler's filter."""
_LONGEST_GUESS_S = 1.0  # without news from the client its clock is believed to go on for so long
_BLENDSHAPE_TURN_S = 2 / WEIGHTS_HZ  # two weights a turn halve the cost of many heads
_EARLY_S = SLACK_S + 0.001  # turns come a little less than this before they are due
_REMEMBERED = 64  # frames of which one was shown last when a cancel comes
_LONGEST_PAUSE_S = 0.25  # an idle face that could not be computed for longer does not catch up


@dataclass(slots=True)
class _Clock:
    """The client's audio clock as it was told last."""

    audio_s: float
    playing: bool
    told_s: float

    def now(self, now_s: float) -> float:
        passed = min(now_s - self.told_s, _LONGEST_GUESS_S) if self.playing else 0.0
        return self.audio_s + passed


class Head:
    """`publish(frame)` hands a frame to its rings or messages; `tell(event)` reaches its client."""

    def __init__(
        self,
        number: int,
        session: DriverSession | GeneratingSession,
        settings: SessionSettings,
        publish: Callable[[TimedFrame], None],
        tell: Callable[[FromWorker], None],
        statistics: WorkerStatistics,
        now_s: float,
    ) -> None:
        self.number = number
        self.session = session
        self.paused = False
        self.drawn = 0
        """Pictures that its last turn drew."""
        self.late = 0
        self.rate = Rate()
        self._settings = settings
        self._publish = publish
        self._tell = tell
        self._statistics = statistics
        self._video = Outputs.VIDEO in settings.outputs
        self._frame_s = 1.0 / (settings.fps if self._video else WEIGHTS_HZ)
        self._turn_s = self._frame_s if self._video else _BLENDSHAPE_TURN_S
        # A turn that makes several frames is due when the last of them may be seen, so that none is kept back.
        self._later_s = self._turn_s - self._frame_s + (0.0 if self._video else _EARLY_S)
        self._epoch = 0
        self._queue: deque[Utterance | FileUtterance] = deque()
        self._current: Utterance | FileUtterance | None = None
        self._used = 0  # highest number of an utterance so far
        self._share = 1.0
        self._recent: deque[TimedFrame] = deque(maxlen=_REMEMBERED)
        self._be_idle(now_s)

    @property
    def state(self) -> str:
        """ "paused", "speaking" or "idle"."""
        return "paused" if self.paused else "speaking" if self._current else "idle"

    @property
    def waiting_s(self) -> float:
        """Seconds of audio that wait."""
        return sum(utterance.waiting_s for utterance in self._utterances())

    @property
    def draws(self) -> bool:
        return self._video

    @property
    def fps(self) -> float:
        """Turns a second."""
        return 1.0 / self._turn_s

    # --- what clients ask for -----------------------------------------------------------------------------------

    def speak(self, utterance: Utterance | FileUtterance, now_s: float) -> None:
        """Queue an utterance. Raises SettingsError when its number was used before."""
        self.check_new(utterance.number)
        self._used = utterance.number
        self._queue.append(utterance)
        if self._current is None:
            self._begin_next(now_s)

    def check_new(self, number: int) -> None:
        """Raises SettingsError when an utterance's number was used before."""
        if number <= self._used:
            raise SettingsError(f"utterance {number}: was used before; number utterances upwards.")

    def find(self, number: int) -> Utterance | FileUtterance | None:
        """An utterance that is spoken or waits."""
        return next((utterance for utterance in self._utterances() if utterance.number == number), None)

    def clock(self, utterance: int, audio_us: int, playing: bool, now_s: float) -> None:
        if self._current is not None and utterance == self._current.number:
            self._clock = _Clock(audio_us / 1e6, playing, now_s)
        elif self._current is None and utterance == self._finished:
            # Of the utterance whose last frame is out: its end is when idle motion begins.
            self._clock = _Clock(audio_us / 1e6, playing, now_s)
            self._idle_from_s = now_s + max(0.0, self._spoken_s - audio_us / 1e6)

    def cancel(self, last_pts_us: int, now_s: float) -> None:
        """Stop and forget what waits; the face goes on from the frame that was shown last."""
        dropped = [utterance.number for utterance in self._utterances()]
        shown = [frame for frame in self._recent if frame.pts_us <= last_pts_us]
        self._queue.clear()
        self._current = None
        self._epoch += 1
        self.session.cancel(shown[-1] if shown else None)
        self._be_idle(now_s)
        self._tell(Cancelled(self.number, self._epoch, dropped))

    def give_up(self, number: int, code: str, words: str, now_s: float) -> None:
        """An utterance cannot be spoken on, as one from a damaged file: its client is told why, and the face goes to
        rest or to what waits."""
        self._tell(Error(code, words, session=self.number, utterance=number))
        if self._current is None or self._current.number != number:
            self._queue = deque(utterance for utterance in self._queue if utterance.number != number)
            return
        self._current = None
        self.session.cancel(self._recent[-1] if self._recent else None)
        self._be_idle(now_s)
        if self._queue:
            self._begin_next(now_s)

    def pause(self, paused: bool, now_s: float) -> None:
        if self.paused and not paused and self._current is None:
            self._idle_from_s = now_s - self._next_s
        self.paused = paused

    def is_late(self, now_s: float) -> bool:
        """Whether the time of the frame that it is to make is over. Nothing is late by a clock that stands."""
        if self._current is None or self._clock is None or not self._clock.playing:
            return False
        return self._clock.now(now_s) > self._next_s + self._turn_s

    # --- its turns ----------------------------------------------------------------------------------------------

    def turn(self, now_s: float, cost_s: float) -> Turn | None:
        """When its next frame is to be computed; None while there is nothing to compute."""
        if self.paused or (self._computing and not self._held):
            return None
        if self._current is None:
            due_s = self._idle_from_s + self._next_s - self._turn_s
            return Turn(self.number, due_s, due_s + self._turn_s, cost_s)
        if self._current.exhausted:
            return self._last_turns(now_s, cost_s)
        if not self._current.complete and not self._current.waiting_s:
            self._starve(now_s)
            return None
        ahead_s = AHEAD_FRAMES * self._frame_s
        heard_s = self._clock.now(now_s) if self._clock else 0.0
        if self._clock is None or not self._clock.playing:
            # Its clock stands: what is allowed now stays all that is allowed.
            if self._next_s >= heard_s + ahead_s:
                return None
            return Turn(self.number, now_s, now_s + self._next_s - heard_s, cost_s)
        deadline_s = now_s + self._next_s - heard_s
        return Turn(self.number, deadline_s - ahead_s + self._later_s, deadline_s, cost_s)

    def _last_turns(self, now_s: float, cost_s: float) -> Turn | None:
        """Everything is computed; frames still wait for their time."""
        if not self._held:
            return Turn(self.number, now_s, now_s, cost_s)
        frame = self._held[0]
        heard_us = self._heard_us(now_s)
        early_us = frame.pts_us - AHEAD_FRAMES * frame.duration_us - heard_us
        if early_us >= 0 and not (self._clock and self._clock.playing):
            return None
        return Turn(self.number, now_s + early_us / 1e6, now_s + (frame.pts_us - heard_us) / 1e6, cost_s)

    def feed(self, now_s: float, share: float) -> None:
        """Give the driver what its next frame needs. `share`: of the pictures, that are to be drawn."""
        if share != self._share:
            self._share = share
            self.session.set(video_share=share)
        if self._current is None:
            behind_s = now_s - self._idle_from_s - self._next_s
            if behind_s > _LONGEST_PAUSE_S:
                self._idle_from_s += behind_s
            frames = round((self._next_s + self._turn_s) * WEIGHTS_HZ) - round(self._next_s * WEIGHTS_HZ)
            self.session.idle(frames)
            self._next_s += self._turn_s
        elif not self._current.exhausted and not self._is_far_ahead(now_s):
            seconds = self.session.chunk_s or (self._turn_s if self._fed else self._turn_s + _LOOKAHEAD_S)
            try:
                pcm, end = self._current.take(seconds)
            except FlashHeadError as error:
                self.give_up(self._current.number, "bad_audio", str(error), now_s)
                return
            self._fed = True
            self._pushed_s += len(pcm) / SAMPLE_RATE_HZ
            self.session.push(pcm, end)

    def collect(self, now_s: float) -> None:
        """Publish what the driver has computed and may be seen."""
        frames = list(self.session.frames())
        self.drawn = sum(frame.pixels is not None for frame in frames)
        self._held.extend(frames)
        if self._current is None:
            while self._held:
                self._show(self._held.popleft(), 0, now_s)
            return
        kept = deque()
        heard_us = self._heard_us(now_s)
        while self._held:
            frame = self._held.popleft()
            if frame.pts_us < heard_us + AHEAD_FRAMES * frame.duration_us:
                self._show(frame, self._current.number, now_s)
                self._notice(frame, heard_us, now_s)
            else:
                kept.append(frame)
        self._held = kept
        next_us = next((frame.pts_us for frame in kept if self._paces(frame)), self._end_us)
        self._next_s = next_us / 1e6
        if self._current.exhausted and not self._held and not self._computing:
            self._finish(now_s)

    def _is_far_ahead(self, now_s: float) -> bool:
        """Whether what is computed already lasts beyond this turn."""
        if self.session.chunk_s:
            # One chunk is seen while the next is computed.
            return self._pushed_s - self._heard_us(now_s) / 1e6 > 2 * self.session.chunk_s
        if not self._held:
            return False
        last = self._held[-1]
        ahead_us = last.pts_us + last.duration_us - self._heard_us(now_s)
        return ahead_us > 1e6 * (AHEAD_FRAMES * self._frame_s + self._turn_s)

    @property
    def _computing(self) -> bool:
        """Whether a chunk is being computed elsewhere."""
        return self.session.chunk_s > 0 and self.session.unfinished

    def _utterances(self) -> list[Utterance | FileUtterance]:
        """What is spoken, then what waits."""
        return [*([] if self._current is None else [self._current]), *self._queue]

    def _heard_us(self, now_s: float) -> int:
        return round(1e6 * self._clock.now(now_s)) if self._clock else 0

    def _paces(self, frame: TimedFrame) -> bool:
        """Whether turns go by this frame's track: video where there is one."""
        return (frame.pixels is not None) == self._video

    def _show(self, frame: TimedFrame, utterance: int, now_s: float) -> None:
        if self._paces(frame):
            self.rate.count(now_s)
            self._end_us = max(self._end_us, frame.pts_us + frame.duration_us)
        self._publish(replace(frame, utterance=utterance, epoch=self._epoch))
        self._recent.append(replace(frame, pixels=None) if frame.pixels is not None else frame)

    def _notice(self, frame: TimedFrame, heard_us: int, now_s: float) -> None:
        """Events of a frame that was just published."""
        if not self._first_shown and self._paces(frame):
            self._first_shown = True
            latency_s = time.monotonic() - self._asked_s
            self._statistics.first_frame(latency_s)
            self._tell(FirstFrame(self.number, self._current.number, self._epoch, round(1e6 * latency_s)))
        if heard_us > frame.pts_us + frame.duration_us and FrameFlags.LAST not in frame.flags:
            self.late += 1
            if not self._told_late:
                self._told_late = True
                self._tell(Underrun(self.number, self._current.number, frame.pts_us, "compute"))

    def _starve(self, now_s: float) -> None:
        """Its audio has not come: say so once for each time, when its frames run out."""
        heard_s = self._heard_us(now_s) / 1e6
        if not self._starving and self._clock is not None and heard_s >= self._next_s:
            self._starving = True
            self._tell(Underrun(self.number, self._current.number, round(1e6 * self._next_s), "audio"))

    def audio_came(self) -> None:
        self._starving = False

    # --- from one thing to the next -----------------------------------------------------------------------------

    def _reset(self) -> None:
        self._held: deque[TimedFrame] = deque()
        self._recent.clear()
        self._clock: _Clock | None = None
        self._next_s = 0.0  # where its next turn begins, in its utterance or since it became idle
        self._end_us = 0
        self._pushed_s = 0.0
        self._fed = self._first_shown = self._starving = self._told_late = False

    def _be_idle(self, now_s: float) -> None:
        self._reset()
        self._finished, self._spoken_s = 0, 0.0
        self._idle_from_s = now_s

    def _begin_next(self, now_s: float) -> None:
        utterance = self._queue.popleft()
        self._reset()
        self._current = utterance
        self._asked_s = now_s
        self._finished = 0
        self._tell(Started(self.number, utterance.number, self._epoch))

    def _finish(self, now_s: float) -> None:
        number, spoken_s = self._current.number, self._end_us / 1e6
        left_s = max(0.0, spoken_s - (self._clock.now(now_s) if self._clock else 0.0))
        clock = self._clock
        self._tell(Finished(self.number, number, self._epoch))
        self._current = None
        self._finished = number
        if self._queue:
            self._begin_next(now_s)
            return
        recent = list(self._recent)
        self._be_idle(now_s)
        self._recent.extend(recent)
        self._finished, self._spoken_s, self._clock = number, spoken_s, clock
        # Its last frames are still to be seen; idle motion follows when its audio ends.
        self._idle_from_s = now_s + left_s
