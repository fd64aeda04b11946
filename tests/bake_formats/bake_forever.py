"""python bake_forever.py OUTPUT AUDIO: bakes until it is stopped, as `flashhead bake` would."""

import signal
import sys
from itertools import count
from pathlib import Path

from synthetic import FPS, SIZE, portrait, timed_frame

from flashhead_engine.bake.formats import BakeTarget, for_path
from flashhead_engine.bake.outputs import sigterm_raises
from flashhead_engine.drivers.base import WEIGHTS_HZ, Outputs


def main(path: Path, audio: Path) -> None:
    writer = for_path(path)(path, BakeTarget(audio=audio, fps=FPS, size=SIZE))
    with_video = writer.needs is Outputs.VIDEO
    try:
        for index in count():
            if with_video:
                writer.write(timed_frame(index, FPS, portrait(index % 20)))
            else:
                writer.write(timed_frame(index, WEIGHTS_HZ))
            if index == 10:
                print("baking", flush=True)
    finally:
        writer.abort()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs inherit that it is ignored
    with sigterm_raises():
        main(Path(sys.argv[1]), Path(sys.argv[2]))
