"""The compute thread: all heads of the worker, and what clients ask of them, one thing after the other.

Nothing here waits for a client or a disk. Avatars are loaded (opening.py) and audio files read beside this thread.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from ..drivers.base import Driver, DriverSession, Gaze, TimedFrame
from ..errors import AudioError, FlashHeadError
from ..transport import messages
from ..transport.messages import FromClient, FromWorker, RingInfo, SessionStatus
from ..transport.payload import header_of, payload_of
from ..transport.rings import RingWriter
from .files import ReadableFiles
from .generating import GeneratingSession
from .head import Head
from .limits import MAX_AUDIO_S, MAX_SESSIONS, Limits
from .opening import Loaded, Opener
from .refusals import Refused, code_of
from .scheduler import Turn, batch, eased, video_share
from .statistics import WorkerStatistics
from .system import memory_bytes
from .utterance import FileUtterance, Utterance

_BEAT_S = 0.1
_COST_S = 0.004  # of a frame, until one was measured
_HANDLING_S = 0.01  # from when on no further message is begun before heads take their turns
_MOST_WAITING, _MOST_WAITING_BYTES = 1000, 64 << 20  # messages to be done, and bytes of their payloads
_READERS = 4  # files that are read at once: a slow disk holds up the lines on it, and three others
_UNDRAWN = (False, 0)
_WAKE = object()  # in the inbox: something changed that heads look at themselves
_NEWS = 0.1  # share of a new measurement in the mean cost

_log = logging.getLogger(__name__)

Tell = Callable[[bytes, FromWorker, memoryview | None], None]
"""Hands a message, and the payload of a `Frame`, to the control thread for a client."""


@dataclass(slots=True)
class _Opened:
    """A head of a client, and what else belongs to it. `rings`: weights, then video."""

    client: bytes
    head: Head
    asked: messages.Open
    tier: str
    rings: list[RingWriter]

    @property
    def generates(self) -> bool:
        """Whether its pictures come by the chunk, computed beside the others."""
        return isinstance(self.head.session, GeneratingSession)

    @property
    def session(self) -> DriverSession:
        """The driver's own."""
        return self.head.session.inner if self.generates else self.head.session


@dataclass(frozen=True, slots=True)
class _Generated:
    """Chunks of a tier are computed. `failed`: by number, heads for which they could not be."""

    tier: str
    heads: list[_Opened]
    failed: dict[int, Exception]


class Heads:
    """`names`: what clients call themselves, by connection. `allowed`: folders from which files may be read."""

    def __init__(self, limits: Limits, allowed: tuple[Path, ...], tell: Tell, names: dict[bytes, str]) -> None:
        self._limits = limits
        self._files = ReadableFiles(allowed)
        self._tell = tell
        self._names = names
        self._generating: set[str] = set()  # tiers that compute chunks now
        self._inbox: SimpleQueue = SimpleQueue()
        self._asked_bytes = self._done_bytes = 0  # of payloads; one thread counts up each
        self._opened: dict[int, _Opened] = {}
        self._opening = 0
        self._paused: set[bytes] = set()  # clients all of whose heads are, those opened meanwhile too
        self._last_number = 0
        self._costs_s: dict[tuple[bool, int], float] = {}
        self._share = self._ease = 1.0
        self._cores = os.cpu_count() or 1
        self._statistics = WorkerStatistics()
        self._opener = Opener(limits, self._files, self._cores, self._inbox.put)
        self._reader = ThreadPoolExecutor(_READERS, thread_name_prefix="flashhead-read")
        self._generator = ThreadPoolExecutor(1, thread_name_prefix="flashhead-generate")
        self._thread = threading.Thread(target=self._run, name="flashhead-compute", daemon=True)
        self._thread.start()

    def ask(self, client: bytes, message: FromClient, payload: bytes) -> None:
        """Have a message done, after those before it. Never waits; see `full`."""
        self._asked_bytes += len(payload)
        self._inbox.put((client, message, payload))

    @property
    def full(self) -> bool:
        """Whether so much waits to be done that nothing should be added: a client that sends faster than the worker
        works must not fill its memory."""
        return self._inbox.qsize() >= _MOST_WAITING or self._asked_bytes - self._done_bytes >= _MOST_WAITING_BYTES

    def client_left(self, client: bytes) -> None:
        """Close what a client had."""
        self._inbox.put((client, None, b""))

    def close(self) -> None:
        """Close every head and end the thread."""
        self._inbox.put(None)
        self._thread.join()
        self._opener.close()
        for pool in (self._reader, self._generator):
            pool.shutdown(cancel_futures=True)
        with suppress(Empty):
            while True:
                entry = self._inbox.get_nowait()
                if isinstance(entry, Loaded):
                    entry.close()

    # --- the thread ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        beaten_s = 0.0
        while True:
            now_s = time.monotonic()
            if now_s - beaten_s >= _BEAT_S:
                beaten_s = now_s
                for opened in self._opened.values():
                    for ring in opened.rings:
                        ring.beat()
            due_s = self._compute(now_s)
            wait_s = min(due_s, beaten_s + _BEAT_S) - time.monotonic()
            if not self._handle_all(max(0.0, wait_s)):
                break
        for number in list(self._opened):
            self._close(number, "worker")

    def _handle_all(self, wait_s: float) -> bool:
        """Do what was asked for, but not so much that frames become late; wait so long for the first. False when the
        worker ends."""
        end_s = time.monotonic() + wait_s + _HANDLING_S
        while True:
            try:
                entry = self._inbox.get(timeout=wait_s) if wait_s > 0 else self._inbox.get_nowait()
            except Empty:
                return True
            wait_s = 0.0
            if entry is None:
                return False
            if isinstance(entry, Loaded):
                self._finish_open(entry)
            elif isinstance(entry, _Generated):
                self._finish_step(entry)
            elif entry is not _WAKE:
                self._handle(*entry)
            if time.monotonic() > end_s:
                return True

    def _compute(self, now_s: float) -> float:
        """Take the turns that are due; when the next one is."""
        turns: list[Turn] = []
        for opened in list(self._opened.values()):
            self._guarded(opened, self._take_turn, turns, opened, now_s)
        chosen = [self._opened[number] for number in batch(turns, now_s, self._cores)]
        if not chosen:
            return min((turn.due_s for turn in turns), default=now_s + _BEAT_S)
        # Heads whose chunks are computed elsewhere take no time here.
        self._ease = eased(self._ease, any(opened.head.is_late(now_s) for opened in chosen if not opened.generates))
        fed = [opened for opened in chosen if self._guarded(opened, opened.head.feed, now_s, self._share)]
        ready = [opened for opened in fed if not opened.generates]
        self._generate()
        began_s = time.perf_counter()
        self._step(ready)
        elapsed_s = time.perf_counter() - began_s
        self._statistics.computed(now_s, elapsed_s)
        now_s = time.monotonic()
        for opened in fed:
            self._guarded(opened, opened.head.collect, now_s)
        self._measure(ready, elapsed_s)
        return now_s

    def _generate(self) -> None:
        """Have chunks computed, of each tier all that wait at once."""
        waiting: dict[str, list[_Opened]] = {}
        for opened in self._opened.values():
            if opened.generates and opened.head.session.has_work and opened.tier not in self._generating:
                waiting.setdefault(opened.tier, []).append(opened)
        for tier, heads in waiting.items():
            self._generating.add(tier)
            for opened in heads:
                opened.head.session.begin_step()
            self._generator.submit(self._generate_beside, tier, heads)

    def _generate_beside(self, tier: str, heads: list[_Opened]) -> None:
        self._inbox.put(_Generated(tier, heads, _stepped(self._opener.drivers[tier], heads)))

    def _finish_step(self, done: "_Generated") -> None:
        self._generating.discard(done.tier)
        for opened in done.heads:
            error = done.failed.get(opened.head.number)
            try:
                opened.head.session.end_step()
            except Exception as later:
                error = error or later
            if error:
                self._fail(opened, error)
        self._generate()

    def _take_turn(self, turns: list[Turn], opened: _Opened, now_s: float) -> None:
        share = self._share if opened.head.draws else 1.0
        if turn := opened.head.turn(now_s, share * self._cost_s(_kind(opened))):
            turns.append(turn)

    def _step(self, ready: list[_Opened]) -> None:
        failed = _stepped(self._opener.drivers["nano"], ready)
        for opened in ready:
            if error := failed.get(opened.head.number):
                self._fail(opened, error)

    def _guarded(self, opened: _Opened, call: Callable, *arguments: object) -> bool:
        """Whether the call went well; a head that fails is closed with words to its client."""
        if opened.head.number not in self._opened:
            return False
        try:
            call(*arguments)
        except Exception as error:
            self._fail(opened, error)
            return False
        return True

    def _fail(self, opened: _Opened, error: Exception) -> None:
        """Close a head, unless it is closed, with words to its client."""
        if opened.head.number not in self._opened:
            return
        words = str(error) if isinstance(error, FlashHeadError) else f"the worker failed: {error!r}"
        if not isinstance(error, FlashHeadError):
            _log.error("session=%d failed", opened.head.number, exc_info=error)
        self._tell(opened.client, messages.Error("failed", words, session=opened.head.number), None)
        self._close(opened.head.number, "failed")

    def _cost_s(self, kind: tuple[bool, int]) -> float:
        return self._costs_s.get(kind, _COST_S)

    def _measure(self, ready: list[_Opened], elapsed_s: float) -> None:
        """Learn what frames cost, and what share of the video can be drawn."""
        # A turn without a picture costs what a head without video does.
        kinds = [_kind(opened) if opened.head.drawn else _UNDRAWN for opened in ready]
        if kinds:
            used_s = elapsed_s * max(1, min(self._cores, len(kinds) - kinds.count(_UNDRAWN)))
            # Heads of several kinds share the news as they share the cost that was expected.
            news = used_s / sum(map(self._cost_s, kinds))
            for kind in set(kinds):
                self._costs_s[kind] = self._cost_s(kind) * (1 + _NEWS * (news - 1) if kind in self._costs_s else news)
        demands = {True: 0.0, False: 0.0}
        for opened in self._opened.values():
            if not opened.head.paused and not opened.generates:
                demands[opened.head.draws] += opened.head.fps * self._cost_s(_kind(opened))
        self._share = video_share(demands[True], demands[False], self._cores, self._ease)

    # --- what clients ask for -----------------------------------------------------------------------------------

    def _handle(self, client: bytes, message: FromClient | None, payload: bytes) -> None:
        if message is None:
            self._leave(client)
            return
        session = getattr(message, "session", 0)
        utterance = getattr(message, "utterance", 0)
        request = getattr(message, "request", 0)
        try:
            self._do(client, message, payload)
        except FlashHeadError as error:
            answer = messages.Error(code_of(error), str(error), request=request, session=session, utterance=utterance)
            self._tell(client, answer, None)
        except Exception as error:
            _log.exception("client=%s message=%s failed", self._names.get(client, "?"), type(message).__name__)
            self._tell(client, messages.Error("failed", f"the worker failed: {error!r}", request, session), None)
        finally:
            self._done_bytes += len(payload)

    def _do(self, client: bytes, message: FromClient, payload: bytes) -> None:
        now_s = time.monotonic()
        match message:
            case messages.Open():
                self._open(client, message)
            case messages.Status():
                self._tell(client, self._status(message.request, now_s), None)
            case messages.Pause(session=0):
                (self._paused.add if message.paused else self._paused.discard)(client)
                for opened in self._opened.values():
                    if opened.client == client:
                        opened.head.pause(message.paused, now_s)
            case messages.Pause():
                self._of(client, message.session).head.pause(message.paused, now_s)
            case messages.Speak():
                self._speak(self._of(client, message.session), message, payload, now_s)
            case messages.Audio():
                self._audio(self._of(client, message.session), message, payload, now_s)
            case messages.Clock():
                head = self._of(client, message.session).head
                head.clock(message.utterance, message.audio_us, message.playing, now_s)
            case messages.Cancel():
                self._of(client, message.session).head.cancel(message.last_pts_us, now_s)
            case messages.Set():
                self._of(client, message.session).head.session.set(
                    emotion=message.emotion,
                    emotion_intensity=message.emotion_intensity,
                    mouth_strength=message.mouth_strength,
                )
            case messages.Look():
                gaze = None if message.free else Gaze(message.yaw, message.pitch)
                self._of(client, message.session).head.session.look_at(gaze)
            case messages.Close():
                self._of(client, message.session)
                self._close(message.session, "client")

    def _of(self, client: bytes, number: int) -> _Opened:
        opened = self._opened.get(number)
        if opened is None or opened.client != client:
            raise Refused("unknown_session", f"session {number}: is not open; open a new one.")
        return opened

    def _speak(self, opened: _Opened, message: messages.Speak, payload: bytes, now_s: float) -> None:
        if message.path:
            utterance = FileUtterance(message.utterance, self._files.audio(message.path), self._later)
        else:
            utterance = Utterance(message.utterance, message.sample_rate_hz, message.channels, message.format)
            # What an interruption drops does not wait any more.
            before_s = 0.0 if message.interrupt else opened.head.waiting_s
            self._check_backlog(message.session, before_s + utterance.seconds_of(payload))
            utterance.add(payload, message.end)
        if message.interrupt:
            opened.head.check_new(message.utterance)
            opened.head.cancel(message.last_pts_us, now_s)
        opened.head.speak(utterance, now_s)

    def _audio(self, opened: _Opened, message: messages.Audio, payload: bytes, now_s: float) -> None:
        utterance = opened.head.find(message.utterance)
        if utterance is None:
            raise Refused("unknown_utterance", f"utterance {message.utterance}: is not spoken and does not wait.")
        if isinstance(utterance, FileUtterance):
            raise AudioError(f"utterance {message.utterance}: is read from a file; it takes no audio.")
        try:
            self._check_backlog(message.session, opened.head.waiting_s + utterance.seconds_of(payload))
            utterance.add(payload, message.end)
        except FlashHeadError as error:
            # With a part missing it would never end, or say something else.
            opened.head.give_up(message.utterance, code_of(error), str(error), now_s)
            return
        opened.head.audio_came()

    def _check_backlog(self, session: int, waiting_s: float) -> None:
        if waiting_s > self._limits.audio_s:
            raise Refused(
                "too_much_audio",
                f"more than {self._limits.audio_s:g} s of audio would wait in session {session}: "
                f"send it later, or start the worker with a higher {MAX_AUDIO_S}.",
            )

    def _later(self, call: Callable[[], None]) -> None:
        """Have a call made on a reading thread; heads take their turns again after it."""

        def make() -> None:
            call()
            self._inbox.put(_WAKE)

        self._reader.submit(make)

    # --- opening and closing ------------------------------------------------------------------------------------

    def _open(self, client: bytes, asked: messages.Open) -> None:
        if len(self._opened) + self._opening >= self._limits.sessions:
            raise Refused(
                "too_many_sessions",
                f"{self._limits.sessions} sessions are open: close one first, "
                f"or start the worker with a higher {MAX_SESSIONS}.",
            )
        self._opener.begin(client, asked)
        self._opening += 1

    def _finish_open(self, loaded: Loaded) -> None:
        self._opening -= 1
        client, asked = loaded.client, loaded.asked
        if client not in self._names:
            loaded.close()
            return
        if loaded.error:
            loaded.close()
            self._tell(client, messages.Error(code_of(loaded.error), str(loaded.error), request=asked.request), None)
            return
        rings = loaded.rings
        self._last_number += 1
        number = self._last_number
        publish = self._to_rings(rings) if rings else self._to_messages(client, number)
        head = Head(
            number,
            loaded.session,
            loaded.settings,
            publish,
            lambda event: self._tell(client, event, None),
            self._statistics,
            time.monotonic(),
        )
        head.pause(client in self._paused, time.monotonic())
        self._opened[number] = _Opened(client, head, asked, loaded.tier, list(rings.values()))
        told = {track: RingInfo(ring.address.name, ring.address.generation) for track, ring in rings.items()}
        self._tell(client, messages.Opened(asked.request, number, loaded.tier, **told), None)
        if loaded.tier != asked.tier:
            words = f"tier {asked.tier} cannot run here; {loaded.tier} stands in for it."
            self._tell(client, messages.Warning(number, "lower_tier", words), None)
        _log.info(
            "session=%d client=%s avatar=%s tier=%s opened",
            *(number, self._names.get(client, "?"), asked.avatar, loaded.tier),
        )

    @staticmethod
    def _to_rings(rings: dict[str, RingWriter]) -> Callable[[TimedFrame], None]:
        weights, video = rings.get("weights"), rings.get("video")

        def publish(frame: TimedFrame) -> None:
            (weights if frame.pixels is None else video).publish(frame)

        return publish

    def _to_messages(self, client: bytes, number: int) -> Callable[[TimedFrame], None]:
        def publish(frame: TimedFrame) -> None:
            track = "weights" if frame.pixels is None else "video"
            message = messages.Frame(session=number, track=track, **header_of(frame))
            self._tell(client, message, memoryview(payload_of(frame)).cast("B"))

        return publish

    def _close(self, number: int, reason: str) -> None:
        opened = self._opened.pop(number)
        for ring in opened.rings:
            ring.close()
        opened.head.session.close()
        self._tell(opened.client, messages.Closed(number, reason), None)
        _log.info("session=%d closed reason=%s", number, reason)

    def _leave(self, client: bytes) -> None:
        self._paused.discard(client)
        for number in [number for number, opened in self._opened.items() if opened.client == client]:
            self._close(number, "client")

    def _status(self, request: int, now_s: float) -> messages.Statistics:
        sessions = [
            SessionStatus(
                session=number,
                client=self._names.get(opened.client, ""),
                avatar=opened.asked.avatar,
                tier=opened.tier,
                state=opened.head.state,
                fps=opened.head.rate.per_second(now_s),
                late=opened.head.late,
                share=self._share if opened.head.draws else 1.0,
            )
            for number, opened in self._opened.items()
        ]
        return messages.Statistics(
            request=request,
            uptime_s=self._statistics.uptime_s(),
            load=self._statistics.load(now_s),
            memory_bytes=memory_bytes(),
            latency_p50_ms=self._statistics.latency_ms(50),
            latency_p99_ms=self._statistics.latency_ms(99),
            sessions=sessions,
        )


def _stepped(driver: Driver, heads: list[_Opened]) -> dict[int, Exception]:
    """Have a driver compute heads; by number, those for which it could not. One must not take the others with it:
    where the batch fails each tries alone."""
    try:
        driver.step([opened.session for opened in heads])
        return {}
    except Exception:
        _log.exception("a batch of %d heads failed", len(heads))
    failed = {}
    for opened in heads:
        try:
            driver.step([opened.session])
        except Exception as error:
            failed[opened.head.number] = error
    return failed


def _kind(opened: _Opened) -> tuple[bool, int]:
    """Heads of one kind cost the same."""
    return (True, opened.asked.size) if opened.head.draws else _UNDRAWN
