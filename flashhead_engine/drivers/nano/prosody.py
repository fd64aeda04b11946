"""What the voice does besides forming words: effort, stressed syllables, rate, pauses, breaths, laughter.

A streaming analyser of loudness, spectrum and voice activity. It keeps a few numbers and looks only backwards; its
caller feeds loudness and features a little ahead of the frames that are shown, which hides the frame that it takes
to know that a peak was one. All of it is heuristic: pitch, which carries much of stress, is not measured.
"""

from dataclasses import dataclass

import numpy as np

from ..base import WEIGHTS_HZ
from .log_mel import MEL_BANDS, SUBFRAMES

_NUCLEUS_DIP_DB = 2.0  # de Jong and Wempe (2009) count a peak of intensity as a syllable after a dip of 2 dB
_SPOKEN_RANGE_DB = 20.0  # nuclei lie at most so far under the usual one
_FIRST_USUAL_DB = -15.0  # dialogue as it is usually delivered, until its own level is known
_FIRST_USUAL_NUCLEI = 3.0  # how many nuclei that guess is worth
_USUAL_NUCLEI = 40.0  # about 10 s of speech
_RECENT_NUCLEI = 6.0  # about 2 s of speech, against which a syllable stands out
_STRESS_DB = 1.0
_FULL_STRESS_DB = 6.0
_STRESS_GAP = round(0.5 * WEIGHTS_HZ)
_FULL_EFFORT_DB = 10.0
_EFFORT_S = 0.3
_WHISPER_TILT_DB = (4.0, 14.0)  # voiced vowels are louder in the low band; without voice the high band wins
_USUAL_RATE_HZ = 4.5
_LONGEST_SYLLABLE = round(0.6 * WEIGHTS_HZ)
_PAUSE = round(0.3 * WEIGHTS_HZ)
_PHRASE = round(0.5 * WEIGHTS_HZ)
_BREATH_AFTER = round(0.15 * WEIGHTS_HZ)
_BREATH_ABOVE_ROOM_DB = 8.0
_LAUGH_INTERVAL = (WEIGHTS_HZ // 7, WEIGHTS_HZ // 4)  # bursts of laughter come 4 to 6 times a second
_LAUGH_IRREGULARITY = 2
_LAUGH_DIP_DB = 16.0
_LAUGH_BURSTS = 5
_LAUGH_FADE_S = 0.3

# Mean of the bands between 1.4 and 4 kHz less that of the bands up to 450 Hz. Features span 50 dB from -1 to 1.
_BANDS = np.arange(SUBFRAMES * MEL_BANDS) % MEL_BANDS
_LOW, _HIGH = _BANDS < 8, (_BANDS >= 19) & (_BANDS < 31)
_TILT = (25.0 * (_HIGH / _HIGH.sum() - _LOW / _LOW.sum())).astype(np.float32)


@dataclass(slots=True)
class Prosody:
    """One frame. `effort`: -1 (quiet, whispered) .. 0 (usual) .. 1 (shouted). `stress`: on the frame where a stressed
    syllable is found, how far it stands out, 0..1; else 0. `rate_hz`: syllables a second. `speaking`: whether a
    voice is heard. `phrase_ends`, `breath_heard`: events, true on one frame. `laughter`: 0..1."""

    effort: float
    stress: float
    rate_hz: float
    speaking: bool
    phrase_ends: bool
    breath_heard: bool
    laughter: float


class ProsodyAnalyser:
    """Prosody of one session; feed it every frame once, in order."""

    def __init__(self) -> None:
        self._levels = (-100.0, -100.0)  # raw, of the last two frames
        self._smoothed = (-100.0, -100.0)  # centred one frame back
        self._valley_db = -100.0
        self._room_db = -100.0  # quietest in this pause
        self._usual_db = self._recent_db = _FIRST_USUAL_DB
        self._nuclei = _FIRST_USUAL_NUCLEI
        self._since_nucleus = self._since_stress = _LONGEST_SYLLABLE
        self._interval = 0
        self._interval_mean = WEIGHTS_HZ / _USUAL_RATE_HZ
        self._spoken = 0
        self._silent = _PAUSE
        self._breathed = False
        self._nucleus_effort = self._effort = 0.0
        self._whisper = 0.0
        self._bursts = 0
        self._laughter = 0.0

    def analyse(self, loudness_db: np.ndarray, features: np.ndarray, speech: np.ndarray) -> list[Prosody]:
        """`loudness_db`: (T,), `features`: (T, 80), both of `FeatureExtractor`; `speech`: probability (T,) that a
        voice is heard, which may be a few frames older than the other two."""
        frames = zip(loudness_db.tolist(), (features @ _TILT).tolist(), speech.tolist(), strict=True)
        return [self._frame(*frame) for frame in frames]

    def _frame(self, loudness_db: float, tilt_db: float, speech: float) -> Prosody:
        speaking = speech > 0.5
        phrase_ends = self._follow_phrase(speaking)
        stress = self._follow_syllables(loudness_db)
        breath_heard = self._hear_breath(loudness_db, tilt_db)
        if speaking:
            low, high = _WHISPER_TILT_DB
            voiceless = min(max((tilt_db - low) / (high - low), 0.0), 1.0)
            self._whisper += (voiceless - self._whisper) / (_EFFORT_S * WEIGHTS_HZ)
        target = min(self._nucleus_effort, 1.0 - 2.0 * self._whisper)
        self._effort += (target - self._effort) / (_EFFORT_S * WEIGHTS_HZ)
        laughing = self._bursts >= _LAUGH_BURSTS and self._since_nucleus < _LAUGH_INTERVAL[1] * 2
        self._laughter += (laughing - self._laughter) / (_LAUGH_FADE_S * WEIGHTS_HZ)
        rate_hz = WEIGHTS_HZ / self._interval_mean
        return Prosody(self._effort, stress, rate_hz, speaking, phrase_ends, breath_heard, self._laughter)

    def _follow_phrase(self, speaking: bool) -> bool:
        """Count speech and silence; whether a phrase is just known to have ended."""
        if speaking:
            self._spoken += 1
            self._silent = 0
            self._breathed = False
            return False
        self._silent += 1
        if self._silent != _PAUSE:
            return False
        ended, self._spoken = self._spoken >= _PHRASE, 0
        return ended

    def _follow_syllables(self, loudness_db: float) -> float:
        """Find nuclei: peaks of smoothed loudness behind a dip. The stress of one that is found here, else 0."""
        before, middle = self._levels
        smoothed = 0.25 * before + 0.5 * middle + 0.25 * loudness_db
        earlier, peak = self._smoothed
        self._levels, self._smoothed = (middle, loudness_db), (peak, smoothed)
        self._since_nucleus += 1
        self._since_stress += 1
        depth_db = peak - self._valley_db
        if not (earlier < peak >= smoothed and depth_db >= _NUCLEUS_DIP_DB):
            self._valley_db = min(self._valley_db, smoothed)
            return 0.0
        self._valley_db = smoothed
        if self._silent >= _PAUSE or peak < self._usual_db - _SPOKEN_RANGE_DB:
            return 0.0
        self._follow_rhythm(depth_db)
        excess_db = peak - self._recent_db
        self._nuclei = min(self._nuclei + 1.0, _USUAL_NUCLEI)
        self._usual_db += (peak - self._usual_db) / self._nuclei
        self._recent_db += excess_db / _RECENT_NUCLEI
        self._nucleus_effort = min(max((self._recent_db - self._usual_db) / _FULL_EFFORT_DB, -1.0), 1.0)
        if excess_db < _STRESS_DB or self._since_stress < _STRESS_GAP:
            return 0.0
        self._since_stress = 0
        return min(excess_db / _FULL_STRESS_DB, 1.0)

    def _follow_rhythm(self, depth_db: float) -> None:
        """Rate, and the one mark of laughter that loudness shows: even bursts with deep dips. Syllables that are as
        even and as well separated (a chant, "ha ha" read aloud) pass for it; laughter without bursts is missed."""
        interval = self._since_nucleus
        self._since_nucleus = 0
        if interval <= _LONGEST_SYLLABLE:
            self._interval_mean += (interval - self._interval_mean) / _RECENT_NUCLEI
        lowest, highest = _LAUGH_INTERVAL
        even = lowest <= interval <= highest and abs(interval - self._interval) <= _LAUGH_IRREGULARITY
        self._bursts = self._bursts + 1 if even and depth_db >= _LAUGH_DIP_DB else 0
        self._interval = interval

    def _hear_breath(self, loudness_db: float, tilt_db: float) -> bool:
        """A hiss in a pause that is louder than the room and much quieter than speech; once a pause."""
        if self._silent <= _BREATH_AFTER:
            self._room_db = loudness_db
            return False
        self._room_db = min(self._room_db, loudness_db)
        heard = (
            not self._breathed
            and tilt_db > _WHISPER_TILT_DB[0]
            and self._room_db + _BREATH_ABOVE_ROOM_DB < loudness_db < self._usual_db - _FULL_EFFORT_DB
        )
        self._breathed = self._breathed or heard
        return heard
