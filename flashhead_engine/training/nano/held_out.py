"""The held-out set: voices, an engine, languages and people that nano's recipe never hears, and when they say what.

Where the times come from: espeak-ng says its own exactly; English by pocketsphinx; everything else by the recipe's
aligner, which is handed in. Texts of the synthetic lines are this project's own (texts/held_out/).
"""

import wave
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from scipy.signal import fftconvolve

from ...blendshapes.phones import Segment
from ...drivers.nano.features import FRAME_RATE_HZ, SAMPLE_RATE_HZ
from ...drivers.nano.network import NanoNetwork, animate
from ...errors import FlashHeadError
from ...evaluation.lipsync import LipSyncScore, Track, Truth, score
from ...transcript.alignment import Alignment
from . import pico, recordings
from .augment import at_16_khz, babble, mixed, padded, shaped_noise
from .channel import TELEPHONE, coded
from .espeak import Espeak
from .held_out_recordings import HELD_OUT_CORPORA, MUSIC
from .recordings import Recording
from .speech import Speech
from .sphinx import english_segments
from .voices import HELD_OUT_VOICES

PICO, PEOPLE = "pico", "people"
"""Values of `Truth.engine` besides "espeak-ng"."""

CLEAN, BABBLE = "clean", "babble10dB"
MUSIC_ALONE, BABBLE_ALONE = "music alone", "babble alone"
CROWD = "crowd10dB"
"""Values of `Truth.noise`; there are more. That of a line in one of several crowds begins with `CROWD`."""

PICO_VOICES = {"en": "en-US", "de": "de-DE", "es": "es-ES", "fr": "fr-FR", "it": "it-IT"}
PEOPLE_LINES = {
    "sonnet-en": slice(14),
    "tuxpaint-en": slice(8),
    "acted-en": slice(120, 480),
    "tuxpaint-el": slice(24),
    "fillets-cs": slice(24),
    "fillets-nl": slice(24),
}
"""Corpus -> which of its lines are in the set."""

CHOOSING_LINES = PEOPLE_LINES | {"acted-en": slice(120)}
"""The same with the acted lines on which networks and constants are compared and chosen: figures of these flatter. So
many are not to be had of the other corpora; theirs are in both."""

_TEXTS = Path(__file__).parent / "texts" / "held_out"
_SILENCE_AROUND_S = 0.5
_LEVEL = 0.06  # RMS, about -24 dBFS
_NOISY_LINES = 2
_NOISY_LINES_OF_PEOPLE = 6
_CROWDS = 6
_SEED = 20
_TEXT_LENGTHS = range(20, 91)  # characters: long enough to have a rhythm, and short
_WORDS_IN_A_LINE = 8
_LEAST_CONFIDENCE = 0.35  # the median of the sonnet, whose times pocketsphinx confirms, is 0.37
_SPEECHLESS_S = 12.0

PhoneFinder = Callable[[np.ndarray, str, str], Alignment]
"""(audio at 16 kHz, text, espeak-ng's name of the language) -> where the phones are. Raises FlashHeadError."""


@dataclass(frozen=True, slots=True)
class Example:
    """Audio, float32 mono 16 kHz, and its truth."""

    truth: Truth
    pcm: np.ndarray


def _example(pcm: np.ndarray, segments: tuple[Segment, ...], text: str, **about: str) -> Example:
    duration_s = len(pcm) / SAMPLE_RATE_HZ
    return Example(Truth(text=text, duration_s=duration_s, noise=CLEAN, segments=segments, **about), pcm)


def _levelled(pcm: np.ndarray) -> np.ndarray:
    return pcm * np.float32(_LEVEL / np.sqrt((pcm**2).mean()))


def _surrounded(pcm: np.ndarray) -> np.ndarray:
    return _levelled(np.pad(pcm, round(_SILENCE_AROUND_S * SAMPLE_RATE_HZ)))


def _texts(language: str, lines: int | None) -> list[str]:
    return (_TEXTS / f"{language}.txt").read_text("utf-8").splitlines()[:lines]


# --- Clean lines ------------------------------------------------------------------------------------------------


def espeak_lines(lines_per_voice: int | None = None) -> list[Example]:
    """Languages and variants of espeak-ng; the same bytes every time with the same version of it."""
    espeak = Espeak()
    examples = []
    for voice in HELD_OUT_VOICES:
        for number, text in enumerate(_texts(voice.language, lines_per_voice), start=1):
            spoken = espeak.speak(text, voice.name, words_per_minute=165, pitch=50, pitch_range=50)
            speech = padded(at_16_khz(spoken), _SILENCE_AROUND_S, _SILENCE_AROUND_S)
            about = dict(engine="espeak-ng", voice=voice.name, language=voice.language)
            pcm = _levelled(speech.pcm)
            examples.append(_example(pcm, speech.segments, text, id=f"{voice.language}-{number:02d}", **about))
    return examples


def pico_lines(find_phones: PhoneFinder | None = None, lines_per_voice: int | None = None) -> list[Example]:
    """The held-out engine: English, and with `find_phones` four languages more."""
    examples = []
    for language, voice in PICO_VOICES.items():
        if language != "en" and find_phones is None:
            continue
        for number, text in enumerate(_texts(language, lines_per_voice), start=1):
            pcm = _surrounded(pico.speak(text, voice))
            about = dict(id=f"{language}-{number:02d}", engine=PICO, voice=f"{PICO} {voice}", language=language)
            segments = english_segments(pcm, text) if language == "en" else find_phones(pcm, text, language).segments
            examples.append(_example(pcm, segments, text, **about))
    return examples


def fetch(folder: Path, report: Callable[[str], None]) -> None:
    """Download the recordings of people and the music to `folder`."""
    packages = [package for corpus in (*HELD_OUT_CORPORA, MUSIC) for package in corpus.packages]
    recordings.fetch(packages, folder, report)


def people(
    folder: Path,
    find_phones: PhoneFinder | None,
    report: Callable[[str], None],
    chosen: Mapping[str, slice],
) -> list[Example]:
    """Recordings fetched to `folder`: English, and with `find_phones` three languages more.

    Of each corpus `chosen` names lines, in a fixed random order of those whose text is of middling length and whose
    alignment is trustworthy. `report` is told how many lines were found.
    """
    examples = []
    for corpus in HELD_OUT_CORPORA:
        found = recordings.recordings(corpus, folder)
        is_english = found[0].language == "en"
        if not is_english and find_phones is None:
            continue
        if corpus.name == "sonnet-en":
            lines = _sphinx_lines(found)
        elif corpus.name == "tuxpaint-en":
            lines = _joined(_sphinx_lines(found))
        elif is_english:
            lines = _sphinx_lines(_of_middling_length(found))
        else:
            lines = _trusted_lines(found, find_phones)
        wanted = chosen[corpus.name]
        taken = list(islice(lines, wanted.start, wanted.stop))
        report(f"{corpus.name}: {len(taken)} lines")
        for number, (recording, speech) in enumerate(taken, start=1):
            about = dict(engine=PEOPLE, voice=f"{PEOPLE} {corpus.name}", language=recording.language)
            examples.append(
                _example(speech.pcm, speech.segments, recording.text, id=f"{corpus.name}-{number:02d}", **about)
            )
    return examples


def _sphinx_lines(found: Iterable[Recording]) -> Iterable[tuple[Recording, Speech]]:
    for recording in found:
        try:
            pcm = _surrounded(recordings.read(recording))
            segments = english_segments(pcm, recording.text)
        except FlashHeadError:
            continue  # words that the dictionary lacks, or a file with holes
        yield recording, Speech(pcm, SAMPLE_RATE_HZ, segments)


def _joined(lines: Iterable[tuple[Recording, Speech]]) -> Iterable[tuple[Recording, Speech]]:
    """Single words strung together, so that a line has a rhythm."""
    words = list(lines)
    for start in range(0, len(words) - _WORDS_IN_A_LINE + 1, _WORDS_IN_A_LINE):
        chosen = words[start : start + _WORDS_IN_A_LINE]
        offsets = np.cumsum([0.0, *(speech.duration_s for _, speech in chosen)])
        segments = tuple(
            Segment(segment.start + offset, segment.end + offset, segment.ipa)
            for (_, speech), offset in zip(chosen, offsets, strict=False)
            for segment in speech.segments
        )
        text = " ".join(recording.text for recording, _ in chosen)
        pcm = np.concatenate([speech.pcm for _, speech in chosen])
        yield replace(chosen[0][0], text=text), Speech(pcm, SAMPLE_RATE_HZ, segments)


def _of_middling_length(found: list[Recording]) -> Iterable[Recording]:
    """In a fixed random order, those whose text is a sentence and says nothing but words."""
    for index in np.random.default_rng(_SEED).permutation(len(found)):
        recording = found[index]
        if len(recording.text) in _TEXT_LENGTHS and not any(c.isdigit() or c in "()[]" for c in recording.text):
            yield recording


def _trusted_lines(found: list[Recording], find_phones: PhoneFinder) -> Iterable[tuple[Recording, Speech]]:
    for recording in _of_middling_length(found):
        try:
            pcm = _surrounded(recordings.read(recording))
            alignment = find_phones(pcm, recording.text, recording.language)
        except FlashHeadError:
            continue  # more phones than the audio has room for, or a file with holes
        if alignment.confidence >= _LEAST_CONFIDENCE:
            yield recording, Speech(pcm, SAMPLE_RATE_HZ, alignment.segments)


# --- The same lines in worse conditions, and sounds that nobody speaks ------------------------------------------


def in_noise(clean: list[Example]) -> list[Example]:
    """The first lines of each synthetic voice in noise, a room and a telephone; of people in babble."""
    random = np.random.default_rng(_SEED)
    noisy = []
    for example in clean:
        truth, pcm = example.truth, example.pcm
        if _number(truth) > (_NOISY_LINES_OF_PEOPLE if truth.engine == PEOPLE else _NOISY_LINES):
            continue
        others = _of_others(truth, clean)
        versions = {BABBLE: mixed(pcm, babble(len(pcm), others, random), 10.0)}
        if truth.engine != PEOPLE:
            versions |= {
                "white20dB": mixed(pcm, shaped_noise(len(pcm), random, fall=0.0), 20.0),
                "white10dB": mixed(pcm, shaped_noise(len(pcm), random, fall=0.0), 10.0),
                "room": _in_a_room(pcm, random),
                "telephone": coded(pcm, SAMPLE_RATE_HZ, TELEPHONE, random),
            }
        noisy += [_in(name, truth, version) for name, version in versions.items()]
    return noisy


def in_crowds(clean: list[Example]) -> list[Example]:
    """The first lines of each synthetic voice, each in babble again, of several crowds: whether a mouth rests depends
    much on who stands out of a crowd."""
    random = np.random.default_rng(_SEED)
    crowded = []
    for example in clean:
        truth, pcm = example.truth, example.pcm
        if truth.engine == PEOPLE or _number(truth) > _NOISY_LINES:
            continue
        others = _of_others(truth, clean)
        for crowd in range(1, _CROWDS + 1):
            version = mixed(pcm, babble(len(pcm), others, random), 10.0)
            crowded.append(_in(f"{CROWD}-{crowd}", truth, version))
    return crowded


def _number(truth: Truth) -> int:
    return int(truth.id.rsplit("-", 1)[1])


def _of_others(truth: Truth, examples: list[Example]) -> list[np.ndarray]:
    return [other.pcm for other in examples if other.truth.voice != truth.voice]


def _in(noise: str, truth: Truth, pcm: np.ndarray) -> Example:
    return Example(replace(truth, id=f"{truth.id}.{noise}", noise=noise), pcm)


def _in_a_room(pcm: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """0.4 s of reverberation with as much energy as the direct sound."""
    times = np.arange(round(0.4 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tail = random.standard_normal(len(times)) * 10 ** (-3 * times / 0.4)
    tail /= np.sqrt((tail**2).sum())
    tail[0] = 1.0
    return _levelled(fftconvolve(pcm, tail)[: len(pcm)].astype(np.float32))


def speechless(clean: list[Example], folder: Path) -> list[Example]:
    """Music, and several people at once: the mouth should rest."""
    random = np.random.default_rng(_SEED)
    samples = round(_SPEECHLESS_S * SAMPLE_RATE_HZ)
    sounds = []
    for recording in recordings.recordings(MUSIC, folder):
        music = recordings.read(recording)
        sounds.append((MUSIC_ALONE, music[len(music) // 2 :][:samples]))
    lines = [example.pcm for example in clean]
    sounds += [(BABBLE_ALONE, babble(samples, lines, random, talkers=(4, 9))) for _ in range(len(sounds))]
    examples = []
    for number, (name, sound) in enumerate(sounds, start=1):
        pcm = _levelled(sound)
        segments = (Segment(0.0, len(pcm) / SAMPLE_RATE_HZ, ""),)
        about = dict(id=f"{name.split()[0]}-{number:02d}", engine="none", voice="none", language="")
        example = _example(pcm, segments, "", **about)
        examples.append(replace(example, truth=replace(example.truth, noise=name)))
    return examples


# --- Scores -----------------------------------------------------------------------------------------------------


def track(network: NanoNetwork, example: Example) -> Track:
    """What the network shows for an example."""
    weights, _ = animate(network, example.pcm)
    return Track(np.arange(len(weights)) / FRAME_RATE_HZ, weights)


def score_clean(model: Path, fps: float, lines_per_voice: int | None = None) -> LipSyncScore:
    """Score a model file on the clean lines whose truth is exact."""
    network = NanoNetwork(model)
    examples = espeak_lines(lines_per_voice)
    return score([e.truth for e in examples], [track(network, e) for e in examples], fps)


def save(examples: list[Example], folder: Path) -> None:
    """Write `folder`/wav/<id>.wav (16 bit) and `folder`/truth/<id>.json."""
    for name in ("wav", "truth"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for example in examples:
        example.truth.save(folder / "truth" / f"{example.truth.id}.json")
        with wave.open(str(folder / "wav" / f"{example.truth.id}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE_HZ)
            file.writeframes((np.clip(example.pcm, -1, 1) * 32767).astype("<i2").tobytes())
