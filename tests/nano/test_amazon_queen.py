"""The game whose dialogue nano learns from: its files are found, and every voice gets its own words."""

import struct

import pytest

from flashhead_engine.errors import FlashHeadError
from flashhead_engine.training.nano.amazon_queen import AMAZON_QUEEN, dialogue, read_game
from flashhead_engine.training.nano.recordings import recordings, unpacked


def string(number: int, text: str) -> bytes:
    """As in a dialogue file: a word, the line's number, its length, its text up to a multiple of four."""
    return struct.pack(">HhB", 0, number, len(text)) + text.encode("latin-1")


def dialogue_file(voice_key: int, hero: list[tuple[int, str]], other: list[tuple[int, str]]) -> bytes:
    """A dialogue file with one level in its tree."""

    def strings(lines: list[tuple[int, str]], begin: int) -> bytes:
        made = b""
        for number, text in lines:
            made += string(number, text)
            made += bytes(-(begin + len(made)) % 4 if text else 0)
        return made

    begin = 32 + 96
    said_by_hero = strings(hero, begin)
    words = [1, 7, voice_key, len(hero), len(other), 0, 0, 0, 0, 0, 0, begin + len(said_by_hero), 0, 0]
    tree = struct.pack(">14h", *words).ljust(begin, b"\0")
    return bytes(20) + tree + said_by_hero + strings(other, begin + len(said_by_hero))


def game(files: dict[str, bytes], compression: int = 1) -> bytes:
    head = b"QTBL" + b"CEM10\0\0\0" + bytes([compression]) + struct.pack(">H", len(files))
    offset = len(head) + 21 * len(files)
    index = b""
    for name, content in files.items():
        index += struct.pack(">12sBII", name.encode(), 1, offset, len(content))
        offset += len(content)
    return head + index + b"".join(files.values())


GUIDE = dialogue_file(
    5,
    hero=[(0x1E, "Hello.*FLWho are you?"), (-1, "never said")],
    other=[(2, "I am the guide.*15"), (3, ""), (0x314, "*XY00(237,112)Follow me.")],
)
VOICES = {"05001EJ1.SB": b"one", "05001EJ2.SB": b"two", "050002P1.SB": b"three", "050314P2.SB": b"four"}


def fetched(tmp_path, files):
    folder = unpacked(AMAZON_QUEEN.packages[0], tmp_path) / "usr/share/scummvm/flight-of-the-amazon-queen"
    folder.mkdir(parents=True)
    (folder / "queen.1c").write_bytes(game(files))
    return recordings(AMAZON_QUEEN, tmp_path)


def test_every_voice_file_gets_the_words_of_its_part(tmp_path):
    found = fetched(tmp_path, {"GUIDE1.DOG": GUIDE, **VOICES, "MUSIC.MUS": b"no voice"})
    assert [(recording.audio.read_bytes(), recording.text, recording.speaker) for recording in found] == [
        (b"three", "I am the guide.", "GUIDE"),
        (b"one", "Hello.", "hero"),
        (b"two", "Who are you?", "hero"),
        (b"four", "Follow me.", "GUIDE"),
    ]
    assert {recording.language for recording in found} == {"en-us"}


def test_a_line_that_nobody_recorded_is_left_out(tmp_path):
    voices = {name: content for name, content in VOICES.items() if name != "05001EJ2.SB"}
    found = fetched(tmp_path, {"GUIDE1.DOG": GUIDE, **voices})
    assert "Who are you?" not in {recording.text for recording in found}
    assert len(found) == 3


def test_a_dialogue_that_announces_more_lines_than_it_holds_ends():
    assert len(dialogue(GUIDE[:-30])) < len(dialogue(GUIDE))


@pytest.mark.parametrize("data", [b"", b"QTBL", game({}, compression=3), b"RIFF" + game({})[4:]])
def test_another_file_is_refused(data):
    with pytest.raises(FlashHeadError, match="packed talking edition"):
        read_game(data)


def test_a_truncated_index_is_refused():
    with pytest.raises(FlashHeadError, match="truncated"):
        read_game(game(VOICES)[:60])
