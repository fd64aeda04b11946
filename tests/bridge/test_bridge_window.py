"""Promises of the example with window and sound, as a person meets it: the line is heard, the mouth on the screen
moves with it, cancel and quit work, nothing is left. The screen is Xvfb's memory, the loudspeaker a file of SDL's."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from bridge_library import BUILT, need_built, rings_of

from flashhead_engine.audio.decode import open_audio
from flashhead_engine.audio.pcm import SAMPLE_RATE_HZ
from flashhead_engine.avatar.bundle import load_avatar
from flashhead_engine.blendshapes.phones import mouth_curves, to_atoms
from flashhead_engine.evaluation.lipsync import Truth
from flashhead_engine.evaluation.sync import MIN_CORRELATION

LINE = Path(__file__).parents[1] / "data" / "lipsync" / "hu-01"  # its synthesiser says when each phone sounds
AVATAR, SIDE, SCREEN = "guard", 512, 640
TOLD_HZ = 200
LATEST_MS = 80
TRIES = 5
TOOLS = ("Xvfb", "xdotool")


@dataclass
class Screen:
    """A screen without a device: what it shows, and keys for the window under its pointer."""

    display: str
    file: Path

    def picture(self) -> np.ndarray:
        data = np.memmap(self.file, np.uint8, "r")
        header, colours = (int.from_bytes(data[at : at + 4].tobytes(), "big") for at in (0, 76))  # XWDFile.h
        pixels = data[header + 12 * colours :][: SCREEN * SCREEN * 4]
        edge = (SCREEN - SIDE) // 2
        return pixels.reshape(SCREEN, SCREEN, 4)[edge : edge + SIDE, edge : edge + SIDE, 2::-1]

    def press(self, key: str) -> None:
        subprocess.run(["xdotool", "key", key], env={**os.environ, "DISPLAY": self.display}, check=True, timeout=10)


@pytest.fixture
def screen(tmp_path):
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        pytest.skip(f"needs {' and '.join(missing)}")
    shown, numbered = tmp_path / "screen", tmp_path / "display"
    shown.mkdir()
    with numbered.open("wb") as number:
        size = f"{SCREEN}x{SCREEN}x24"
        words = ["Xvfb", "-displayfd", str(number.fileno()), "-screen", "0", size, "-fbdir", str(shown)]
        server = subprocess.Popen(words, pass_fds=[number.fileno()], stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 10
        while not (found := numbered.read_text().strip()):
            assert time.monotonic() < end, "Xvfb does not start"
            time.sleep(0.05)
        yield Screen(f":{found}", shown / "Xvfb_screen0")
    finally:
        server.terminate()
        server.wait(timeout=10)


@dataclass
class Program:
    """The example, with what its loudspeaker was given so far. 16 bits, mono."""

    process: subprocess.Popen
    heard_file: Path

    def heard(self) -> np.ndarray:
        return np.fromfile(self.heard_file, "<i2") / 32768

    def heard_s(self) -> float:
        return self.heard_file.stat().st_size / 2 / SAMPLE_RATE_HZ

    def wait_until_heard(self, loud: float = 0.01, timeout_s: float = 20.0) -> None:
        end = time.monotonic() + timeout_s
        while not (self.heard_file.exists() and (np.abs(self.heard()) > loud).any()):
            assert self.process.poll() is None and time.monotonic() < end, "nothing is heard"
            time.sleep(0.02)

    def end(self) -> None:
        assert self.process.wait(timeout=10) == 0, self.process.stderr.read()


@pytest.fixture
def talking(screen, tmp_path):
    """Call to start the example with a WAV file; it launches a worker of its own."""
    if not (BUILT / "talking_npc").exists():
        pytest.skip("talking_npc was not built: it needs SDL2")
    started = []

    def start(line: Path) -> Program:
        heard = tmp_path / "heard.raw"
        environment = {
            **os.environ,
            "DISPLAY": screen.display,
            "SDL_VIDEODRIVER": "x11",
            "SDL_AUDIODRIVER": "disk",
            "SDL_DISKAUDIOFILE": str(heard),
            "FLASHHEAD_WORKER": f"{sys.executable} -m flashhead_engine.worker",
        }
        command = [need_built(BUILT / "talking_npc"), line, AVATAR]
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen(command, env=environment, **pipes)
        started.append(process)
        return Program(process, heard)

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()


@pytest.fixture
def line(tmp_path):
    """A dialogue line as a WAV file, and its samples."""
    with open_audio(LINE.with_suffix(".flac")) as audio:
        samples = np.concatenate(list(audio.chunks()))
    path = tmp_path / "line.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path, samples


def found_at(heard: np.ndarray, line: np.ndarray) -> tuple[int, float]:
    """Where the line begins in what is heard, and how like it that stretch is: 1 is the same."""
    size = 1 << (len(heard) + len(line)).bit_length()
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(line, size)))[: len(heard)]
    at = int(np.argmax(product))
    stretch = heard[at : at + len(line)]
    whole = np.linalg.norm(stretch) * np.linalg.norm(line)
    return at, float(stretch @ line[: len(stretch)] / whole) if whole > 0 else 0.0


def mouth_region() -> tuple[slice, slice]:
    avatar = load_avatar(AVATAR)
    outer = np.concatenate([avatar.landmarks.lip_upper_outer, avatar.landmarks.lip_lower_outer])
    scale = SIDE / avatar.side
    left, top = np.floor(outer.min(0) * scale).astype(int)
    lowest = outer.max(0)
    lowest[1] += avatar.landmarks.jaw_drop
    right, bottom = np.ceil(lowest * scale).astype(int)
    return slice(top, bottom), slice(left, right)


def follows(times_s: np.ndarray, opening: np.ndarray, told: np.ndarray) -> tuple[float, float]:
    """How well the opening follows what is told of the line, and how many ms later it is."""
    told_s = np.arange(len(told)) / TOLD_HZ
    found = []
    for lag_s in np.arange(-0.4, 0.4, 0.01):
        seen = (told_s + lag_s >= times_s[0]) & (told_s + lag_s <= times_s[-1])
        alike = np.corrcoef(told[seen], np.interp(told_s[seen] + lag_s, times_s, opening))[0, 1]
        found.append((float(alike), 1000 * float(lag_s)))
    return max(found)


def watch(
    program: Program, screen: Screen, mouth: tuple[slice, slice], samples: np.ndarray, asked_at: int
) -> tuple[np.ndarray, np.ndarray]:
    """While the line is spoken: times in it, and how far the mouth on the screen is from its rest. `asked_at`: how
    many samples were heard before."""
    seen_s, heard_s, mouths = [], [], []
    end = time.monotonic() + len(samples) / SAMPLE_RATE_HZ + 1.0
    while time.monotonic() < end:
        seen_s.append(time.monotonic())
        heard_s.append(program.heard_s())
        mouths.append(screen.picture()[mouth].mean(axis=2))
        time.sleep(0.015)
    at, alike = found_at(program.heard()[asked_at:], samples)
    assert alike > 0.99, "the line is heard, sample for sample"
    # SDL writes 4096 bytes at a time: only when the file grows it tells where the sound is.
    grows = 1 + np.flatnonzero(np.diff(heard_s))
    known = slice(grows[0], grows[-1])
    times_s = np.interp(seen_s, np.array(seen_s)[grows], np.array(heard_s)[grows]) - (asked_at + at) / SAMPLE_RATE_HZ
    rest = np.median(mouths[-20:], axis=0)
    return times_s[known], np.array([np.abs(one - rest).mean() for one in mouths])[known]


def test_the_line_is_heard_and_the_mouth_on_the_screen_moves_with_it(talking, screen, line):
    path, samples = line
    truth = Truth.load(LINE.with_suffix(".json"))
    told = mouth_curves(to_atoms(truth.segments), np.arange(0, truth.duration_s, 1 / TOLD_HZ)).aperture
    mouth, asked_at = mouth_region(), 0
    program = talking(path)
    program.wait_until_heard()
    # Once is enough; a machine that is busy with other work cannot draw 25 pictures a second each time.
    for _ in range(TRIES):
        times_s, opening = watch(program, screen, mouth, samples, asked_at)
        correlation, late_ms = follows(times_s, opening, told)
        print(f"correlation {correlation:.2f}, {late_ms:.0f} ms later")
        if correlation > MIN_CORRELATION and abs(late_ms) < LATEST_MS:
            break
        asked_at = len(program.heard())
        screen.press("space")
    assert correlation > MIN_CORRELATION
    assert abs(late_ms) < LATEST_MS
    assert follows(times_s, opening, told[::-1])[0] < MIN_CORRELATION, "the measure refuses another line"
    assert found_at(program.heard(), samples[::-1])[1] < 0.5
    screen.press("q")
    program.end()


def test_escape_ends_sound_and_mouth_and_space_speaks_again(talking, screen, line):
    path, samples = line
    program = talking(path)
    program.wait_until_heard()
    time.sleep(0.5)
    screen.press("Escape")
    time.sleep(0.3)
    after = len(program.heard())
    time.sleep(1.0)
    mouth = mouth_region()
    silent = [screen.picture()[mouth].mean() for _ in range(10)]
    assert not program.heard()[after:].any(), "after a cancel nothing is heard"
    assert np.std(silent) < 1
    screen.press("space")
    time.sleep(len(samples) / SAMPLE_RATE_HZ + 1.5)
    assert found_at(program.heard()[after:], samples)[1] > 0.99, "spoken again from its beginning"
    screen.press("q")
    program.end()


def test_nothing_is_left_when_it_quits_while_it_speaks(talking, screen, line):
    program = talking(line[0])
    program.wait_until_heard()
    found = ["ps", "-o", "pid=", "--ppid", str(program.process.pid)]
    [worker] = map(int, subprocess.run(found, capture_output=True, text=True, check=True).stdout.split())
    assert rings_of(worker) > 0
    screen.press("q")
    program.end()
    assert not Path(f"/proc/{worker}").exists()
    assert rings_of(worker) == 0
