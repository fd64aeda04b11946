"""What phones whose times are known look like, frame by frame: the network's targets, and how a transcript speaks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...blendshapes.phone_classes import CLASS_OF_LETTER
from ...blendshapes.phones import Atom, Lips, contact_envelope, mouth_curves
from ...blendshapes.visemes import VISEMES
from .features import FRAME_RATE_HZ

NO_VISEME = -1

_SPEECH_RAMP_S = 0.06
_SHORTEST_REST_S = 0.12


@dataclass(frozen=True, slots=True)
class SpokenFrames:
    """Look of T frames. `curves`: float32 (T, 6) in 0..1, order of `articulation.CURVES`. `visemes`: int64 (T,),
    indices into `VISEMES`, or `NO_VISEME` where the phone has no look of its own. `phones`: int64 (T,), indices into
    `PHONE_CLASSES`."""

    curves: np.ndarray
    visemes: np.ndarray
    phones: np.ndarray


def spoken_frames(atoms: Sequence[Atom], first: int, count: int) -> SpokenFrames:
    """Frames `first` .. `first + count - 1` of an utterance of `atoms` (at least one), each taken at its start,
    i / 60 s. Needs memory for 100 bytes per frame and atom."""
    times = np.arange(first, first + count) / FRAME_RATE_HZ
    mouth = mouth_curves(atoms, times)
    speech = np.zeros(count)
    for atom in atoms:
        if not atom.is_pause or atom.duration < _SHORTEST_REST_S:
            inside = np.minimum(times - atom.start, atom.end - times)
            speech = np.maximum(speech, np.clip(1 + inside / _SPEECH_RAMP_S, 0, 1))
    on_teeth = contact_envelope(atoms, times, Lips.TEETH)
    curves = np.stack([mouth.jaw, mouth.rounding, mouth.spread, mouth.lips_shut, on_teeth, speech], axis=1)

    starts = np.array([atom.start for atom in atoms])
    current = np.clip(np.searchsorted(starts, times, "right") - 1, 0, len(atoms) - 1)
    looks = (atom.articulation.viseme for atom in atoms)
    visemes = np.array([NO_VISEME if name is None else VISEMES.index(name) for name in looks])
    phones = np.array([CLASS_OF_LETTER[atom.letter] for atom in atoms])
    return SpokenFrames(curves.astype(np.float32), visemes[current], phones[current])
