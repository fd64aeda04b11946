"""Whether this worker talks on this machine: for support, and for whoever puts it beside a game."""

import sys
import time
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ..blendshapes.arkit import INDEX
from ..client import Head, launch
from ..errors import FlashHeadError, TransportError
from .manifest import is_shipped

SAMPLE = Path(__file__).with_name("sample.wav")
"""A second of a sample line of the guard's."""
_OPENS = 0.15
"""The jaw of whoever speaks it opens further."""


def self_test(options: Sequence[str], sample: Path = SAMPLE) -> int:
    """Print what was tried and found; the exit code: 1 when something is wrong. `options`: of the worker that is
    started for it."""
    try:
        for line in _talk(options, sample):
            print(line, flush=True)
    except FlashHeadError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("ready")
    return 0


def _talk(options: Sequence[str], sample: Path) -> Iterator[str]:
    program = (sys.executable,) if is_shipped(sys.executable) else ()
    began_s = time.monotonic()
    with launch(program, name="self-test", options=options) as worker:
        yield f"worker: started in {time.monotonic() - began_s:.2f} s, tiers {', '.join(worker.tiers)}"
        with worker.open() as head:
            yield f"session: open after {time.monotonic() - began_s:.2f} s"
            jaw = opens(head, sample)
    if jaw < _OPENS:
        raise TransportError(f"the worker answers, but its mouth stays shut (jawOpen {jaw:.2f}).")
    yield f"line: the mouth opens to {jaw:.2f}"


def opens(head: Head, sample: Path = SAMPLE) -> float:
    """How far its jaw opens, 0..1, while it speaks the sample; of a head with blendshapes alone."""
    frames = head.frames(head.speak(*read_sample(sample)), real_time=False)
    return max((float(frame.weights[INDEX["jawOpen"]]) for frame in frames), default=0.0)


def read_sample(sample: Path = SAMPLE) -> tuple[np.ndarray, int]:
    """Samples, float32 in [-1, 1], and their rate, of a WAV file with 16 bits and one channel."""
    with wave.open(str(sample)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
        return pcm, file.getframerate()
