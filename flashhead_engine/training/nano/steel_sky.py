"""Acted English dialogue with its texts: the talking edition of the adventure "Beneath a Steel Sky", which its
authors gave away (licence in its Debian package).

All of the game lies in one file, found through another. The texts are written in a code of as many bits for a letter
as it is rare; the book of that code is in no file of the game, but in the program that plays it, ScummVM. Facts about
the layout: the sources of that program, engines/sky.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import FlashHeadError
from . import propack
from .recordings import Corpus, Recording, unpacked, write_samples

_PACKAGE, _PLAYER = "beneath-a-steel-sky=0.0372-8", "scummvm=2.7.0+dfsg-1"
_GAME, _PROGRAM = "usr/share/scummvm/beneath-a-steel-sky", "usr/games/scummvm"

_ENTRY = 8  # bytes of the index for a file: its number, its place, its size
_IN_SIXTEENS = 1 << 23  # in a place: it counts in steps of 16 bytes
_FILE_HEADER = 22

_FIRST_TEXTS, _FIRST_VOICE = 60_600, 50_000
_VOICES = (0, 600, 1_100, 2_430, 3_380, 4_530, 5_080)
"""Where the voices of each section's texts begin."""

_BLOCK = 32  # texts that are found together
_LONG, _LONG_UNIT = 0x80, 3  # of a text's length: a flag, and the shift that it stands for

# The code book is a tree of nodes of three bytes: next node for a 0, for a 1, letter. The first leads to the second,
# and that to the third.
_ROOT = re.compile(rb"(?s)(?=\x01[\x02-\xfe]\0\x02[\x03-\xfe]\0)")
_LETTERS = range(40, 257)

CodeBook = dict[str, str]
"""Bits, such as "0110", -> letter; chr(0) ends a text."""


@dataclass(frozen=True, slots=True)
class Game:
    """The game's files by their numbers."""

    files: dict[int, bytes]

    @classmethod
    def read(cls, index: bytes, data: bytes) -> "Game":
        """`index`, `data`: contents of sky.dnr and sky.dsk. Raises FlashHeadError when the index is truncated."""
        count = int.from_bytes(index[:4], "little")
        if len(index) < 4 + count * _ENTRY:
            raise FlashHeadError(f"sky.dnr is truncated; get the Debian package {_PACKAGE} again.")
        files = {}
        for number in range(count):
            entry = index[4 + number * _ENTRY :][:_ENTRY]
            place, size = int.from_bytes(entry[2:5], "little"), int.from_bytes(entry[5:8], "little") & 0x3F_FFFF
            place = (place & ~_IN_SIXTEENS) << 4 if place & _IN_SIXTEENS else place
            files[int.from_bytes(entry[:2], "little")] = data[place : place + size]
        return cls(files)

    def texts(self, section: int, book: CodeBook) -> Iterator[tuple[int, str]]:
        """Number and text of each line of a section in English."""
        data = self.files[_FIRST_TEXTS + section]
        length_at, begin = struct.unpack_from("<HH", data)
        bits = "".join(f"{byte:08b}" for byte in data[begin:])
        blocks = [0, *struct.unpack_from(f"<{(length_at - 4) // 2}H", data, 4)]
        place = 0
        for block, size in enumerate(blocks):
            place += size
            position = place
            for number in range(_BLOCK * block, _BLOCK * (block + 1)):
                text = _decoded(bits[2 * position :], book)
                if text:
                    yield number, text
                if length_at == begin:
                    return
                length = data[length_at]
                length_at += 1
                position += (length & ~_LONG) << _LONG_UNIT if length & _LONG else length

    def voice(self, section: int, number: int) -> bytes | None:
        """Unsigned samples of 8 bits at 11,025 Hz; None for a line that nobody recorded. Raises FlashHeadError when
        the file is damaged."""
        file = self.files.get(_FIRST_VOICE + _VOICES[section] + number)
        if file is None:
            return None
        content = file[_FILE_HEADER:]
        return propack.unpack(content) if content.startswith(propack.MAGIC) else content


def _decoded(bits: str, book: CodeBook) -> str:
    letters = []
    code = ""
    for bit in bits:
        code += bit
        letter = book.get(code)
        if letter is not None:
            if letter == "\0":
                return "".join(letters)
            letters.append(letter)
            code = ""
    return ""


def read_code_book(program: bytes) -> CodeBook:
    """The first of the code books in ScummVM's program, one for each edition of the game; it reads this one's texts.
    Raises FlashHeadError when there is none."""
    for found in _ROOT.finditer(program):
        book = _tree(program[found.start() : found.start() + 3 * 256])
        if len(book) in _LETTERS:
            return book
    raise FlashHeadError(f"No code book of the texts is in {_PROGRAM}; get the Debian package {_PLAYER} again.")


def _tree(nodes: bytes) -> CodeBook:
    """The letters of a tree; none when these bytes are no tree."""
    book = {}
    ahead = [(0, "")]
    while ahead and len(book) < _LETTERS.stop:
        node, code = ahead.pop()
        zero, one, letter = nodes[3 * node : 3 * node + 3]
        if zero == one == 0:
            book[code] = chr(letter)
        elif zero <= node or one <= node or letter or max(zero, one) * 3 + 3 > len(nodes):
            return {}
        else:
            ahead += [(zero, f"{code}0"), (one, f"{code}1")]
    return book


def _find(corpus: Corpus, folder: Path) -> Iterator[Recording]:
    home = unpacked(_PACKAGE, folder)
    game = Game.read(*((home / _GAME / name).read_bytes() for name in ("sky.dnr", "sky.dsk")))
    book = read_code_book((unpacked(_PLAYER, folder) / _PROGRAM).read_bytes())
    speech = home / "speech"
    speech.mkdir(exist_ok=True)
    for section in range(len(_VOICES)):
        for number, text in game.texts(section, book):
            path = speech / f"{section}-{number:04d}.wav"
            if not path.exists():
                voice = game.voice(section, number)
                if voice is None:
                    continue
                write_samples(path, voice)
            yield Recording(path, text.replace("...", " "), "en-gb", "actors", corpus.name)


STEEL_SKY = Corpus(
    name="steel-sky",
    packages=(_PACKAGE, _PLAYER),
    licence="Beneath-a-Steel-Sky-License",
    attribution="Revolution Software Ltd",
    find=_find,
)
