"""Promises of what a client shows: the picture follows the sound that is heard, in a window and in a recording."""

import os

import numpy as np
import pytest
from real_worker import LINE, TOKEN
from test_talking import speech

from flashhead_engine.bake.formats import BakeTarget
from flashhead_engine.client.recording import record
from flashhead_engine.client.sound import WallClock, open_clock
from flashhead_engine.drivers.base import Outputs
from flashhead_engine.errors import MissingDependencyError, OutputError

RATE_HZ = 16_000


def test_a_recording_of_pictures_only(worker, tmp_path):
    with worker.open("guard", outputs=Outputs.VIDEO, size=256) as head:
        utterance = head.speak(speech(1.0))
        with pytest.raises(OutputError, match="pictures"):
            record(head, utterance, 1_000_000, tmp_path / "out.csv", BakeTarget(LINE, 25, 256))
        made = record(head, utterance, 1_000_000, tmp_path / "out.png", BakeTarget(LINE, 25, 256))
    assert len(list(made.file.iterdir())) == made.frames == 25


def test_a_window_shows_the_line_to_its_end(worker, monkeypatch):
    pygame = pytest.importorskip("pygame", reason="the extra `window` is not installed")
    from flashhead_engine.client.window import Window, play

    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    with worker.open("guard", outputs=Outputs.VIDEO, size=256) as head, Window("guard", 256, (9, 9, 9)) as window:
        shown = play(head, head.speak(speech(1.0)), 1_000_000, WallClock(), window)
        # 25 pictures of the line, and idle ones for half a second afterwards.
        assert 20 <= shown <= 25 + 14
        assert pygame.display.get_surface().get_at((128, 128))[:3] != (9, 9, 9)


def test_without_a_display_a_person_is_told(monkeypatch):
    pytest.importorskip("pygame", reason="the extra `window` is not installed")
    from flashhead_engine.client.window import Window

    monkeypatch.setenv("SDL_VIDEODRIVER", "no such driver")
    with pytest.raises(MissingDependencyError, match="--record"):
        Window("guard", 256, (0, 0, 0))


@pytest.fixture
def sounddevice():
    try:
        import sounddevice
    except (ImportError, OSError) as error:  # the latter without PortAudio
        pytest.skip(f"the extra `window` or PortAudio is not installed: {error}")
    return sounddevice


def test_without_a_sound_device_the_wall_clock_leads_and_says_so(monkeypatch, sounddevice):
    def no_device(**_):
        raise sounddevice.PortAudioError("Error querying device -1")

    monkeypatch.setattr(sounddevice, "OutputStream", no_device)
    clock, note = open_clock(np.zeros((100, 1), np.float32), RATE_HZ)
    assert isinstance(clock, WallClock)
    assert "no sound device" in note
    assert clock.now_us() == 0
    clock.start()
    assert 0 <= clock.now_us() < 1_000_000


def test_the_sound_device_leads(monkeypatch, sounddevice):
    """With a stand-in for PortAudio: a buffer is heard 50 ms after it was asked for."""

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


def test_the_whole_command_with_a_recording(process, tmp_path, monkeypatch):
    typer = pytest.importorskip("typer")
    from flashhead_engine.cli.say import say

    monkeypatch.setenv("FLASHHEAD_ENDPOINT", process.endpoint)
    monkeypatch.setenv("FLASHHEAD_TOKEN", TOKEN)
    app = typer.Typer()
    app.command()(say)
    app([str(LINE), "--size", "256", "--record", str(tmp_path / "said.mp4")], standalone_mode=False)
    assert os.path.getsize(tmp_path / "said.mp4") > 10_000
