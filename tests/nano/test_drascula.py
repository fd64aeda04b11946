"""A game whose dialogue nano learns from: every voice gets its own words."""

import struct
import wave

import pytest

from flashhead_engine.errors import FlashHeadError
from flashhead_engine.training.nano.drascula import DRASCULA, read_texts
from flashhead_engine.training.nano.recordings import read, recordings, unpacked

BEFORE_TEXTS = 0x1C53


def block(texts: list[str]) -> bytes:
    """Texts of one language, each behind the number of bytes to the next one's."""
    made = bytes(2)
    for text in texts:
        content = text.encode("latin-1") + b"\0\0"
        made += struct.pack(">H", 2 + len(content)) + content
    return made


def game(tables: list[list[str]]) -> bytes:
    """drascula.dat in two languages; the second's texts are others."""
    made = b"DRASCULA".ljust(BEFORE_TEXTS, b"\x07") + struct.pack(">H", 2)
    for texts in tables + [["", "never said"]] * (15 - len(tables)):
        made += struct.pack(">H", len(texts))
        for language in (texts, [f"no {text}" for text in texts]):
            content = block(language)
            made += struct.pack(">H", len(content)) + content
    return made


GAME = game([["", "THAT'S A DOOR", "WELL... WELL", "NOBODY RECORDED THIS"], ["", "HELLO IGOR"]])


def fetched(tmp_path, voices):
    folder = unpacked(DRASCULA.packages[0], tmp_path) / "usr/share/scummvm/drascula/en"
    folder.mkdir(parents=True)
    (folder / "drascula.dat").write_bytes(GAME)
    for name, samples in voices.items():
        (folder / name).write_bytes(bytes(32) + samples + bytes(32))
    return recordings(DRASCULA, tmp_path)


def test_every_voice_gets_its_own_words(tmp_path):
    voices = {"1.ALS": b"\x80" * 40, "2.ALS": b"\xc0" * 22_050, "D1.ALS": b"\x80" * 40, "S1.ALS": b"\x80" * 40}
    found = {recording.audio.stem: recording for recording in fetched(tmp_path, voices)}
    assert {name: (recording.text, recording.speaker) for name, recording in found.items()} == {
        "1": ("That's a door", ""),
        "2": ("Well  well", ""),
        "D1": ("Hello igor", "D"),
    }
    with wave.open(str(found["2"].audio)) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnframes()) == (11_025, 1, 22_050)
    pcm = read(found["2"])
    assert abs(len(pcm) - 32_000) < 100 and abs(pcm[16_000] - 0.5) < 0.01


@pytest.mark.parametrize("content", [b"", GAME[:-1], GAME[: BEFORE_TEXTS + 1], GAME + b"\0", b"X" + GAME[1:]])
def test_another_file_is_refused(content):
    with pytest.raises(FlashHeadError, match="Debian package"):
        read_texts(content)
