"""One talking head: what is asked of it goes to the worker, what it shows is read from its frames."""

import itertools
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from ..drivers.base import WEIGHTS_HZ, FrameFlags, Outputs, TimedFrame
from ..errors import SettingsError, TransportError
from ..transport import messages
from ..transport.messages import AHEAD_FRAMES, FromWorker, Opened, RingInfo
from ..transport.rings import RingAddress, RingReader
from .events import Lost, Reopened
from .frames import MessageFrames, Source, Sources
from .link import Link
from .utterance import Audio, Clock, Place, Utterance, pieces

_CLOCK_S = 0.25
_CLOCK_JUMP_US = 20_000
"""Beyond this the audio was sought, or its clock is not the system's: the worker is told at once."""
_POLL_S = 0.001
_EVENTS = 1000
_HANGS_S = 2.0
_UTTERANCES = 8
"""Over ones that are kept, for a client that still shows their last frames."""


class Head:
    """Opened by `Connection.open`. All methods return at once, from any thread, whatever the worker does.

    `tier`: the one that runs, perhaps lower than asked for. `fps`, `size`: of the video. `outputs`: what it makes.
    """

    def __init__(self, link: Link, settings: messages.Open, outputs: Outputs) -> None:
        self.tier = settings.tier
        self.fps = settings.fps
        self.size = settings.size
        self.outputs = outputs
        self.settings = settings  # as they are now: what another worker is asked for
        self.session = 0  # 0: no worker knows this head
        self.closed = False
        self._link = link
        self._numbers = itertools.count(1)
        self._utterances: dict[int, Utterance] = {}
        self._sources: Sources | None = None
        self._epoch = 0
        self._cancels_under_way = 0
        self.paused = False  # as the next worker is told
        self._look: messages.Look | None = None
        self._events: deque = deque(maxlen=_EVENTS)

    def __enter__(self) -> "Head":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    # --- what a game asks for ---------------------------------------------------------------------------------

    def speak(self, pcm: np.ndarray, sample_rate_hz: int = 16_000, *, interrupt: bool = False) -> Utterance:
        """Speak a whole clip, after what is being spoken; with `interrupt` instead of it.

        `pcm`: float32 or float64 in [-1, 1], or int16; (samples,) or (samples, channels), any rate. Raises AudioError
        for anything else, NaN included.
        """
        audio = Audio(sample_rate_hz)
        data = audio.encoded(pcm)
        audio.ended = True
        return self._begin(audio, "", interrupt, data, all_there=True)

    def speaking(self, sample_rate_hz: int = 16_000, *, interrupt: bool = False) -> Utterance:
        """Begin an utterance whose audio comes piece by piece, as from a microphone or a speech synthesiser: give it
        to `push` of the returned utterance, then call its `end`."""
        return self._begin(Audio(sample_rate_hz), "", interrupt)

    def speak_file(self, path: str | Path, *, interrupt: bool = False) -> Utterance:
        """Speak an audio file that the worker reads itself; an `Error` event comes when it may not or cannot."""
        return self._begin(None, str(Path(path).resolve()), interrupt, all_there=True)

    def clock(self, utterance: Utterance, audio_us: int, playing: bool = True) -> None:
        """Where the audio is, in microseconds from its first sample: call it as often as you like, at best each time
        a frame is shown; the worker is told when it must be. Frames come at most four ahead of this."""
        utterance.clock = clock = Clock(int(audio_us), playing, time.monotonic())
        told = utterance.sent_clock
        if (
            told is None
            or told.playing != playing
            or (not playing and told.audio_us != clock.audio_us)
            or abs(told.now_us() - clock.audio_us) > _CLOCK_JUMP_US
            or clock.at_s - told.at_s >= _CLOCK_S
        ):
            utterance.sent_clock = clock
            self._link.post(lambda: self._send_clock(utterance, clock))

    def cancel(self) -> None:
        """Stop what is spoken and forget what waits. From now on no frame of it is returned any more; the face goes
        back to rest from the frame that was shown last."""
        last = self._last_shown()
        self._hide()
        self._link.post(lambda: self._send(messages.Cancel(0, self._worker_time(last))))

    def set(
        self,
        *,
        emotion: str | None = None,
        emotion_intensity: float | None = None,
        mouth_strength: float | None = None,
    ) -> None:
        """Change how the head performs; what is not given stays. Ranges as in `SessionSettings`; raises
        SettingsError."""
        change = {"emotion": emotion, "emotion_intensity": emotion_intensity, "mouth_strength": mouth_strength}
        change = {name: value for name, value in change.items() if value is not None}
        settings = changed(self.settings, change)

        def apply() -> None:
            self.settings = settings
            self._send(messages.Set(0, **change))

        self._link.post(apply)

    def look_at(self, yaw: float, pitch: float) -> None:
        """Turn the eyes: radians, -1..1, `yaw` > 0 to the face's own left, `pitch` > 0 down. Raises SettingsError."""
        for name, angle in (("yaw", yaw), ("pitch", pitch)):
            if not -1.0 <= angle <= 1.0:
                raise SettingsError(f"gaze {name} {angle}: must be from -1 to 1 radians.")
        self._post_look(messages.Look(0, float(yaw), float(pitch)))

    def look_freely(self) -> None:
        """Let the eyes wander again."""
        self._post_look(messages.Look(0, free=True))

    def pause(self, paused: bool = True) -> None:
        """Stop the head altogether, idle motion too, or let it go on. The worker spends nothing on it meanwhile."""

        def apply() -> None:
            self.paused = paused
            self._send(messages.Pause(0, paused))

        self._link.post(apply)

    def close(self) -> None:
        """End the session. Calling it again does nothing."""
        if not self.closed:
            self.closed = True
            self._link.post(self._close)

    # --- what it shows -----------------------------------------------------------------------------------------

    def frame_at(self, utterance: Utterance, audio_us: int) -> TimedFrame | None:
        """The video frame to show at this time of the utterance's audio: the newest whose PTS is not after it, as a
        copy. Without video, the weights. None: keep the picture. Nothing that was cancelled is ever returned."""
        return self._at(utterance, audio_us, self._shows_video)

    def weights_at(self, utterance: Utterance, audio_us: int) -> TimedFrame | None:
        """As `frame_at`, from the 60 Hz weights of a head that makes video too."""
        return self._at(utterance, audio_us, video=False)

    def newest(self) -> TimedFrame | None:
        """The newest frame, of an utterance or idle: what a head shows while it is silent. None: keep the picture."""
        sources, epoch, hidden = self._sources, self._epoch, self._cancels_under_way
        source = sources and (sources.video if self._shows_video else sources.weights)
        frame = source.newest() if source else None
        return frame if frame is not None and not hidden and frame.epoch >= epoch else None

    def frames(self, utterance: Utterance, *, real_time: bool = True) -> Iterator[TimedFrame]:
        """The frames of an utterance in order, until its last one or its end; tells the worker the clock itself.

        In real time the clock starts at the first frame, and a frame that comes too late is left out, as a game
        would. Otherwise they come as fast as the worker makes them and none is lost.
        """
        began, shown = None, None
        while not (self.closed or utterance.state in ("cancelled", "failed")):
            # Before the frame is looked for: what ends meanwhile may have made one more.
            over, now_us = utterance.over, _since_us(began)
            frame = self._next(utterance, shown) if not real_time else self.frame_at(utterance, now_us)
            if frame is None or (shown is not None and frame.pts_us <= shown.pts_us):
                if over and (not real_time or shown is None or now_us > _end_us(shown)):
                    return
                if began is not None and real_time:
                    self.clock(utterance, now_us)
                time.sleep(_POLL_S)
                continue
            began = time.monotonic() if began is None else began
            self.clock(utterance, _since_us(began) if real_time else _end_us(frame), playing=real_time)
            yield frame
            shown = frame
            if frame.flags & FrameFlags.LAST:
                return

    def events(self) -> list:
        """What happened since the last call: `Started`, `FirstFrame`, `Finished`, `Cancelled`, `Underrun`, `Warning`,
        `Error` and `Closed` of `flashhead_engine.transport.messages`, and `Lost` and `Reopened` of this package."""
        events = []
        while self._events:
            events.append(self._events.popleft())
        return events

    # --- on the connection's thread --------------------------------------------------------------------------

    def opened(self, message: Opened, after_s: float | None) -> None:
        """A worker made a session. `after_s`: since the head lost the one it had; None at first.

        Raises TransportError or MissingDependencyError when its rings cannot be read."""
        self.session, self.tier = message.session, message.tier
        self._sources = self._open_sources(message)
        self._epoch = self._cancels_under_way = 0
        self._send(messages.Pause(0, self.paused))
        if self._look:
            self._send(self._look)
        for utterance in list(self._utterances.values()):
            if utterance.begun and not utterance.over:
                self._resume(utterance)
        if after_s is not None:
            self.tell(Reopened(after_s))

    def lost(self, reason: str) -> None:
        self.session = 0
        self.tell(Lost(reason))

    def tell(self, event: object) -> None:
        self._events.append(event)

    def received(self, message: FromWorker, payload: bytes) -> None:
        utterance = self._utterances.get(getattr(message, "utterance", 0))
        match message:
            case messages.Frame():
                source = self._sources.video if message.track == "video" else self._sources.weights
                if isinstance(source, MessageFrames):
                    source.add(message, payload)
                return
            case messages.Started() if utterance:
                self._place(utterance, message.epoch)
            case messages.FirstFrame() if utterance:
                self._place(utterance, message.epoch)
                if utterance.state == "waiting":
                    utterance.state = "speaking"
            case messages.Finished() if utterance:
                self._end(utterance, "finished")
            case messages.Cancelled():
                self._epoch = message.epoch
                self._cancels_under_way = max(0, self._cancels_under_way - 1)
                for number in message.utterances:
                    if cancelled := self._utterances.get(number):
                        self._end(cancelled, "cancelled")
            case messages.Error() if utterance:
                self._end(utterance, "failed")
            case messages.Closed():
                self.session = 0
        self.tell(message)

    def looks_dead(self) -> str:
        """Why the worker that writes this head's frames seems to have died or to hang, or nothing."""
        sources = self._sources.all() if self.session and self._sources else []
        # A ring that was closed is no sign of death: the message that the session ended is under way.
        if any(source.writer_died for source in sources):
            return "it died"
        if any(source.heartbeat_age_s > _HANGS_S for source in sources):
            return "it hangs"
        return ""

    # --- inside ------------------------------------------------------------------------------------------------

    @property
    def _shows_video(self) -> bool:
        return Outputs.VIDEO in self.outputs

    def _begin(
        self, audio: Audio | None, path: str, interrupt: bool, data: bytes = b"", all_there: bool = False
    ) -> Utterance:
        if self.closed:
            raise TransportError("this head is closed: open another one.")
        if interrupt:
            self.cancel()
        utterance = Utterance(next(self._numbers), audio, path, self._add)
        self._utterances[utterance.number] = utterance
        if data or all_there:
            self._add(utterance, data, all_there)
        return utterance

    def _add(self, utterance: Utterance, data: bytes, end: bool) -> None:
        """Keep more audio of an utterance and send it; the first of it begins the utterance at the worker."""

        def apply() -> None:
            if utterance.over:
                return
            if utterance.audio is not None:
                utterance.audio.append(data)
            utterance.all_there = end
            if utterance.begun:
                self._send_audio(utterance, pieces(data, utterance.audio.sample_bytes))
            else:
                utterance.begun = True
                self._forget_old_utterances()
                self._send_speak(utterance, 0)

        self._link.post(apply)

    def _send_speak(self, utterance: Utterance, from_us: int) -> None:
        audio = utterance.audio
        if audio is None:
            self._send(messages.Speak(0, utterance.number, path=utterance.path))
            return
        first, *rest = audio.since(from_us)
        self._send(
            messages.Speak(
                0,
                utterance.number,
                sample_rate_hz=audio.sample_rate_hz,
                channels=audio.channels,
                format=audio.format or "f32",
                end=utterance.all_there and not rest,
            ),
            first,
        )
        self._send_audio(utterance, rest)

    def _send_audio(self, utterance: Utterance, parts: list[bytes]) -> None:
        for part in parts:
            end = utterance.all_there and part is parts[-1]
            self._send(messages.Audio(0, utterance.number, end=end), part)

    def _resume(self, utterance: Utterance) -> None:
        """Have another worker speak what this one's audio has not reached yet."""
        audio = utterance.audio
        from_us = utterance.resume_us(self.fps)
        if utterance.all_there and audio is not None and from_us >= audio.duration_us:
            self._end(utterance, "finished")
            return
        utterance.offset_us = from_us
        self._send_speak(utterance, from_us)
        if clock := utterance.clock:
            self._send_clock(utterance, Clock(clock.now_us(), clock.playing, time.monotonic()))

    def _send_clock(self, utterance: Utterance, clock: Clock) -> None:
        if utterance.over:
            return
        self._send(messages.Clock(0, utterance.number, clock.audio_us - utterance.offset_us, clock.playing))
        if utterance.audio is not None:
            utterance.audio.forget(clock.audio_us)

    def _post_look(self, look: messages.Look) -> None:
        def apply() -> None:
            self._look = None if look.free else look
            self._send(look)

        self._link.post(apply)

    def _close(self) -> None:
        self._send(messages.Close(0))
        self.session = 0

    def _send(self, message: messages.FromClient, payload: bytes | None = None) -> None:
        """To the session that this head has now. Without one it is not needed: opening asks for what is wanted."""
        if self.session:
            self._link.send(msgspec.structs.replace(message, session=self.session), payload)

    def _place(self, utterance: Utterance, epoch: int) -> None:
        if self._sources and utterance.state not in ("cancelled", "failed"):
            utterance.place = Place(self._sources, epoch, utterance.offset_us)

    def _end(self, utterance: Utterance, state: str) -> None:
        if utterance.state not in ("cancelled", "failed"):
            utterance.state = state
        if utterance.audio is not None:
            utterance.audio.clear()
        if state != "finished":
            utterance.place = None

    def _hide(self) -> None:
        """On the caller's thread: nothing of what was asked for so far is shown any more."""
        self._cancels_under_way += 1
        for utterance in list(self._utterances.values()):
            if not utterance.over:
                utterance.state = "cancelled"
                utterance.place = None

    def _forget_old_utterances(self) -> None:
        over = [number for number, utterance in self._utterances.items() if utterance.over]
        for number in over[:-_UTTERANCES]:
            del self._utterances[number]

    def _last_shown(self) -> Utterance | None:
        shown = [utterance for utterance in list(self._utterances.values()) if utterance.shown_us >= 0]
        return shown[-1] if shown and not shown[-1].over else None

    def _worker_time(self, last: Utterance | None) -> int:
        return last.shown_us - last.offset_us if last else -1

    def _at(self, utterance: Utterance, audio_us: int, video: bool) -> TimedFrame | None:
        place = utterance.place
        source = place and (place.sources.video if video else place.sources.weights)
        frame = source.at(place.epoch, utterance.number, int(audio_us) - place.offset_us) if source else None
        if frame is None or utterance.state in ("cancelled", "failed"):
            return None
        frame = utterance.in_own_time(frame, place.offset_us, self.fps if video else WEIGHTS_HZ)
        utterance.shown_us = frame.pts_us
        return frame

    def _next(self, utterance: Utterance, shown: TimedFrame | None) -> TimedFrame | None:
        """The frame after the one shown; a few places are tried, for an overloaded worker leaves frames out."""
        if shown is None:
            return self.frame_at(utterance, 0)
        if self._first_after(utterance, shown) is None:
            return None
        # Looked for again: frames come in order, so those before the one that was found are there by now.
        return self._first_after(utterance, shown)

    def _first_after(self, utterance: Utterance, shown: TimedFrame) -> TimedFrame | None:
        for ahead in range(AHEAD_FRAMES):
            frame = self.frame_at(utterance, _end_us(shown) + ahead * shown.duration_us + 1)
            if frame is not None and frame.pts_us > shown.pts_us:
                return frame
        return None

    def _open_sources(self, message: Opened) -> Sources:
        if self.settings.frames == "messages":
            video = MessageFrames(self.size) if self._shows_video else None
            weights = MessageFrames(None) if Outputs.BLENDSHAPES in self.outputs else None
            return Sources(weights, video)
        return Sources(_reader(message.weights), _reader(message.video))


def changed(settings: messages.Open, change: dict) -> messages.Open:
    """The settings with these changes. Raises SettingsError for a value that no worker would take."""
    settings = msgspec.structs.replace(settings, **change)
    settings.session_settings()
    return settings


def _reader(ring: RingInfo | None) -> Source | None:
    return RingReader(RingAddress(ring.name, ring.generation)) if ring else None


def _since_us(began: float | None) -> int:
    return 0 if began is None else round(1e6 * (time.monotonic() - began))


def _end_us(frame: TimedFrame) -> int:
    return frame.pts_us + frame.duration_us
