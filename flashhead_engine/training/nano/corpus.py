"""Texts for the training speech: the project's own lines, and words made up from each language's syllables.

Made-up words matter more than sense here: they put every sound next to every other one. They are spelt in the
language's own letters, so the synthesiser pronounces them with that language's sounds and rhythm.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np


@dataclass(frozen=True, slots=True)
class Syllables:
    """Spelling parts from which words are made up: onset + nucleus + coda, where a coda may be empty."""

    onsets: tuple[str, ...]
    nuclei: tuple[str, ...]
    codas: tuple[str, ...]


def _syllables(onsets: str, nuclei: str, codas: str) -> Syllables:
    return Syllables(tuple(onsets.split()), tuple(nuclei.split()), tuple(codas.split()))


# What is written twice is drawn twice as often: the lips show p b m f v most, and f v are hard to hear.
_LATIN = _syllables("p b m p b m f v f v t d k g s z l r n h j tr pl br st", "a e i o u a o", "n m s l r t k p")
_CYRILLIC = _syllables("п б м п б м ф в ф в т д к г с з л р н х ж ш ч ст пр", "а е и о у а о я", "н м с л р т к п")

_KANA = (
    "か き く け こ さ し す せ そ た ち つ て と な に の "
    "は ひ ふ ま み む め も ば び ぶ べ ぼ ぱ ぴ ぷ ぽ ら り る れ ろ わ や ゆ よ"
)

_SYLLABLES: dict[str, Syllables] = {
    "en": _syllables(
        "p b m p b m f v f v w th t d k g s z sh ch j l r n h y st pr bl tw sp",
        "a e i o u ee oo ai ow oa aw er ar ea oi",
        "n m p b t d s l k g f v f v nd st mp th sh ng",
    ),
    "de": _syllables(
        "p b m p b m f w f w t d k g s z sch l r n h j st pf", "a e i o u ä ö ü ei au eu ie", "n m p t s l r ch f b"
    ),
    "fr": _syllables(
        "p b m p b m f v f v t d c g s z ch j l r n pr bl", "a é i o u ou eu oi an on in è ai", "r l s t f m pe be"
    ),
    "nb": _syllables("p b m p b m f v f v t d k g s sj kj l r n h j", "a e i o u y æ ø å", "n m s l r t k p"),
    "nl": _syllables(
        "p b m p b m f v f v w t d k g s z sch l r n h j", "a e i o u oe aa ee ij ui eu", "n m p t s l r k f"
    ),
    "pl": _syllables("p b m p b m f w f w t d k g s z sz cz ż ś ł l r n j", "a e i o u y ą ę ó", "n m s l r t k p"),
    "cs": _syllables("p b m p b m f v f v t d k g s z š č ž ř l r n h j", "a e i o u á é í ů ou", "n m s l r t k p"),
    "hr": _syllables("p b m p b m f v f v t d k g s z š č ž lj l r n h j", "a e i o u", "n m s l r t k p"),
    "fi": _syllables("p m p m v f v t d k s l r n h j", "a e i o u y ä ö aa ii uu ie uo yö äi", "n s l r t"),
    "et": _syllables("p b m p b m v f v t d k g s l r n h j", "a e i o u õ ä ö ü aa oo", "n s l r t m"),
    "ro": _syllables("p b m p b m f v f v t d c g s z ș ț l r n h j", "a e i o u ă î ea oa", "n m s l r t c p"),
    "ru": _CYRILLIC,
    "uk": _CYRILLIC,
    "bg": _CYRILLIC,
    "sr": _syllables("п б м п б м ф в ф в т д к г с з л р н х ж ш ч", "а е и о у", "н м с л р т к п"),
    "hi": _syllables("प ब म प ब म फ व फ व त द क ग स ज ल र न ह श च ट ड", "ा ी ू े ो ि ु", "न म स ल र त प"),
    "ja": _syllables("", _KANA, "ん"),
    "cmn": _syllables(
        "p b m p b m f f t d k g s z c sh zh ch x q l r n h", "a1 an2 ao3 ang4 en1 ei2 ou3 u4 ong1", ""
    ),
    "ka": _syllables("პ ბ მ ფ ვ ფ ვ თ დ კ გ ს ზ ლ რ ნ ხ შ ჩ", "ა ე ი ო უ", "ნ მ ს ლ რ"),
}

_MADE_UP_SHARE = 0.6
_CODA_CHANCE = 0.35
_PUNCTUATION = (".", ".", "!", "?", ",")


def _family(language: str) -> str:
    return language.split("-")[0]


@cache
def own_lines(language: str) -> tuple[str, ...]:
    """The project's lines in a language ("en-gb" reads en.txt); none for most languages."""
    folder = resources.files(f"{__package__}.texts")
    for name in (language, _family(language)):
        file = folder / f"{name}.txt"
        if file.is_file():
            return tuple(file.read_text("utf-8").splitlines())
    return ()


def _made_up_word(syllables: Syllables, random: np.random.Generator) -> str:
    parts = []
    for _ in range(random.integers(1, 4)):
        if syllables.onsets and random.random() < 0.92:
            parts.append(random.choice(syllables.onsets))
        parts.append(random.choice(syllables.nuclei))
        if syllables.codas and random.random() < _CODA_CHANCE:
            parts.append(random.choice(syllables.codas))
    return "".join(parts)


def _made_up_line(language: str, random: np.random.Generator) -> str:
    syllables = _SYLLABLES.get(_family(language), _LATIN)
    words = [_made_up_word(syllables, random) for _ in range(random.integers(2, 10))]
    if len(words) > 4 and random.random() < 0.5:
        words[len(words) // 2] += ","
    return " ".join(words) + random.choice(_PUNCTUATION)


def _recombined_line(lines: tuple[str, ...], random: np.random.Generator) -> str:
    """The beginning of one line and the end of another."""
    first, second = (lines[index].split(" ") for index in random.integers(0, len(lines), 2))
    return " ".join(first[: random.integers(1, len(first) + 1)] + second[random.integers(0, len(second)) :])


def line(language: str, random: np.random.Generator) -> str:
    """A random line in an espeak-ng language."""
    lines = own_lines(language)
    if not lines or random.random() < _MADE_UP_SHARE:
        return _made_up_line(language, random)
    return _recombined_line(lines, random)
