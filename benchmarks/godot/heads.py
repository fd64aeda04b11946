"""What talking heads cost the main thread of Godot, and whether it shows every picture.

    python benchmarks/godot/heads.py [--renderer gl] [--heads 8] [--seconds 10]

Godot (FLASHHEAD_GODOT) draws 60 times a second with a software renderer, on an Xvfb of its own. First heads of a real
worker at 256x256, then as many at 512x512 from a program that has recorded pictures and writes 25 a second into each
ring; each is seen 128 pixels wide. Limits: 0.3 ms of the main thread for a head at 512x512 on a frame that has a new
picture (median); no picture left out. Needs `python3 build.py godot`.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "worker"))
sys.path.insert(0, str(Path(__file__).parents[1] / "bridge"))

from calls import RecordedWorker
from real import real_worker, spoken_line, verdict

from flashhead_engine.drivers.base import FrameFlags, TimedFrame
from flashhead_engine.transport import messages

ROOT = Path(__file__).parents[2]
LIMIT_US = 300
FRAME_US = 40_000
AHEAD = 4  # pictures that a worker is ahead of the audio
RENDERERS = {
    "gl": ("--rendering-method", "gl_compatibility", "--rendering-driver", "opengl3"),
    "vulkan": ("--rendering-method", "mobile", "--rendering-driver", "vulkan"),
}


class WritingWorker(RecordedWorker):
    """Writes pictures into the ring of every session that was spoken to, as a worker that is never late."""

    def __init__(self, size: int) -> None:
        random = np.random.default_rng(0)
        self._pictures = [random.integers(0, 255, (size, size, 4), np.uint8) for _ in range(4)]
        self._began: dict[int, float] = {}
        super().__init__()
        self._writer = threading.Thread(target=self._write)
        self._writer.start()

    def close(self) -> None:
        self._stop.set()
        self._writer.join()
        super().close()

    def _answers(self, message) -> list:
        if isinstance(message, messages.Speak):
            self._began[message.session] = time.monotonic()
        return super()._answers(message)

    def _write(self) -> None:
        written: dict[int, int] = {}
        empty = np.empty(0, np.float32)
        while not self._stop.wait(0.004):
            for session, began in list(self._began.items()):
                index = written.get(session, 0)
                while index * FRAME_US / 1e6 < time.monotonic() - began + AHEAD * FRAME_US / 1e6:
                    header = (1, 0, index, index * FRAME_US, FRAME_US, FrameFlags.NONE)
                    picture = self._pictures[index % len(self._pictures)]
                    frame = TimedFrame(*header, weights=empty, pose=empty, visemes=empty, pixels=picture)
                    self.rings[session - 1].publish(frame)
                    index += 1
                written[session] = index


@contextmanager
def screen():
    reading, writing = os.pipe()
    words = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "512x256x24", "-nolisten", "tcp"]
    process = subprocess.Popen(words, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as told:
        yield f":{told.readline().strip()}"
    process.terminate()
    process.wait()


def measure(renderer: str, heads: int, size: int, seconds: int, endpoint: str, token: str) -> dict:
    with screen() as display, tempfile.NamedTemporaryFile() as pcm:
        line = np.resize(spoken_line(), 16_000 * (seconds + 2))
        Path(pcm.name).write_bytes(np.round(line * 32767).astype("<i2").tobytes())
        environment = {"DISPLAY": display, "FLASHHEAD_ENDPOINT": endpoint, "FLASHHEAD_TOKEN": token}
        given = [f"heads={heads}", f"size={size}", f"seconds={seconds}", f"pcm={pcm.name}"]
        command = [os.environ["FLASHHEAD_GODOT"], *RENDERERS[renderer], "--audio-driver", "Dummy"]
        command += ["--resolution", "512x256", "--path", ROOT / "godot_addon"]
        command += ["--script", Path(__file__).with_suffix(".gd"), "--", *given]
        said = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=120)
    found = re.search(r"^MEASURED (.*)$", said.stdout, re.MULTILINE)
    if not found:
        raise RuntimeError(said.stdout + said.stderr)
    return json.loads(found[1])


def plain_copy_us() -> float:
    """What a copy of one picture costs this machine now, at a game's rhythm and from memory that no cache holds: what
    is measured makes two, into Godot's Image and from there into the texture."""
    source, target, took = np.ones((32, 512 * 512 * 4), np.uint8), np.zeros((8, 512 * 512 * 4), np.uint8), []
    for number in range(120):
        time.sleep(1 / 60)
        began = time.perf_counter()
        target[number % len(target)] = source[number % len(source)]
        took.append(1e6 * (time.perf_counter() - began))
    return float(np.median(took))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--renderer", choices=RENDERERS, default="gl")
    parser.add_argument("--heads", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=10)
    options = parser.parse_args()
    common = (options.renderer, options.heads)
    with real_worker() as worker:
        live = measure(*common, 256, options.seconds, worker.endpoint, worker.token)
    writer = WritingWorker(512)
    try:
        recorded = measure(*common, 512, options.seconds, writer.endpoint, "x")
    finally:
        writer.close()
    print(f"load {os.getloadavg()[0]:.1f}; {options.heads} heads, {options.renderer}, {options.seconds} s")
    print(f"a plain copy of a picture of 512x512: {plain_copy_us():.0f} us\n")
    print("| pictures | draws a second | shown | left out | with a new picture p50 / p95 us | without p50 us |")
    print("|---|---|---|---|---|---|")
    missing = 0
    for name, one in (("256x256, live worker", live), ("512x512, recorded", recorded)):
        # Every number from the first one shown to the last one.
        wanted = sum(indices[-1] - indices[0] + 1 for indices in one["shown"])
        shown = sum(map(len, one["shown"]))
        missing += wanted - shown
        p50, p95 = np.percentile(one["with"], (50, 95))
        draws = one["draws"] / options.seconds
        without = np.median(one["without"])
        print(f"| {name} | {draws:.0f} | {shown} | {wanted - shown} | {p50:.0f} / {p95:.0f} | {without:.0f} |")
    cost = np.median(recorded["with"])
    verdict(
        cost <= LIMIT_US and missing == 0, f"a head of 512x512 costs {cost:.0f} us; {missing} pictures left out; "
    )


if __name__ == "__main__":
    main()
