"""Promises of flashhead_engine.client.native, Python's own door to the bridge: a live worker's frames in numpy
arrays, errors as FlashHeadError."""

import gc
import importlib
import sys
import threading
import time
import types
from pathlib import Path

import numpy as np
import pytest
from bridge_library import BUILT, need_built
from real_worker import LINE, TOKEN
from test_bridge_talking import speech

from flashhead_engine.blendshapes.arkit import INDEX
from flashhead_engine.drivers.base import FrameFlags
from flashhead_engine.errors import AudioError, FlashHeadError, MissingDependencyError, SettingsError, TransportError

WEIGHTS_US = 1e6 / 60
SILENCE = np.zeros(4, np.float32)


@pytest.fixture(scope="module")
def native():
    need_built(next(BUILT.glob("_bridge.*"), BUILT / "_bridge"))
    from flashhead_engine.client import native

    return native


@pytest.fixture
def connected(native, worker):
    with native.connect(worker[0], TOKEN, name="test") as client:
        wait_for(client, "connected")
        yield client


def wait_for(source, name: str, timeout_s: float = 20.0) -> list:
    seen, end = [], time.monotonic() + timeout_s
    while time.monotonic() < end:
        seen += source.events()
        if any(event.name == name for event in seen):
            return seen
        time.sleep(0.002)
    raise AssertionError(f"no {name} within {timeout_s} s: {seen}")


def stepped(head, line, acquire, times_us) -> list:
    """What is acquired for each of these times, the audio standing there until it is."""
    found = []
    for audio_us in times_us:
        end = time.monotonic() + 20
        head.clock(line, audio_us, playing=False)
        while (one := acquire(audio_us)) is None:
            assert time.monotonic() < end, f"nothing for {audio_us} us"
            time.sleep(0.001)
        found.append(one)
    return found


@pytest.mark.parametrize("messages", [False, True])
def test_every_picture_is_copied_into_the_array(connected, messages):
    with connected.open("guard", video=True, blendshapes=False, size=256, frames_as_messages=messages) as head:
        line, shown = head.speak(speech(1.0)), []
        pixels = np.zeros((256, 256, 4), np.uint8)
        wait_for(head, "first_frame")
        assert head.state(line) in ("speaking", "finished")

        def acquire(audio_us):
            frame = head.acquire_video(line, audio_us, pixels)
            if frame is not None and frame.pts_us + frame.duration_us > audio_us:
                shown.append(pixels.copy())
                return frame
            return None

        frames = stepped(head, line, acquire, range(0, 1_000_000, 40_000))
        assert [frame.index for frame in frames] == list(range(25))
        assert {frame.utterance for frame in frames} == {line}
        assert frames[0].flags & FrameFlags.FIRST and frames[-1].flags & FrameFlags.LAST
        assert shown[0][..., 3].max() == 255 and (shown[0] != shown[-1]).any()
        assert (head.info.open, head.info.pictures) == (True, 25)


@pytest.mark.parametrize("kind", ["float32", "float64", "int16", "stereo", "not in one piece"])
def test_samples_of_every_kind_move_the_mouth(connected, kind):
    pcm = speech(1.0)
    given = {
        "float64": lambda: pcm.astype(np.float64),
        "int16": lambda: (pcm * 32767).astype(np.int16),
        "stereo": lambda: np.stack([pcm, pcm], axis=1),
        "not in one piece": lambda: np.repeat(pcm, 2)[::2],
    }.get(kind, lambda: pcm)()
    with connected.open() as head:
        line = head.speak(given, 16_000)
        times_us = [int(np.ceil(index * WEIGHTS_US)) for index in range(60)]
        acquired = stepped(head, line, lambda us: head.acquire_weights(line, us), times_us)
        jaws = np.array([weights.arkit[INDEX["jawOpen"]] for weights in acquired])
        assert np.ptp(jaws) > 0.05
        assert acquired[30].pose.shape == (4,)
        assert acquired[30].visemes.sum() == pytest.approx(1.0, abs=0.01)
        # As the driver alone moves it.
        if kind != "int16":
            assert jaws == pytest.approx(jaws_in_python(pcm), abs=0.02)


def jaws_in_python(pcm) -> np.ndarray:
    from flashhead_engine.drivers import load_driver
    from flashhead_engine.drivers.base import Performance, SessionSettings

    driver = load_driver("nano")
    session = driver.open(None, SessionSettings(performance=Performance.off()))
    session.push(pcm, end=True)
    driver.step([session])
    return np.array([frame.weights[INDEX["jawOpen"]] for frame in session.frames()])


def test_a_view_of_the_weights_outlives_them(connected):
    with connected.open() as head:
        line = head.speak(speech(0.5))
        arkit = stepped(head, line, lambda us: head.acquire_weights(line, us), [200_000])[0].arkit
        before = arkit.copy()
        gc.collect()
        assert arkit.dtype == np.float32 and (arkit == before).all()


def test_a_line_that_comes_in_pieces_is_spoken_to_its_end(connected):
    pcm = speech(0.6)
    with connected.open() as head:
        line = head.speak(pcm[:0], streamed=True)
        for piece in np.array_split(pcm, 7):
            head.push(line, piece)
        head.end(line)
        stepped(head, line, lambda us: head.acquire_weights(line, us), range(0, 600_000, 50_000))
        wait_for(head, "finished")
        assert head.state(line) == "finished"


def test_after_a_cancel_nothing_old_is_given(connected):
    with connected.open() as head:
        line = head.speak(speech(3.0))
        stepped(head, line, lambda us: head.acquire_weights(line, us), [0, 100_000])
        head.cancel()
        assert head.state(line) == "cancelled"
        assert head.acquire_weights(line, 10**9) is None
        assert wait_for(head, "cancelled")[-1].utterance == line


def test_a_file_is_spoken_if_the_worker_may_read_it(connected):
    with connected.open() as head:
        head.speak_file(str(LINE))
        wait_for(head, "first_frame")
        line = head.speak_file("/etc/hostname", interrupt=True)
        told = wait_for(head, "error")
        assert head.state(line) == "failed" and "--allow-path" in told[-1].message


def test_a_private_worker_is_launched_and_ends(native):
    with native.launch(name="private") as client:
        wait_for(client, "connected")
        head = client.open()
        wait_for(head, "opened")
        assert client.info.connected and client.info.worker_pid
        head.close()


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda head: head.speak(np.zeros(4, np.int32)), AudioError, "int32"),
        (lambda head: head.speak(np.zeros((2, 2, 2), np.float32)), AudioError, r"\(2, 2, 2\)"),
        (lambda head: head.speak(np.zeros((4, 9), np.float32)), SettingsError, "channels"),
        (lambda head: head.speak(SILENCE, 100), SettingsError, "sample_rate_hz"),
        (lambda head: head.clock(9, 0), SettingsError, "utterance 9"),
        (lambda head: head.push(head.speak(SILENCE), SILENCE), FlashHeadError, "ended"),
        (lambda head: head.look_at(2.0, 0.0), SettingsError, "yaw"),
        (lambda head: head.set_emotion("sad", float("nan")), SettingsError, "intensity"),
        (lambda head: head.acquire_video(0, 0, np.zeros((256, 256, 3), np.uint8)), SettingsError, "256, 256, 4"),
        (lambda head: head.acquire_video(0, 0, np.zeros((1024, 1024, 4), np.uint8)), SettingsError, "256, 256, 4"),
        (lambda head: head.acquire_weights(0, 0), SettingsError, "without weights"),
        (lambda head: (head.close(), head.look_freely()), TransportError, "not open"),
    ],
)
def test_wrong_arguments_are_named(connected, call, kind, words):
    head = connected.open("guard", video=True, blendshapes=False, size=256)
    with pytest.raises(kind, match=words):
        call(head)


def test_pieces_of_another_type_are_refused(connected):
    with connected.open() as head:
        line = head.speak(np.zeros((8, 2), np.float32), streamed=True)
        for other in (np.zeros(8, np.float32), np.zeros((8, 2), np.int16)):
            with pytest.raises(AudioError, match="2 channel"):
                head.push(line, other)


def test_arrays_that_cannot_be_written_are_refused(connected):
    head = connected.open("guard", video=True, blendshapes=False, size=256)
    pixels = np.zeros((256, 256, 4), np.uint8)
    pixels.flags.writeable = False
    with pytest.raises(ValueError, match="writeable"):
        head.acquire_video(0, 0, pixels)
    with pytest.raises(TypeError):
        head.acquire_video(0, 0, np.zeros((256, 256, 4), np.float32))
    with pytest.raises(TypeError):
        head.acquire_video(0, 0, np.zeros((256, 256, 8), np.uint8)[..., ::2])


def test_settings_and_a_client_that_is_closed(connected, native):
    for options in ({"size": 100}, {"fps": 12}, {"mouth_strength": 3.0}, {"blendshapes": False}, {"video": True}):
        with pytest.raises(SettingsError, match=r"size|fps|mouth_strength|outputs|avatar"):
            connected.open(**options)
    client = native.connect("ipc:///nobody", "x")
    client.close()
    client.close()
    with pytest.raises(TransportError, match="not connected"):
        client.open()


def test_no_worker_is_told_and_nothing_waits(native, tmp_path):
    began = time.monotonic()
    client = native.connect(f"ipc://{tmp_path}/nobody", "x")
    head = client.open()
    assert head.acquire_weights(head.speak(np.zeros(160, np.float32)), 0) is None
    assert time.monotonic() - began < 1.0
    assert "no worker answers" in wait_for(client, "not_connected")[-1].message


def test_heads_and_clients_that_are_dropped_leave_no_thread(native, worker):
    from flashhead_engine._bridge import shutdown

    shutdown()
    before = threads()
    for _ in range(10):
        client = native.connect(worker[0], TOKEN)
        head = client.open()
        wait_for(head, "opened")
        del client
        assert head.info.open, "a head keeps its client"
        del head
    shutdown()
    assert threads() == before


def test_a_plain_installation_says_what_to_build(monkeypatch):
    monkeypatch.setitem(sys.modules, "flashhead_engine._bridge", types.ModuleType("rings_alone"))
    monkeypatch.delitem(sys.modules, "flashhead_engine.client.native", raising=False)
    with pytest.raises(MissingDependencyError, match=r"build\.py native"):
        importlib.import_module("flashhead_engine.client.native")


def threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def test_other_threads_run_while_pictures_are_copied(connected):
    """Many threads acquire at once; none sees another one's picture."""
    heads = [connected.open("guard", video=True, blendshapes=False, size=256) for _ in range(4)]
    counts = [0] * len(heads)

    def show(number: int) -> None:
        pixels, end = np.zeros((256, 256, 4), np.uint8), time.monotonic() + 1.0
        while time.monotonic() < end or counts[number] == 0:
            if heads[number].acquire_video(0, 0, pixels) is not None:
                counts[number] += 1
                assert pixels[..., 3].max() == 255
            time.sleep(0.002)

    workers = [threading.Thread(target=show, args=(number,)) for number in range(len(heads))]
    for one in workers:
        one.start()
    for one in workers:
        one.join(20)
    assert all(counts)
