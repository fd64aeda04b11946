"""A worker that speaks no network: frames that say their own number, so that a client can prove which one it shows.

Picture and weights of frame i of every utterance: pixels of value i % 251, a pixel at the start and one at the end of
the utterance's number, jawOpen = i % 100 / 100. Frames come by the system's clock from the moment of `speak`, at most
four ahead, for as long as the audio is. Prints its endpoint; ends when its standard input does.
"""

import contextlib
import itertools
import os
import select
import sys
import time

import numpy as np
import zmq

from flashhead_engine.blendshapes.arkit import INDEX
from flashhead_engine.drivers.base import FrameFlags, TimedFrame
from flashhead_engine.transport import messages
from flashhead_engine.transport.messages import RingInfo, decode_from_client, encode
from flashhead_engine.transport.rings import RingWriter

AHEAD = 4
_NUMBERS = itertools.count(1)


class Head:
    def __init__(self, message: messages.Open) -> None:
        self.fps = message.fps
        self.video = RingWriter(message.size)
        self.weights = RingWriter()
        self.pixels = np.zeros((message.size, message.size, 4), np.uint8)
        self.utterance = 0

    def speak(self, utterance: int, seconds: float) -> None:
        self.utterance, self.seconds, self.began_s = utterance, seconds, time.monotonic()
        self.sent = {self.video: 0, self.weights: 0}

    def publish(self) -> None:
        for ring, fps in ((self.video, self.fps), (self.weights, 60)):
            ring.beat()
            if self.utterance == 0:
                continue
            due = min((time.monotonic() - self.began_s) * fps + AHEAD, self.seconds * fps)
            for index in range(self.sent[ring], int(due)):
                ring.publish(self.frame(index, fps, self.pixels if ring is self.video else None))
                self.sent[ring] = index + 1

    def frame(self, index: int, fps: int, pixels: np.ndarray | None) -> TimedFrame:
        weights = np.zeros(52, np.float32)
        weights[INDEX["jawOpen"]] = index % 100 / 100
        if pixels is not None:
            pixels[:] = index % 251
            pixels[0, 0] = pixels[-1, -1] = self.utterance % 256
        pts_us = index * 1_000_000 // fps
        flags = FrameFlags.FIRST if index == 0 else FrameFlags.NONE
        header = (self.utterance, 0, index, pts_us, 1_000_000 // fps, flags)
        return TimedFrame(
            *header,
            weights=weights,
            pose=np.zeros(4, np.float32),
            visemes=np.eye(15, dtype=np.float32)[0],
            pixels=pixels,
        )


def answers(message, heads: dict[int, Head]) -> list:
    match message:
        case messages.Hello():
            return [messages.Welcome("0", 1, "0", os.getpid(), ["nano"])]
        case messages.Ping():
            return [messages.Pong()]
        case messages.Open():
            heads[number := next(_NUMBERS)] = head = Head(message)
            rings = [RingInfo(ring.address.name, ring.address.generation) for ring in (head.video, head.weights)]
            return [messages.Opened(message.request, number, "nano", video=rings[0], weights=rings[1])]
        case messages.Speak(session=session, utterance=utterance):
            heads[session].speak(utterance, 3600.0)
            return [messages.FirstFrame(session, utterance, 0, 0)]
        case messages.Close(session=session):
            heads.pop(session, None)
    return []


def main() -> None:
    socket = zmq.Context.instance().socket(zmq.ROUTER)
    socket.setsockopt(zmq.LINGER, 0)
    print(f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}", flush=True)
    heads: dict[int, Head] = {}
    while not select.select([sys.stdin], [], [], 0)[0]:
        if socket.poll(5):
            client, head, *_ = socket.recv_multipart()
            for answer in answers(decode_from_client(head), heads):
                socket.send_multipart([client, encode(answer)])
        for head in heads.values():
            head.publish()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
