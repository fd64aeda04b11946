"""What the network learns to say about every frame, from the phones that are spoken."""

from collections.abc import Sequence

import numpy as np

from ...blendshapes.phones import Lips, Segment, contact_envelope, mouth_curves, to_atoms
from ...blendshapes.visemes import VISEMES
from ...drivers.nano.features import FRAME_RATE_HZ

CURVES: tuple[str, ...] = ("jaw", "rounding", "spread", "lips_shut", "lips_on_teeth", "speech")
NO_VISEME = -1

_SPEECH_RAMP_S = 0.06
_SHORTEST_REST_S = 0.12


def frame_targets(segments: Sequence[Segment], frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Targets of frames 0..frames-1, taken at their start, i / 60 s.

    Returns curves, float32 (frames, 6) in 0..1 in the order of `CURVES`, and visemes, int64 (frames,): indices into
    `VISEMES`, or `NO_VISEME` where the phone has no look of its own.
    """
    times = np.arange(frames) / FRAME_RATE_HZ
    atoms = to_atoms(segments)
    mouth = mouth_curves(atoms, times)
    speech = np.zeros(frames)
    for atom in atoms:
        if not atom.is_pause or atom.duration < _SHORTEST_REST_S:
            inside = np.minimum(times - atom.start, atom.end - times)
            speech = np.maximum(speech, np.clip(1 + inside / _SPEECH_RAMP_S, 0, 1))
    on_teeth = contact_envelope(atoms, times, Lips.TEETH)
    curves = np.stack([mouth.jaw, mouth.rounding, mouth.spread, mouth.lips_shut, on_teeth, speech], axis=1)

    starts = np.array([atom.start for atom in atoms])
    current = np.clip(np.searchsorted(starts, times, "right") - 1, 0, len(atoms) - 1)
    of_atom = [atom.articulation.viseme for atom in atoms]
    names = np.array([NO_VISEME if name is None else VISEMES.index(name) for name in of_atom])
    return curves.astype(np.float32), names[current]
