"""Cost of the shared-memory rings, beside plain copies of memory measured in the same run.

    python benchmarks/transport/rings.py

1. From the start of a write until another process holds its copy: 1 MiB frames, 200 a second, the reader polls.
2. 32 streams of 512x512 at 25 frames a second: processor time of one frame's write and read.

A copy is "cold" when neither side lies in the processor's cache, as with 32 rings of 8 MiB.
"""

import os
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection

import numpy as np

from flashhead_engine.drivers.base import FrameFlags, TimedFrame
from flashhead_engine.transport.rings import RingAddress, RingReader, RingWriter

_SIZE = 512
_FRAME_BYTES = _SIZE * _SIZE * 4
_POOL_BYTES = 256 << 20
_ROUNDS, _FRAMES, _WARM_UP = 5, 300, 10
_STREAMS, _STREAM_ROUNDS = 32, 20


def _frame(index: int, pixels: np.ndarray) -> TimedFrame:
    none = np.empty(0, np.float32)
    return TimedFrame(1, 1, index, time.monotonic_ns() // 1000, 40_000, FrameFlags.NONE, none, none, none, pixels)


def cold_copies_us() -> np.ndarray:
    """Microseconds of copies of one frame between places that are not in the cache."""
    source, target = (np.ones((_POOL_BYTES // _FRAME_BYTES, _FRAME_BYTES), np.uint8) for _ in range(2))
    spent = []
    for row in np.random.default_rng(0).permutation(len(source)):
        began = time.perf_counter()
        np.copyto(target[row], source[-1 - row])
        spent.append(1e6 * (time.perf_counter() - began))
    return np.array(spent)


def _read_all(address: RingAddress, answer: Connection) -> None:
    """In another process: when each frame was held, by its index, minus when its writing began, in microseconds."""
    reader = RingReader(address)
    answer.send("ready")
    seen = 0
    ages = []
    while reader.writer_lives:
        if reader.published == seen:
            continue
        seen = reader.published
        if (frame := reader.newest()) is not None:
            ages.append(time.monotonic_ns() / 1000 - frame.pts_us)
    answer.send(ages)


def delivery_us() -> np.ndarray:
    """Microseconds from the start of a write until another process holds the frame."""
    ours, theirs = get_context("spawn").Pipe()
    writer = RingWriter(size=_SIZE)
    process = get_context("spawn").Process(target=_read_all, args=(writer.address, theirs))
    process.start()
    ours.recv()
    pictures = np.random.default_rng(0).integers(0, 256, (64, _SIZE, _SIZE, 4), np.uint8)
    for index in range(_FRAMES):
        writer.publish(_frame(index, pictures[index % len(pictures)]))
        time.sleep(0.005)
    writer.close()
    ages = ours.recv()
    process.join()
    return np.array(ages[_WARM_UP:])


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
    copies = np.concatenate([cold_copies_us() for _ in range(_ROUNDS)])
    delivered = np.concatenate([delivery_us() for _ in range(_ROUNDS)])
    writing, reading = streams_us()
    copy = float(np.median(copies))
    print(f"load {os.getloadavg()[0]:.1f}; medians; 1 MiB frames\n")
    print("| what | p50 us | p99 us | beside cold copies | limit |\n|---|---|---|---|---|")
    rows = (
        ("one cold copy", copies, 1, ""),
        ("write begun to copied in another process", delivered, 2, "1.3"),
        ("32 streams: one write", writing, 1, "1.3"),
        ("32 streams: one read", reading, 1, "1.3"),
    )
    for name, times, as_many, limit in rows:
        p50, p99 = np.percentile(times, (50, 99))
        print(f"| {name} | {p50:.0f} | {p99:.0f} | {p50 / (as_many * copy):.2f} x {as_many} | {limit} |")


if __name__ == "__main__":
    main()
