"""Promises of what a client shows: the picture follows the sound that is heard, in a window and in a recording."""

import os
import wave

import numpy as np
import pytest

from flashhead_engine.bake.formats import BakeTarget
from flashhead_engine.client import Head
from flashhead_engine.client.recording import record
from flashhead_engine.client.sound import WallClock, open_clock
from flashhead_engine.drivers.base import Outputs
from flashhead_engine.errors import MissingDependencyError, OutputError

RATE_HZ = 16_000
IN_SYNC_MS = 45
"""Half an interval at 25 fps, which the track that is measured rests on anyway, and an interval for the drawing."""


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """A line of syllables: bursts of noise of random lengths; the file, its samples, and its loudness at 1000 Hz."""
    random = np.random.default_rng(1)
    syllables = [np.repeat([0.0, 0.8], random.integers(90, 260, 2)) for _ in range(10)]
    loudness = np.concatenate([np.zeros(200), *syllables, np.zeros(200)])
    pcm = (np.repeat(loudness, RATE_HZ // 1000) * random.uniform(-1, 1, len(loudness) * 16)).astype(np.float32)
    path = tmp_path_factory.mktemp("line") / "line.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((pcm * 32767).astype("<i2").tobytes())
    return path, pcm, loudness


def recorded_lag_ms(worker, line, folder) -> float:
    pytest.importorskip("av")
    from flashhead_engine.evaluation.sync import MIN_CORRELATION, MouthBox, measure_sync

    path, pcm, loudness = line
    with worker.open("guard", outputs=Outputs.VIDEO, size=256) as head:
        duration_us = len(pcm) * 1_000_000 // RATE_HZ
        made = record(head, head.speak(pcm, RATE_HZ), duration_us, folder / "out.mp4", BakeTarget(path, 25, 256))
    assert made.frames == -(-duration_us // 40_000)
    report = measure_sync(made.file, pcm, loudness, 1000, MouthBox(64, 64, 192, 192))
    assert report.correlation > MIN_CORRELATION
    return report.lag_ms


def test_a_recording_is_in_sync(worker, line, tmp_path):
    assert abs(recorded_lag_ms(worker, line, tmp_path)) < IN_SYNC_MS


def test_a_recording_that_is_80_ms_late_is_found(worker, line, tmp_path, monkeypatch):
    at = Head.frame_at
    monkeypatch.setattr(Head, "frame_at", lambda head, utterance, us: at(head, utterance, max(0, us - 80_000)))
    assert recorded_lag_ms(worker, line, tmp_path) > IN_SYNC_MS


def test_a_recording_of_pictures_only(worker, line, tmp_path):
    path, pcm, _ = line
    with worker.open("guard", outputs=Outputs.VIDEO, size=256) as head:
        utterance = head.speak(pcm[:RATE_HZ])
        with pytest.raises(OutputError, match="pictures"):
            record(head, utterance, 1_000_000, tmp_path / "out.csv", BakeTarget(path, 25, 256))
        made = record(head, utterance, 1_000_000, tmp_path / "out.png", BakeTarget(path, 25, 256))
    assert len(list(made.file.iterdir())) == made.frames == 25


def test_a_window_shows_the_line_to_its_end(worker, line, monkeypatch):
    pygame = pytest.importorskip("pygame", reason="the extra `window` is not installed")
    from flashhead_engine.client.window import Window, play

    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    _, pcm, _ = line
    with worker.open("guard", outputs=Outputs.VIDEO, size=256) as head, Window("guard", 256, (9, 9, 9)) as window:
        shown = play(head, head.speak(pcm[:RATE_HZ]), 1_000_000, WallClock(), window)
        assert 20 <= shown <= 26
        assert pygame.display.get_surface().get_at((5, 5))[:3] != (9, 9, 9)


def test_without_a_display_a_person_is_told(monkeypatch):
    pytest.importorskip("pygame", reason="the extra `window` is not installed")
    from flashhead_engine.client.window import Window

    monkeypatch.setenv("SDL_VIDEODRIVER", "no such driver")
    with pytest.raises(MissingDependencyError, match="--record"):
        Window("guard", 256, (0, 0, 0))


def test_without_a_sound_device_the_wall_clock_leads_and_says_so(monkeypatch):
    sounddevice = pytest.importorskip("sounddevice", reason="the extra `window` or PortAudio is not installed")

    def no_device(**_):
        raise sounddevice.PortAudioError("Error querying device -1")

    monkeypatch.setattr(sounddevice, "OutputStream", no_device)
    clock, note = open_clock(np.zeros((100, 1), np.float32), RATE_HZ)
    assert isinstance(clock, WallClock)
    assert "no sound device" in note
    assert clock.now_us() == 0
    clock.start()
    assert 0 <= clock.now_us() < 1_000_000


def test_the_sound_device_leads(monkeypatch):
    """With a stand-in for PortAudio: a buffer is heard 50 ms after it was asked for."""
    sounddevice = pytest.importorskip("sounddevice", reason="the extra `window` or PortAudio is not installed")

    class Stream:
        latency = 0.05
        time = 0.0

        def __init__(self, **options):
            self.callback = options["callback"]

        def start(self):
            pass

        close = start

        def ask(self, samples: int) -> np.ndarray:
            times = type("Times", (), {"outputBufferDacTime": self.time + self.latency, "currentTime": self.time})
            out = np.ones((samples, 1), np.float32)
            self.callback(out, samples, times, None)
            return out

    monkeypatch.setattr(sounddevice, "OutputStream", Stream)
    clock, note = open_clock(np.full((1200, 1), 0.5, np.float32), RATE_HZ)
    assert note == ""
    stream = clock._stream
    clock.start()
    assert clock.now_us() == 0
    assert (stream.ask(800) == 0.5).all()
    assert clock.now_us() == 0, "not heard yet"
    stream.time = 0.05
    assert clock.now_us() == pytest.approx(0, abs=1)
    out = stream.ask(800)
    assert (out[:400] == 0.5).all() and (out[400:] == 0).all(), "silence after the clip"
    stream.time = 0.12
    assert clock.now_us() == pytest.approx(70_000, abs=1)


def test_the_whole_command_with_a_recording(process, line, tmp_path, monkeypatch):
    typer = pytest.importorskip("typer")
    from flashhead_engine.cli.say import say

    monkeypatch.setenv("FLASHHEAD_ENDPOINT", process.endpoint)
    monkeypatch.setenv("FLASHHEAD_TOKEN", "secret")
    app = typer.Typer()
    app.command()(say)
    app([str(line[0]), "--size", "256", "--record", str(tmp_path / "said.mp4")], standalone_mode=False)
    assert os.path.getsize(tmp_path / "said.mp4") > 10_000
