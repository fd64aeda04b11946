"""What talking heads cost the main thread of Godot, and whether it shows every picture.

    python benchmarks/godot/heads.py [--renderer gl] [--heads 8] [--seconds 10]

Godot (FLASHHEAD_GODOT) draws 60 times a second with a software renderer, on an Xvfb of its own. First heads of a real
worker at 256x256, then as many at 512x512 from a program that has recorded pictures and writes 25 a second into each
ring; each is seen 128 pixels wide. Limits: 0.3 ms of the main thread for a head at 512x512 on a frame that has a new
picture (median); no picture left out. How many cores each program took says whether there was room for that. Needs
`python3 build.py godot --only-build`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "worker"))
sys.path.insert(0, str(Path(__file__).parents[1] / "bridge"))

from calls import RecordedWorker
from real import real_worker, spoken_line, verdict

from flashhead_engine.drivers.base import FrameFlags, TimedFrame
from flashhead_engine.transport import messages

PROJECT = Path(__file__).parents[2] / "godot_addon"
TICKS = os.sysconf("SC_CLK_TCK")
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
def screen() -> Iterator[tuple[str, int]]:
    """A display, and the process that draws it."""
    reading, writing = os.pipe()
    words = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "512x256x24", "-nolisten", "tcp"]
    process = subprocess.Popen(words, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as told:
        yield f":{told.readline().strip()}", process.pid
    process.terminate()
    process.wait()


def cpu_seconds(processes: dict[str, int]) -> Counter[str]:
    """Processor time so far of the whole machine ("all") and of processes by their names; the renderer's threads of
    Godot are counted apart, and its main thread."""
    used = Counter()
    machine = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    used["all"] = sum(int(machine[column]) for column in (0, 1, 2, 5, 6)) / TICKS
    for name, pid in processes.items():
        for thread in Path(f"/proc/{pid}/task").iterdir():
            try:
                called, _, rest = (thread / "stat").read_text().rpartition(")")
            except OSError:
                continue  # it ended just now
            part = name
            if name == "Godot":
                part = "Godot, main thread" if thread.name == str(pid) else "Godot, other threads"
                part = "llvmpipe" if "(llvmpipe" in called else part
            used[part] += sum(map(int, rest.split()[11:13])) / TICKS
    return used


def measure(renderer: str, heads: int, size: int, seconds: int, endpoint: str, token: str, worker: int) -> dict:
    """`worker`: its process. What heads.gd measured, and the "cores" that each process used meanwhile."""
    with screen() as (display, display_process), tempfile.NamedTemporaryFile() as pcm:
        line = np.resize(spoken_line(), 16_000 * (seconds + 2))
        Path(pcm.name).write_bytes(np.round(line * 32767).astype("<i2").tobytes())
        environment = {"DISPLAY": display, "FLASHHEAD_ENDPOINT": endpoint, "FLASHHEAD_TOKEN": token}
        given = [f"heads={heads}", f"size={size}", f"seconds={seconds}", f"pcm={pcm.name}"]
        command = [os.environ["FLASHHEAD_GODOT"], *RENDERERS[renderer], "--audio-driver", "Dummy"]
        command += ["--resolution", "512x256", "--path", PROJECT, "--script", Path(__file__).with_suffix(".gd")]
        godot = subprocess.Popen(
            [*command, "--", *given],
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        watchdog = threading.Timer(120, godot.kill)
        watchdog.start()
        processes = {"worker": worker, "Godot": godot.pid, "X server": display_process}
        said, began, found = "", (0.0, Counter()), None
        for text in godot.stdout:
            said += text
            if text.startswith("BEGAN"):
                began = time.monotonic(), cpu_seconds(processes)
            if text.startswith("MEASURED "):
                took_s, used = time.monotonic() - began[0], cpu_seconds(processes)
                found = json.loads(text.removeprefix("MEASURED "))
                godot.stdin.close()
        godot.wait()
        watchdog.cancel()
    if found is None:
        raise RuntimeError(said)
    used.subtract(began[1])
    used["others"] = 2 * used["all"] - sum(used.values())
    return found | {"cores": {name: one / took_s for name, one in used.items()}}


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


def prepare_project() -> None:
    """A fresh checkout's project knows neither its library nor its classes."""
    known = PROJECT / ".godot" / "extension_list.cfg"
    if known.exists():
        return
    known.parent.mkdir(exist_ok=True)
    known.write_text("res://addons/flashhead/flashhead.gdextension\n")
    command = [os.environ["FLASHHEAD_GODOT"], "--headless", "--path", PROJECT, "--import"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--renderer", choices=RENDERERS, default="gl")
    parser.add_argument("--heads", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=10)
    options = parser.parse_args()
    common = (options.renderer, options.heads)
    prepare_project()
    with real_worker() as worker:
        live = measure(*common, 256, options.seconds, worker.endpoint, worker.token, worker.process.pid)
    writer = WritingWorker(512)
    try:
        recorded = measure(*common, 512, options.seconds, writer.endpoint, "x", os.getpid())
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
    print("\n| cores used by | " + " | ".join(live["cores"]) + " |")
    print("|---" * (1 + len(live["cores"])) + "|")
    for name, one in (("256x256, live worker", live), ("512x512, recorded", recorded)):
        print(f"| {name} | " + " | ".join(f"{cores:.2f}" for cores in one["cores"].values()) + " |")
    cost = np.median(recorded["with"])
    verdict(
        cost <= LIMIT_US and missing == 0, f"a head of 512x512 costs {cost:.0f} us; {missing} pictures left out; "
    )


if __name__ == "__main__":
    main()
