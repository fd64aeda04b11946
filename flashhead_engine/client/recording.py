"""What a client would have shown, written to a file frame by frame."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

from ..bake.background import BackgroundWriter
from ..bake.formats import BakeTarget, for_path
from ..drivers.base import Outputs
from ..errors import OutputError, TransportError
from .head import Head
from .sound import WallClock
from .starting import until_first_frame
from .utterance import Utterance


@dataclass(frozen=True, slots=True)
class Recording:
    """`file`: a video, or the folder of a PNG sequence. `frames`: written, `held`: of them, those that show an older
    picture because theirs had not come."""

    file: Path
    frames: int
    held: int


def record(head: Head, utterance: Utterance, duration_us: int, path: Path, target: BakeTarget) -> Recording:
    """Show an utterance of this length in real time to a file: at each frame's time the picture that a client would
    have on its screen. Raises OutputError, MissingDependencyError, AudioError, TransportError."""
    kind = for_path(path)
    if kind.needs is not Outputs.VIDEO:
        raise OutputError(f"{path}: a recording is of pictures: use .mp4, .webm, .ogv or .png. `bake` writes tracks.")
    writer = BackgroundWriter(kind(path, target))
    try:
        frames, held = _write(head, utterance, duration_us, target.fps, writer)
        return Recording(path.parent / writer.finish().file, frames, held)
    finally:
        writer.abort()


def _write(head: Head, utterance: Utterance, duration_us: int, fps: int, writer: BackgroundWriter) -> tuple[int, int]:
    for _ in until_first_frame(head, utterance):
        pass
    clock = WallClock()
    clock.start()
    picture, held = head.newest(), 0
    count = -(-duration_us * fps // 1_000_000)
    for index in range(count):
        due_us = -(-index * 1_000_000 // fps)  # rounded up: never before the PTS of the frame that is due
        while (now_us := clock.now_us()) < due_us:
            time.sleep(min(0.005, (due_us - now_us) / 1e6))
        head.clock(utterance, max(now_us, due_us))
        frame = head.frame_at(utterance, due_us)
        held += frame is None or frame.pts_us < due_us - 1
        picture = frame or picture
        if picture is None:
            raise TransportError("no frame came from the worker: nothing can be recorded.")
        writer.write(replace(picture, index=index, pts_us=due_us))
    return count, held
