"""Packed files of old games come out as they went in, or not at all."""

import pytest

from flashhead_engine.errors import FlashHeadError
from flashhead_engine.training.nano.propack import unpack

SIZES = 16  # of values, in bits; each has a code of four bits


class Packer:
    """Writes words of bits, lowest first, and between them whole bytes, where a late reader finds them."""

    def __init__(self) -> None:
        self.out = bytearray()
        self.word, self.used = 0, 16

    def bits(self, value: int, count: int) -> None:
        for number in range(count):
            if self.used == 16:
                self.word, self.used = len(self.out), 0
                self.out += bytes(2)
            bit = value >> number & 1
            self.out[self.word + self.used // 8] |= bit << self.used % 8
            self.used += 1

    def table(self) -> None:
        self.bits(SIZES, 5)
        for _ in range(SIZES):
            self.bits(4, 4)

    def value(self, value: int) -> None:
        size = value.bit_length()
        self.bits(int(f"{size:04b}"[::-1], 2), 4)
        if size > 1:
            self.bits(value & (1 << size - 1) - 1, size - 1)


def checksum(data: bytes) -> int:
    """CRC-16/ARC, bit by bit."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 * (crc & 1)
    return crc


def packed(content: bytes, parts: list[list[tuple[bytes, int, int]]]) -> bytes:
    """`parts`: runs of literal bytes, each followed by a copy (distance, length) but in the last run of a part."""
    packer = Packer()
    packer.bits(0, 2)
    for runs in parts:
        for _ in range(3):
            packer.table()
        packer.bits(len(runs), 16)
        for number, (literal, distance, length) in enumerate(runs, start=1):
            packer.value(len(literal))
            packer.out += literal
            if number < len(runs):
                packer.value(distance - 1)
                packer.value(length - 2)
    sizes = len(content).to_bytes(4, "big") + len(packer.out).to_bytes(4, "big")
    sums = checksum(content).to_bytes(2, "big") + bytes(2)
    return b"RNC\x01" + sizes + sums + bytes([0, len(parts)]) + bytes(packer.out)


CONTENT = b"abcabcabcabcXYabcXYXYXYXY" + bytes(300)
PACKED = packed(
    CONTENT,
    [
        [(b"abc", 3, 9), (b"XY", 5, 3), (b"XY", 2, 6), (b"", 0, 0)],
        [(b"\0", 1, 299), (b"", 0, 0)],
    ],
)


def test_literals_and_copies_come_out_as_they_went_in():
    assert unpack(PACKED) == CONTENT


def test_all_bytes_come_out():
    content = bytes(range(256)) * 5
    assert unpack(packed(content, [[(content, 0, 0)]])) == content


def test_no_wrong_bit_changes_what_comes_out():
    noticed = 0
    for bit in range(8 * 4, 8 * len(PACKED)):
        spoiled = bytearray(PACKED)
        spoiled[bit // 8] ^= 1 << bit % 8
        try:
            assert unpack(bytes(spoiled)) == CONTENT  # a code that is never used
        except FlashHeadError:
            noticed += 1
    assert noticed > 200


@pytest.mark.parametrize("size", [0, 10, 18, 30, len(PACKED) - 4])
def test_a_truncated_file_is_noticed(size):
    with pytest.raises(FlashHeadError):
        unpack(PACKED[:size])


def test_another_method_is_refused():
    with pytest.raises(FlashHeadError, match="method 1"):
        unpack(b"RNC\x02" + PACKED[4:])
