"""Whether this worker is whole and talks on this machine: for support, and for whoever puts it beside a game."""

import sys
import time
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ..blendshapes.arkit import INDEX
from ..client import Head, launch
from ..errors import FlashHeadError, TransportError
from .manifest import damage, is_shipped, read_manifest

SAMPLE = Path(__file__).with_name("sample.wav")
"""A second of a sample line of the guard's."""
_OPENS = 0.15
"""The jaw of whoever speaks it opens further."""


def self_test(options: Sequence[str], sample: Path = SAMPLE) -> int:
    """Print what was tried and found; the exit code: 1 when something is wrong. `options`: of the worker that is
    started for it."""
    try:
        for line in (*_files(), *_talk(options, sample)):
            print(line, flush=True)
    except FlashHeadError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("ready")
    return 0


def _files() -> Iterator[str]:
    if not is_shipped(sys.executable):
        yield "files: not checked, for this worker was installed, not shipped"
        return
    folder, began_s = Path(sys.executable).parent, time.monotonic()
    manifest = read_manifest(folder)
    if problems := list(damage(folder, manifest)):
        raise TransportError("; ".join(problems) + ". Copy the worker's folder again.")
    took_s = time.monotonic() - began_s
    size = f"{manifest.files}, {manifest.bytes / 1e6:.0f} MB"
    yield f"files: {size}, as version {manifest.version} has them ({took_s:.2f} s)"


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
    """How far its jaw opens, 0..1, while it speaks the sample, a WAV file with 16 bits and one channel."""
    with wave.open(str(sample)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
        utterance = head.speak(pcm, file.getframerate())
    frames = head.frames(utterance, real_time=False)
    return max((float(frame.weights[INDEX["jawOpen"]]) for frame in frames), default=0.0)
