"""The held-out set: voices and languages that the nano recipe never hears, with the times of their phones.

Lines are this project's own (texts/held_out/). Every line is made clean; the first two of each voice also with white
noise and with babble of other held-out lines.
"""

import wave
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...drivers.nano.features import FRAME_RATE_HZ, SAMPLE_RATE_HZ
from ...drivers.nano.network import NanoNetwork, animate
from ...evaluation.lipsync import LipSyncScore, Track, Truth, score
from . import flite
from .augment import at_16_khz, babble, mixed, padded, shaped_noise
from .espeak import Espeak
from .speech import Speech
from .voices import HELD_OUT_VOICES, HeldOutVoice

_TEXTS = Path(__file__).parent / "texts" / "held_out"
_SILENCE_AROUND_S = 0.5
_LEVEL = 0.06  # RMS, about -24 dBFS
_NOISY_LINES = 2
_SEED = 20


@dataclass(frozen=True, slots=True)
class Example:
    """Audio, float32 mono 16 kHz, and its truth."""

    truth: Truth
    pcm: np.ndarray


def _speak(espeak: Espeak, voice: HeldOutVoice, text: str) -> Speech:
    if voice.engine == "flite":
        return flite.speak(text, voice.name, duration_stretch=1.0)
    return espeak.speak(text, voice.name, words_per_minute=165, pitch=50, pitch_range=50)


def make_examples(lines_per_voice: int | None = None) -> list[Example]:
    """Synthesise the set; the same bytes every time with the same versions of the synthesisers."""
    espeak = Espeak()
    clean = []
    for voice in HELD_OUT_VOICES:
        texts = (_TEXTS / f"{voice.language}.txt").read_text("utf-8").splitlines()[:lines_per_voice]
        for number, text in enumerate(texts, start=1):
            speech = padded(at_16_khz(_speak(espeak, voice, text)), _SILENCE_AROUND_S, _SILENCE_AROUND_S)
            pcm = speech.pcm * np.float32(_LEVEL / np.sqrt((speech.pcm**2).mean()))
            truth = Truth(
                id=f"{voice.language}-{number:02d}",
                engine=voice.engine,
                voice=voice.name,
                language=voice.language,
                text=text,
                duration_s=len(pcm) / SAMPLE_RATE_HZ,
                noise="clean",
                segments=speech.segments,
            )
            clean.append(Example(truth, pcm))
    return clean + _noisy(clean)


def _noisy(clean: list[Example]) -> list[Example]:
    random = np.random.default_rng(_SEED)
    noisy = []
    for example in clean:
        if int(example.truth.id.rsplit("-", 1)[1]) > _NOISY_LINES:
            continue
        others = [other.pcm for other in clean if other.truth.voice != example.truth.voice]
        samples = len(example.pcm)
        for name, noise, snr_db in (
            ("white20dB", shaped_noise(samples, random, fall=0.0), 20.0),
            ("white10dB", shaped_noise(samples, random, fall=0.0), 10.0),
            ("babble10dB", babble(samples, others, random), 10.0),
        ):
            truth = replace(example.truth, id=f"{example.truth.id}.{name}", noise=name)
            noisy.append(Example(truth, mixed(example.pcm, noise, snr_db)))
    return noisy


def track(network: NanoNetwork, example: Example) -> Track:
    """What the network shows for an example."""
    weights, _ = animate(network, example.pcm)
    return Track(np.arange(len(weights)) / FRAME_RATE_HZ, weights)


def score_clean(model: Path, fps: float, lines_per_voice: int | None = None) -> LipSyncScore:
    """Score a model file on the clean part of the set."""
    network = NanoNetwork(model)
    examples = [e for e in make_examples(lines_per_voice) if e.truth.noise == "clean"]
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
