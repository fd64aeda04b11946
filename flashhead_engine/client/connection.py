"""A connection to a worker, and the heads that it holds open through a worker's death."""

import itertools
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from ..drivers.base import Outputs
from ..errors import FlashHeadError, TransportError
from ..transport import messages
from ..transport.messages import FromWorker, Opened, Statistics, Welcome
from ..worker.discovery import WorkerAddress
from .address import finder, is_announced
from .events import Lost, Reconnected
from .head import Head, changed
from .launch import PrivateWorker
from .link import Link

_EVENTS = 1000


def connect(endpoint: str = "", token: str = "", *, name: str = "", timeout_s: float = 5.0) -> "Connection":
    """Connect to a worker that runs: the one at `endpoint`, else the one that the environment names with
    FLASHHEAD_ENDPOINT and FLASHHEAD_TOKEN, else the one whose discovery file `flashhead serve` wrote.

    `name`: of this client, for logs and `flashhead status`. Raises TransportError when there is none, when it refuses
    the token, or when none answers within `timeout_s`.
    """
    return Connection(finder(endpoint, token), name, timeout_s)


def launch(
    program: Sequence[str] = (), *, name: str = "", timeout_s: float = 20.0, options: Sequence[str] = ()
) -> "Connection":
    """Start a worker of one's own and connect to it. It ends with this process, however that ends, and is started
    again when it dies.

    `program`: the command that starts a worker; of this Python environment when it is not given. `options`: further
    ones for it, see `flashhead serve --help`. Raises TransportError.
    """
    worker = PrivateWorker(program, options)
    try:
        return Connection(worker.locate, name, timeout_s, worker.close)
    except BaseException:
        worker.close()
        raise


def connect_or_launch(*, name: str = "") -> "Connection":
    """Connect to the worker that the environment or the discovery file names, else start one of one's own."""
    return connect(name=name) if is_announced() else launch(name=name)


class Connection:
    """Comes from `connect` or `launch`; closes with `with`."""

    def __init__(
        self,
        locate: Callable[[], WorkerAddress],
        name: str,
        timeout_s: float,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        self.tiers: list[str] = []
        """The tiers that this worker can run."""
        self.worker_pid = 0
        self._on_close = on_close
        self._requests = itertools.count(1)
        self._heads: list[Head] = []
        self._asked: dict[int, Head] = {}  # request of an Open -> head
        self._waiting: dict[object, _Answer] = {}  # head, or request of a Status -> who waits for it
        self._events: deque = deque(maxlen=_EVENTS)
        self._lost_s: float | None = None
        self._paused = False
        self._welcome = _Answer()
        self._link = Link(locate, self, name or f"python-{os.getpid()}")
        try:
            self._welcome.wait(timeout_s, "no worker answers")
        except BaseException:
            self._link.close()
            raise

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def open(
        self,
        avatar: str | Path = "",
        *,
        tier: str = "nano",
        outputs: Outputs = Outputs.BLENDSHAPES,
        size: int = 512,
        fps: int = 25,
        seed: int = 0,
        emotion: str = "neutral",
        emotion_intensity: float = 1.0,
        mouth_strength: float = 1.0,
        lower_tier: bool = False,
        frames: str = "shared_memory",
        timeout_s: float = 10.0,
    ) -> Head:
        """Open a talking head; waits for the worker's answer.

        `avatar`: a sample's name or a bundle's folder; not needed without video. `lower_tier`: take a lower tier when
        this one cannot run. `frames`: "messages" where this process shares no memory with the worker (another
        machine, a container); slower, otherwise the same. The others as `SessionSettings` has them. Raises
        SettingsError for a value outside its range, TransportError when the worker cannot open it, in its words.
        """
        avatar = str(Path(avatar).resolve()) if avatar and Path(avatar).is_dir() else str(avatar)
        names = tuple(part.name.lower() for part in outputs)
        settings = messages.Open(
            0, avatar, tier, names, size, fps, seed, emotion, emotion_intensity, mouth_strength, frames, lower_tier
        )
        head = Head(self._link, changed(settings, {}), outputs)
        answer = self._waiting[head] = _Answer()

        def ask() -> None:
            head.paused = self._paused
            self._heads.append(head)
            self._ask_for(head)

        self._link.post(ask)
        try:
            answer.wait(timeout_s, "the worker did not open a head")
        except BaseException:
            head.close()
            raise
        finally:
            self._waiting.pop(head, None)
        return head

    def pause(self, paused: bool = True) -> None:
        """Stop all heads of this client, those that are opened meanwhile too, or let them go on: as while a game
        loads. The worker then computes nothing for it."""

        def apply() -> None:
            self._paused = paused
            for head in self._heads:
                head.paused = paused
            self._link.send(messages.Pause(0, paused))

        self._link.post(apply)

    def status(self, timeout_s: float = 5.0) -> Statistics:
        """What the worker does: its sessions, latencies, load and memory. Raises TransportError without an answer."""
        request = next(self._requests)
        answer = self._waiting[request] = _Answer()
        self._link.post(lambda: self._link.send(messages.Status(request)))
        try:
            return answer.wait(timeout_s, "the worker did not answer")
        finally:
            self._waiting.pop(request, None)

    def events(self) -> list:
        """What happened to the connection since the last call: `Lost`, `Reconnected`, and `Error` messages that are
        about no head. Those of a head come from its own `events`."""
        events = []
        while self._events:
            events.append(self._events.popleft())
        return events

    def close(self) -> None:
        """Close all heads and the connection. Calling it again does nothing."""
        for head in list(self._heads):
            head.close()
        self._link.close()
        self._on_close()

    # --- what the link tells, on its thread ---------------------------------------------------------------------

    def welcomed(self, welcome: Welcome) -> None:
        self.tiers, self.worker_pid = list(welcome.tiers), welcome.pid
        if self._lost_s is not None:
            self._events.append(Reconnected(welcome.pid, time.monotonic() - self._lost_s))
        self._asked.clear()
        self._heads = [head for head in self._heads if not head.closed]
        if self._paused:
            self._link.send(messages.Pause(0, True))
        for head in self._heads:
            self._ask_for(head)
        self._welcome.give(welcome)

    def refused(self, reason: str) -> None:
        self._welcome.fail(reason)

    def lost(self, reason: str) -> None:
        self._lost_s = time.monotonic()
        self._events.append(Lost(reason))
        for head in self._heads:
            head.lost(reason)

    def received(self, message: FromWorker, payload: bytes) -> None:
        match message:
            case Opened():
                self._opened(message)
            case Statistics():
                if answer := self._waiting.get(message.request):
                    answer.give(message)
            case messages.Error() if message.request:
                self._open_failed(message)
            case _:
                self._to_head(message, payload)

    def looks_dead(self) -> str:
        return next(filter(None, (head.looks_dead() for head in self._heads)), "")

    # --- inside ------------------------------------------------------------------------------------------------

    def _ask_for(self, head: Head) -> None:
        request = next(self._requests)
        self._asked[request] = head
        self._link.send(msgspec.structs.replace(head.settings, request=request))

    def _opened(self, message: Opened) -> None:
        head = self._asked.pop(message.request, None)
        if head is None or head.closed:
            self._link.send(messages.Close(message.session))
            return
        answer = self._waiting.get(head)
        try:
            head.opened(message, None if answer else time.monotonic() - (self._lost_s or time.monotonic()))
        except FlashHeadError as error:
            self._link.send(messages.Close(message.session))
            self._drop(head, messages.Error("frames", str(error), request=message.request))
            return
        if answer:
            answer.give(message)

    def _open_failed(self, message: messages.Error) -> None:
        if head := self._asked.pop(message.request, None):
            self._drop(head, message)
        elif answer := self._waiting.get(message.request):
            answer.fail(message.message)

    def _drop(self, head: Head, error: messages.Error) -> None:
        """A head that cannot be opened, or not again."""
        head.closed, head.session = True, 0
        self._heads.remove(head)
        head.tell(error)
        if answer := self._waiting.get(head):
            answer.fail(error.message)

    def _to_head(self, message: FromWorker, payload: bytes) -> None:
        session = getattr(message, "session", 0)
        head = next((head for head in self._heads if session and head.session == session), None)
        if head is None:
            if isinstance(message, messages.Error):
                self._events.append(message)
            return
        head.received(message, payload)
        if isinstance(message, messages.Closed):
            if message.reason == "failed" or head.closed:
                head.closed = True
                self._heads.remove(head)
            else:
                self._ask_for(head)


class _Answer:
    """What one thread waits for and another one gives."""

    def __init__(self) -> None:
        self._there = threading.Event()
        self._value = None
        self._error = ""

    def give(self, value: object) -> None:
        self._value = value
        self._there.set()

    def fail(self, reason: str) -> None:
        if not self._there.is_set():
            self._error = reason
            self._there.set()

    def wait(self, timeout_s: float, otherwise: str):
        """Raises TransportError with the reason of a failure, or with `otherwise` when nothing came in time."""
        if not self._there.wait(timeout_s):
            raise TransportError(f"{otherwise} within {timeout_s:g} s.")
        if self._error:
            raise TransportError(self._error)
        return self._value
