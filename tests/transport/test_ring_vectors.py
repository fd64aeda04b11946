"""The ring's layout against stored bytes, which every other implementation (C++, C#) is tested with too.

`tests/data/protocol/weights_ring.bin` is a ring of weights with two slots; `weights_ring.json` says what lies in it.
They were made from docs/protocol.md by `python tests/transport/test_ring_vectors.py`, not by the writer under test.
"""

import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest

_DATA = Path(__file__).parents[1] / "data" / "protocol"
_SHM = Path("/dev/shm")
_GENERATION = 0x0123456789ABCDEF
_RANDOM_FIELDS = {"generation": (56, 8), "owner": (64, 8), "heartbeat": (384, 8)}
_FRAMES = [
    {"epoch": 1, "utterance": 7, "index": 1, "pts_us": 16_666, "duration_us": 16_667, "flags": 0},
    {"epoch": 1, "utterance": 7, "index": 2, "pts_us": 33_333, "duration_us": 16_667, "flags": 4},
]
_FIRST_NUMBER = 1  # slot 0 was overwritten by number 2


def _numbers(index: int) -> np.ndarray:
    """71 float32 that are exact in binary: 52 weights, 4 of the pose, 15 visemes."""
    return (np.arange(71) / 128 + index / 4).astype("<f4")


def _ring() -> bytes:
    memory = bytearray(4096 + 2 * 512)
    struct.pack_into(
        "<8s12I2Q", memory, 0, b"FLHRING1", 1, 4096, 1, 1, 2, 512, 64, 448, 0, 0, 0, 0, _GENERATION, 4242
    )
    struct.pack_into("<Q", memory, 256, _FIRST_NUMBER + len(_FRAMES))
    struct.pack_into("<Q", memory, 384, 1_000_000_000)
    struct.pack_into("<I", memory, 512, 1)
    for number, frame in enumerate(_FRAMES, start=_FIRST_NUMBER):
        place = 4096 + number % 2 * 512
        layout = "<QQIIQqIII"
        struct.pack_into(layout, memory, place, 2 * number + 2, _GENERATION, *frame.values(), 71 * 4)
        memory[place + 64 : place + 64 + 71 * 4] = _numbers(frame["index"]).tobytes()
    return bytes(memory)


def _description() -> dict:
    frames = [
        {"number": number, **frame, "numbers": _numbers(frame["index"]).tolist()}
        for number, frame in enumerate(_FRAMES, start=_FIRST_NUMBER)
    ]
    return {"file": "weights_ring.bin", "generation": f"{_GENERATION:016x}", "slots": 2, "frames": frames}


def _masked(memory: bytes) -> bytes:
    """Without what is random; slots repeat the generation."""
    masked = bytearray(memory)
    places = [*_RANDOM_FIELDS.values(), *((4096 + slot * 512 + 8, 8) for slot in range(2))]
    for place, length in places:
        masked[place : place + length] = bytes(length)
    return bytes(masked)


def test_the_stored_bytes_are_what_the_documentation_says():
    assert (_DATA / "weights_ring.bin").read_bytes() == _ring()
    assert json.loads((_DATA / "weights_ring.json").read_text("utf-8")) == _description()


@pytest.mark.skipif(not _SHM.is_dir(), reason="shared memory is not a folder on this system")
class TestNative:
    @pytest.fixture(autouse=True)
    def native(self):
        pytest.importorskip(
            "flashhead_engine._bridge",
            reason="the native module was not built (no C++ compiler, or no headers of Python)",
        )

    @pytest.fixture
    def stored(self):
        path = _SHM / f"flashhead-{os.getpid():016x}"
        path.touch(mode=0o600)
        yield path
        path.unlink()

    def _reader(self, path: Path):
        from flashhead_engine.transport.rings import RingAddress, RingReader

        return RingReader(RingAddress(f"/{path.name}", _GENERATION))

    def test_the_reader_reads_the_stored_ring(self, stored):
        stored.write_bytes((_DATA / "weights_ring.bin").read_bytes())
        reader = self._reader(stored)
        frames = list(reader.unread())
        assert [frame.index for frame in frames] == [1, 2]
        for frame, expected in zip(frames, _description()["frames"], strict=True):
            for name in ("epoch", "utterance", "index", "pts_us", "duration_us", "flags"):
                assert getattr(frame, name) == expected[name]
            read = np.concatenate([frame.weights, frame.pose, frame.visemes])
            np.testing.assert_array_equal(read, np.array(expected["numbers"], np.float32))
        assert not reader.writer_lives, "nobody holds its lock"

    def test_one_wrong_byte_in_a_sequence_hides_the_frame(self, stored):
        memory = bytearray((_DATA / "weights_ring.bin").read_bytes())
        memory[4096] ^= 1
        stored.write_bytes(memory)
        assert [frame.index for frame in self._reader(stored).unread()] == [1]

    def test_the_writer_writes_the_stored_bytes(self):
        from flashhead_engine.drivers.base import FrameFlags, TimedFrame
        from flashhead_engine.transport.rings import RingWriter

        writer = RingWriter(slots=2)
        for frame in ({**_FRAMES[0], "index": 0}, *_FRAMES):
            numbers = _numbers(frame["index"])
            fields = {**frame, "flags": FrameFlags(frame["flags"])}
            writer.publish(TimedFrame(**fields, weights=numbers[:52], pose=numbers[52:56], visemes=numbers[56:]))
        written = (_SHM / writer.address.name.removeprefix("/")).read_bytes()
        assert _masked(written) == _masked((_DATA / "weights_ring.bin").read_bytes())


if __name__ == "__main__":
    (_DATA / "weights_ring.bin").write_bytes(_ring())
    (_DATA / "weights_ring.json").write_text(json.dumps(_description(), indent=1) + "\n", "utf-8")
