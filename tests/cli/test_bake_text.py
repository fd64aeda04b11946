"""`flashhead bake --text`: the words of a line in every form that a person may give them."""

import json
import shutil
from pathlib import Path

import pytest

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")

DIALOGUE = Path(__file__).parents[2] / "examples" / "dialogue"
WORDS = "Halt! Who goes there?"


@pytest.fixture
def line(tmp_path) -> Path:
    return Path(shutil.copy(DIALOGUE / "guard_en.wav", tmp_path / "line.wav"))


def transcript_of(track: Path) -> dict | None:
    manifest = json.loads(track.with_suffix(".flashhead.json").read_text())
    return manifest.get("transcript")


@needs_espeak
def test_words_are_named_in_the_manifest(flashhead, line, tmp_path) -> None:
    answer = flashhead("bake", line, "--text", WORDS, "--language", "en-us", "-o", tmp_path / "out.json")
    assert answer.code == 0, answer.output
    used = transcript_of(tmp_path / "out.json")
    assert used["language"] == "en-us"
    assert 0 <= used["confidence"] <= 1
    assert ("warning" in answer.output) == (not used["followed"])


def test_without_words_the_manifest_has_none(flashhead, line, tmp_path) -> None:
    assert flashhead("bake", line, "-o", tmp_path / "out.json").code == 0
    assert transcript_of(tmp_path / "out.json") is None


@needs_espeak
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_words_in_a_file_are_the_same(flashhead, line, tmp_path, encoding) -> None:
    (tmp_path / "words.txt").write_text(WORDS, encoding)
    assert flashhead("bake", line, "--text", WORDS, "-o", tmp_path / "typed.json").code == 0
    assert flashhead("bake", line, "--text", tmp_path / "words.txt", "-o", tmp_path / "read.json").code == 0
    assert (tmp_path / "typed.json").read_bytes() == (tmp_path / "read.json").read_bytes()
    assert transcript_of(tmp_path / "typed.json") == transcript_of(tmp_path / "read.json")


@needs_espeak
@pytest.mark.parametrize("jobs", [1, 2])
def test_folder_of_texts_and_a_line_without_one(flashhead, line, tmp_path, jobs) -> None:
    other = Path(shutil.copy(line, tmp_path / "other.wav"))
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "line.txt").write_text(WORDS)
    out = tmp_path / "baked"
    answer = flashhead("bake", line, other, "--text", texts, "-o", out, "-f", "json", "--jobs", jobs)
    assert answer.code == 0, answer.output
    assert answer.output.count("1 of 2 lines have no text and follow the audio alone: other.wav") == 1
    assert transcript_of(out / "line.json")["language"] == "en"
    assert transcript_of(out / "other.json") is None


@needs_espeak
def test_words_that_cannot_be_said_in_that_time_are_not_followed(flashhead, line, tmp_path) -> None:
    assert flashhead("bake", line, "-o", tmp_path / "alone.json").code == 0
    answer = flashhead("bake", line, "--text", "so many words " * 200, "-o", tmp_path / "out.json")
    assert answer.code == 0
    assert "warning" in answer.output and "audio alone" in answer.output
    assert transcript_of(tmp_path / "out.json") == {"language": "en", "confidence": 0.0, "followed": False}
    frames = [json.loads((tmp_path / name).read_text())["frames"] for name in ("alone.json", "out.json")]
    assert frames[0] == frames[1]


def write_latin_1(folder: Path) -> Path:
    (folder / "latin.txt").write_bytes("Größe".encode("latin-1"))
    return folder / "latin.txt"


def empty_folder(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


def folder_with_a_bad_text(folder: Path) -> Path:
    (folder / "texts").mkdir()
    (folder / "texts" / "line.txt").write_text("?!")
    return folder / "texts"


BAD = {
    "no such file": (lambda folder: folder / "gone.txt", "gone.txt"),
    "not UTF-8": (write_latin_1, "UTF-8"),
    "no text in the folder": (empty_folder, "line.txt"),
    "no words": (lambda _: "... !", "no word"),
    "no words in the folder's text": (folder_with_a_bad_text, "line.txt"),
    "empty": (lambda _: "", "no word"),
    "a book": (lambda _: "word " * 5000, "characters"),
}


@needs_espeak
@pytest.mark.parametrize("kind", BAD)
def test_bad_text_is_refused_in_words(flashhead, line, tmp_path, kind) -> None:
    make, expected = BAD[kind]
    answer = flashhead("bake", line, "--text", make(tmp_path), "-o", tmp_path / "out.json")
    assert answer.code != 0
    assert expected in answer.output and "Traceback" not in answer.output
    assert not (tmp_path / "out.json").exists()


@needs_espeak
@pytest.mark.parametrize("language", ["xx", "../de", "--help", ""])
def test_unknown_language(flashhead, line, tmp_path, language) -> None:
    answer = flashhead("bake", line, "--text", WORDS, f"--language={language}", "-o", tmp_path / "out.json")
    assert answer.code != 0 and f"'{language}'" in answer.output
    assert not (tmp_path / "out.json").exists()


def test_several_lines_cannot_say_one_text(flashhead, line, tmp_path) -> None:
    other = shutil.copy(line, tmp_path / "other.wav")
    answer = flashhead("bake", line, other, "--text", WORDS, "-o", tmp_path / "baked")
    assert answer.code != 0 and "folder" in answer.output


def test_language_alone_is_a_mistake(flashhead, line, tmp_path) -> None:
    answer = flashhead("bake", line, "--language", "de", "-o", tmp_path / "out.json")
    assert answer.code != 0 and "--text" in answer.output


def test_without_espeak_ng_only_text_is_refused(flashhead, line, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = flashhead("bake", line, "--text", WORDS, "-o", tmp_path / "out.json")
    assert answer.code != 0
    assert all(word in answer.output for word in ("apt install espeak-ng", "brew", "winget", "not needed"))
    assert flashhead("bake", line, "-o", tmp_path / "out.json").code == 0
