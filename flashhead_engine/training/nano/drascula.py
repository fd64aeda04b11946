"""Acted English dialogue with its texts: the talking edition of the adventure "Drascula: The Vampire Strikes Back",
which its authors gave away (licence in its Debian package).

A line's voice is a file of samples, named after who speaks and the line's number; the texts of everybody lie in one
file, a table for each speaker. Facts about the layout: the sources of ScummVM, engines/drascula.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

from ...errors import FlashHeadError
from .recordings import Corpus, Recording, unpacked, write_samples

_PACKAGE = "drascula=1.0+ds4-2"
_GAME = "usr/share/scummvm/drascula/en"

_MAGIC = b"DRASCULA"
_TEXTS = 0x1C53  # where the number of languages is written; the tables follow
_TABLES = 15
_SPEAKERS = ("", "D", "B", "BJ", "E", "I", "L", "P", "T", "VB")
"""Names of the first tables' voice files begin with these."""

_HEADER, _TAIL = 32, 32  # bytes of a voice file that are not played


def read_texts(data: bytes) -> dict[str, str]:
    """The English texts of drascula.dat by the names of their voice files. Raises FlashHeadError when it is not that
    of the Debian package."""
    try:
        tables, end = _read_tables(data)
    except struct.error:
        end = -1
    if data[: len(_MAGIC)] != _MAGIC or end != len(data):
        raise FlashHeadError(f"drascula.dat is not that of {_PACKAGE} or is truncated; get the Debian package again.")
    spoken = zip(_SPEAKERS, tables, strict=False)
    return {f"{speaker}{number}.ALS": text for speaker, texts in spoken for number, text in enumerate(texts) if text}


def _read_tables(data: bytes) -> tuple[list[list[str]], int]:
    """The tables in the first language, which is English, and where the last one ends."""
    (languages,) = struct.unpack_from(">H", data, _TEXTS)
    position = _TEXTS + 2
    tables = []
    for _ in range(_TABLES):
        (count,) = struct.unpack_from(">H", data, position)
        position += 2
        for language in range(languages):
            (size,) = struct.unpack_from(">H", data, position)
            position += 2
            if language == 0:
                tables.append(_strings(data[position : position + size], count))
            position += size
    return tables, position


def _strings(block: bytes, count: int) -> list[str]:
    position = 2
    texts = []
    for _ in range(count):
        (length,) = struct.unpack_from(">H", block, position)  # from here to the length of the next text
        text, _, _ = block[position + 2 : position + length].partition(b"\0")
        texts.append(text.decode("latin-1"))
        position += length
    return texts


def _find(corpus: Corpus, folder: Path) -> Iterator[Recording]:
    game = unpacked(_PACKAGE, folder) / _GAME
    speech = unpacked(_PACKAGE, folder) / "speech"
    speech.mkdir(exist_ok=True)
    for name, text in read_texts((game / "drascula.dat").read_bytes()).items():
        voice = game / name
        if not voice.exists():
            continue
        path = speech / f"{voice.stem}.wav"
        if not path.exists():
            write_samples(path, voice.read_bytes()[_HEADER:-_TAIL])
        words = text.replace("...", " ").capitalize()
        yield Recording(path, words, "en-us", voice.stem.rstrip("0123456789"), corpus.name)


DRASCULA = Corpus(
    name="drascula",
    packages=(_PACKAGE,),
    licence="Drascula-License",
    attribution="Alcachofa Soft S.L.",
    find=_find,
)
