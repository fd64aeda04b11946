"""Frames a second from one process to another, none lost: rings with the reader's credit, beside other transports.

    python benchmarks/transport/throughput.py [--seconds 2] [--rounds 5]

A ring's writer never waits, so a reader that must not lose a frame says over a socket how many it has taken, and the
writer stays less than a ring ahead. The peers wait by themselves: pyzmq over ipc with copies, and iceoryx2's Python
binding where it is installed (`pip install iceoryx2`). Every reader copies each frame of 1 MiB out and checks that it
is the next one. Rounds are interleaved; compare rows of one run only.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection

import numpy as np
import zmq

from flashhead_engine.drivers.base import FrameFlags, TimedFrame
from flashhead_engine.transport.rings import RingAddress, RingReader, RingWriter

_SIZE = 512
_FRAME_BYTES = _SIZE * _SIZE * 4
_SLOTS = 8
_PICTURES = np.random.default_rng(0).integers(0, 256, (8, _SIZE, _SIZE, 4), np.uint8)
_TARGET = 5.0


def _stamped(index: int) -> np.ndarray:
    picture = _PICTURES[index % len(_PICTURES)]
    picture.reshape(-1)[:8].view(np.uint64)[0] = index
    return picture


def _check(pixels: np.ndarray, expected: int) -> None:
    found = int(pixels.reshape(-1)[:8].view(np.uint64)[0])
    if found != expected:
        raise RuntimeError(f"frame {found} came where {expected} was due")


def _ring_reader(address: RingAddress, credit: str, answer: Connection) -> None:
    reader = RingReader(address)
    with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        socket.connect(credit)
        answer.send("ready")
        taken = 0
        while reader.writer_lives:
            before = taken
            for frame in reader.unread():
                _check(frame.pixels, taken)
                taken += 1
            if taken != before:
                socket.send(taken.to_bytes(8, "little"))
            else:
                os.sched_yield()
        answer.send(taken)


def ring(seconds: float) -> float:
    none = np.empty(0, np.float32)
    ours, theirs = get_context("spawn").Pipe()
    with tempfile.TemporaryDirectory() as folder, zmq.Context() as context, context.socket(zmq.PULL) as socket:
        credit = f"ipc://{folder}/credit"
        socket.bind(credit)
        writer = RingWriter(size=_SIZE, slots=_SLOTS)
        process = get_context("spawn").Process(target=_ring_reader, args=(writer.address, credit, theirs))
        process.start()
        ours.recv()
        sent = taken = 0
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            # One less than there are slots: the one being written holds no frame.
            while sent - taken >= _SLOTS - 1 or socket.poll(0):
                taken = int.from_bytes(socket.recv(), "little")
            frame = TimedFrame(1, 1, sent, sent, 1, FrameFlags.NONE, none, none, none, _stamped(sent))
            writer.publish(frame)
            sent += 1
        while taken < sent:
            taken = int.from_bytes(socket.recv(), "little")
        elapsed_s = time.perf_counter() - began
        writer.close()
        if ours.recv() != sent:
            raise RuntimeError("frames were lost")
        process.join()
    return sent / elapsed_s


def _zmq_reader(endpoint: str, answer: Connection) -> None:
    with zmq.Context() as context, context.socket(zmq.PULL) as socket:
        socket.setsockopt(zmq.RCVHWM, _SLOTS)
        socket.connect(endpoint)
        answer.send("ready")
        taken = 0
        while len(data := socket.recv()) > 1:
            _check(np.frombuffer(data, np.uint8), taken)
            taken += 1
        answer.send(taken)


def zmq_ipc(seconds: float) -> float:
    ours, theirs = get_context("spawn").Pipe()
    with tempfile.TemporaryDirectory() as folder, zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        socket.setsockopt(zmq.SNDHWM, _SLOTS)
        endpoint = f"ipc://{folder}/frames"
        socket.bind(endpoint)
        process = get_context("spawn").Process(target=_zmq_reader, args=(endpoint, theirs))
        process.start()
        ours.recv()
        sent, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            socket.send(_stamped(sent), copy=True)
            sent += 1
        socket.send(b"")
        if ours.recv() != sent:
            raise RuntimeError("frames were lost")
        elapsed_s = time.perf_counter() - began
        process.join()
    return sent / elapsed_s


def _iceoryx_service(name: str):
    import ctypes

    import iceoryx2

    node = iceoryx2.NodeBuilder.new().create(iceoryx2.ServiceType.Ipc)
    service = (
        node.service_builder(iceoryx2.ServiceName.new(name))
        .publish_subscribe(iceoryx2.Slice[ctypes.c_uint8])
        .enable_safe_overflow(False)
        .subscriber_max_buffer_size(_SLOTS)
        .open_or_create()
    )
    return iceoryx2, node, service


def _iceoryx_reader(name: str, answer: Connection) -> None:
    _, _node, service = _iceoryx_service(name)
    subscriber = service.subscriber_builder().create()
    answer.send("ready")
    taken = 0
    while True:
        sample = subscriber.receive()
        if sample is None:
            os.sched_yield()
            continue
        payload = sample.payload()
        if payload.len() == 1:
            break
        pixels = np.array(np.frombuffer(payload.as_memory_view(), np.uint8))
        sample.delete()
        _check(pixels, taken)
        taken += 1
    answer.send(taken)


def iceoryx(seconds: float) -> float:
    import ctypes

    name = f"flashhead-throughput-{os.getpid()}-{time.monotonic_ns()}"
    iceoryx2, _node, service = _iceoryx_service(name)
    publisher = (
        service.publisher_builder()
        .initial_max_slice_len(_FRAME_BYTES)
        .backpressure_strategy(iceoryx2.BackpressureStrategy.RetryUntilDelivered)
        .create()
    )
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_iceoryx_reader, args=(name, theirs))
    process.start()
    ours.recv()
    publisher.update_connections()

    def send(data: np.ndarray) -> None:
        sample = publisher.loan_slice_uninit(data.size)
        ctypes.memmove(sample.payload_ptr, data.ctypes.data, data.size)
        sample.assume_init().send()

    sent, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        send(_stamped(sent))
        sent += 1
    send(np.zeros(1, np.uint8))
    if ours.recv() != sent:
        raise RuntimeError("frames were lost")
    elapsed_s = time.perf_counter() - began
    process.join()
    return sent / elapsed_s


def transports() -> dict[str, Callable[[float], float]]:
    found = {"ring with credit": ring, "pyzmq ipc, copies": zmq_ipc}
    try:
        import iceoryx2  # noqa: F401
    except ImportError:
        return found
    return {**found, "iceoryx2, Python": iceoryx}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    rates = {name: [] for name in transports()}
    for number in range(options.rounds):
        for name, measure in transports().items():
            rates[name].append(measure(options.seconds))
            print(f"round {number + 1} of {options.rounds}: {name}: {rates[name][-1]:.0f}/s", flush=True)
    peer = float(np.median(rates["pyzmq ipc, copies"]))
    print(f"\nload {os.getloadavg()[0]:.1f}; frames of 1 MiB a second, none lost; target {_TARGET:g} x pyzmq\n")
    print("| transport | median | range | beside pyzmq |\n|---|---|---|---|")
    for name, measured in rates.items():
        median = float(np.median(measured))
        print(f"| {name} | {median:.0f} | {min(measured):.0f} to {max(measured):.0f} | {median / peer:.1f} x |")


if __name__ == "__main__":
    main()
