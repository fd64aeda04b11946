"""espeak-ng through its C library: speech with the time of every phone, in over a hundred languages.

Reference: speak_lib.h of espeak-ng 1.51 (phoneme events carry IPA and the sample position).
"""

import ctypes
import ctypes.util
from dataclasses import replace

import numpy as np

from ...blendshapes.phones import Segment
from ...errors import MissingDependencyError, SettingsError
from .speech import Speech

_SYNCHRONOUS_OUTPUT = 2
_PHONEME_EVENTS_IN_IPA = 1 | 2
_EVENT_LIST_END, _EVENT_PHONEME = 0, 7
_UTF8_TEXT = 1
_RATE, _PITCH, _RANGE = 1, 3, 4

_VOICELESS_STOPS = ("p", "t", "k", "c", "q", "ʈ")
_LONGEST_CLOSURE_S = 0.08
_CLOSURE_AFTER_PAUSE_S = 0.05
_LONGEST_RELEASE_S = 0.04
_SHORTEST_PAUSE_S = 0.04
_SILENT = 0.003


class _EventId(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class Espeak:
    """The library keeps its state per process: make one instance, use it from one thread.

    Raises MissingDependencyError when libespeak-ng is not installed.
    """

    def __init__(self) -> None:
        name = ctypes.util.find_library("espeak-ng")
        if name is None:
            raise MissingDependencyError(
                "libespeak-ng was not found; it makes the training speech. "
                "Install it with: sudo apt-get install espeak-ng libespeak-ng1"
            )
        self._library = ctypes.CDLL(name)
        self.sample_rate_hz = self._library.espeak_Initialize(_SYNCHRONOUS_OUTPUT, 0, None, _PHONEME_EVENTS_IN_IPA)
        if self.sample_rate_hz <= 0:
            raise MissingDependencyError("espeak-ng could not start (are its voices, espeak-ng-data, installed?).")
        self._blocks: list[np.ndarray] = []
        self._phones: list[tuple[int, str]] = []
        self._callback = _Callback(self._receive)  # the library keeps a pointer to it
        self._library.espeak_SetSynthCallback(self._callback)

    def _receive(self, samples, count: int, events) -> int:
        if count > 0:
            self._blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while events[index].type != _EVENT_LIST_END:
            if events[index].type == _EVENT_PHONEME:
                ipa = bytes(events[index].id.string).split(b"\0")[0].decode("utf-8", "ignore")
                self._phones.append((events[index].sample, ipa))
            index += 1
        return 0

    def speak(self, text: str, voice: str, words_per_minute: int, pitch: int, pitch_range: int) -> Speech:
        """Speak a line. `voice`: "language" or "language+variant"; `pitch`, `pitch_range`: 0..100.

        Raises SettingsError for an unknown voice or a text that gives no sound.
        """
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise SettingsError(f"espeak-ng does not know the voice '{voice}'.")
        for parameter, value in ((_RATE, words_per_minute), (_PITCH, pitch), (_RANGE, pitch_range)):
            self._library.espeak_SetParameter(parameter, value, 0)
        self._blocks.clear()
        self._phones.clear()
        encoded = text.encode() + b"\0"
        self._library.espeak_Synth(encoded, len(encoded), 0, 1, 0, _UTF8_TEXT, None, None)
        if not self._blocks:
            raise SettingsError(f"espeak-ng made no sound of '{text}' with the voice '{voice}'.")
        pcm = np.concatenate(self._blocks).astype(np.float32) / 32768
        return Speech(pcm, self.sample_rate_hz, self._segments(pcm))

    def _segments(self, pcm: np.ndarray) -> tuple[Segment, ...]:
        starts = [sample / self.sample_rate_hz for sample, _ in self._phones]
        phones = [ipa for _, ipa in self._phones]
        if not starts or starts[0] > 0:
            starts.insert(0, 0.0)
            phones.insert(0, "")
        _give_stops_their_closure(starts, phones, pcm, self.sample_rate_hz)
        ends = [*starts[1:], len(pcm) / self.sample_rate_hz]
        segments: list[Segment] = []
        for start, end, ipa in zip(starts, ends, phones, strict=True):
            if end <= start:
                continue
            if ipa == "" and end - start < _SHORTEST_PAUSE_S and segments:  # a gap inside a cluster, no pause
                segments[-1] = replace(segments[-1], end=end)
            else:
                segments.append(Segment(start, end, ipa))
        return tuple(segments)


def _give_stops_their_closure(starts: list[float], phones: list[str], pcm: np.ndarray, sample_rate_hz: int) -> None:
    """Correct the times of voiceless stops in place.

    espeak-ng reports a voiceless stop at its burst and counts the silent closure before it to the neighbour, but
    the lips of a [p] are shut during that silence and open with the burst. So the start moves back over the
    silence, and aspiration beyond 40 ms goes to what follows.
    """
    for index in range(1, len(phones)):
        if not phones[index].startswith(_VOICELESS_STOPS):
            continue
        burst = starts[index]
        if phones[index - 1] == "":
            closure = _CLOSURE_AFTER_PAUSE_S
        else:
            before = pcm[max(0, int((burst - _LONGEST_CLOSURE_S) * sample_rate_hz)) : int(burst * sample_rate_hz)]
            loud = np.flatnonzero(np.abs(before) > _SILENT)
            closure = (len(before) - (int(loud[-1]) + 1 if len(loud) else 0)) / sample_rate_hz
        starts[index] = max(starts[index - 1], burst - closure)
        if len(phones[index]) == 1 and index + 1 < len(starts):
            starts[index + 1] = min(starts[index + 1], burst + _LONGEST_RELEASE_S)
