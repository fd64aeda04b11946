"""Make clean synthetic speech sound like many throats, microphones and places. All arrays are float32 mono."""

from fractions import Fraction

import numpy as np
from scipy.signal import fftconvolve, resample_poly

from ...blendshapes.phones import Segment
from ...drivers.nano.features import SAMPLE_RATE_HZ
from .speech import Speech

_THROATS = (0.82, 1.22)  # ratio of formants, pitch and tempo
_LEVEL_DBFS = (-38.0, -14.0)
_NOISY_SHARE = 0.4
_NOISE_SNR_DB = (5.0, 30.0)
_HISS_SNR_DB = (35.0, 65.0)
_BABBLERS = (2, 7)
_NO_SPEECH_SHARE = 0.06
_NOTE_S = (0.1, 4.0)


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


def babble(samples: int, lines: list[np.ndarray], random: np.random.Generator) -> np.ndarray:
    """Several lines at once, of unit power."""
    mixture = np.zeros(samples, np.float32)
    for _ in range(random.integers(*_BABBLERS)):
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


def without_speech(speech: Speech, random: np.random.Generator) -> Speech:
    """The same length of music or noise, in which the mouth rests."""
    samples = len(speech.pcm)
    pcm = tones(samples, random) if random.random() < 0.6 else shaped_noise(samples, random, random.uniform(0, 2))
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
    """Exponentially decaying reverberation; the direct sound stays strongest and in place."""
    decay_s = random.uniform(0.05, 0.35)
    tail = random.standard_normal(round(decay_s * SAMPLE_RATE_HZ))
    tail *= np.exp(-6.9 * np.arange(len(tail)) / len(tail))
    tail *= random.uniform(0.1, 0.5) / np.sqrt((tail**2).sum())
    tail[0] = 1.0
    return fftconvolve(pcm, tail)[: len(pcm)].astype(np.float32)


def augmented(speech: Speech, babblers: list[np.ndarray], random: np.random.Generator) -> Speech:
    """One random version of a line: throat, pauses, equaliser, room, noise, level. `babblers`: 16 kHz lines."""
    tempo = float(np.exp(random.uniform(*np.log(_THROATS))))
    speech = padded(at_16_khz(speech, tempo), *random.uniform(0.05, 0.7, 2))
    if random.random() < _NO_SPEECH_SHARE:
        speech = without_speech(speech, random)
    pcm = speech.pcm
    if random.random() < 0.8:
        pcm = _equalised(pcm, random)
    if random.random() < 0.35:
        pcm = _in_a_room(pcm, random)
    if random.random() < 0.8:
        pcm = mixed(pcm, shaped_noise(len(pcm), random, random.uniform(0, 2)), random.uniform(*_HISS_SNR_DB))
    if random.random() < _NOISY_SHARE:
        kind = random.random()
        if kind < 0.45:
            noise = babble(len(pcm), babblers, random)
        elif kind < 0.7:
            noise = tones(len(pcm), random)
        else:
            noise = shaped_noise(len(pcm), random, random.uniform(0, 2))
        pcm = mixed(pcm, noise, random.uniform(*_NOISE_SNR_DB))
    level_db = random.uniform(*_LEVEL_DBFS)
    pcm = pcm * (10 ** (level_db / 20) / (np.sqrt((pcm**2).mean()) + 1e-6))
    return Speech(np.clip(pcm, -1, 1).astype(np.float32), SAMPLE_RATE_HZ, speech.segments)
