"""phonemise: the real espeak-ng where it is installed, a stand-in for what it may print or do."""

import shutil
import subprocess
import time

import pytest

from flashhead_engine.errors import MissingDependencyError, SettingsError
from flashhead_engine.transcript import phonemes
from flashhead_engine.transcript.phonemes import LONGEST_TEXT, phonemise

real = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


@pytest.fixture
def prints(monkeypatch: pytest.MonkeyPatch):
    """Let espeak-ng print a given text; returns the calls that were made."""

    def arrange(stdout: str = "", returncode: int = 0, stderr: str = "") -> list[tuple[list[str], bytes]]:
        calls = []

        def run(command: list[str], input: bytes, **_: object) -> subprocess.CompletedProcess:
            calls.append((command, input))
            return subprocess.CompletedProcess(command, returncode, stdout.encode(), stderr.encode())

        monkeypatch.setattr(phonemes.shutil, "which", lambda name: "/usr/bin/" + name)
        monkeypatch.setattr(phonemes.subprocess, "run", run)
        return calls

    return arrange


def test_words_are_split_into_letters_without_marks(prints) -> None:
    prints("h_ə_l_ˈəʊ ð_ˈeə\nt_ˈuː__ tʃ_ˈɪ_p_s\n")
    assert phonemise("hello there, two chips", "en") == [
        ("h", "ə", "l", "ə", "ʊ"),
        ("ð", "e", "ə"),
        ("t", "u"),
        ("t", "ʃ", "ɪ", "p", "s"),
    ]


def test_switches_of_language_and_tones_are_no_sounds(prints) -> None:
    prints("(en)_ð_ɪ_s_(de) _ˈiː_s (en-us)ma5\n")
    assert phonemise("this is ma", "de") == [("ð", "ɪ", "s"), ("i", "s"), ("m", "a")]


def test_text_is_never_an_argument_nor_mnemonics(prints) -> None:
    calls = prints("h_ə\n")
    phonemise("--version [[h@l'oU]] -w /tmp/x\0", "en")
    command, given = calls[0]
    assert not any("version" in argument or "/tmp/x" in argument for argument in command)
    assert b"[[" not in given and b"\0" not in given


@pytest.mark.parametrize("language", ["", "-h", "../en", "en+f2", "gmw/en", "en us", "english", "--path=/tmp", "én"])
def test_language_that_is_no_code_never_reaches_the_program(prints, language: str) -> None:
    calls = prints("h_ə\n")
    with pytest.raises(SettingsError, match="such as en"):
        phonemise("hello", language)
    assert not calls


def test_program_that_refuses_the_language(prints) -> None:
    prints(returncode=1, stderr="no such voice")
    with pytest.raises(SettingsError, match=r"'xx'.*no such voice.*--voices"):
        phonemise("hello", "xx")


def test_text_without_a_sound(prints) -> None:
    prints("\n__\n")
    with pytest.raises(SettingsError, match="no word"):
        phonemise("... !", "en")


def test_text_that_is_too_long(prints) -> None:
    calls = prints("h_ə\n")
    with pytest.raises(SettingsError, match=str(LONGEST_TEXT)):
        phonemise("a" * (LONGEST_TEXT + 1), "en")
    assert not calls


def test_missing_program_is_named_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phonemes.shutil, "which", lambda _: None)
    with pytest.raises(MissingDependencyError, match=r"apt install espeak-ng.*brew.*winget"):
        phonemise("hello", "en")


def test_program_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    slow = tmp_path / "espeak-ng"
    slow.write_text("#!/bin/sh\nexec sleep 20\n")
    slow.chmod(0o755)
    monkeypatch.setattr(phonemes.shutil, "which", lambda _: str(slow))
    monkeypatch.setattr(phonemes, "_TIME_LIMIT_S", 0.2)
    begun = time.monotonic()
    with pytest.raises(SettingsError, match="no answer"):
        phonemise("hello", "en")
    assert time.monotonic() - begun < 5


def test_program_that_cannot_be_run(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(phonemes.shutil, "which", lambda _: str(tmp_path / "gone"))
    with pytest.raises(MissingDependencyError, match="cannot be run"):
        phonemise("hello", "en")


@real
def test_the_program_reads_words_numbers_and_clauses() -> None:
    words = phonemise("Hello, stranger: 42 dogs!\n\nBye.", "en")
    assert [word[0] for word in words] == ["h", "s", "f", "t", "d", "b"]


@real
@pytest.mark.parametrize(
    ("language", "text", "first"),
    [("de", "Guten Abend", "ɡ"), ("fr", "Bonjour", "b"), ("el", "Καλημέρα", "k"), ("pt-BR", "Boa noite", "b")],
)
def test_the_program_reads_languages(language: str, text: str, first: str) -> None:
    assert phonemise(text, language)[0][0] == first


@real
def test_the_program_knows_no_such_language() -> None:
    with pytest.raises(SettingsError, match="'xx'"):
        phonemise("hello", "xx")


@real
def test_markup_and_odd_characters_do_no_harm() -> None:
    assert phonemise("<audio src='/etc/passwd'/> \x07 \ud800 [[h@l'oU]] it's", "en")


@real
@pytest.mark.parametrize("text", ["... !", "* * *", "# ~ _", "? ! ...", "[ ] { }"])
def test_marks_are_not_read_out(text: str) -> None:
    with pytest.raises(SettingsError, match="no word"):
        phonemise(text, "en")
    assert phonemise(f"Hello {text} there", "en") == phonemise("Hello there", "en")
