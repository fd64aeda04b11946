"""Promises of the shared-memory rings: what is written is read, nothing torn or stale is ever returned, nothing of a
hostile writer is believed, and nothing is left behind."""

import os
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from flashhead_engine.drivers.base import FrameFlags, TimedFrame
from flashhead_engine.errors import TransportError

pytest.importorskip(
    "flashhead_engine._bridge", reason="the native module was not built (no C++ compiler, or no headers of Python)"
)

from flashhead_engine.transport.rings import RingAddress, RingReader, RingWriter, sweep

SHM = Path("/dev/shm")
needs_dev_shm = pytest.mark.skipif(not SHM.is_dir(), reason="shared memory is not a folder on this system")


def frame(index: int, *, epoch: int = 1, utterance: int = 3, size: int | None = None) -> TimedFrame:
    random = np.random.default_rng(index)
    return TimedFrame(
        utterance=utterance,
        epoch=epoch,
        index=index,
        pts_us=index * 40_000,
        duration_us=40_000,
        flags=FrameFlags.FIRST if index == 0 else FrameFlags.NONE,
        weights=random.random(52, np.float32),
        pose=random.random(4, np.float32),
        visemes=random.random(15, np.float32),
        pixels=None if size is None else random.integers(0, 256, (size, size, 4), np.uint8),
    )


def file_of(writer: RingWriter) -> Path:
    return SHM / writer.address.name.removeprefix("/")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux maps the pages of a ring when it is made")
def test_the_first_frames_of_a_ring_are_written_as_fast_as_later_ones():
    """Every page that must be mapped first makes a write longer; here a frame has 257 of them."""
    import resource

    writer = RingWriter(size=512)
    picture = frame(0, size=512)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    writer.publish(picture)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < 50


def test_weights_are_read_as_they_were_written():
    writer = RingWriter()
    reader = RingReader(writer.address)
    assert reader.newest() is None
    written = frame(7)
    writer.publish(written)
    read = reader.newest()
    for name in ("utterance", "epoch", "index", "pts_us", "duration_us", "flags"):
        assert getattr(read, name) == getattr(written, name)
    for name in ("weights", "pose", "visemes"):
        np.testing.assert_array_equal(getattr(read, name), getattr(written, name))
    assert read.pixels is None


def test_pixels_are_read_as_they_were_written_by_several_readers():
    writer = RingWriter(size=96)
    readers = [RingReader(writer.address) for _ in range(3)]
    written = frame(1, size=96)
    writer.publish(written)
    for reader in readers:
        np.testing.assert_array_equal(reader.newest().pixels, written.pixels)


def test_unread_frames_come_in_order_and_once():
    writer = RingWriter(slots=4)
    reader = RingReader(writer.address)
    for index in range(3):
        writer.publish(frame(index))
    assert [one.index for one in reader.unread()] == [0, 1, 2]
    assert list(reader.unread()) == []
    for index in range(3, 10):
        writer.publish(frame(index))
    assert [one.index for one in reader.unread()] == [6, 7, 8, 9], "older ones were overwritten"


def test_the_frame_for_an_audio_time_is_the_latest_that_has_begun():
    writer = RingWriter()
    reader = RingReader(writer.address)
    for index in range(10):
        writer.publish(frame(index))
    assert reader.at(1, 3, 0).index == 0
    assert reader.at(1, 3, 79_999).index == 1
    assert reader.at(1, 3, 80_000).index == 2
    assert reader.at(1, 3, -1) is None


def test_the_order_in_which_frames_came_does_not_matter():
    writer = RingWriter()
    reader = RingReader(writer.address)
    for index in (0, 1, 2, 3, 1):
        writer.publish(frame(index))
    assert reader.at(1, 3, 125_000).index == 3
    assert reader.at(1, 3, 900_000).index == 3, "a client that is late"
    assert reader.at(1, 3, 79_999).index == 1


def test_frames_of_a_cancelled_epoch_or_another_utterance_are_never_returned():
    writer = RingWriter()
    reader = RingReader(writer.address)
    for index in range(10):
        writer.publish(frame(index, epoch=1))
    assert reader.at(2, 3, 400_000) is None
    assert reader.at(1, 4, 400_000) is None
    writer.publish(frame(0, epoch=2))
    assert reader.at(2, 3, 400_000).epoch == 2


def test_no_torn_frame_is_returned_while_the_writer_runs_flat_out():
    size = 128
    writer = RingWriter(size=size, slots=2)
    reader = RingReader(writer.address)
    pictures = [frame(index, size=size) for index in range(8)]
    for index, picture in enumerate(pictures):
        picture.pixels[:] = index
    stop = threading.Event()

    def write() -> None:
        count = 0
        while not stop.is_set():
            writer.publish(pictures[count % 8])
            count += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        read = 0
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            if (seen := reader.newest()) is not None:
                assert seen.pixels.min() == seen.pixels.max() == seen.index
                read += 1
    finally:
        stop.set()
        thread.join()
    assert read > 0


@needs_dev_shm
def test_a_payload_changed_after_its_number_is_caught():
    """The check of the check: with the slot marked as being written, nothing is returned."""
    writer = RingWriter(slots=2)
    reader = RingReader(writer.address)
    writer.publish(frame(0))
    assert reader.newest() is not None
    with file_of(writer).open("r+b") as file:
        file.seek(4096)
        file.write(struct.pack("<Q", 1))  # odd: a writer is at work
    assert reader.newest() is None


@needs_dev_shm
@pytest.mark.parametrize("size", [None, 64])
def test_a_payload_of_another_length_is_not_shown(size):
    writer = RingWriter(size=size, slots=2)
    reader = RingReader(writer.address)
    writer.publish(frame(0, size=size))
    assert reader.newest() is not None
    with file_of(writer).open("r+b") as file:
        file.seek(4096 + 48)
        file.write(struct.pack("<I", 100))
    assert reader.newest() is None


HEADER_FIELDS = {
    "magic": (0, "<Q", 1),
    "version": (8, "<I", 2),
    "header size": (12, "<I", 64),
    "kind": (16, "<I", 9),
    "storage": (20, "<I", 2),
    "slot count": (24, "<I", 2**31),
    "no slots": (24, "<I", 0),
    "slot size": (28, "<I", 2**32 - 512),
    "payload place": (32, "<I", 2**20),
    "payload size": (36, "<I", 2**30),
    "width": (40, "<I", 2**16),
    "height": (44, "<I", 0),
    "row size": (48, "<I", 3),
    "generation": (56, "<Q", 0),
}


@needs_dev_shm
@pytest.mark.parametrize("field", HEADER_FIELDS)
def test_a_header_that_is_not_sound_is_refused(field):
    writer = RingWriter(size=64)
    RingReader(writer.address)
    position, layout, value = HEADER_FIELDS[field]
    with file_of(writer).open("r+b") as file:
        file.seek(position)
        file.write(struct.pack(layout, value))
    with pytest.raises(TransportError):
        RingReader(writer.address)


@needs_dev_shm
def test_slots_of_a_hostile_writer_do_no_harm():
    writer = RingWriter()
    reader = RingReader(writer.address)
    writer.publish(frame(0))
    random = np.random.default_rng(0)
    with file_of(writer).open("r+b") as file:
        for _ in range(300):
            file.seek(256)
            file.write(struct.pack("<Q", int(random.integers(0, 2**63))))  # head
            file.seek(4096 + 512 * int(random.integers(64)))
            file.write(random.bytes(512))
            file.flush()
            reader.newest()
            list(reader.unread())
            reader.at(1, 3, 2**62)


@needs_dev_shm
def test_a_count_that_leapt_ahead_once_does_not_blind_a_reader():
    writer = RingWriter()
    reader = RingReader(writer.address)
    writer.publish(frame(0))
    assert len(list(reader.unread())) == 1
    with file_of(writer).open("r+b") as file:
        file.seek(256)
        file.write(struct.pack("<Q", 2**40))
        file.flush()
        list(reader.unread())
        file.seek(256)
        file.write(struct.pack("<Q", 1))
    writer.publish(frame(1))
    assert [found.index for found in reader.unread()] == [1]


@needs_dev_shm
def test_a_ring_cut_short_or_open_to_others_is_refused():
    writer = RingWriter(size=64)
    os.chmod(file_of(writer), 0o644)
    with pytest.raises(TransportError, match="not trusted"):
        RingReader(writer.address)
    os.chmod(file_of(writer), 0o600)
    os.truncate(file_of(writer), 8192)
    with pytest.raises(TransportError, match="larger than its memory"):
        RingReader(writer.address)


def test_names_that_are_no_rings_are_refused():
    for name in ("/etc/passwd", "flashhead-0", "/flashhead-/../x", "/flashhead-0000000000000000", ""):
        with pytest.raises(TransportError):
            RingReader(RingAddress(name, 1))


def test_an_old_generation_does_not_open():
    writer = RingWriter()
    with pytest.raises(TransportError, match="generation"):
        RingReader(RingAddress(writer.address.name, writer.address.generation ^ 1))


def test_sizes_out_of_bounds_are_refused_in_words():
    with pytest.raises(TransportError, match="4096 pixels"):
        RingWriter(size=5000)
    with pytest.raises(TransportError, match="512 MiB"):
        RingWriter(size=4096, slots=200)
    with pytest.raises(TransportError, match="2 to 256"):
        RingWriter(slots=1)


def test_a_picture_of_another_size_is_refused():
    with pytest.raises(TransportError, match="shape"):
        RingWriter(size=64).publish(frame(0, size=32))
    with pytest.raises(TransportError, match="None"):
        RingWriter(size=64).publish(frame(0))


@needs_dev_shm
def test_closing_removes_the_ring_and_tells_readers():
    writer = RingWriter()
    path = file_of(writer)
    reader = RingReader(writer.address)
    assert path.stat().st_mode & 0o777 == 0o600
    assert reader.writer_lives and not reader.writer_died
    writer.close()
    assert not reader.writer_lives and not reader.writer_died
    assert not path.exists()


_WRITER_PROGRAM = """
import sys, time
from flashhead_engine.transport.rings import RingWriter
ring = RingWriter(size=64)
print(ring.address.name, ring.address.generation, flush=True)
while True:
    ring.beat()
    time.sleep(0.05)
"""


@needs_dev_shm
def test_a_killed_writer_is_noticed_and_swept_and_living_rings_stay():
    living = RingWriter()
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", _WRITER_PROGRAM], stdout=subprocess.PIPE, text=True)
        name, generation = process.stdout.readline().split()
        reader = RingReader(RingAddress(name, int(generation)))
        assert reader.writer_lives and not reader.writer_died
        time.sleep(0.2)
        assert reader.heartbeat_age_s < 0.2
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert not reader.writer_lives and reader.writer_died
        assert (SHM / name.removeprefix("/")).exists()
        assert sweep() == 1
        assert not (SHM / name.removeprefix("/")).exists()
    assert file_of(living).exists()
