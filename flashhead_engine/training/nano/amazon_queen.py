"""Acted English dialogue with its texts: the talking edition of the adventure "Flight of the Amazon Queen", which its
authors gave away (licence in its Debian package).

All of the game lies in one file. Its index names what it holds: a voice file of MP3 for every part of a line, and
dialogue files with the lines' texts. Facts about the layout: the sources of ScummVM, engines/queen.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import FlashHeadError
from .recordings import Corpus, Recording, unpacked, write_whole

_PACKAGE = "flight-of-the-amazon-queen=1.0.0-9"
_GAME = "usr/share/scummvm/flight-of-the-amazon-queen/queen.1c"

HERO = "hero"
"""`Recording.speaker` of the man who says a third of the lines; the others are named after their dialogue file."""

_MAGIC = b"QTBL"
_ENTRIES = 13  # where the number of entries is written; the entries follow
_ENTRY = struct.Struct(">12sBII")  # name, disk, offset, bytes
_MP3 = 1

# A dialogue file: what a header of 20 bytes is followed by, in words of 16 bits, big-endian.
_DIALOGUE_HEADER = 20
_LEVELS, _VOICE_KEY, _HERO_LINES, _OTHER_LINES, _OTHER_OFFSET = 0, 2, 3, 4, 11
_TREE, _TREE_LEVEL = 32, 96  # bytes before the dialogue tree, and of each of its levels

# Where a line is cut in parts with a voice file each: a command to the actor, such as "*FL" or "*XY00(237,112)".
_COMMAND = re.compile(r"\*(?:XY\d\d\(\d+,\d+\)|..)")


@dataclass(frozen=True, slots=True)
class _Line:
    """`voice`: how the names of its voice files begin. `hero`: whether the hero says it."""

    voice: str
    text: str
    hero: bool


def _find(corpus: Corpus, folder: Path) -> Iterator[Recording]:
    home = unpacked(_PACKAGE, folder)
    files = read_game((home / _GAME).read_bytes())
    speech = home / "speech"
    speech.mkdir(exist_ok=True)
    for name, content in files.items():
        if not name.endswith(".DOG"):
            continue
        for line in dialogue(content):
            for number, words in enumerate(map(str.strip, _COMMAND.split(line.text)), start=1):
                voice = files.get(f"{line.voice}{number:X}.SB")
                if not words or voice is None:
                    continue
                path = speech / f"{line.voice}{number:X}.mp3"
                if not path.exists():
                    write_whole(path, voice)
                speaker = HERO if line.hero else name.removesuffix(".DOG").rstrip("0123456789")
                yield Recording(path, words, "en-us", speaker, corpus.name)


def read_game(data: bytes) -> dict[str, bytes]:
    """The files inside by name. Raises FlashHeadError when it is not the talking edition packed with MP3."""
    if len(data) < _ENTRIES + 2 or data[:4] != _MAGIC or data[_ENTRIES - 1] != _MP3:
        raise FlashHeadError("queen.1c is not the packed talking edition; get the Debian package again.")
    (count,) = struct.unpack_from(">H", data, _ENTRIES)
    files = {}
    for number in range(count):
        position = _ENTRIES + 2 + number * _ENTRY.size
        if position + _ENTRY.size > len(data):
            raise FlashHeadError("queen.1c is truncated; get the Debian package again.")
        name, _, offset, size = _ENTRY.unpack_from(data, position)
        files[name.rstrip(b"\0").decode("latin-1")] = data[offset : offset + size]
    return files


def dialogue(content: bytes) -> list[_Line]:
    """The lines of a dialogue file."""
    body = content[_DIALOGUE_HEADER:]
    words = struct.unpack_from(">12h", body)
    hero = _TREE + abs(words[_LEVELS]) * _TREE_LEVEL
    other = words[_OTHER_OFFSET] & 0xFFFF
    lines = _strings(body, hero, words[_HERO_LINES], words[_VOICE_KEY], "J")
    return lines + _strings(body, other, words[_OTHER_LINES], words[_VOICE_KEY], "P")


def _strings(body: bytes, offset: int, count: int, voice_key: int, who: str) -> list[_Line]:
    lines = []
    for _ in range(count):
        if offset + 5 > len(body):
            break  # some files announce more lines than they hold
        number = struct.unpack_from(">h", body, offset + 2)[0]
        length = body[offset + 4]
        offset += 5
        text = body[offset : offset + length].decode("latin-1")
        if length:
            offset = (offset + length + 3) // 4 * 4
        if text and number >= 0:
            lines.append(_Line(f"{voice_key:02d}{number:04X}{who}", text, who == "J"))
    return lines


AMAZON_QUEEN = Corpus(
    name="amazon-queen",
    packages=(_PACKAGE,),
    licence="Flight-of-the-Amazon-Queen-License",
    attribution="John Passfield and Steven Stamatiadis",
    find=_find,
)
