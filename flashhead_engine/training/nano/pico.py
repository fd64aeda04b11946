"""SVOX Pico, a speech engine that training never hears, through the package py-nanotts."""

import numpy as np

from ...errors import MissingDependencyError

_VOLUME = 0.5  # at 1 the loudest samples are clipped


def speak(text: str, voice: str) -> np.ndarray:
    """Speak a line: float32 (n,), 16 kHz. `voice`: en-US, en-GB, de-DE, es-ES, fr-FR or it-IT."""
    try:
        from py_nanotts import NanoTTS
    except ImportError as error:
        raise MissingDependencyError(
            f"The held-out engine needs py-nanotts ({error}). Install it with: pip install py-nanotts"
        ) from error
    return np.frombuffer(NanoTTS().speak(text, voice=voice, volume=_VOLUME), "<i2").astype(np.float32) / 32768
