"""How a line came out, in numbers that a machine can compare with limits (gate.py). They find lines to look at; they
are no score of lip-sync, which needs to know what was said and when (evaluation/lipsync.py).

    meter = QualityMeter(Outputs.BLENDSHAPES)
    meter.hear(pcm)             # the line's audio, 16 kHz, in pieces
    meter.see(frame)            # its frames
    quality = meter.result(words, aligned)
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from ..audio.pcm import SAMPLE_RATE_HZ
from ..blendshapes.aperture import lip_aperture
from ..blendshapes.closures import ShownLips, are_closed, demanded_closures
from ..blendshapes.phones import Atom, mouth_curves, to_atoms
from ..blendshapes.visemes import VISEMES
from ..drivers.base import WEIGHTS_HZ, AlignedWords, Outputs, TimedFrame

_WINDOW = SAMPLE_RATE_HZ // 50
_SILENCE_DBFS = -50.0
_QUIET_DB = -40.0
"""Against the loudest window: below it loudness says nothing of the mouth."""
_CLIPPED = 0.999
_SPOKEN = [number for number, name in enumerate(VISEMES) if name != "sil"]

_FARTHEST_LAG = WEIGHTS_HZ // 4
_BETTER = 0.1
"""By so much a correlation must grow at another time, or the mouth is taken to be in time."""
_SHORTEST_S, _SHORTEST_WITH_TEXT_S = 2.0, 1.0
"""In less, the syllables of a line are too few to tell its own mouth from another; see benchmarks/quality.py."""

_FRAMES_AT_ONCE = 600  # bounds the memory of a long line
_REACH_S = 1.0  # no phone pulls on the mouth from farther


class Quality(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Measures of a line; None where there is nothing to measure.

    `silence`: share of the time below -50 dBFS. `clipping`: share of the samples at full scale. `mouth_motion`:
    standard deviation of the lip aperture while there is sound; 0 for a still mouth. `confidence`: 0..1, mean
    posterior of the likeliest viseme other than silence while there is sound. `correlation`: -1..1, of the lip
    aperture with the loudness in dB, or with the opening that the text asks for, at the time where it fits best:
    `lag_ms`, > 0 when the mouth is late. With a text: `text_fits` says whether it was heard; `sounds_per_s` counts
    its phones against the time with sound; `closures` are its p, b and m, and `closures_made` those for which the
    lips close within 40 ms and open in a vowel beside. `widest_ms`: when the mouth is most open.
    """

    silence: float
    clipping: float
    mouth_motion: float
    confidence: float | None = None
    correlation: float | None = None
    lag_ms: int | None = None
    text_fits: bool | None = None
    sounds_per_s: float | None = None
    closures: int | None = None
    closures_made: int | None = None
    widest_ms: int | None = None


class QualityMeter:
    """Takes a line as it is baked; memory grows by about a kilobyte a second, and `result` needs some 30 more.
    `outputs`: what its driver makes. Where that is a track and a video, the track is measured: it has more frames a
    second."""

    def __init__(self, outputs: Outputs) -> None:
        self._measures_track = Outputs.BLENDSHAPES in outputs
        self._left = np.zeros(0, np.float32)
        self._levels: list[np.ndarray] = []
        self._samples = self._clipped = 0
        self._frames: list[TimedFrame] = []
        self._times_us: list[int] = []
        self._apertures: list[np.ndarray] = []
        self._confidences: list[np.ndarray] = []

    def hear(self, pcm: np.ndarray) -> None:
        self._samples += len(pcm)
        self._clipped += int(np.count_nonzero(np.abs(pcm) >= _CLIPPED))
        pcm = np.concatenate([self._left, pcm])
        whole = len(pcm) // _WINDOW * _WINDOW
        self._levels.append(np.sqrt(np.mean(pcm[:whole].reshape(-1, _WINDOW) ** 2, axis=1)))
        self._left = pcm[whole:]

    def see(self, frame: TimedFrame) -> None:
        if (frame.pixels is None) is not self._measures_track:
            return
        self._times_us.append(frame.pts_us)
        self._frames.append(frame)
        if len(self._frames) == _FRAMES_AT_ONCE:
            self._read_frames()

    def _read_frames(self) -> None:
        if self._frames:
            self._apertures.append(lip_aperture(np.array([frame.weights for frame in self._frames])))
            self._confidences.append(np.array([frame.visemes for frame in self._frames])[:, _SPOKEN].max(axis=1))
            self._frames.clear()

    def result(self, words: Sequence[Sequence[str]] | None = None, aligned: AlignedWords | None = None) -> Quality:
        """`words`: what the line says, see `transcript.phonemes.phonemise`; `aligned`: when, as far as that is
        known."""
        if self._left.size:
            self._levels.append(np.sqrt(np.mean(self._left**2, keepdims=True)))
        self._read_frames()
        levels, aperture = np.concatenate(self._levels), np.concatenate(self._apertures)
        times_s = np.array(self._times_us) / 1e6
        sounds = levels > 10 ** (_SILENCE_DBFS / 20)
        windows = (times_s * (SAMPLE_RATE_HZ / _WINDOW)).astype(int)
        heard = sounds[np.minimum(windows, len(sounds) - 1)]
        speaking = aperture[heard]
        sounding_s = float(sounds.sum()) * _WINDOW / SAMPLE_RATE_HZ
        atoms = to_atoms(aligned.alignment.segments) if aligned is not None and aligned.fits else None
        correlation, lag_ms = _in_time(levels, sounds, times_s, aperture, atoms)
        closures, made = _closures(times_s, aperture, speaking, atoms)
        return Quality(
            silence=round(float(1 - sounds.mean()), 4),
            clipping=round(self._clipped / self._samples, 6),
            mouth_motion=round(float(speaking.std()), 4) if speaking.size else 0.0,
            confidence=round(float(np.concatenate(self._confidences)[heard].mean()), 3) if speaking.size else None,
            correlation=correlation,
            lag_ms=lag_ms,
            text_fits=aligned.fits if aligned is not None else None,
            sounds_per_s=round(sum(map(len, words)) / sounding_s, 1) if words and sounding_s else None,
            closures=closures,
            closures_made=made,
            widest_ms=round(1000 * float(times_s[aperture.argmax()])),
        )


def _in_time(
    levels: np.ndarray, sounds: np.ndarray, times_s: np.ndarray, aperture: np.ndarray, atoms: list[Atom] | None
) -> tuple[float | None, int | None]:
    """Correlation of the aperture with what it should follow, and how late it is in milliseconds.

    `levels`: RMS of windows of 20 ms, `sounds` those that are no silence. None for a line that is too short.
    """
    heard = np.flatnonzero(sounds)
    spoken_s = (heard[-1] - heard[0]) * _WINDOW / SAMPLE_RATE_HZ if heard.size else 0.0
    if spoken_s < (_SHORTEST_S if atoms is None else _SHORTEST_WITH_TEXT_S):
        return None, None
    grid_s = np.arange(0, times_s[-1], 1 / WEIGHTS_HZ)
    if atoms is None:
        decibels = 20 * np.log10(levels + 1e-9)
        loudness = np.maximum(decibels, max(_SILENCE_DBFS, decibels.max() + _QUIET_DB))
        wanted = np.interp(grid_s, (np.arange(len(levels)) + 0.5) * _WINDOW / SAMPLE_RATE_HZ, loudness)
    else:
        wanted = _opening_of(atoms, grid_s)
    shown = np.interp(grid_s, times_s, aperture)
    if shown.std() < 1e-6 or wanted.std() < 1e-6:
        return 0.0, None
    # Every stretch of the mouth, as long as the line, from a quarter of a second early to as much late.
    stretches = np.lib.stride_tricks.sliding_window_view(np.pad(shown, _FARTHEST_LAG, mode="edge"), len(shown))
    deviations = stretches - stretches.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(deviations, axis=1) * np.linalg.norm(wanted - wanted.mean())
    correlations = deviations @ (wanted - wanted.mean()) / np.maximum(lengths, 1e-9)
    best = int(correlations.argmax())
    if correlations[best] - correlations[_FARTHEST_LAG] < _BETTER:
        best = _FARTHEST_LAG
    return round(float(correlations[best]), 3), round(1000 * (best - _FARTHEST_LAG) / WEIGHTS_HZ)


def _opening_of(atoms: list[Atom], times_s: np.ndarray) -> np.ndarray:
    """How far phones open the lips, 0..1, at `times_s` (n,)."""
    pieces = []
    for start in range(0, len(times_s), _FRAMES_AT_ONCE):
        piece = times_s[start : start + _FRAMES_AT_ONCE]
        near = [atom for atom in atoms if atom.end > piece[0] - _REACH_S and atom.start < piece[-1] + _REACH_S]
        pieces.append(mouth_curves(near, piece).aperture)
    return np.concatenate(pieces)


def _closures(
    times_s: np.ndarray, aperture: np.ndarray, speaking: np.ndarray, atoms: list[Atom] | None
) -> tuple[int | None, int | None]:
    """How many closures the text demands and how many of them the lips make."""
    demanded = demanded_closures(atoms) if atoms is not None else []
    if not demanded or not speaking.size or len(times_s) < 2:
        return None, None
    closed = are_closed(aperture, float(np.percentile(speaking, 95)))
    lips = ShownLips(times_s, closed, fps=1 / float(times_s[1]))
    return len(demanded), sum(lips.make(closure, atoms) for closure in demanded)
