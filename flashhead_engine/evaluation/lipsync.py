"""How well a track of ARKit weights follows speech whose phones and their times are known.

    truths = [Truth.load(path) for path in ...]
    tracks = [Track(times_s, weights), ...]              # one per truth, in the same order
    result = score(truths, tracks, fps=60)
    print(result.score)                                  # 0..1; a perfect articulator gets about 0.97

Five parts count equally: closures of p, b and m; correlation of the lip aperture; mouth classes; rounding of vowels;
and rest in silence without false closures in vowels. Gain does not matter: lips count as closed below 15 % of the
system's own 95th percentile of aperture, taken over its clean utterances. Timing matters: all is measured at lag 0.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..blendshapes.aperture import lip_aperture
from ..blendshapes.arkit import INDEX
from ..blendshapes.closures import (
    CLOSED_SHARE,
    CLOSURE_TOLERANCE_S,
    SMALLEST_APERTURE,
    ShownLips,
    are_closed,
    demanded_closures,
    is_labial,
)
from ..blendshapes.phones import Atom, Lips, MouthCurves, Segment, mouth_curves, to_atoms

GRID_HZ = 200
"""Rate at which tracks and truth are compared as curves."""

CLASSES: tuple[str, ...] = ("SIL", "PBM", "FV", "OPEN", "MID", "ROUND", "NARROW")
"""Classes of a phone's look. A track's frame is CLOSED, FV, OPEN, MID, ROUND or NARROW."""

_CHANCE_DRAWS = 8
_LAGS_S = np.arange(-40, 41) / GRID_HZ
_SEED = 1


# --- Truth ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Truth:
    """An utterance whose phones are known. `noise`: "clean" or the name of what was mixed in."""

    id: str
    engine: str
    voice: str
    language: str
    text: str
    duration_s: float
    noise: str
    segments: tuple[Segment, ...]

    @classmethod
    def load(cls, path: Path) -> "Truth":
        """Read the JSON form {id, engine, voice, lang, text, duration, noise, segments: [{start, end, ipa}]}."""
        entry = json.loads(path.read_text("utf-8"))
        return cls(
            id=entry["id"],
            engine=entry["engine"],
            voice=entry["voice"],
            language=entry["lang"],
            text=entry["text"],
            duration_s=entry["duration"],
            noise=entry["noise"],
            segments=tuple(Segment(s["start"], s["end"], s["ipa"]) for s in entry["segments"]),
        )

    def save(self, path: Path) -> None:
        """Write the JSON form that `load` reads."""
        entry = {
            "id": self.id,
            "engine": self.engine,
            "voice": self.voice,
            "lang": self.language,
            "text": self.text,
            "duration": self.duration_s,
            "noise": self.noise,
            "clean_id": self.id if self.noise == "clean" else self.id.removesuffix("." + self.noise),
            "segments": [{"start": s.start, "end": s.end, "ipa": s.ipa} for s in self.segments],
        }
        path.write_text(json.dumps(entry, ensure_ascii=False, indent=1) + "\n", "utf-8")


# Which looks of a frame are right for which phone; phones that are missing here are too free to be judged.
_LOOKS: dict[str, tuple[str, tuple[str, ...]]] = {}
for _letters, _class, _accepted in (
    ("a ɑ ä", "OPEN", ("OPEN",)),
    ("æ", "OPEN", ("OPEN", "MID")),
    ("ɐ ʌ", "MID", ("MID", "OPEN")),
    ("ɒ ɔ", "ROUND", ("ROUND", "OPEN")),
    ("ɛ ɤ", "MID", ("MID",)),
    ("e", "MID", ("MID", "NARROW")),
    ("ɜ ɝ ɚ", "MID", ("MID", "ROUND")),
    ("o ɵ ø y ʏ ʊ u ʉ w ɥ ʍ", "ROUND", ("ROUND",)),
    ("œ", "ROUND", ("ROUND", "OPEN", "MID")),
    ("ɪ ᵻ ɨ ɯ", "NARROW", ("NARROW", "MID")),
    ("i", "NARROW", ("NARROW",)),
    ("p b m ɓ ʙ", "PBM", ("CLOSED",)),
    ("f v ʋ ɱ ⱱ", "FV", ("FV",)),
    ("θ ð n ɳ ɲ l ɫ ɭ ʎ ɺ ɬ j", "NARROW", ("NARROW", "MID")),
    ("t d ʈ ɖ c ɟ s z", "NARROW", ("NARROW",)),
    ("ʃ ʒ ʂ ʐ ɕ ʑ ɻ", "NARROW", ("NARROW", "ROUND")),
):
    _LOOKS.update(dict.fromkeys(_letters.split(), (_class, _accepted)))


def _look_of(atoms: Sequence[Atom], index: int, time: float) -> tuple[str | None, set[str]]:
    """Class of the phone at `time`, or None where it is not judged, and the looks that are right there."""
    atom = atoms[index]
    if atom.is_pause:
        settled = atom.duration >= 0.2 and time - atom.start >= 0.1 and atom.end - time >= 0.1
        return ("SIL" if settled else None), {"CLOSED"}
    name, accepted = _LOOKS.get(atom.letter, (None, ()))
    looks = set(accepted)
    if atom.is_vowel:
        if atom.duration > 0.04 and not 0.15 <= (time - atom.start) / atom.duration <= 0.85:
            name = None  # vowels are judged on their central part
    elif name == "NARROW":
        neighbours = [atoms[i].articulation for i in (index - 1, index + 1) if 0 <= i < len(atoms)]
        if any(neighbour.rounding >= 0.5 for neighbour in neighbours):
            looks.add("ROUND")  # lips may keep or anticipate rounding
        if any(neighbour.lips is Lips.SHUT for neighbour in neighbours):
            looks.add("CLOSED")
    return name, looks


# --- Track ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Track:
    """What a system shows: `times_s` (n,), from the audio's start, increasing; `weights` (n, 52), 0..1."""

    times_s: np.ndarray
    weights: np.ndarray

    def delayed(self, seconds: float) -> "Track":
        return Track(self.times_s + seconds, self.weights)


@dataclass(frozen=True, slots=True)
class _Mouth:
    """A track on the grid, (n,) each: jaw opening, lip aperture, rounding, roll of the lower lip."""

    jaw: np.ndarray
    aperture: np.ndarray
    rounding: np.ndarray
    roll: np.ndarray


def _on_grid(track: Track, duration_s: float) -> _Mouth:
    times = np.arange(int(duration_s * GRID_HZ) + 1) / GRID_HZ
    weights = np.stack([np.interp(times, track.times_s, column) for column in track.weights.T], axis=1)
    return _Mouth(
        jaw=weights[:, INDEX["jawOpen"]],
        aperture=lip_aperture(weights),
        rounding=np.maximum(weights[:, INDEX["mouthFunnel"]], weights[:, INDEX["mouthPucker"]]),
        roll=weights[:, INDEX["mouthRollLower"]],
    )


@dataclass(frozen=True, slots=True)
class _Calibration:
    """A system's own size: 95th percentiles of aperture and rounding while somebody speaks."""

    aperture: float
    rounding: float

    @classmethod
    def of(cls, truths: Sequence[Truth], mouths: Sequence[_Mouth]) -> "_Calibration":
        pairs = list(zip(truths, mouths, strict=True))
        clean = [(t, m) for t, m in pairs if t.noise == "clean" and m.aperture.any()] or pairs
        speaking = [_speaking(truth, len(mouth.aperture)) for truth, mouth in clean]
        aperture = np.concatenate([m.aperture[on] for (_, m), on in zip(clean, speaking, strict=True)])
        rounding = np.concatenate([m.rounding[on] for (_, m), on in zip(clean, speaking, strict=True)])
        return cls(float(np.percentile(aperture, 95)), float(np.percentile(rounding, 95)))


def _speaking(truth: Truth, length: int) -> np.ndarray:
    speaking = np.zeros(length, bool)
    for segment in truth.segments:
        if segment.ipa:
            speaking[int(segment.start * GRID_HZ) : int(segment.end * GRID_HZ)] = True
    return speaking


class _Frames:
    """A mouth as it is shown at `fps`: is it closed, and what does it look like."""

    def __init__(self, mouth: _Mouth, calibration: _Calibration, duration_s: float, fps: float) -> None:
        self.fps = fps
        self.times = np.arange(0, duration_s, 1 / fps)
        index = np.clip(np.round(self.times * GRID_HZ).astype(int), 0, len(mouth.aperture) - 1)
        largest = max(calibration.aperture, SMALLEST_APERTURE)
        aperture = mouth.aperture[index]
        self.closed = are_closed(aperture, largest)
        self.looks = [
            _look(opening, rounding, roll)
            for opening, rounding, roll in zip(
                aperture / largest,
                mouth.rounding[index] / max(calibration.rounding, 0.1),
                mouth.roll[index],
                strict=True,
            )
        ]


def _look(opening: float, rounding: float, roll: float) -> str:
    """Look of a frame; `opening` and `rounding` relative to the system's own 95th percentiles."""
    if roll > 0.15 and opening < 0.45:
        return "FV"
    if opening < CLOSED_SHARE:
        return "CLOSED"
    if rounding > 0.5:
        return "ROUND"
    if opening > 0.72:
        return "OPEN"
    return "MID" if opening > 0.42 else "NARROW"


# --- One utterance ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Observations:
    """What one utterance adds to the statistics; lists of several utterances are joined before averaging."""

    closures_hit: list[bool] = field(default_factory=list)
    closures_hit_by_chance: list[bool] = field(default_factory=list)
    closed_frames_right: list[bool] = field(default_factory=list)
    vowel_frames_closed: list[bool] = field(default_factory=list)
    jaw_correlation: list[float] = field(default_factory=list)
    aperture_correlation: list[float] = field(default_factory=list)
    rounding_correlation: list[float] = field(default_factory=list)
    aperture_lag_ms: list[float] = field(default_factory=list)
    looks_right: dict[str, list[bool]] = field(default_factory=lambda: {name: [] for name in CLASSES})
    rounding_of_rounded: list[float] = field(default_factory=list)
    rounding_of_unrounded: list[float] = field(default_factory=list)
    onset_ms: list[float] = field(default_factory=list)


class _Utterance:
    """One truth against one mouth, shown at one rate."""

    def __init__(self, truth: Truth, mouth: _Mouth, calibration: _Calibration, fps: float) -> None:
        self.truth = truth
        self.mouth = mouth
        self.calibration = calibration
        self.frames = _Frames(mouth, calibration, truth.duration_s, fps)
        self.atoms = to_atoms(truth.segments)
        self.times = np.arange(len(mouth.aperture)) / GRID_HZ
        self.expected: MouthCurves = mouth_curves(self.atoms, self.times)
        spoken = [atom for atom in self.atoms if not atom.is_pause]
        self.speech_start = spoken[0].start if spoken else 0
        self.speech_end = max([atom.end for atom in spoken] + [0])
        self.closures = demanded_closures(self.atoms)

    def observe(self, random: np.random.Generator) -> Observations:
        seen = Observations()
        self._observe_closures(seen, random)
        self._observe_false_closures(seen)
        self._observe_curves(seen)
        self._observe_looks(seen)
        self._observe_rounding(seen)
        self._observe_onsets(seen)
        return seen

    def _observe_closures(self, seen: Observations, random: np.random.Generator) -> None:
        """Every p, b, m; and the same closures moved to random places of the speech, to know what chance hits."""
        length = max(self.speech_end - self.speech_start, 0.1)
        lips = ShownLips(self.frames.times, self.frames.closed, self.frames.fps)
        seen.closures_hit = [lips.make(closure, self.atoms) for closure in self.closures]
        for start, end in self.closures:
            centre, half = (start + end) / 2, (end - start) / 2
            for _ in range(_CHANCE_DRAWS):
                shift = random.uniform(0.3, max(0.31, length - 0.3))
                moved = self.speech_start + (centre - self.speech_start + shift) % length
                seen.closures_hit_by_chance.append(lips.make((moved - half, moved + half), self.atoms))

    def _observe_false_closures(self, seen: Observations) -> None:
        """Closed frames during speech that belong to no closure; closed frames in vowels far from any closure."""
        may_close = [atom for atom in self.atoms if is_labial(atom) or (atom.is_pause and atom.duration > 0.08)]
        for time, index, closed in self._frames_with_atoms():
            atom = self.atoms[index]
            if closed and not atom.is_pause and self.speech_start <= time <= self.speech_end:
                near = any(
                    start - CLOSURE_TOLERANCE_S <= time <= end + CLOSURE_TOLERANCE_S for start, end in self.closures
                )
                seen.closed_frames_right.append(near)
            judged = atom.is_vowel and atom.duration >= 0.05
            if judged and not any(other.start - 0.06 <= time <= other.end + 0.06 for other in may_close):
                seen.vowel_frames_closed.append(bool(closed))

    def _frames_with_atoms(self) -> Iterator[tuple[float, int, bool]]:
        starts = np.array([atom.start for atom in self.atoms])
        indices = np.clip(np.searchsorted(starts, self.frames.times, "right") - 1, 0, len(self.atoms) - 1)
        return zip(self.frames.times, indices, self.frames.closed, strict=True)

    def _observe_curves(self, seen: Observations) -> None:
        """Correlation at lag 0 within 0.3 s of the speech; the lag at which the aperture fits best."""
        window = (self.times >= self.speech_start - 0.3) & (self.times <= self.speech_end + 0.3)
        seen.jaw_correlation.append(_correlation(self.expected.jaw[window], self.mouth.jaw[window]))
        seen.rounding_correlation.append(_correlation(self.expected.rounding[window], self.mouth.rounding[window]))
        wanted = self.expected.aperture[window]
        by_lag = [
            _correlation(wanted, np.interp(self.times + lag, self.times, self.mouth.aperture)[window])
            for lag in _LAGS_S
        ]
        seen.aperture_correlation.append(by_lag[len(by_lag) // 2])
        best = int(np.argmax(by_lag))
        if by_lag[best] > 0.2:
            seen.aperture_lag_ms.append(1000 * float(_LAGS_S[best]))

    def _observe_looks(self, seen: Observations) -> None:
        for (time, index, _), look in zip(self._frames_with_atoms(), self.frames.looks, strict=True):
            name, accepted = _look_of(self.atoms, index, time)
            if name is not None:
                seen.looks_right[name].append(look in accepted)

    def _observe_rounding(self, seen: Observations) -> None:
        """Mean rounding shown in the middle 40 % of vowels."""
        last = len(self.mouth.rounding) - 1
        for atom in self.atoms:
            if not atom.is_vowel:
                continue
            begin = int((atom.start + 0.3 * atom.duration) * GRID_HZ)
            finish = int((atom.start + 0.7 * atom.duration) * GRID_HZ) + 1
            rounding = float(np.mean(self.mouth.rounding[min(begin, last) : min(finish, last + 1)]))
            if atom.articulation.rounding >= 0.6:
                seen.rounding_of_rounded.append(rounding)
            elif atom.articulation.rounding <= 0.1:
                seen.rounding_of_unrounded.append(rounding)

    def _observe_onsets(self, seen: Observations) -> None:
        """How much later than it should the mouth opens after a silence of 0.2 s or more."""
        window = (self.times >= self.speech_start - 0.3) & (self.times <= self.speech_end + 0.3)
        expected_level = 0.15 * np.percentile(self.expected.aperture[window], 95)
        for index, pause in enumerate(self.atoms):
            if not pause.is_pause or pause.duration < 0.2:
                continue
            vowel = next((atom for atom in self.atoms[index + 1 : index + 5] if atom.is_vowel), None)
            if vowel is None:
                continue
            expected = _first_rise(self.expected.aperture, pause.end - 0.15, vowel.end, expected_level)
            if expected is None:
                continue
            shown = _first_rise(
                self.mouth.aperture,
                max(pause.start + 0.05, expected - 0.3),
                expected + 0.4,
                0.15 * self.calibration.aperture,
            )
            if shown is not None:
                seen.onset_ms.append(1000 * (shown - expected))


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's r; 0 when either curve stands still."""
    if first.std() < 1e-6 or second.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def _first_rise(curve: np.ndarray, from_s: float, to_s: float, level: float) -> float | None:
    """Time at which the curve first crosses the level upwards within the interval."""
    begin = max(0, int(from_s * GRID_HZ))
    above = curve[begin : min(len(curve) - 1, int(to_s * GRID_HZ)) + 1] > level
    rises = np.flatnonzero(above[1:] & ~above[:-1]) + 1
    return None if len(rises) == 0 else (begin + int(rises[0])) / GRID_HZ


# --- All utterances ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LipSyncScore:
    """Result over utterances; NaN where they have nothing to measure (no p, b, m for instance).

    `score`: mean of the five parts, 0..1. `closure_recall`, `closure_chance`, `closure_precision`: shares 0..1;
    `closure_beyond_chance`: recall corrected for chance, 0..1 (kappa); `closure_f1`: of precision and of that.
    `false_closures`: share of vowel frames that are closed. Correlations at lag 0. `lag_ms`: > 0 when the mouth is
    late (median over utterances). `class_recall`: share of right frames per class, `balanced_accuracy` their mean.
    `rounding_separation`: probability that a rounded vowel shows more rounding than an unrounded one. `onset_ms`:
    lateness of the first opening after silence, median.
    """

    utterances: int
    closures: int
    score: float
    closure_recall: float
    closure_chance: float
    closure_beyond_chance: float
    closure_precision: float
    closure_f1: float
    false_closures: float
    jaw_correlation: float
    aperture_correlation: float
    rounding_correlation: float
    lag_ms: float
    class_recall: dict[str, float]
    balanced_accuracy: float
    silence_closed: float
    rounding_separation: float
    onset_ms: float


def measure(truths: Sequence[Truth], tracks: Sequence[Track], fps: float) -> list[Observations]:
    """Observe every utterance; all are calibrated together, so pass everything that one system made.

    Raises ValueError when the numbers of truths and tracks differ.
    """
    mouths = [_on_grid(track, truth.duration_s) for truth, track in zip(truths, tracks, strict=True)]
    calibration = _Calibration.of(truths, mouths)
    random = np.random.default_rng(_SEED)
    return [
        _Utterance(truth, mouth, calibration, fps).observe(random)
        for truth, mouth in zip(truths, mouths, strict=True)
    ]


def summarise(observations: Sequence[Observations]) -> LipSyncScore:
    """Join the observations of some utterances into one result."""

    def joined(name: str) -> list:
        return [value for seen in observations for value in getattr(seen, name)]

    def mean(name: str) -> float:
        values = joined(name)
        return float(np.mean(values)) if values else float("nan")

    def median(name: str) -> float:
        values = joined(name)
        return float(np.median(values)) if values else float("nan")

    recall, chance = mean("closures_hit"), mean("closures_hit_by_chance")
    precision = mean("closed_frames_right")
    beyond_chance = max(0.0, (recall - chance) / max(1e-6, 1 - chance)) if chance == chance else float("nan")
    looks = {name: [hit for seen in observations for hit in seen.looks_right[name]] for name in CLASSES}
    class_recall = {name: float(np.mean(hits)) if hits else float("nan") for name, hits in looks.items()}
    balanced = float(np.nanmean(list(class_recall.values())))
    separation = _separation(joined("rounding_of_rounded"), joined("rounding_of_unrounded"))
    f1 = _f1(np.nan_to_num(precision), beyond_chance)
    false_closures, aperture = mean("vowel_frames_closed"), mean("aperture_correlation")
    parts = (
        f1,
        aperture,
        (balanced - 1 / 6) * 6 / 5,  # a random look is right in one of six
        2 * np.nan_to_num(separation, nan=0.5) - 1,
        _at_least_0(class_recall["SIL"]) * (1 - _at_least_0(false_closures)),
    )
    return LipSyncScore(
        utterances=len(observations),
        closures=len(joined("closures_hit")),
        score=float(np.mean([_at_least_0(part) for part in parts])),
        closure_recall=recall,
        closure_chance=chance,
        closure_beyond_chance=beyond_chance,
        closure_precision=precision,
        closure_f1=f1,
        false_closures=false_closures,
        jaw_correlation=mean("jaw_correlation"),
        aperture_correlation=aperture,
        rounding_correlation=mean("rounding_correlation"),
        lag_ms=median("aperture_lag_ms"),
        class_recall=class_recall,
        balanced_accuracy=balanced,
        silence_closed=class_recall["SIL"],
        rounding_separation=separation,
        onset_ms=median("onset_ms"),
    )


def score(truths: Sequence[Truth], tracks: Sequence[Track], fps: float) -> LipSyncScore:
    """Score one system's tracks, shown at `fps` frames a second, against the truths in the same order."""
    return summarise(measure(truths, tracks, fps))


def _at_least_0(value: float) -> float:
    return 0.0 if np.isnan(value) else max(0.0, value)


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def _separation(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Area under the ROC curve: probability that a positive exceeds a negative, ties counting half."""
    if not positive or not negative:
        return float("nan")
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, "left") + np.searchsorted(ordered, positive, "right")
    return float(below.sum() / (2 * len(positive) * len(negative)))


# --- What a score should say about mouths of known quality --------------------------------------------------------


def perfect_track(truth: Truth, fps: float = 60) -> Track:
    """The truth itself as ARKit weights: the best that these weights and this score allow."""
    times = np.arange(0, truth.duration_s, 1 / fps)
    atoms = to_atoms(truth.segments)
    mouth = mouth_curves(atoms, times)
    starts = np.array([atom.start for atom in atoms])
    current = np.clip(np.searchsorted(starts, times, "right") - 1, 0, len(atoms) - 1)
    on_teeth = np.array([atoms[index].articulation.lips is Lips.TEETH for index in current])
    weights = np.zeros((len(times), len(INDEX)), np.float32)
    weights[:, INDEX["jawOpen"]] = 0.4 * mouth.jaw
    weights[:, INDEX["mouthClose"]] = 0.4 * mouth.jaw * mouth.lips_shut
    weights[:, INDEX["mouthPucker"]] = 0.7 * mouth.rounding
    weights[:, INDEX["mouthFunnel"]] = 0.3 * mouth.rounding
    weights[:, INDEX["mouthRollLower"]] = 0.35 * on_teeth
    for side in ("Left", "Right"):
        weights[:, INDEX[f"mouthStretch{side}"]] = 0.3 * mouth.spread
    return Track(times, weights)
