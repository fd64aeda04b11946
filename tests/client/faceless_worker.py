"""A worker without faces, for the client's tests: it speaks the protocol with real rings and sockets and can be
killed like the real one, but its frames only tell which sample of the audio they belong to.

    python tests/client/faceless_worker.py ENDPOINT TOKEN

`weights[0]`, and every pixel (times 255), is the loudest sample of the frame's interval, absolute.
"""

import os
import sys
import time
from dataclasses import dataclass, field

import numpy as np
import zmq

from flashhead_engine.drivers.base import WEIGHTS_HZ, FrameFlags, TimedFrame
from flashhead_engine.transport import messages
from flashhead_engine.transport.messages import AHEAD_FRAMES, RingInfo, decode_from_client, encode
from flashhead_engine.transport.payload import header_of, payload_of
from flashhead_engine.transport.rings import RingWriter
from flashhead_engine.worker.resample import decoded


@dataclass
class Utterance:
    speak: messages.Speak
    pcm: np.ndarray
    end: bool
    clock: tuple[int, bool, float] = (0, False, 0.0)
    next_index: dict = field(default_factory=lambda: {"weights": 0, "video": 0})

    def add(self, data: bytes) -> None:
        self.pcm = np.append(self.pcm, decoded(data, self.speak.format, self.speak.channels))

    def now_us(self) -> int:
        audio_us, playing, at_s = self.clock
        return audio_us + (round(1e6 * (time.monotonic() - at_s)) if playing else 0)


@dataclass
class Session:
    client: bytes
    number: int
    open: messages.Open
    rings: dict
    epoch: int = 1
    spoken: int = 0
    queue: list = field(default_factory=list)


class Worker:
    def __init__(self, endpoint: str, token: str) -> None:
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.bind(endpoint)
        self.token = token
        self.sessions: dict[int, Session] = {}
        self.heard: dict[bytes, float] = {}

    def run(self) -> None:
        while True:
            if self.socket.poll(5):
                client, *parts = self.socket.recv_multipart()
                self.heard[client] = time.monotonic()
                self.take(client, decode_from_client(parts[0]), parts[1] if len(parts) > 1 else b"")
            for session in list(self.sessions.values()):
                if time.monotonic() - self.heard[session.client] > 2:
                    self.sessions.pop(session.number)
                    continue
                for ring in session.rings.values():
                    ring.beat()
                self.publish(session)

    def say(self, client: bytes, message, payload: bytes | None = None) -> None:
        self.socket.send_multipart([client, encode(message)] + ([] if payload is None else [payload]))

    def take(self, client: bytes, message, payload: bytes) -> None:
        session = self.sessions.get(getattr(message, "session", 0))
        if session and session.client != client:
            return
        match message:
            case messages.Hello() if message.token != self.token:
                self.say(client, messages.Error("token", "the token is wrong."))
            case messages.Hello():
                self.say(client, messages.Welcome(os.urandom(4).hex(), 1, "0", os.getpid(), ["nano"]))
            case messages.Ping():
                self.say(client, messages.Pong())
            case messages.Status():
                statistics = messages.Statistics(message.request, 0.0, 0.0, 0, 0.0, 0.0, [])
                self.say(client, statistics)
            case messages.Open() if message.avatar == "nobody":
                self.say(client, messages.Error("avatar", "nobody: no such avatar.", request=message.request))
            case messages.Open():
                self.open(client, message)
            case messages.Speak() if session:
                utterance = Utterance(message, np.empty(0, np.float32), message.end)
                utterance.add(payload)
                session.queue.append(utterance)
            case messages.Audio() if session:
                utterance = next(one for one in session.queue if one.speak.utterance == message.utterance)
                utterance.add(payload)
                utterance.end = message.end
            case messages.Clock() if session:
                for utterance in session.queue:
                    if utterance.speak.utterance == message.utterance:
                        utterance.clock = (message.audio_us, message.playing, time.monotonic())
            case messages.Cancel() if session:
                session.epoch += 1
                numbers = [utterance.speak.utterance for utterance in session.queue]
                session.queue.clear()
                self.say(client, messages.Cancelled(session.number, session.epoch, numbers))
            case messages.Close() if session:
                self.sessions.pop(session.number)
                self.say(client, messages.Closed(session.number, "client"))

    def open(self, client: bytes, message: messages.Open) -> None:
        rings = {}
        if message.frames == "shared_memory":
            rings = {"weights": RingWriter()} if "blendshapes" in message.outputs else {}
            if "video" in message.outputs:
                rings["video"] = RingWriter(message.size)
        session = Session(client, max(self.sessions, default=0) + 1, message, rings)
        self.sessions[session.number] = session
        told = {track: RingInfo(ring.address.name, ring.address.generation) for track, ring in rings.items()}
        self.say(client, messages.Opened(message.request, session.number, "nano", **told))

    def publish(self, session: Session) -> None:
        if not session.queue:
            return
        utterance = session.queue[0]
        number, duration_s = utterance.speak.utterance, len(utterance.pcm) / utterance.speak.sample_rate_hz
        if session.spoken != number:
            session.spoken = number
            self.say(session.client, messages.Started(session.number, number, session.epoch))
        tracks = {"blendshapes": ("weights", WEIGHTS_HZ), "video": ("video", session.open.fps)}
        done = True
        for track, fps in (tracks[name] for name in session.open.outputs):
            index = utterance.next_index[track]
            heard = duration_s if utterance.end else duration_s - 1 / fps  # a frame needs its whole interval
            while index / fps < heard and (index - AHEAD_FRAMES) * 1e6 / fps <= utterance.now_us():
                last = utterance.end and (index + 1) / fps >= duration_s
                self.show(session, track, self.frame(session, utterance, track, index, fps, last))
                if index == 0:
                    self.say(session.client, messages.FirstFrame(session.number, number, session.epoch, 0))
                index += 1
            utterance.next_index[track] = index
            done &= index / fps >= duration_s
        if done and utterance.end:
            session.queue.pop(0)
            self.say(session.client, messages.Finished(session.number, number, session.epoch))

    def frame(
        self, session: Session, utterance: Utterance, track: str, index: int, fps: int, last: bool
    ) -> TimedFrame:
        rate = utterance.speak.sample_rate_hz
        loudest = np.abs(utterance.pcm[index * rate // fps : (index + 1) * rate // fps]).max(initial=0)
        size = session.open.size
        return TimedFrame(
            utterance=utterance.speak.utterance,
            epoch=session.epoch,
            index=index,
            pts_us=index * 1_000_000 // fps,
            duration_us=1_000_000 // fps,
            flags=(FrameFlags.FIRST if index == 0 else FrameFlags.NONE)
            | (FrameFlags.LAST if last else FrameFlags.NONE),
            weights=np.full(52, loudest, np.float32),
            pose=np.zeros(4, np.float32),
            visemes=np.zeros(15, np.float32),
            pixels=np.full((size, size, 4), (*[round(255 * loudest)] * 3, 255), np.uint8)
            if track == "video"
            else None,
        )

    def show(self, session: Session, track: str, frame: TimedFrame) -> None:
        if session.rings:
            session.rings[track].publish(frame)
            return
        message = messages.Frame(session.number, track, **header_of(frame))
        self.say(session.client, message, payload_of(frame).tobytes())


if __name__ == "__main__":
    Worker(*sys.argv[1:]).run()
