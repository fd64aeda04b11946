"""The control thread: sockets, who may speak, and who is still there. It computes nothing and waits for nobody."""

import contextlib
import hmac
import logging
import os
import secrets
import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue

import zmq

from .. import __version__
from ..drivers import available_tiers
from ..errors import TransportError
from ..transport.messages import (
    MAX_MESSAGE_BYTES,
    PROTOCOL,
    Error,
    Frame,
    FromWorker,
    Hello,
    Ping,
    Pong,
    Welcome,
    decode_from_client,
    encode,
)
from ..transport.rings import sweep
from .heads import Heads
from .limits import Limits
from .system import lock_endpoint

_CLIENT_SILENT_S = 2.0
_TICK_MS = 200
_AT_ONCE = 256  # messages that are taken between two looks at what is to be sent
_FULL_S = 0.001
_UNREAD = 32
"""Messages of one client that wait in its socket; it waits with more."""
_QUEUED = 256
"""Messages that wait for a client that does not read; more are dropped, so a stuck client holds up nobody."""
_IPC, _TCP = "ipc://", "tcp://127.0.0.1:"

_log = logging.getLogger(__name__)


class Server:
    """A worker behind an endpoint. Raises TransportError when the endpoint is taken or is not of this machine.

    `endpoint`: ipc://<path> or tcp://127.0.0.1:<port, or *>. `allowed`: folders whose files clients may have read.
    """

    def __init__(self, endpoint: str, token: str, limits: Limits, allowed: tuple[Path, ...]) -> None:
        if not endpoint.startswith((_IPC, _TCP)):
            raise TransportError(
                f"endpoint {endpoint}: must begin with {_IPC} or {_TCP}; a worker serves this machine."
            )
        self.endpoint = endpoint
        self.worker = secrets.token_hex(8)
        self._token = token.encode()
        sweep()
        self._lock = lock_endpoint(endpoint)
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        self._socket.setsockopt(zmq.RCVHWM, _UNREAD)
        self._socket.setsockopt(zmq.SNDHWM, _QUEUED)
        self._socket.setsockopt(zmq.LINGER, 200)
        self._socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        try:
            self._socket.bind(endpoint)
        except zmq.ZMQError as error:
            self._release()
            raise TransportError(f"endpoint {endpoint}: cannot be used: {error}.") from error
        self.endpoint = self._socket.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode()
        self._outbox: SimpleQueue = SimpleQueue()
        self._heard_s: dict[bytes, float] = {}  # when each client that was welcomed was heard last
        self._names: dict[bytes, str] = {}
        self._stopping = threading.Event()
        self._waker_end = self._context.socket(zmq.PAIR)
        self._waker_end.bind("inproc://wake")
        self._waker: zmq.Socket | None = None  # the compute thread's
        try:
            self._heads = Heads(limits, allowed, self._tell, self._names)
        except BaseException:
            self._release()
            raise

    def stop(self) -> None:
        """Have `run` end soon; from any thread or signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Serve until `stop`; then close every session and the sockets."""
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(self._waker_end, zmq.POLLIN)
        try:
            while not self._stopping.is_set():
                poller.poll(_TICK_MS)
                self._receive_all()
                self._send_all()
                self._forget_silent()
        finally:
            self._heads.close()
            self._send_all()
            self._release()

    def _release(self) -> None:
        """Close the sockets and remove what was made for them."""
        self._context.destroy(linger=200)
        if self._lock is not None:
            self._lock.release()

    def _tell(self, client: bytes, message: FromWorker, payload: memoryview | None) -> None:
        """From the compute thread: queue a message and wake the control thread."""
        self._outbox.put((client, message, payload))
        if self._waker is None:
            self._waker = self._context.socket(zmq.PAIR)
            self._waker.connect("inproc://wake")
        with contextlib.suppress(zmq.ZMQError):  # it is awake already, or ends
            self._waker.send(b"", zmq.NOBLOCK)

    def _receive_all(self) -> None:
        with contextlib.suppress(zmq.Again):
            while True:
                self._waker_end.recv(zmq.NOBLOCK)
        with contextlib.suppress(zmq.Again):
            for _ in range(_AT_ONCE):
                if self._heads.full:
                    time.sleep(_FULL_S)
                    return
                client, *parts = self._socket.recv_multipart(zmq.NOBLOCK)
                try:
                    self._receive(client, parts)
                except Exception as error:
                    # Whatever one client sends, the others are still served.
                    _log.exception("a message of %d parts failed", len(parts))
                    self._send(client, Error("failed", f"the worker failed: {error!r}"))

    def _receive(self, client: bytes, parts: list[bytes]) -> None:
        known = client in self._heard_s
        if known:
            self._heard_s[client] = time.monotonic()
        if not 1 <= len(parts) <= 2 or sum(map(len, parts)) > MAX_MESSAGE_BYTES:
            words = f"a message has one or two parts, of {MAX_MESSAGE_BYTES} bytes together at most."
            self._send(client, Error("bad_message", words))
            return
        try:
            message = decode_from_client(parts[0])
        except TransportError as error:
            self._send(client, Error("bad_message", str(error)))
            return
        if isinstance(message, Hello):
            self._greet(client, message)
        elif not known:
            self._send(client, Error("no_hello", "say Hello with this worker's token first."))
        elif isinstance(message, Ping):
            self._send(client, Pong())
        else:
            self._heads.ask(client, message, parts[1] if len(parts) == 2 else b"")

    def _greet(self, client: bytes, hello: Hello) -> None:
        if not hmac.compare_digest(hello.token.encode(), self._token):
            self._send(
                client, Error("wrong_token", "the token is not this worker's: take it from where it was started.")
            )
        elif hello.protocol != PROTOCOL:
            words = f"protocol {hello.protocol}: this worker speaks {PROTOCOL}; update the older side."
            self._send(client, Error("wrong_protocol", words))
        else:
            self._heard_s[client] = time.monotonic()
            self._names[client] = hello.client
            self._send(client, Welcome(self.worker, PROTOCOL, __version__, os.getpid(), available_tiers()))
            _log.info("client=%s connected", hello.client)

    def _forget_silent(self) -> None:
        now_s = time.monotonic()
        for client, heard_s in list(self._heard_s.items()):
            if now_s - heard_s > _CLIENT_SILENT_S:
                del self._heard_s[client]
                _log.info("client=%s is gone", self._names.pop(client))
                self._heads.client_left(client)

    def _send_all(self) -> None:
        with contextlib.suppress(Empty):
            while True:
                self._send(*self._outbox.get_nowait())

    def _send(self, client: bytes, message: FromWorker, payload: memoryview | None = None) -> None:
        parts = [client, encode(message)] + ([] if payload is None else [payload])
        try:
            self._socket.send_multipart(parts, zmq.NOBLOCK, copy=payload is None)
        except zmq.ZMQError as error:
            if not isinstance(message, Frame):
                _log.info("a %s was not delivered: %s", type(message).__name__, error)
