"""Cost of the shared-memory rings, beside plain copies of memory measured in the same run.

    python benchmarks/transport/rings.py

1. From the start of a write until another process holds its copy: 1 MiB frames, 200 a second, the reader polls. In
   turns with them, in the process that writes, a plain copy: after a pause, and beside a process that polls, copying
   takes longer than in a loop that does nothing else, so both are measured alike.
2. 32 streams of 512x512 at 25 frames a second: processor time of one frame's write and read, beside that of copies
   one after the other.

A copy is "cold" when neither side lies in the processor's cache, as with 32 rings of 8 MiB.
"""

import itertools
import os
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection

import numpy as np

from flashhead_engine.drivers.base import FrameFlags, TimedFrame
from flashhead_engine.transport.rings import RingAddress, RingReader, RingWriter

_SIZE = 512
_FRAME_BYTES = _SIZE * _SIZE * 4
_POOL_BYTES = 256 << 20
_ROUNDS, _FRAMES, _WARM_UP = 5, 300, 10
_PAUSE_S = 0.0025
_LOOKS = 1000  # at the ring, until whether its writer lives is asked too, which is a call of the system
_STREAMS, _STREAM_ROUNDS = 32, 20


def _frame(index: int, pixels: np.ndarray) -> TimedFrame:
    none = np.empty(0, np.float32)
    return TimedFrame(1, 1, index, time.monotonic_ns() // 1000, 40_000, FrameFlags.NONE, none, none, none, pixels)


class _Copies:
    """Copies of one frame between places that are not in the cache."""

    def __init__(self) -> None:
        rows = _POOL_BYTES // _FRAME_BYTES
        self._source, self._target = (np.ones((rows, _FRAME_BYTES), np.uint8) for _ in range(2))
        self._rows = itertools.cycle(np.random.default_rng(0).permutation(rows))

    def one_us(self, clock: Callable[[], float]) -> float:
        row = next(self._rows)
        began = clock()
        np.copyto(self._target[row], self._source[-1 - row])
        return 1e6 * (clock() - began)


def _read_all(address: RingAddress, answer: Connection) -> None:
    """In another process: by its index, when each frame was held, in nanoseconds of the monotonic clock."""
    reader = RingReader(address)
    answer.send("ready")
    held_ns, seen, looks = {}, 0, 0
    while (looks := looks + 1) % _LOOKS or reader.writer_lives:
        if reader.published == seen:
            continue
        seen = reader.published
        if (frame := reader.newest()) is not None:
            held_ns[frame.index] = time.monotonic_ns()
    answer.send(held_ns)


def delivery_us(copies: _Copies) -> tuple[np.ndarray, np.ndarray]:
    """Microseconds from the start of a write until another process holds the frame, and those of copies between."""
    ours, theirs = get_context("spawn").Pipe()
    writer = RingWriter(size=_SIZE)
    process = get_context("spawn").Process(target=_read_all, args=(writer.address, theirs))
    process.start()
    ours.recv()
    pictures = np.random.default_rng(0).integers(0, 256, (64, _SIZE, _SIZE, 4), np.uint8)
    began_ns, copied = [], []
    for index in range(_FRAMES):
        frame = _frame(index, pictures[index % len(pictures)])
        time.sleep(_PAUSE_S)
        began_ns.append(time.monotonic_ns())
        writer.publish(frame)
        time.sleep(_PAUSE_S)
        copied.append(copies.one_us(time.perf_counter))
    writer.close()
    held_ns = ours.recv()
    process.join()
    ages = [(held_ns[index] - began_ns[index]) / 1000 for index in range(_WARM_UP, _FRAMES) if index in held_ns]
    if len(ages) < 0.9 * (_FRAMES - _WARM_UP):
        raise RuntimeError("the reader missed more than a tenth of the frames: the slow ones, maybe; measure again")
    return np.array(ages), np.array(copied[_WARM_UP:])


def streams_us() -> tuple[np.ndarray, np.ndarray]:
    """Processor time of one frame's write, and of its read, in turns over many rings."""
    writers = [RingWriter(size=_SIZE) for _ in range(_STREAMS)]
    readers = [RingReader(writer.address) for writer in writers]
    pictures = np.random.default_rng(0).integers(0, 256, (_STREAMS, _SIZE, _SIZE, 4), np.uint8)
    writing, reading = [], []
    for index in range(_STREAM_ROUNDS):
        for writer, picture in zip(writers, pictures, strict=True):
            began = time.thread_time()
            writer.publish(_frame(index, picture))
            writing.append(1e6 * (time.thread_time() - began))
        for reader in readers:
            began = time.thread_time()
            assert reader.newest() is not None
            reading.append(1e6 * (time.thread_time() - began))
    return np.array(writing[_STREAMS:]), np.array(reading[_STREAMS:])


def main() -> None:
    copies = _Copies()
    flat_out, delivered, between = [], [], []
    for _ in range(_ROUNDS):
        flat_out += [copies.one_us(time.thread_time) for _ in range(_POOL_BYTES // _FRAME_BYTES)]
        ages, copied = delivery_us(copies)
        delivered += [*ages]
        between += [*copied]
    writing, reading = streams_us()
    one, paced = float(np.median(flat_out)), float(np.median(between))
    print(f"load {os.getloadavg()[0]:.1f}; medians; 1 MiB frames\n")
    print("| what | p50 us | p99 us | beside cold copies | limit |\n|---|---|---|---|---|")
    kept = True
    for name, times, as_many, copy, limit in (
        ("one cold copy, in turns with the frames", between, 1, paced, None),
        ("write begun to copied in another process", delivered, 2, paced, 1.3),
        ("one cold copy, one after the other", flat_out, 1, one, None),
        ("32 streams: one write", writing, 1, one, 1.3),
        ("32 streams: one read", reading, 1, one, 1.3),
    ):
        p50, p99 = np.percentile(times, (50, 99))
        ratio = p50 / (as_many * copy)
        kept &= limit is None or ratio <= limit
        print(f"| {name} | {p50:.0f} | {p99:.0f} | {ratio:.2f} x {as_many} | {limit or ''} |")
    print(f"\nA frame's way beside copies one after the other: {np.median(delivered) / (2 * one):.2f} x 2")
    print(f"limits {'kept' if kept else 'MISSED'}")
    sys.exit(not kept)


if __name__ == "__main__":
    main()
