"""A game whose dialogue nano learns from: its texts are decoded, and every voice gets its own words."""

import struct

import pytest
from test_propack import packed

from flashhead_engine.errors import FlashHeadError
from flashhead_engine.training.nano.recordings import recordings, unpacked
from flashhead_engine.training.nano.steel_sky import STEEL_SKY, Game, read_code_book

LETTERS = "\0 etaoinsrhldcumfpgwybvk.,'!?IWTHAYSNBCMDLPOGFE"


def tree(letters: str) -> bytes:
    """A code book as in the program: the first two nodes each lead to the next one. Every letter on the way is the
    branch of a 1 that ends."""
    inner = len(letters) - 1
    nodes = b""
    for number in range(inner):
        zero = number + 1 if number < inner - 1 else 2 * inner
        nodes += bytes([zero, inner + number, 0])
    leaves = letters[:inner] + letters[inner:]
    return nodes + b"".join(bytes([0, 0, ord(letter)]) for letter in leaves)


CODES = {letter: "0" * number + "1" for number, letter in enumerate(LETTERS[:-1])} | {
    LETTERS[-1]: "0" * (len(LETTERS) - 1)
}
PROGRAM = b"\x7fELF" + bytes(1000) + b"\x01\x05\0\x02\x04\0 no tree" + tree(LETTERS) + b"after it"


def encoded(text: str) -> str:
    bits = "".join(CODES[letter] for letter in text + "\0")
    return bits + "0" * (len(bits) % 2)  # texts begin at even bits


def section(texts: list[str]) -> bytes:
    """A section of texts: two places, sizes of full blocks of 32, a length for each text, bits."""
    bits = [encoded(text) for text in texts]
    units = [len(text) // 2 for text in bits]
    lengths = b""
    for number, size in enumerate(units[:-1]):
        if size >= 128:  # lengths beyond are given in eights
            bits[number] += "0" * (2 * (-size % 8))
            units[number] = size + -size % 8
        lengths += bytes([size if size < 128 else 0x80 | units[number] // 8])
    sizes = [sum(units[start : start + 32]) for start in range(0, len(texts) - 32, 32)]
    joined = "".join(bits)
    joined += "0" * (-len(joined) % 8)
    content = bytes(int(joined[at : at + 8], 2) for at in range(0, len(joined), 8))
    head = 4 + 2 * len(sizes)
    return struct.pack(f"<HH{len(sizes)}H", head, head + len(lengths), *sizes) + lengths + content


TEXTS = ["", "I am here."] + [f"It is {'so ' * number}easy!" for number in range(1, 40)]


def game(files: dict[int, bytes]) -> tuple[bytes, bytes]:
    index, data = struct.pack("<I", len(files)), b""
    for number, content in files.items():
        data += bytes(-len(data) % 16)
        far = len(files) % 2  # both ways to say where a file lies
        place = len(data) >> 4 | 1 << 23 if far else len(data)
        index += struct.pack("<H", number) + place.to_bytes(3, "little") + len(content).to_bytes(3, "little")
        data += content
    return index, data


SOUND = bytes(range(100, 160)) * 10
FILES = {
    60_600: section(TEXTS),
    50_001: bytes(22) + packed(SOUND, [[(SOUND, 0, 0)]]),
    50_040: bytes(22) + SOUND[:50],
    **{60_600 + number: section(["", "Nobody."]) for number in range(1, 7)},
}


def test_texts_come_out_of_their_code():
    assert read_code_book(PROGRAM) == {code: letter for letter, code in CODES.items()}
    found = dict(Game.read(*game(FILES)).texts(0, read_code_book(PROGRAM)))
    assert found == {number: text for number, text in enumerate(TEXTS) if text}


def test_every_voice_gets_its_own_words(tmp_path):
    for package, path, content in (
        (STEEL_SKY.packages[0], "usr/share/scummvm/beneath-a-steel-sky/sky.dnr", game(FILES)[0]),
        (STEEL_SKY.packages[0], "usr/share/scummvm/beneath-a-steel-sky/sky.dsk", game(FILES)[1]),
        (STEEL_SKY.packages[1], "usr/games/scummvm", PROGRAM),
    ):
        file = unpacked(package, tmp_path) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    found = recordings(STEEL_SKY, tmp_path)
    assert [(recording.audio.name, recording.text) for recording in found] == [
        ("0-0001.wav", TEXTS[1]),
        ("0-0040.wav", TEXTS[40]),
    ]
    assert found[0].audio.read_bytes().endswith(SOUND)
    assert found[1].audio.read_bytes().endswith(SOUND[:50])


def test_a_program_without_a_code_book_is_refused():
    with pytest.raises(FlashHeadError, match="code book"):
        read_code_book(PROGRAM.replace(tree(LETTERS), b""))


def test_a_truncated_index_is_refused():
    index, data = game(FILES)
    with pytest.raises(FlashHeadError, match="truncated"):
        Game.read(index[:-1], data)


def test_a_damaged_voice_is_refused():
    files = FILES | {50_001: FILES[50_001][:-5]}
    with pytest.raises(FlashHeadError, match="damaged"):
        Game.read(*game(files)).voice(0, 1)
