"""How long the calls of flashhead_bridge take while heads talk, and a picture's copy beside memcpy.

    python benchmarks/bridge/calls.py [--heads 8] [--seconds 20]

Calls are made by a C++ program that draws 60 times a second. Copies are cold: of 256 MiB in turn, so that no cache
holds what is read; memcpy, from shared memory too, and acquire take turns. Limits: p99 of every call 10 us, acquire
1.3 x memcpy (medians). Needs `python3 build.py native`.
"""

import argparse
import ctypes
import mmap
import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import zmq

sys.path.insert(0, str(Path(__file__).parents[1] / "worker"))
sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "bridge"))

from bridge_library import ROOT, VIDEO, Bridge, Frame, byref
from real import real_worker, verdict

from flashhead_engine.drivers.base import FrameFlags, TimedFrame
from flashhead_engine.transport import messages
from flashhead_engine.transport.messages import RingInfo, decode_from_client, encode
from flashhead_engine.transport.rings import FRAMES_SLOTS, RingWriter

CALL_US = 10.0
COPY_FACTOR = 1.3
_SIDE = 512  # a picture of 1 MiB
_RINGS = 32  # of 8 slots: 256 MiB
_ROUNDS = 6
_BUILT = ROOT / "build" / "native-linux-x64"


def time_calls(heads: int, seconds: int) -> dict[str, list[float]]:
    """Microseconds of each call, by its name, while that many heads talk."""
    took: dict[str, list[float]] = defaultdict(list)
    with real_worker() as worker:
        environment = {**os.environ, "FLASHHEAD_ENDPOINT": worker.endpoint, "FLASHHEAD_TOKEN": worker.token}
        command = [_BUILT / "stress", "measure", str(heads), str(seconds)]
        printed = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    for line in printed.splitlines():
        name, nanoseconds = line.split()
        took[name].append(int(nanoseconds) / 1000)
    return took


class RecordedWorker:
    """Opens sessions whose rings are full of pictures, and nothing else."""

    def __init__(self) -> None:
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.endpoint = f"tcp://127.0.0.1:{self.socket.bind_to_random_port('tcp://127.0.0.1')}"
        self.rings: list[RingWriter] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.socket.close()
        for ring in self.rings:
            ring.close()

    def _serve(self) -> None:
        while not self._stop.is_set():
            for ring in self.rings:
                ring.beat()
            if not self.socket.poll(100):
                continue
            client, head, *_ = self.socket.recv_multipart()
            for answer in self._answers(decode_from_client(head)):
                self.socket.send_multipart([client, encode(answer)])

    def _answers(self, message) -> list:
        match message:
            case messages.Hello():
                return [messages.Welcome("0", 1, "0", os.getpid(), ["nano"])]
            case messages.Ping():
                return [messages.Pong()]
            case messages.Open():
                track, size = ("video", message.size) if "video" in message.outputs else ("weights", None)
                ring = RingWriter(size)
                self.rings.append(ring)
                info = {track: RingInfo(ring.address.name, ring.address.generation)}
                return [messages.Opened(message.request, len(self.rings), "nano", **info)]
            case messages.Speak():
                return [messages.FirstFrame(message.session, message.utterance, 0, 0)]
        return []

    def fill(self) -> None:
        """Pictures 0 to 7 of utterance 1 into every ring."""
        pixels = np.random.default_rng(0).integers(0, 255, (_SIDE, _SIDE, 4), np.uint8)
        empty = np.empty(0, np.float32)
        for ring in self.rings:
            for index in range(FRAMES_SLOTS):
                header = (1, 0, index, index * 40_000, 40_000, FrameFlags.NONE)
                ring.publish(TimedFrame(*header, weights=empty, pose=empty, visemes=empty, pixels=pixels))


def time_copies() -> tuple[list[float], list[float]]:
    """Microseconds of memcpy and of acquire_video for 1 MiB each, cold."""
    worker, bridge = RecordedWorker(), Bridge()
    client = bridge.connect(worker.endpoint, "x")
    sessions = [bridge.open(client, VIDEO, avatar=b"guard", size=_SIDE) for _ in range(_RINGS)]
    for session in sessions:
        bridge.wait_for("opened", session)
    worker.fill()
    for session in sessions:
        bridge.speak(session, np.zeros(16_000, np.float32))
        bridge.wait_for("first_frame", session)
    size = _SIDE * _SIDE * 4
    # The same kind of memory as the rings have: in private memory pages may be larger, and copies faster.
    source = np.frombuffer(mmap.mmap(-1, _RINGS * FRAMES_SLOTS * size), np.uint8).reshape(-1, size)
    source[:] = 7
    target, frame = np.zeros(size, np.uint8), Frame()
    copied, acquired = [], []
    for _ in range(_ROUNDS):
        for index in range(FRAMES_SLOTS):
            for number, session in enumerate(sessions):
                began = time.perf_counter_ns()
                ctypes.memmove(target.ctypes.data, source[index * _RINGS + number].ctypes.data, size)
                copied.append((time.perf_counter_ns() - began) / 1000)
                began = time.perf_counter_ns()
                result = bridge.c.acquire_video(
                    session, 1, index * 40_000, byref(frame), target.ctypes.data, target.nbytes
                )
                acquired.append((time.perf_counter_ns() - began) / 1000)
                if result or frame.index != index:
                    raise RuntimeError(f"picture {index} was not given: {bridge.c.result_name(result)}")
    bridge.c.shutdown()
    worker.close()
    return copied, acquired


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--heads", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=9, help="at most 9")
    options = parser.parse_args()
    calls = time_calls(options.heads, options.seconds)
    print(f"load {os.getloadavg()[0]:.1f}; {options.heads} heads talk\n")
    print("| call | times | p50 us | p99 us | p99.9 us |\n|---|---|---|---|---|")
    for name, took in calls.items():
        p50, p99, p999 = np.percentile(took, (50, 99, 99.9))
        print(f"| {name} | {len(took)} | {p50:.2f} | {p99:.2f} | {p999:.1f} |")
    copied, acquired = time_copies()
    print("\n| 1 MiB, cold | times | p50 us | p99 us |\n|---|---|---|---|")
    for name, took in (("memcpy", copied), ("acquire_video", acquired)):
        print(f"| {name} | {len(took)} | {np.median(took):.1f} | {np.percentile(took, 99):.1f} |")
    factor = np.median(acquired) / np.median(copied)
    slowest = max(np.percentile(took, 99) for took in calls.values())
    verdict(factor <= COPY_FACTOR and slowest <= CALL_US, f"acquire takes {factor:.2f} x memcpy; ")


if __name__ == "__main__":
    main()
