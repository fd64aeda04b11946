"""The background thread of a connection: it owns the socket, greets the worker, pings it and sees when it dies."""

import contextlib
import logging
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

import zmq

from .. import __version__
from ..errors import FlashHeadError, TransportError
from ..transport.messages import (
    MAX_MESSAGE_BYTES,
    PROTOCOL,
    Error,
    FromClient,
    FromWorker,
    Hello,
    Ping,
    Pong,
    Welcome,
    decode_from_worker,
    encode,
)
from ..worker.discovery import WorkerAddress

_TICK_S = 0.1
_PING_S = 0.5
_SILENCE_S = 3.0
"""Without any message: far more than a worker that computes needs, and a ring's lock tells of its death at once."""
_GREETING_S = 1.0
"""Before another connection to the same address is tried."""

_log = logging.getLogger(__name__)


class Peer(Protocol):
    """Whom the thread tells what happens; all of it on that thread."""

    def welcomed(self, welcome: Welcome) -> None: ...

    def refused(self, reason: str) -> None: ...

    def received(self, message: FromWorker, payload: bytes) -> None: ...

    def lost(self, reason: str) -> None: ...

    def looks_dead(self) -> str:
        """Ten times a second: why the worker seems to have died, or nothing."""


class Link:
    """`locate` gives the worker's address each time one is looked for; FlashHeadError: there is none."""

    def __init__(self, locate: Callable[[], WorkerAddress], peer: Peer, name: str) -> None:
        self._locate = locate
        self._peer = peer
        self._name = name
        self._work: deque[Callable[[], None]] = deque()
        self._wake, self._waker = socket.socketpair()
        self._wake.setblocking(False)
        self._waker.setblocking(False)
        self._socket: zmq.Socket | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="flashhead-client", daemon=True)
        self._thread.start()

    def post(self, work: Callable[[], None]) -> None:
        """Have this done on the thread, in order. Never waits."""
        self._work.append(work)
        with contextlib.suppress(OSError):  # it is awake already, or has ended
            self._waker.send(b"\0")

    def send(self, message: FromClient, payload: bytes | None = None) -> None:
        """To the worker that was welcomed last; on the thread only."""
        if self._socket is not None:
            parts = [encode(message)] if payload is None else [encode(message), payload]
            self._socket.send_multipart(parts, flags=zmq.NOBLOCK)

    def close(self) -> None:
        """End the thread, after what was posted. Calling it again does nothing."""

        def stop() -> None:
            self._stopping = True

        self.post(stop)
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=2.0)

    def _run(self) -> None:
        context = zmq.Context()
        try:
            while not self._stopping:
                self._do_work()
                try:
                    self._converse(context, self._locate())
                except FlashHeadError as error:
                    self._peer.refused(str(error))
                    select.select([self._wake], [], [], _TICK_S)
        finally:
            context.destroy(linger=200)
            self._wake.close()
            self._waker.close()

    def _converse(self, context: zmq.Context, address: WorkerAddress) -> None:
        """Until the worker is lost, does not answer, or this link is closed."""
        sock = context.socket(zmq.DEALER)
        sock.setsockopt(zmq.SNDHWM, 0)
        sock.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        sock.setsockopt(zmq.RECONNECT_IVL, 20)
        monitor = sock.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        try:
            sock.connect(address.endpoint)
            sock.send(encode(Hello(token=address.token, client=self._name)))
            self._socket = sock
            lost = self._loop(sock, monitor, address)
        except zmq.ZMQError as error:
            lost = None
            self._peer.refused(f"cannot reach a worker at {address.endpoint}: {error}.")
            select.select([self._wake], [], [], _TICK_S)
        finally:
            self._socket = None
            sock.disable_monitor()
            monitor.close(linger=0)
            # What was asked of a dead worker must not reach another one under the same address.
            sock.close(linger=200 if self._stopping else 0)
        if lost:
            self._peer.lost(lost)

    def _loop(self, sock: zmq.Socket, monitor: zmq.Socket, address: WorkerAddress) -> str | None:
        """Why a worker that had answered is lost; None when none answered at this address, or when closing.

        Raises FlashHeadError when there is no worker any more before one answered.
        """
        poller = zmq.Poller()
        for source in (sock, monitor, self._wake):
            poller.register(source, zmq.POLLIN)
        began = heard = ticked = time.monotonic()
        pinged, welcomed = 0.0, False
        while True:
            ready = dict(poller.poll(1000 * _TICK_S))
            self._do_work()
            if self._stopping:
                return None
            while sock in ready and (received := _receive(sock)) is not None:
                heard = time.monotonic()
                message, payload = received
                match message:
                    case Welcome():
                        welcomed = True
                        self._peer.welcomed(message)
                    case Error() if not welcomed:
                        self._peer.refused(message.message)
                        select.select([self._wake], [], [], _PING_S)
                        return None
                    case Pong():
                        pass
                    case _:
                        self._handle(message, payload)
            now = time.monotonic()
            if monitor in ready:
                return "its connection broke" if welcomed else None
            if now - ticked < _TICK_S:
                continue
            if now - ticked > 1.0:
                heard = now  # this process itself stood still
            ticked = now
            if not welcomed:
                # Looked for again and again: one that was just killed may have seemed to live when it was located.
                if self._locate() != address or now - began > _GREETING_S:
                    return None
                continue
            if reason := self._peer.looks_dead():
                return reason
            if now - heard > _SILENCE_S:
                return "it does not answer"
            if now - pinged >= _PING_S:
                pinged = now
                self.send(Ping())

    def _handle(self, message: FromWorker, payload: bytes) -> None:
        try:
            self._peer.received(message, payload)
        except TransportError as error:
            _log.warning("a message of the worker cannot be used: %s", error)

    def _do_work(self) -> None:
        try:
            while self._wake.recv(4096):
                pass
        except BlockingIOError:
            pass
        while self._work:
            work = self._work.popleft()
            try:
                work()
            except Exception:
                _log.exception("a request to the worker failed")


def _receive(sock: zmq.Socket) -> tuple[FromWorker, bytes] | None:
    """The next message, if one is there; those of another protocol are left out."""
    while True:
        try:
            parts = sock.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return None
        try:
            return decode_from_worker(parts[0]), parts[1] if len(parts) > 1 else b""
        except TransportError as error:
            _log.warning("the worker (protocol %d, ours of version %s) sent %s", PROTOCOL, __version__, error)
