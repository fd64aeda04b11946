"""From a text to the sounds that a speaker makes of it, by the program `espeak-ng`.

espeak-ng is GPL and optional. It runs as a process of its own and is never linked.
"""

import re
import shutil
import subprocess

from ..blendshapes.phones import split_ipa
from ..errors import MissingDependencyError, SettingsError

LONGEST_TEXT = 20_000
"""Characters: about twenty minutes of speech."""

_TIME_LIMIT_S = 30.0
_PHONE_SEPARATOR = "_"

# Not what espeak-ng takes besides: it would open a voice by its path, and variants ("+f2") do not change the phones.
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}")
# Marks in a script that espeak-ng would read out ("asterisk"), and "[[", which would begin its own mnemonics; and
# spaces before a mark, as French sets them, which make it say "exclamation".
_NOT_SPOKEN = re.compile(r"[\[\]{}<>*#~_|^`\\\0]")
_SPACE_BEFORE_MARK = re.compile(r"\s+(?=[.,;:!?…])")
_LANGUAGE_SWITCH = re.compile(r"\([a-z-]+\)")


def phonemise(text: str, language: str) -> list[tuple[str, ...]]:
    """Sounds of a text, word by word, as single IPA letters of `blendshapes.phones.ARTICULATIONS`.

    `language`: a code such as "en", "en-us", "pt-br" or "de"; `espeak-ng --voices` lists them. Numbers and
    abbreviations are read out. A word is what is spoken as one: "of the" may be a single one.

    Raises MissingDependencyError without espeak-ng, and SettingsError for an unknown language, a text that is too
    long and one in which nothing can be spoken.
    """
    words = _parse(ipa(text, language, f"--sep={_PHONE_SEPARATOR}"))
    if not words:
        raise SettingsError(f"the transcript '{text[:40]}' has no word that can be spoken in '{language}'.")
    return words


def ipa(text: str, language: str, joining: str) -> str:
    """What espeak-ng prints: words parted by spaces, a line for each clause. `joining`: its option that says how the
    letters of a phone, or phones, are joined, as "--tie=^" or "--sep=_".

    Raises MissingDependencyError without espeak-ng, SettingsError for an unknown language or a text that is too long.
    """
    program = shutil.which("espeak-ng")
    if program is None:
        raise MissingDependencyError(
            "A transcript needs the program espeak-ng, which was not found. Install it: 'sudo apt install espeak-ng' "
            "(Linux), 'brew install espeak-ng' (macOS), 'winget install eSpeak-NG.eSpeak-NG' (Windows). "
            "Without a transcript it is not needed."
        )
    if not _LANGUAGE.fullmatch(language):
        raise SettingsError(f"language '{language}': must be a code such as en, en-us, pt-br or de.")
    if len(text) > LONGEST_TEXT:
        raise SettingsError(f"the transcript has {len(text)} characters; at most {LONGEST_TEXT} can be used.")
    readable = _SPACE_BEFORE_MARK.sub("", _NOT_SPOKEN.sub(" ", text))
    command = [program, "--stdin", "--ipa", joining, "-q", "-b", "1", "-v", language.lower()]
    try:
        done = subprocess.run(
            command,
            input=readable.encode("utf-8", "replace"),
            capture_output=True,
            timeout=_TIME_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SettingsError(f"espeak-ng gave no answer to the transcript in {_TIME_LIMIT_S:.0f} s.") from error
    except OSError as error:
        raise MissingDependencyError(
            f"{program} cannot be run ({error.strerror}). Install espeak-ng again."
        ) from error
    if done.returncode != 0:
        reason = done.stderr.decode("utf-8", "replace").strip()
        raise SettingsError(f"espeak-ng cannot read language '{language}' ({reason}): see 'espeak-ng --voices'.")
    return _LANGUAGE_SWITCH.sub("", done.stdout.decode("utf-8", "replace"))


def _parse(spoken: str) -> list[tuple[str, ...]]:
    words = (
        tuple(letter for phone in word.split(_PHONE_SEPARATOR) for letter in split_ipa(phone))
        for word in spoken.split()
    )
    return [word for word in words if word]
