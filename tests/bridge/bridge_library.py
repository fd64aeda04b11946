"""flashhead_bridge through ctypes, as an engine sees it; no more than the header says."""

import contextlib
import ctypes
import os
import re
import sys
import time
from ctypes import POINTER, byref, c_char, c_char_p, c_double, c_float, c_int32, c_int64, c_size_t, c_uint32, c_uint64
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

OK, NOTHING = 0, 1
INVALID_ARGUMENT, STALE_HANDLE, WRONG_STRUCT_SIZE, UNKNOWN_UTTERANCE, ENDED, TOO_SMALL, BUSY = range(-1, -8, -1)
VIDEO, WEIGHTS = 1, 2
WAITING, SPEAKING, FINISHED, CANCELLED, FAILED = range(5)
EVENTS = (
    *("connected", "not_connected", "lost", "opened", "reopened", "closed", "started", "first_frame", "finished"),
    *("cancelled", "underrun", "warning", "error"),
)
LAST_ACQUIRED = -(2**63)

ROOT = Path(__file__).parents[2]
FILE = ROOT / ".venv" / "lib" / "libflashhead_bridge.so"
BUILT = ROOT / "build" / "native-linux-x64"


def need_built(path: Path) -> Path:
    if path.exists():
        return path
    if os.environ.get("CI") and sys.platform == "linux":
        pytest.fail(f"{path} was not built")
    pytest.skip(f"{path} was not built: python3 build.py native")


def declared_functions() -> set[str]:
    """What the header declares."""
    header = (ROOT / "bridge_cpp" / "include" / "flashhead_bridge.h").read_text("utf-8")
    return set(re.findall(r"\b(flashhead_\w+)\(", re.sub(r"/\*.*?\*/", "", header, flags=re.S)))


@contextlib.contextmanager
def environment(**values: str):
    """As the library sees it: a C program's, not only Python's."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


def rings_of(pid: int) -> int:
    """How many shared-memory segments of a worker there are; docs/protocol.md says where its process id lies."""
    count = 0
    for path in Path("/dev/shm").glob("flashhead-*"):
        with contextlib.suppress(OSError):
            count += int.from_bytes(path.read_bytes()[64:72], "little") == pid
    return count


class Struct(ctypes.Structure):
    def __init__(self, **fields):
        super().__init__(struct_size=ctypes.sizeof(type(self)), **fields)


class ConnectOptions(Struct):
    _fields_ = (
        ("struct_size", c_uint32),
        ("program_words", c_uint32),
        ("endpoint", c_char_p),
        ("token", c_char_p),
        ("name", c_char_p),
        ("program", POINTER(c_char_p)),
    )


class ClientInfo(Struct):
    _fields_ = (
        ("struct_size", c_uint32),
        ("connected", c_int32),
        ("worker_pid", c_uint32),
        ("reconnects", c_uint32),
        ("worker_version", c_char * 64),
        ("tiers", c_char * 256),
    )


class SessionOptions(Struct):
    _fields_ = (
        ("struct_size", c_uint32),
        ("outputs", c_uint32),
        ("avatar", c_char_p),
        ("tier", c_char_p),
        ("emotion", c_char_p),
        ("emotion_intensity", c_float),
        ("mouth_strength", c_float),
        ("size", c_uint32),
        ("fps", c_uint32),
        ("seed", c_uint64),
        ("lower_tier", c_int32),
        ("frames_as_messages", c_int32),
    )


class Audio(Struct):
    _fields_ = (
        ("struct_size", c_uint32),
        ("format", c_uint32),
        ("samples", ctypes.c_void_p),
        ("frames", c_uint64),
        ("sample_rate_hz", c_uint32),
        ("channels", c_uint32),
        ("path", c_char_p),
        ("streamed", c_int32),
        ("interrupt", c_int32),
    )


class Frame(Struct):
    _fields_ = (
        ("struct_size", c_uint32),
        ("utterance", c_uint32),
        ("epoch", c_uint32),
        ("flags", c_uint32),
        ("index", c_uint64),
        ("pts_us", c_int64),
        ("duration_us", c_uint32),
        ("width", c_uint32),
        ("height", c_uint32),
        ("reserved", c_uint32),
    )


class Weights(Struct):
    _fields_ = (
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("frame", Frame),
        ("arkit", c_float * 52),
        ("pose", c_float * 4),
        ("visemes", c_float * 15),
    )

    def __init__(self):
        super().__init__(frame=Frame())


class SessionInfo(Struct):
    _fields_ = (
        ("struct_size", c_uint32),
        ("open", c_int32),
        ("outputs", c_uint32),
        ("size", c_uint32),
        ("fps", c_uint32),
        ("reconnects", c_uint32),
        ("pictures", c_uint64),
        ("weights", c_uint64),
        ("retries", c_uint64),
        ("tier", c_char * 64),
    )


class EventStruct(Struct):
    _fields_ = (
        ("struct_size", c_uint32),
        ("type", c_int32),
        ("utterance", c_uint32),
        ("epoch", c_uint32),
        ("pts_us", c_int64),
        ("latency_us", c_int64),
        ("code", c_char * 64),
        ("message", c_char * 1024),
    )


class Statistics(Struct):
    _fields_ = (
        ("struct_size", c_uint32),
        ("sessions", c_uint32),
        ("uptime_s", c_double),
        ("load", c_double),
        ("memory_bytes", c_uint64),
        ("latency_p50_ms", c_double),
        ("latency_p99_ms", c_double),
    )


_ARGUMENTS = {
    "abi": (),
    "version": (),
    "last_error": (),
    "result_name": (c_int32,),
    "connect": (POINTER(ConnectOptions), POINTER(c_uint64)),
    "disconnect": (c_uint64,),
    "shutdown": (),
    "get_client_info": (c_uint64, POINTER(ClientInfo)),
    "open": (c_uint64, POINTER(SessionOptions), POINTER(c_uint64)),
    "close": (c_uint64,),
    "set_emotion": (c_uint64, c_char_p, c_float),
    "set_mouth_strength": (c_uint64, c_float),
    "look_at": (c_uint64, c_float, c_float),
    "look_freely": (c_uint64,),
    "pause": (c_uint64, c_int32),
    "speak": (c_uint64, POINTER(Audio), POINTER(c_uint32)),
    "push": (c_uint64, c_uint32, ctypes.c_void_p, c_uint64),
    "end": (c_uint64, c_uint32),
    "cancel": (c_uint64, c_int64),
    "clock": (c_uint64, c_uint32, c_int64, c_int32),
    "utterance_state": (c_uint64, c_uint32, POINTER(c_int32)),
    "acquire_video": (c_uint64, c_uint32, c_int64, POINTER(Frame), ctypes.c_void_p, c_size_t),
    "acquire_weights": (c_uint64, c_uint32, c_int64, POINTER(Weights)),
    "weight_name": (c_uint32,),
    "viseme_name": (c_uint32,),
    "get_session_info": (c_uint64, POINTER(SessionInfo)),
    "poll": (c_uint64, POINTER(EventStruct)),
    "poll_client": (c_uint64, POINTER(EventStruct)),
    "get_statistics": (c_uint64, POINTER(Statistics)),
    "poll_log": (c_char_p, c_size_t, POINTER(c_int32)),
}
_TEXTS = ("version", "last_error", "result_name", "weight_name", "viseme_name")


def load(path: Path = FILE):
    """The library's functions, without their prefix, as attributes."""
    library = ctypes.CDLL(str(path))

    class Functions:
        pass

    for name, arguments in _ARGUMENTS.items():
        function = getattr(library, f"flashhead_{name}")
        function.argtypes = arguments
        function.restype = c_char_p if name in _TEXTS else c_int32
        setattr(Functions, name, staticmethod(function))
    return Functions


@dataclass(frozen=True)
class Event:
    name: str
    utterance: int
    epoch: int
    pts_us: int
    latency_us: int
    code: str
    message: str


class Bridge:
    """The library with errors as exceptions and handles as numbers."""

    def __init__(self, path: Path = FILE) -> None:
        self.c = load(path)

    def need(self, result: int) -> int:
        if result < 0:
            raise RuntimeError(f"{self.c.result_name(result).decode()}: {self.c.last_error().decode()}")
        return result

    def connect(self, endpoint: str = "", token: str = "", *, program: tuple[str, ...] = (), name: str = "") -> int:
        words = (c_char_p * len(program))(*(word.encode() for word in program))
        options = ConnectOptions(
            endpoint=endpoint.encode() or None,
            token=token.encode() or None,
            name=name.encode() or None,
            program_words=len(program),
            program=ctypes.cast(words, POINTER(c_char_p)) if program else None,
        )
        client = c_uint64()
        self.need(self.c.connect(byref(options), byref(client)))
        return client.value

    def open(self, client: int, outputs: int = WEIGHTS, **options) -> int:
        settings = {"emotion_intensity": 1.0, "mouth_strength": 1.0, "size": 512, "fps": 25, **options}
        session = c_uint64()
        self.need(self.c.open(client, byref(SessionOptions(outputs=outputs, **settings)), byref(session)))
        return session.value

    def speak(self, session: int, pcm: np.ndarray, rate_hz: int = 16_000, **options) -> int:
        pcm = np.ascontiguousarray(pcm)
        channels = 1 if pcm.ndim == 1 else pcm.shape[1]
        audio = Audio(
            format=int(pcm.dtype == np.int16),
            samples=pcm.ctypes.data if len(pcm) else None,
            frames=len(pcm),
            sample_rate_hz=rate_hz,
            channels=channels,
            **options,
        )
        utterance = c_uint32()
        self.need(self.c.speak(session, byref(audio), byref(utterance)))
        return utterance.value

    def push(self, session: int, utterance: int, pcm: np.ndarray) -> None:
        self.need(self.c.push(session, utterance, pcm.ctypes.data, len(pcm)))

    def state(self, session: int, utterance: int) -> int:
        state = c_int32()
        self.need(self.c.utterance_state(session, utterance, byref(state)))
        return state.value

    def weights(self, session: int, utterance: int, audio_us: int) -> Weights | None:
        weights = Weights()
        found = self.need(self.c.acquire_weights(session, utterance, audio_us, byref(weights)))
        return weights if found == OK else None

    def video(self, session: int, utterance: int, audio_us: int, pixels: np.ndarray) -> Frame | None:
        frame = Frame()
        found = self.need(
            self.c.acquire_video(session, utterance, audio_us, byref(frame), pixels.ctypes.data, pixels.nbytes)
        )
        return frame if found == OK else None

    def events(self, handle: int, of_client: bool = False) -> list[Event]:
        poll, events, event = self.c.poll_client if of_client else self.c.poll, [], EventStruct()
        while self.need(poll(handle, byref(event))) == OK:
            words = event.code.decode(), event.message.decode()
            events.append(
                Event(EVENTS[event.type - 1], event.utterance, event.epoch, event.pts_us, event.latency_us, *words)
            )
        return events

    def wait_for(self, name: str, handle: int, of_client: bool = False, timeout_s: float = 10.0) -> list[Event]:
        """Until this happened: all that happened. Raises AssertionError when it did not within the time."""
        seen, end = [], time.monotonic() + timeout_s
        while time.monotonic() < end:
            seen += self.events(handle, of_client)
            if any(event.name == name for event in seen):
                return seen
            time.sleep(0.002)
        raise AssertionError(f"no {name} within {timeout_s} s: {seen}")

    def client_info(self, client: int) -> ClientInfo:
        info = ClientInfo()
        self.need(self.c.get_client_info(client, byref(info)))
        return info

    def session_info(self, session: int) -> SessionInfo:
        info = SessionInfo()
        self.need(self.c.get_session_info(session, byref(info)))
        return info

    def log(self) -> list[str]:
        lines, line, level = [], ctypes.create_string_buffer(2000), c_int32()
        while self.c.poll_log(line, len(line), byref(level)) == OK:
            lines.append(line.value.decode())
        return lines
