"""Unpacks RNC ProPack, method 1, in which games of the nineties keep their files.

A stream of bits, the lowest of a word first, and whole bytes lie in one another: bits are fetched 16 at a time, and
bytes begin where the last fetched word ends. Lengths and distances have Huffman codes that change from part to part.
"""

from ...errors import FlashHeadError

MAGIC = b"RNC\x01"
_HEADER = 18  # magic, sizes, checksums, number of parts
_FLAGS = 2  # bits before the first part
_LEAST_COPY = 2
_CRC_POLYNOMIAL = 0xA001

Codes = dict[tuple[int, int], int]
"""(bits, code with its first bit lowest) -> number of bits that the value has."""


def _crc_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_CRC_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


_CRC = _crc_table()


class _Stream:
    def __init__(self, data: bytes, position: int) -> None:
        self._data, self._position = data, position
        self._bits, self._count = 0, 0

    def _hold(self, count: int) -> None:
        while self._count < count:
            if self._position >= len(self._data):
                raise FlashHeadError("Packed data are damaged: they end too early. Get the package again.")
            word = self._data[self._position : self._position + 2]
            self._bits |= int.from_bytes(word, "little") << self._count
            self._position += 2
            self._count += 16

    def read(self, count: int) -> int:
        self._hold(count)
        value = self._bits & (1 << count) - 1
        self._bits >>= count
        self._count -= count
        return value

    def take(self, count: int) -> bytes:
        """Whole bytes."""
        self._position += count
        return self._data[self._position - count : self._position]

    def codes(self) -> Codes:
        """A table of canonical Huffman codes, given by their lengths."""
        lengths = [self.read(4) for _ in range(self.read(5))]
        codes = {}
        code = 0
        for length in range(1, 16):
            for size, its_length in enumerate(lengths):
                if its_length == length:
                    codes[length, int(f"{code:0{length}b}"[::-1], 2)] = size
                    code += 1
            code <<= 1
        return codes

    def value(self, codes: Codes) -> int:
        for length in range(1, 16):
            self._hold(length)
            size = codes.get((length, self._bits & (1 << length) - 1))
            if size is not None:
                self.read(length)
                return size if size < 2 else 1 << size - 1 | self.read(size - 1)
        raise FlashHeadError("Packed data are damaged: a code that no table has. Get the package again.")


def unpack(packed: bytes) -> bytes:
    """The content of a packed file, which begins with `MAGIC`. Raises FlashHeadError when it is damaged."""
    if packed[:4] != MAGIC or len(packed) <= _HEADER:
        raise FlashHeadError("These data are not packed by RNC ProPack, method 1.")
    size, checksum = int.from_bytes(packed[4:8], "big"), int.from_bytes(packed[12:14], "big")
    stream = _Stream(packed, _HEADER)
    stream.read(_FLAGS)
    content = bytearray()
    while len(content) < size:
        literals, distances, lengths = stream.codes(), stream.codes(), stream.codes()
        runs = stream.read(16)
        if not runs:
            break
        for run in range(1, runs + 1):
            content += stream.take(stream.value(literals))
            if run < runs:
                distance = stream.value(distances) + 1
                if distance > len(content):
                    raise FlashHeadError("Packed data are damaged: a copy of nothing. Get the package again.")
                for _ in range(stream.value(lengths) + _LEAST_COPY):
                    content.append(content[-distance])
            if len(content) > size:
                break
    if len(content) != size or _crc(content) != checksum:
        raise FlashHeadError("Packed data are damaged: size or checksum differ. Get the package again.")
    return bytes(content)


def _crc(data: bytearray) -> int:
    crc = 0
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 255]
    return crc
