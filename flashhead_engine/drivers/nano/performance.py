"""What a face does besides speaking: idle life, gestures that follow the voice, emotion.

Idle life (`idle.py`) is a function of the session's time and seed. Gestures start on what `prosody.py` finds: head
beats and brow accents on stressed syllables, a wider jaw and lower brows when shouting, a blink, a glance and an
intake of breath where a phrase ends, a smile and a bobbing head in laughter. Each is a curve of a few numbers that
is computed frame by frame, so a performance is the same for any push sizes.
"""

import math
from dataclasses import dataclass

import numpy as np

from ...blendshapes.arkit import ARKIT_52, INDEX, MOUTH
from ...blendshapes.emotions import EMOTIONS
from ..base import WEIGHTS_HZ, Performance
from .idle import BLOCK, CHANNELS, FACE, IdleBlock, blink_shape, both, ease, first_block, idle_block
from .noise import uniform
from .prosody import Prosody, ProsodyAnalyser

_WEIGHTS = len(ARKIT_52)
_EMOTION_FADE_S = 0.25
_FADED = 1e-6
_ATTACK = 1 - math.exp(-1 / (0.12 * WEIGHTS_HZ))
_RELEASE = 1 - math.exp(-1 / (0.6 * WEIGHTS_HZ))

_BEAT_S, _BEAT_RISE_S = 0.36, 0.13
_ACCENT_S, _ACCENT_GAP = 0.45, WEIGHTS_HZ
_ACCENT_FROM = 0.35  # stress
_FROWN_SHARE = 0.3  # of the accents; the others raise the brows
_GLANCE_S, _INTAKE_S = 0.9, 0.7
_PHRASE_BLINK_SHARE, _PHRASE_GLANCE_SHARE = 0.6, 0.45
_LAUGH_HZ = 4.5

# Jaw and lips move by so much more when shouting, less when whispering and in fast speech (a syllable more a second).
_SHOUT_GAIN, _WHISPER_GAIN, _FAST_GAIN = 0.25, 0.2, -0.03
_USUAL_RATE_HZ, _RATE_SPAN_HZ = 5.0, 3.0


def _curve(seconds: float, shape) -> list[float]:
    """Values of `shape` (of seconds since its start) at the frames of so many seconds."""
    return shape(np.arange(1, round(seconds * WEIGHTS_HZ)) / WEIGHTS_HZ).tolist()


def _nod(since_s: np.ndarray) -> np.ndarray:
    return ease(since_s / _BEAT_RISE_S) - ease((since_s - _BEAT_RISE_S) / (_BEAT_S - _BEAT_RISE_S))


_BEAT = _curve(_BEAT_S, _nod)
_ACCENT = _curve(_ACCENT_S, lambda since_s: np.sin(np.pi * since_s / _ACCENT_S) ** 2)
_GLANCE = _curve(_GLANCE_S, lambda since_s: ease(since_s / 0.05) - ease((since_s - _GLANCE_S + 0.06) / 0.05))
_INTAKE = _curve(_INTAKE_S, lambda since_s: np.sin(np.pi * since_s / _INTAKE_S) ** 2)
_BLINK = _curve(0.26, blink_shape)

# What a gesture at full size adds to the face, by the part of `Performance` that switches it off.
_GESTURES: dict[str, tuple[str, dict[str, float]]] = {
    "beat": ("head_sway", {"headPitch": 0.06}),
    "bob": ("head_sway", {"headPitch": 0.025}),
    "raise": (
        "brows",
        {"browInnerUp": 0.4, "browOuterUp": 0.34, "eyeWide": 0.12, "cheekSquint": 0.12, "eyeSquint": 0.06},
    ),
    "frown": ("brows", {"browDown": 0.32, "eyeSquint": 0.22, "noseSneer": 0.14}),
    "shout": ("brows", {"browDown": 0.25, "eyeWide": 0.15, "noseSneer": 0.1}),
    "laugh": ("brows", {"mouthSmile": 0.4, "cheekSquint": 0.5, "eyeSquint": 0.3}),
    "intake": ("breath", {"breath": 0.35, "noseSneer": 0.06, "headPitch": -0.012}),
    "glance_left": ("saccades", {"eyeLookOutLeft": 0.35, "eyeLookInRight": 0.35, "eyeLookDown": 0.12}),
    "glance_right": ("saccades", {"eyeLookInLeft": 0.35, "eyeLookOutRight": 0.35, "eyeLookDown": 0.12}),
}


def _gesture_rows(parts: Performance) -> np.ndarray:
    """Gestures as rows of face columns, float32 (9, 56), zero where their part is off."""
    rows = np.zeros((len(_GESTURES), len(FACE)), np.float32)
    for row, (part, effect) in zip(rows, _GESTURES.values(), strict=True):
        for name, size in effect.items():
            row[[FACE.index(name)] if name in FACE else both(name)] = size * getattr(parts, part)
    return rows


# What the speech's weights are multiplied by, from 1, the mouth's gain and its lopsidedness: float32 (3, 52). All of
# the mouth has the same gain, so the lip aperture is scaled by it too and lips that meet still meet.
_STYLE_ROWS = np.zeros((3, _WEIGHTS), np.float32)
_STYLE_ROWS[0] = 1
_STYLE_ROWS[0, MOUTH], _STYLE_ROWS[1, MOUTH] = 0, 1
for _name in ("Smile", "Frown", "Dimple", "Stretch", "Press", "LowerDown", "UpperUp"):
    _STYLE_ROWS[2, both(f"mouth{_name}")] = 1, -1
_OPENING = np.array([n.startswith(("jawOpen", "mouthFunnel", "mouthUpperUp")) for n in ARKIT_52], np.float32)
# Columns of a frame's numbers behind the sizes of its gestures: how lively the speech is; what _STYLE_ROWS takes.
_ACTIVITY, _STYLE = slice(len(_GESTURES), len(_GESTURES) + 1), slice(len(_GESTURES) + 1, None)
_JAW_OPEN, _MOUTH_CLOSE = INDEX["jawOpen"], INDEX["mouthClose"]
_LIDS, _WIDE = both("eyeBlink"), both("eyeWide")


class _Playing:
    """A gesture that may be playing: a curve, and how far it has come."""

    __slots__ = ("_curve", "_position", "_size")

    def __init__(self, curve: list[float]) -> None:
        self._curve = curve
        self._position = len(curve)
        self._size = 0.0

    def start(self, size: float) -> None:
        self._position, self._size = 0, size

    def next(self) -> float:
        """The value of the next frame; 0 when nothing plays."""
        if self._position == len(self._curve):
            return 0.0
        self._position += 1
        return self._size * self._curve[self._position - 1]


@dataclass
class Performer:
    """The performance of one session.

    `apply` turns the network's weights into the face that is shown; call it once per block of frames, in order. With
    every part off, the mouth is the network's; else it also has a style: larger when shouting, smaller when
    whispering or fast, and a little lopsided.
    """

    seed: int
    parts: Performance
    emotion: str
    emotion_intensity: float
    mouth_strength: float
    _frame: int = 0
    _activity: float = 0.0
    _phrases: int = 0
    _stresses: int = 0
    _since_accent: int = _ACCENT_GAP
    _laugh_phase: float = 0.0
    _idle: IdleBlock | None = None

    def __post_init__(self) -> None:
        self._styled = self.parts != Performance.off()
        self._emotion_now = EMOTIONS[self.emotion] * self.emotion_intensity
        self._emotional = bool(self._emotion_now.any())
        self._prosody = ProsodyAnalyser()
        self._gesture_rows = _gesture_rows(self.parts)
        self._beat, self._raise, self._frown = _Playing(_BEAT), _Playing(_ACCENT), _Playing(_ACCENT)
        self._intake, self._blink = _Playing(_INTAKE), _Playing(_BLINK)
        self._glance_left, self._glance_right = _Playing(_GLANCE), _Playing(_GLANCE)

    def apply(
        self, mouth: np.ndarray, speech: np.ndarray, features: np.ndarray, loudness_db: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """`mouth`: float32 (T, 52), the weights that speech gives; `speech`: probability (T,) that a voice is heard;
        `features` (T, 80) and `loudness_db` (T,) of `FeatureExtractor`, ahead of the weights by the network's
        look-ahead, so that a beat starts on its syllable.

        Returns weights (T, 52) in 0..1 and pose (T, 4), both float32.
        """
        prosody = self._prosody.analyse(loudness_db, features, speech)
        shown = np.empty((len(mouth), len(FACE)), np.float32)
        done = 0
        while done < len(mouth):
            if self._idle is None or self._frame == self._idle.end:
                frames = BLOCK if self._idle else first_block(self.seed)
                self._idle = idle_block(self.seed, self.parts, self._frame, frames)
            rows = slice(done, done + min(len(mouth) - done, self._idle.end - self._frame))
            self._show(
                self._idle,
                self._frame - self._idle.first,
                mouth[rows],
                prosody[rows],
                speech[rows].tolist(),
                shown[rows],
            )
            self._frame += rows.stop - done
            done = rows.stop
        return shown[:, :_WEIGHTS], shown[:, _WEIGHTS:]

    def _show(
        self,
        idle: IdleBlock,
        first: int,
        mouth: np.ndarray,
        prosody: list[Prosody],
        speech: list[float],
        out: np.ndarray,
    ) -> None:
        """Write the faces of frames `first` ... of a block to `out`, (T, 56)."""
        rows = slice(first, first + len(mouth))
        shut = idle.shut[rows]
        numbers = []
        for number, (frame, voice, lopsided) in enumerate(zip(prosody, speech, idle.lopsided[rows], strict=True)):
            self._activity += (_ATTACK if voice > self._activity else _RELEASE) * (voice - self._activity)
            self._react(frame)
            numbers.append((*self._gesture_sizes(frame), self._activity, 1.0, *self._style(frame, lopsided)))
            if self.parts.blinks:
                shut[number] = max(shut[number], self._blink.next())

        # A push has one or two frames, for which numpy's calls cost more than the sums: so few of them, and dot(),
        # which is quicker than @.
        numbers = np.array(numbers, np.float32)
        numbers[:, : len(_GESTURES)].dot(self._gesture_rows, out=out)
        out += idle.face[rows]
        out += idle.lively[rows] * numbers[:, _ACTIVITY]
        weights = out[:, :_WEIGHTS]
        spoken = mouth * numbers[:, _STYLE].dot(_STYLE_ROWS)
        weights += spoken
        if self._emotional or self.emotion != "neutral":
            self._add_emotion(spoken, weights)
        if any(shut):
            lids = np.array(shut, np.float32)[:, None]
            weights[:, _LIDS] = np.maximum(weights[:, _LIDS], lids)
            weights[:, _WIDE] *= 1 - lids
        np.maximum(weights, 0.0, out=weights)
        np.minimum(weights, 1.0, out=weights)
        np.minimum(weights[:, _MOUTH_CLOSE], weights[:, _JAW_OPEN], out=weights[:, _MOUTH_CLOSE])

    def _style(self, prosody: Prosody, lopsided: float) -> tuple[float, float]:
        """How large the mouth is beside the network's, and how much more its left half moves."""
        if not self._styled:
            return self.mouth_strength, 0.0
        effort = prosody.effort
        gain = 1.0 + effort * (_SHOUT_GAIN if effort > 0 else _WHISPER_GAIN)
        hurry = min(max(prosody.rate_hz - _USUAL_RATE_HZ, -_RATE_SPAN_HZ), _RATE_SPAN_HZ)
        gain *= (1.0 + _FAST_GAIN * hurry) * self.mouth_strength
        return gain, gain * lopsided

    def _react(self, prosody: Prosody) -> None:
        """Start the gestures that this frame calls for."""
        self._since_accent += 1
        if prosody.stress:
            self._beat.start(0.5 + 0.5 * prosody.stress)
            if prosody.stress >= _ACCENT_FROM and self._since_accent >= _ACCENT_GAP:
                frowns = self._draw("brow", self._stresses) < _FROWN_SHARE
                (self._frown if frowns else self._raise).start(prosody.stress)
                self._since_accent = 0
            self._stresses += 1
        if prosody.phrase_ends:
            if self._draw("phrase_blink", self._phrases) < _PHRASE_BLINK_SHARE:
                self._blink.start(1.0)
            glance = self._draw("phrase_glance", self._phrases) / _PHRASE_GLANCE_SHARE
            if glance < 1:
                (self._glance_left if glance < 0.5 else self._glance_right).start(1.0)
            self._phrases += 1
        if prosody.phrase_ends or prosody.breath_heard:
            self._intake.start(1.0)

    def _gesture_sizes(self, prosody: Prosody) -> tuple[float, ...]:
        """Size of each of `_GESTURES` in this frame."""
        self._laugh_phase += 2 * math.pi * _LAUGH_HZ / WEIGHTS_HZ
        return (
            self._beat.next(),
            prosody.laughter * math.sin(self._laugh_phase) if prosody.laughter > _FADED else 0.0,
            self._raise.next(),
            self._frown.next(),
            max(prosody.effort, 0.0) * self._activity,
            prosody.laughter,
            self._intake.next(),
            self._glance_left.next(),
            self._glance_right.next(),
        )

    def _draw(self, channel: str, number: int) -> float:
        return float(uniform(self.seed, CHANNELS[channel], np.array([number]))[0])

    def _add_emotion(self, spoken: np.ndarray, weights: np.ndarray) -> None:
        """Add the emotion's share, which fades to its target and lets the lips meet where speech closes them."""
        target = EMOTIONS[self.emotion] * np.float32(self.emotion_intensity)
        change = self._emotion_now - target
        share = target
        if np.abs(change).max() > _FADED:
            kept = np.exp(-np.arange(1, len(weights) + 1) / (_EMOTION_FADE_S * WEIGHTS_HZ)).astype(np.float32)
            share = target + kept[:, None] * change
            self._emotion_now = share[-1].copy()
        else:
            self._emotion_now = target
        self._emotional = bool(self._emotion_now.any())
        closed = np.clip(spoken[:, _MOUTH_CLOSE] / np.maximum(spoken[:, _JAW_OPEN], 1e-3), 0.0, 1.0)
        weights += share * (1 - closed[:, None] * _OPENING)
