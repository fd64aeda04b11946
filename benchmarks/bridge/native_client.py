"""A frame's way into a Python program: flashhead_engine.client.native (the C++ bridge) beside the Python client.

    python benchmarks/bridge/native_client.py

Both read rings that hold the same frames, in turns: pictures of 1 MiB cold, from 256 MiB each, and weights. The
native client copies into one array, as a renderer does; the other one returns each frame in an array of its own.
Needs `python3 build.py native`.
"""

import os
import time

import numpy as np
from calls import _ROUNDS, _SIDE, RecordedWorker

from flashhead_engine import client
from flashhead_engine.client import native
from flashhead_engine.drivers.base import FrameFlags, Outputs, TimedFrame
from flashhead_engine.transport.rings import FRAMES_SLOTS

_PICTURE_HEADS, _WEIGHTS_HEADS = 32, 8
_WEIGHTS_FRAMES = 60
_FRAME_US = {True: 40_000, False: 16_667}


def fill(ring, video: bool) -> None:
    random = np.random.default_rng(0)
    empty = np.empty(0, np.float32)
    pixels = random.integers(0, 255, (_SIDE, _SIDE, 4), np.uint8) if video else None
    weights, pose, visemes = (empty if video else random.random(count, np.float32) for count in (52, 4, 15))
    for index in range(FRAMES_SLOTS if video else _WEIGHTS_FRAMES):
        header = (1, 0, index, index * _FRAME_US[video], _FRAME_US[video], FrameFlags.NONE)
        ring.publish(TimedFrame(*header, weights=weights, pose=pose, visemes=visemes, pixels=pixels))


def wait(condition) -> None:
    end = time.monotonic() + 20
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("the heads did not begin to speak")
        time.sleep(0.01)


def measure(video: bool) -> dict[str, list[float]]:
    """Microseconds of each frame, by the client."""
    worker, count = RecordedWorker(), _PICTURE_HEADS if video else _WEIGHTS_HEADS
    there = native.connect(worker.endpoint, "x")
    pcm = np.zeros(16_000, np.float32)
    took: dict[str, list[float]] = {"native": [], "Python": []}
    with there, client.connect(worker.endpoint, "x") as here:
        fast = [there.open("guard", video=video, blendshapes=not video, size=_SIDE) for _ in range(count)]
        outputs = Outputs.VIDEO if video else Outputs.BLENDSHAPES
        slow = [here.open("guard", outputs=outputs, size=_SIDE) for _ in range(count)]
        wait(lambda: all(head.info.open for head in fast))
        for ring in worker.rings:
            fill(ring, video)
        lines = [head.speak(pcm) for head in fast]
        utterances = [head.speak(pcm) for head in slow]
        wait(lambda: all(head.state(line) == "speaking" for head, line in zip(fast, lines, strict=True)))
        wait(lambda: all(utterance.state == "speaking" for utterance in utterances))
        pixels = np.zeros((_SIDE, _SIDE, 4), np.uint8)
        for index in range(_ROUNDS * (FRAMES_SLOTS if video else _WEIGHTS_FRAMES)):
            index %= FRAMES_SLOTS if video else _WEIGHTS_FRAMES
            audio_us = index * _FRAME_US[video]
            for head, line, other, utterance in zip(fast, lines, slow, utterances, strict=True):
                began = time.perf_counter_ns()
                if video:
                    given = head.acquire_video(line, audio_us, pixels)
                else:
                    given = head.acquire_weights(line, audio_us).frame
                took["native"].append((time.perf_counter_ns() - began) / 1000)
                began = time.perf_counter_ns()
                frame = other.frame_at(utterance, audio_us)
                took["Python"].append((time.perf_counter_ns() - began) / 1000)
                if (given.index, frame.index) != (index, index):
                    raise RuntimeError(f"frame {index} was not given: {given.index}, {frame.index}")
    worker.close()
    return took


def main() -> None:
    print(f"load {os.getloadavg()[0]:.1f}\n\n| frame | client | times | p50 us | p99 us |\n|---|---|---|---|---|")
    for name, video in (("1 MiB picture, cold", True), ("weights", False)):
        for client_name, took in measure(video).items():
            p50, p99 = np.percentile(took, (50, 99))
            print(f"| {name} | {client_name} | {len(took)} | {p50:.1f} | {p99:.1f} |")


if __name__ == "__main__":
    main()
