"""Classes of phones that a recogniser can tell apart by ear: what nano's phone head names and forced alignment reads.

Finer than visemes (p, b and m look the same but sound different), coarser than IPA.
"""

from .phones import ARTICULATIONS

_MEMBERS: dict[str, str] = {
    "pause": "",
    "a": "a ɑ ä ɐ ʌ ɒ",
    "ɛ": "æ ɛ œ",
    "e": "e ø",
    "ə": "ə ɘ ɤ ɜ ɝ ɚ ɵ",
    "i": "i ɪ ᵻ ɨ ɯ",
    "y": "y ʏ",
    "o": "o ɔ",
    "u": "u ʉ ʊ",
    "w": "w ɥ ʍ",
    "j": "j",
    "p": "p",
    "b": "b ɓ ʙ",
    "m": "m ɱ",
    "f": "f ɸ",
    "v": "v ʋ ⱱ β",
    "θ": "θ",
    "ð": "ð",
    "t": "t ʈ c",
    "d": "d ɖ ɟ",
    "n": "n ɳ ɲ",
    "l": "l ɫ ɭ ʎ ɺ ɬ",
    "ɾ": "ɾ",
    "s": "s",
    "z": "z",
    "ʃ": "ʃ ʂ ɕ ç",
    "ʒ": "ʒ ʐ ʑ ʝ ɻ",
    "k": "k q",
    "ɡ": "ɡ g ɢ",
    "ŋ": "ŋ ɴ",
    "x": "x χ ħ",
    "ɣ": "ɣ ʁ ʀ ɰ ʕ",
    "h": "h ɦ ʔ ʜ",
    "r": "r ɹ ɽ",
}

PHONE_CLASSES: tuple[str, ...] = tuple(_MEMBERS)
"""Order of `phones` posteriors; the first is the pause."""

CLASS_OF_LETTER: dict[str, int] = {"": 0}
"""IPA letter of `phones.ARTICULATIONS`, or "" for a pause -> index into `PHONE_CLASSES`."""

CLASS_OF_LETTER.update(
    (letter, number) for number, members in enumerate(_MEMBERS.values()) for letter in members.split()
)
assert CLASS_OF_LETTER.keys() == {"", *ARTICULATIONS}
