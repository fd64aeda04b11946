"""Open JTalk through its command line: Japanese speech of a voice built from recordings, with the times of every
phone, made from hidden Markov models.

The voice is "Mei" (MMDAgent Project, Nagoya Institute of Technology, CC BY 3.0), as the package pyopenjtalk-plus
carries it; the dictionary comes with the program.
"""

import importlib.util
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from ...audio.pcm import SAMPLE_RATE_HZ
from ...blendshapes.phones import Segment
from ...errors import FlashHeadError, MissingDependencyError
from .flite import read_wav
from .speech import Speech

_DICTIONARY = Path("/var/lib/mecab/dic/open-jtalk/naist-jdic")  # where Debian's package puts it
_UNITS_PER_S = 1e7  # label files count in 100 ns, as HTK does
_TIMEOUT_S = 60

# Phones of the voice's label files in IPA; capital vowels are whispered.
_IPA = {
    **dict(a="a", i="i", u="ɯ", e="e", o="o", A="a", I="i", U="ɯ", E="e", O="o", N="ɴ", cl="ʔ", pau="", sil=""),
    **dict(k="k", g="ɡ", s="s", z="z", t="t", d="d", n="n", h="h", b="b", p="p", m="m", r="ɾ", y="j", w="w"),
    **dict(f="ɸ", v="v", j="dʑ", ch="tɕ", ts="ts", sh="ɕ", ky="kj", gy="ɡj", ny="ɲ", hy="ç", by="bj", py="pj"),
    **dict(my="mj", ry="ɾj", ty="tj", dy="dj", kw="kw", gw="ɡw", fy="ɸj", vy="vj", sy="ɕ", zy="ʑ", ly="ɾj"),
}


@cache
def _voice() -> Path:
    package = importlib.util.find_spec("pyopenjtalk")
    if package is None or package.origin is None:
        raise MissingDependencyError(
            'the Japanese voice was not found. Install it with: pip install "flashhead-engine[train]"'
        )
    return Path(package.origin).parent / "htsvoice" / "mei_normal.htsvoice"


def check_installed() -> None:
    """Raise MissingDependencyError when the program, its dictionary or the voice is missing."""
    _voice()
    if shutil.which("open_jtalk") is None or not _DICTIONARY.is_dir():
        raise MissingDependencyError(
            "Open JTalk was not found; it makes part of the training speech. Install it with: "
            "sudo apt-get install open-jtalk open-jtalk-mecab-naist-jdic"
        )


def speak(text: str, speed: float, half_tones: float, all_pass: float) -> Speech:
    """Speak a Japanese line. `speed`: 1 = the voice's own tempo, 1.2 = faster. `half_tones`: added to the pitch.
    `all_pass`: frequency warping of the throat; 0.55 is the voice's own, more is a longer throat.

    Raises FlashHeadError when the program fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        sound, trace = Path(folder) / "line.wav", Path(folder) / "line.trace"
        command = ["open_jtalk", "-x", str(_DICTIONARY), "-m", str(_voice()), "-ow", str(sound), "-ot", str(trace)]
        command += ["-r", f"{speed:.3f}", "-fm", f"{half_tones:.2f}", "-a", f"{all_pass:.3f}"]
        result = subprocess.run(command, input=text, capture_output=True, text=True, timeout=_TIMEOUT_S)
        if result.returncode != 0 or not sound.exists() or not trace.exists():
            raise FlashHeadError(f"Open JTalk failed on '{text}': {result.stderr.strip()}")
        pcm, sample_rate_hz = read_wav(sound)
        return Speech(pcm, sample_rate_hz, _segments(trace.read_text("utf-8"), len(pcm) / sample_rate_hz))


def _segments(trace: str, duration_s: float) -> tuple[Segment, ...]:
    """Read the "start end label" lines of the trace; a label names its phone between "-" and "+"."""
    listing = trace.split("[Output label]")[1].split("\n\n")[0]
    segments = []
    for entry in listing.strip().splitlines():
        start, end, label = entry.split(" ", 2)
        phone = label.split("-", 1)[1].split("+", 1)[0]
        segments.append(Segment(int(start) / _UNITS_PER_S, min(int(end) / _UNITS_PER_S, duration_s), _IPA[phone]))
    if segments and segments[-1].end < duration_s - 1 / SAMPLE_RATE_HZ:
        segments.append(Segment(segments[-1].end, duration_s, ""))
    return tuple(segments)
