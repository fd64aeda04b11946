"""What the mouth does for a phone, and how neighbouring phones blend.

A phone of any language is written in IPA and split into single letters ("atoms"; a diphthong becomes two). Each
atom has an articulation: the pose the lips and jaw aim for. `mouth_curves` blends the poses into curves over time
after Cohen and Massaro (1993), "Modeling coarticulation in synthetic visual speech": every phone pulls on the
mouth with a strength that falls off exponentially with distance in time. Closures of p, b and m are laid over the
blend, because a weighted mean never quite shuts the lips.

Numbers are hand-set by this project from phonetics, not measured on faces.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np


class Lips(Enum):
    """Contact of the lips that a phone demands."""

    FREE = "free"
    SHUT = "shut"
    TEETH = "teeth"


@dataclass(frozen=True, slots=True)
class Articulation:
    """Mouth pose that a phone aims for.

    `viseme`: name from `visemes.VISEMES`, or None when the phone has no look of its own (h, glottal stop).
    `jaw`: 0 shut .. 1 as in a spoken [a]. `rounding`: 0 .. 1 as in [u]. `spread`: 0 .. 1 as in [i].
    `jaw_pull`, `lip_pull`: how strongly it imposes its jaw, and its rounding and spread, on its neighbours.
    """

    viseme: str | None
    jaw: float
    rounding: float = 0.0
    spread: float = 0.0
    lips: Lips = Lips.FREE
    jaw_pull: float = 1.0
    lip_pull: float = 1.0


PAUSE = Articulation("sil", jaw=0.0)

VOWELS: dict[str, Articulation] = {}
CONSONANTS: dict[str, Articulation] = {}


def _define(table: dict[str, Articulation], letters: str, articulation: Articulation) -> None:
    table.update(dict.fromkeys(letters.split(), articulation))


_define(VOWELS, "a ɑ ä", Articulation("aa", jaw=1.0))
_define(VOWELS, "æ", Articulation("aa", jaw=0.85, spread=0.3))
_define(VOWELS, "ɐ ʌ", Articulation("aa", jaw=0.65))
_define(VOWELS, "ɒ", Articulation("oh", jaw=0.8, rounding=0.4))
_define(VOWELS, "ɔ", Articulation("oh", jaw=0.6, rounding=0.6))
_define(VOWELS, "ɛ", Articulation("E", jaw=0.6, spread=0.4))
_define(VOWELS, "e", Articulation("E", jaw=0.45, spread=0.6))
_define(VOWELS, "ə ɘ", Articulation("E", jaw=0.4, jaw_pull=0.5, lip_pull=0.4))
_define(VOWELS, "ɜ ɝ ɚ", Articulation("RR", jaw=0.45, rounding=0.25))
_define(VOWELS, "o", Articulation("oh", jaw=0.45, rounding=0.8))
_define(VOWELS, "ɵ", Articulation("oh", jaw=0.4, rounding=0.7))
_define(VOWELS, "ø", Articulation("oh", jaw=0.4, rounding=0.75))
_define(VOWELS, "œ", Articulation("oh", jaw=0.55, rounding=0.6))
_define(VOWELS, "ɤ", Articulation("E", jaw=0.45))
_define(VOWELS, "ɪ ᵻ", Articulation("ih", jaw=0.3, spread=0.7))
_define(VOWELS, "i", Articulation("ih", jaw=0.2, spread=1.0))
_define(VOWELS, "ɨ ɯ", Articulation("ih", jaw=0.22, spread=0.4))
_define(VOWELS, "y", Articulation("ou", jaw=0.2, rounding=0.9))
_define(VOWELS, "ʏ", Articulation("ou", jaw=0.25, rounding=0.8))
_define(VOWELS, "ʊ", Articulation("ou", jaw=0.3, rounding=0.8))
_define(VOWELS, "u ʉ", Articulation("ou", jaw=0.22, rounding=1.0))

_define(CONSONANTS, "p b m ɓ ʙ", Articulation("PP", jaw=0.12, lips=Lips.SHUT, lip_pull=0.15))
_define(CONSONANTS, "f v ʋ ɱ ⱱ", Articulation("FF", jaw=0.14, lips=Lips.TEETH, lip_pull=0.3))
_define(CONSONANTS, "ɸ", Articulation("PP", jaw=0.15, jaw_pull=0.6, lip_pull=0.4))
_define(CONSONANTS, "β", Articulation("PP", jaw=0.15, jaw_pull=0.7, lip_pull=0.4))
_define(CONSONANTS, "θ ð", Articulation("TH", jaw=0.2, jaw_pull=0.8, lip_pull=0.3))
_define(CONSONANTS, "t d ʈ ɖ c ɟ", Articulation("DD", jaw=0.18, jaw_pull=0.8, lip_pull=0.2))
_define(CONSONANTS, "n ɳ ɲ", Articulation("nn", jaw=0.2, jaw_pull=0.7, lip_pull=0.2))
_define(CONSONANTS, "l ɫ ɭ ʎ ɺ ɬ", Articulation("nn", jaw=0.3, jaw_pull=0.6, lip_pull=0.2))
_define(CONSONANTS, "ɾ", Articulation("DD", jaw=0.25, jaw_pull=0.5, lip_pull=0.2))
_define(CONSONANTS, "s z", Articulation("SS", jaw=0.08, spread=0.3, jaw_pull=1.6, lip_pull=0.4))
_define(CONSONANTS, "ʃ ʒ ʂ ʐ ɕ ʑ ɻ", Articulation("CH", jaw=0.1, rounding=0.45, jaw_pull=1.5, lip_pull=0.6))
_define(CONSONANTS, "ç ʝ", Articulation("CH", jaw=0.2, spread=0.5, jaw_pull=0.8, lip_pull=0.3))
_define(CONSONANTS, "k ɡ g ŋ x ɣ q χ ʁ ɢ ɴ ħ ʕ ʀ ɰ", Articulation("kk", jaw=0.3, jaw_pull=0.3, lip_pull=0.1))
_define(CONSONANTS, "h ɦ ʔ ʜ", Articulation(None, jaw=0.3, jaw_pull=0.1, lip_pull=0.05))
_define(CONSONANTS, "r ɹ ɽ", Articulation("RR", jaw=0.28, rounding=0.25, jaw_pull=0.5, lip_pull=0.35))
_define(CONSONANTS, "j", Articulation("ih", jaw=0.2, spread=0.8, jaw_pull=0.8, lip_pull=0.4))
_define(CONSONANTS, "w ɥ ʍ", Articulation("ou", jaw=0.22, rounding=1.0, jaw_pull=0.8, lip_pull=1.2))

ARTICULATIONS: dict[str, Articulation] = {**VOWELS, **CONSONANTS}


@dataclass(frozen=True, slots=True)
class Segment:
    """A phone as spoken: times in seconds from the utterance's start, IPA ("" = pause)."""

    start: float
    end: float
    ipa: str


@dataclass(frozen=True, slots=True)
class Atom:
    """One IPA letter as spoken, or a pause (`letter` = "")."""

    start: float
    end: float
    letter: str
    articulation: Articulation

    @property
    def duration(self) -> float:
        return self.end - self.start

    @property
    def centre(self) -> float:
        return (self.start + self.end) / 2

    @property
    def is_pause(self) -> bool:
        return self.letter == ""

    @property
    def is_vowel(self) -> bool:
        return self.letter in VOWELS


def split_ipa(ipa: str) -> list[str]:
    """Letters of an IPA phone that have an articulation; length, tone and aspiration marks are dropped."""
    if ipa.startswith("(") and ipa.endswith(")"):  # espeak-ng writes "(en)" where it switches language
        return []
    decomposed = "".join(c if c in ARTICULATIONS else unicodedata.normalize("NFD", c) for c in ipa)
    return [letter for letter in decomposed if letter in ARTICULATIONS]


_DIPHTHONG_TURN = 0.55
_SHORTEST_PHONE_S = 1e-4


def to_atoms(segments: Iterable[Segment]) -> list[Atom]:
    """Split phones into letters that share the phone's time; pauses in a row are merged."""
    atoms: list[Atom] = []
    for segment in segments:
        if segment.end <= segment.start + _SHORTEST_PHONE_S:
            continue
        letters = split_ipa(segment.ipa)
        if not letters:
            start = atoms.pop().start if atoms and atoms[-1].is_pause else segment.start
            atoms.append(Atom(start, segment.end, "", PAUSE))
            continue
        is_diphthong = len(letters) == 2 and all(letter in VOWELS for letter in letters)
        cuts = [0.0, _DIPHTHONG_TURN, 1.0] if is_diphthong else np.linspace(0, 1, len(letters) + 1)
        length = segment.end - segment.start
        for letter, begin, finish in zip(letters, cuts[:-1], cuts[1:], strict=True):
            atoms.append(
                Atom(
                    float(segment.start + length * begin),
                    float(segment.start + length * finish),
                    letter,
                    ARTICULATIONS[letter],
                )
            )
    return atoms


@dataclass(frozen=True, slots=True)
class MouthCurves:
    """Mouth over time; every field has the shape of the times asked for, values 0..1."""

    jaw: np.ndarray
    rounding: np.ndarray
    spread: np.ndarray
    lips_shut: np.ndarray

    @property
    def aperture(self) -> np.ndarray:
        """Opening between the lips."""
        return self.jaw * (1 - self.lips_shut)


_LIP_RAMP_S = 0.035


def contact_envelope(atoms: Sequence[Atom], times: np.ndarray, lips: Lips) -> np.ndarray:
    """1 while an atom demands this contact of the lips, with linear ramps of 35 ms before and after it."""
    envelope = np.zeros(len(times))
    for atom in atoms:
        if atom.articulation.lips is lips:
            inside = np.minimum(times - atom.start, atom.end - times)
            envelope = np.maximum(envelope, np.clip(1 + inside / _LIP_RAMP_S, 0, 1))
    return envelope


def mouth_curves(atoms: Sequence[Atom], times: np.ndarray) -> MouthCurves:
    """Blend the atoms' poses at `times` (seconds, shape (n,)) by dominance. `atoms` must not be empty."""
    start = np.array([atom.start for atom in atoms])
    end = np.array([atom.end for atom in atoms])
    duration, centre = end - start, (start + end) / 2
    is_pause = np.array([atom.is_pause for atom in atoms])

    core = np.where(is_pause, np.maximum(0, duration / 2 - 0.09), 0.25 * duration)  # full pull inside the core
    distance = np.maximum(0, np.abs(times[:, None] - centre) - core)
    decay = np.where(is_pause, 0.035, 0.30 * duration + 0.022)
    dominance = np.exp(-distance / decay)
    pause_pull = np.where(duration > 0.2, 1.5, 0.6 * np.minimum(1, duration / 0.2))

    def blend(target: str, pull: str) -> np.ndarray:
        pulls = np.array([getattr(atom.articulation, pull) for atom in atoms])
        targets = np.array([getattr(atom.articulation, target) for atom in atoms])
        shares = dominance * np.where(is_pause, pause_pull, pulls) + 1e-9
        return (shares * targets).sum(1) / shares.sum(1)

    return MouthCurves(
        jaw=blend("jaw", "jaw_pull"),
        rounding=blend("rounding", "lip_pull"),
        spread=blend("spread", "lip_pull"),
        lips_shut=contact_envelope(atoms, times, Lips.SHUT),
    )
