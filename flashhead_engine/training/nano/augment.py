"""Make clean speech sound like many throats, efforts, microphones, places and lines. Arrays are float32 mono."""

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import fftconvolve, istft, resample_poly, stft

from ...blendshapes.phones import Segment
from ...drivers.nano.features import SAMPLE_RATE_HZ
from .channel import CODECS, change_tempo, coded
from .speech import Speech

_THROATS = (0.82, 1.22)  # ratio of formants, pitch and tempo
_NOISY_SHARE = 0.6
_NOISE_SNR_DB = (4.0, 28.0)
_HISS_SNR_DB = (35.0, 65.0)
_BABBLERS = (2, 7)
_MUSIC_ALONE, _MUSIC_BEHIND = 7 / 11, 3 / 7  # among sounds that are no voices; the others are noise
_NOTE_S = (0.1, 4.0)
_TEMPI = (0.75, 1.3)
_FAR_SHARE = 0.25
_CODEC_SHARE = 0.15
_WHISPER_WINDOW, _WHISPER_BINS = 400, 9  # 25 ms; bins of 40 Hz


@dataclass(frozen=True, slots=True)
class Scene:
    """Where lines are spoken. `level_dbfs`: range of their loudness. Shares of the lines, 0..1: `long_pauses` have up
    to `longest_pause_s` of pause at each end, `speechless` become a sound that nobody speaks to. `crowds`: share of
    crowds among such sounds; `babble`: share of other voices among the noises behind speech."""

    level_dbfs: tuple[float, float]
    long_pauses: float
    longest_pause_s: float
    speechless: float
    crowds: float
    babble: float


ANYWHERE = Scene((-38.0, -14.0), long_pauses=0.35, longest_pause_s=2.5, speechless=0.09, crowds=0.45, babble=0.65)
IN_A_GAME = Scene((-28.0, -14.0), long_pauses=0.6, longest_pause_s=4.0, speechless=0.15, crowds=0.7, babble=0.85)
"""Levels as dialogue is mastered, and crowds that talk on while the mouth rests."""


def at_16_khz(speech: Speech, tempo: float = 1.0) -> Speech:
    """Resample to 16 kHz. `tempo` > 1 also makes the speech faster and the throat smaller, as a tape would."""
    ratio = Fraction(SAMPLE_RATE_HZ / (speech.sample_rate_hz * tempo)).limit_denominator(160)
    pcm = resample_poly(speech.pcm, ratio.numerator, ratio.denominator).astype(np.float32)
    stretch = len(pcm) / SAMPLE_RATE_HZ / speech.duration_s
    segments = tuple(
        Segment(segment.start * stretch, segment.end * stretch, segment.ipa) for segment in speech.segments
    )
    return Speech(pcm, SAMPLE_RATE_HZ, segments)


def padded(speech: Speech, before_s: float, after_s: float) -> Speech:
    """Put silence around a line."""
    before, after = (round(seconds * speech.sample_rate_hz) for seconds in (before_s, after_s))
    pcm = np.pad(speech.pcm, (before, after))
    offset = before / speech.sample_rate_hz
    end = speech.duration_s + offset
    return Speech(
        pcm,
        speech.sample_rate_hz,
        (
            Segment(0.0, offset, ""),
            *(Segment(s.start + offset, s.end + offset, s.ipa) for s in speech.segments),
            Segment(end, end + after / speech.sample_rate_hz, ""),
        ),
    )


def shaped_noise(samples: int, random: np.random.Generator, fall: float) -> np.ndarray:
    """Noise of unit power whose power falls with frequency ** -`fall`: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(random.standard_normal(samples))
    hertz = np.maximum(40.0, np.fft.rfftfreq(samples, 1 / SAMPLE_RATE_HZ))
    noise = np.fft.irfft(spectrum * hertz ** (-fall / 2), samples)
    return (noise / noise.std()).astype(np.float32)


def babble(
    samples: int, lines: list[np.ndarray], random: np.random.Generator, talkers: tuple[int, int] = _BABBLERS
) -> np.ndarray:
    """Several lines at once, of unit power. `talkers`: fewest, and one more than most."""
    mixture = np.zeros(samples, np.float32)
    for _ in range(random.integers(*talkers)):
        line = lines[random.integers(len(lines))]
        voice = np.resize(np.roll(line, int(random.integers(len(line)))), samples)
        mixture += voice / (voice.std() + 1e-6) * random.uniform(0.5, 1.0)
    return mixture / (mixture.std() + 1e-6)


def tones(samples: int, random: np.random.Generator) -> np.ndarray:
    """Notes with harmonics, of unit power: a melody, chords, or a hum that never ends."""
    mixture = np.zeros(samples)
    for _ in range(random.integers(1, 5)):
        lowest_hz = np.exp(random.uniform(*np.log((45.0, 900.0))))
        longest_s = np.exp(random.uniform(*np.log(_NOTE_S)))
        start = 0
        while start < samples:
            length = samples if longest_s > 2 else round(random.uniform(0.3, 1.0) * longest_s * SAMPLE_RATE_HZ)
            times = np.arange(min(length, samples - start)) / SAMPLE_RATE_HZ
            hertz = lowest_hz * 2 ** (random.integers(0, 13) / 12)
            harmonics = np.arange(1, 1 + random.integers(1, 9))
            loudness = random.uniform(0.2, 1.0) / harmonics ** random.uniform(0.5, 2.0)
            note = (loudness * np.sin(2 * np.pi * hertz * times[:, None] * harmonics)).sum(1)
            note *= np.minimum(1.0, times / 0.01) * np.exp(-times / longest_s * random.uniform(0.0, 3.0))
            mixture[start : start + len(times)] += note
            start += length
    return (mixture / (mixture.std() + 1e-6)).astype(np.float32)


def without_speech(speech: Speech, babblers: list[np.ndarray], random: np.random.Generator, crowds: float) -> Speech:
    """The same length of music, noise or, with the probability `crowds`, a crowd, in which the mouth rests."""
    samples = len(speech.pcm)
    kind = random.random()
    if kind < (1 - crowds) * _MUSIC_ALONE:
        pcm = tones(samples, random)
    elif kind < 1 - crowds:
        pcm = shaped_noise(samples, random, random.uniform(0, 2))
    else:
        pcm = babble(samples, babblers, random, talkers=(4, 9))
    return Speech(pcm, speech.sample_rate_hz, (Segment(0.0, speech.duration_s, ""),))


def mixed(pcm: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
    """Add noise of unit power so that the speech (its louder half) stands `snr_db` above it."""
    blocks = np.pad(pcm, (0, -len(pcm) % 320)).reshape(-1, 320)
    power = (blocks**2).mean(1)
    speech_power = power[power >= np.median(power)].mean()
    return pcm + noise * np.sqrt(speech_power * 10 ** (-snr_db / 10))


def _equalised(pcm: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A random smooth frequency response of about +-8 dB, and sometimes a telephone's missing treble."""
    spectrum = np.fft.rfft(pcm)
    octaves = np.log2(np.maximum(60.0, np.fft.rfftfreq(len(pcm), 1 / SAMPLE_RATE_HZ)) / 60.0)
    knots = np.linspace(0, 7.1, 8)
    gain_db = np.interp(octaves, knots, random.normal(0, 4.0, len(knots)))
    gain_db += random.normal(0, 1.5) * (octaves - 3.5)
    if random.random() < 0.15:
        gain_db -= 30.0 * np.clip(octaves - np.log2(random.uniform(3000, 5500) / 60.0), 0, 1)
    return np.fft.irfft(spectrum * 10 ** (gain_db / 20), len(pcm)).astype(np.float32)


def _in_a_room(pcm: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Exponentially decaying reverberation; the direct sound stays in place, and strongest unless the microphone is
    far away."""
    far = random.random() < _FAR_SHARE
    decay_s = random.uniform(0.2, 0.6) if far else random.uniform(0.05, 0.35)
    tail = random.standard_normal(round(decay_s * SAMPLE_RATE_HZ))
    tail *= np.exp(-6.9 * np.arange(len(tail)) / len(tail))
    tail *= (random.uniform(0.5, 1.2) if far else random.uniform(0.1, 0.5)) / np.sqrt((tail**2).sum())
    tail[0] = 1.0
    return fftconvolve(pcm, tail)[: len(pcm)].astype(np.float32)


def whispered(pcm: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The same mouth without a voice: the spectrum's envelope, free of harmonics, filled with noise."""
    _, _, spectrum = stft(pcm, SAMPLE_RATE_HZ, nperseg=_WHISPER_WINDOW)
    envelope = uniform_filter1d(np.abs(spectrum), size=_WHISPER_BINS, axis=0)
    hertz = np.arange(len(envelope)) * SAMPLE_RATE_HZ / _WHISPER_WINDOW
    envelope *= np.minimum(1.0, hertz / 1500)[:, None]  # a whisper lacks the depth of the voice
    _, noise = istft(envelope * np.exp(2j * np.pi * random.random(envelope.shape)), SAMPLE_RATE_HZ)
    return np.pad(noise, (0, max(0, len(pcm) - len(noise))))[: len(pcm)].astype(np.float32)


def shouted(pcm: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Vocal effort: a flatter spectrum, and a microphone that saturates."""
    steep = np.append(pcm[:1], pcm[1:] - random.uniform(0.5, 0.9) * pcm[:-1])
    driven = steep / (np.abs(steep).max() + 1e-6) * random.uniform(1.0, 4.0)
    return np.tanh(driven).astype(np.float32)


def _stretched(speech: Speech, random: np.random.Generator) -> Speech:
    """Another tempo at the same pitch."""
    tempo = random.uniform(*_TEMPI)
    pcm = change_tempo(speech.pcm, SAMPLE_RATE_HZ, tempo)
    ratio = len(pcm) / len(speech.pcm)
    segments = tuple(Segment(s.start * ratio, s.end * ratio, s.ipa) for s in speech.segments)
    return Speech(pcm, SAMPLE_RATE_HZ, segments)


def lightly_augmented(speech: Speech, random: np.random.Generator) -> Speech:
    """Another throat, microphone and pauses, but no noise: what the aligner learns from."""
    tempo = float(np.exp(random.uniform(*np.log(_THROATS))))
    speech = padded(at_16_khz(speech, tempo), *random.uniform(0.05, 0.5, 2))
    pcm = _equalised(speech.pcm, random)
    pcm = mixed(pcm, shaped_noise(len(pcm), random, random.uniform(0, 2)), random.uniform(30, 65))
    return replace(speech, pcm=(0.06 * pcm / (np.sqrt((pcm**2).mean()) + 1e-6)).astype(np.float32))


def augmented(speech: Speech, babblers: list[np.ndarray], random: np.random.Generator, scene: Scene) -> Speech:
    """One random version of a line: throat, tempo, pauses, vocal effort, equaliser, room, noise, level, codec.
    `babblers`: 16 kHz lines."""
    speech = at_16_khz(speech, float(np.exp(random.uniform(*np.log(_THROATS)))))
    if random.random() < 0.3:
        speech = _stretched(speech, random)
    longest_pause_s = scene.longest_pause_s if random.random() < scene.long_pauses else 0.7
    speech = padded(speech, *random.uniform(0.05, longest_pause_s, 2))
    if random.random() < scene.speechless:
        speech = without_speech(speech, babblers, random, scene.crowds)
    pcm = speech.pcm
    effort = random.random()
    if effort < 0.06:
        pcm = whispered(pcm, random)
    elif effort < 0.14:
        pcm = shouted(pcm, random)
    if random.random() < 0.8:
        pcm = _equalised(pcm, random)
    if random.random() < 0.4:
        pcm = _in_a_room(pcm, random)
    if random.random() < 0.8:
        pcm = mixed(pcm, shaped_noise(len(pcm), random, random.uniform(0, 2)), random.uniform(*_HISS_SNR_DB))
    if random.random() < _NOISY_SHARE:
        kind = random.random()
        if kind < scene.babble:
            noise = babble(len(pcm), babblers, random)
        elif kind < scene.babble + (1 - scene.babble) * _MUSIC_BEHIND:
            noise = tones(len(pcm), random)
        else:
            noise = shaped_noise(len(pcm), random, random.uniform(0, 2))
        pcm = mixed(pcm, noise, random.uniform(*_NOISE_SNR_DB))
    level_db = random.uniform(*scene.level_dbfs)
    pcm = pcm * (10 ** (level_db / 20) / (np.sqrt((pcm**2).mean()) + 1e-6))
    pcm = np.clip(pcm, -1, 1).astype(np.float32)
    if random.random() < _CODEC_SHARE:
        pcm = coded(pcm, SAMPLE_RATE_HZ, CODECS[random.integers(len(CODECS))], random)
    return Speech(pcm, SAMPLE_RATE_HZ, speech.segments)
