"""flite through its command line: English speech of recorded voices with the end time of every phone."""

import shutil
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np

from ...blendshapes.phones import Segment
from ...errors import FlashHeadError, MissingDependencyError
from .speech import Speech

# The voices' phones (CMU "radio" set) in IPA.
_IPA = {
    **dict(aa="ɑ", ae="æ", ah="ʌ", ao="ɔ", aw="aʊ", ax="ə", axr="ɚ", ay="aɪ", b="b", ch="tʃ", d="d", dh="ð"),
    **dict(dx="ɾ", eh="ɛ", el="əl", em="m", en="n", er="ɝ", ey="eɪ", f="f", g="ɡ", hh="h", hv="h", ih="ɪ"),
    **dict(iy="i", jh="dʒ", k="k", l="l", m="m", n="n", nx="n", ng="ŋ", ow="oʊ", oy="ɔɪ", p="p", r="ɹ", s="s"),
    **dict(sh="ʃ", t="t", th="θ", uh="ʊ", uw="u", v="v", w="w", y="j", z="z", zh="ʒ", pau=""),
}


def check_installed() -> None:
    """Raise MissingDependencyError when flite is not installed."""
    if shutil.which("flite") is None:
        raise MissingDependencyError(
            "flite was not found; it makes part of the training speech. Install it with: sudo apt-get install flite"
        )


def read_wav(path: Path) -> tuple[np.ndarray, int]:
    """A synthesiser's 16-bit mono file: float32 samples in [-1, 1] and their rate in Hz."""
    with wave.open(str(path)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
        return pcm, file.getframerate()


def speak(text: str, voice: str, duration_stretch: float, pitch_hz: float | None = None) -> Speech:
    """Speak an English line. `duration_stretch`: 1 = the voice's own tempo, 1.2 = slower.

    `pitch_hz`: mean pitch, for the diphone voices only; None = the voice's own.
    Raises FlashHeadError when flite fails.
    """
    command = ["flite", "-voice", voice, "--setf", f"duration_stretch={duration_stretch:.3f}"]
    if pitch_hz is not None:
        command += ["--setf", f"int_f0_target_mean={pitch_hz:.1f}"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.wav"
        command += ["-psdur", "-t", text, "-o", str(path)]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0 or not path.exists():
            raise FlashHeadError(f"flite failed on '{text}' with the voice '{voice}': {result.stderr.strip()}")
        pcm, sample_rate_hz = read_wav(path)
    return Speech(pcm, sample_rate_hz, _segments(result.stdout, len(pcm) / sample_rate_hz))


def _segments(listing: str, duration_s: float) -> tuple[Segment, ...]:
    """Read flite's "phone:end phone:end ...". The diphone voices cut the last pause short of its time in the list;
    where audio is left over, it is a pause."""
    segments = []
    start = 0.0
    for entry in listing.split():
        phone, _, listed_end = entry.partition(":")
        end = min(float(listed_end), duration_s)
        segments.append(Segment(start, end, _IPA[phone]))
        start = end
    if start < duration_s:
        segments.append(Segment(start, duration_s, ""))
    return tuple(segments)
