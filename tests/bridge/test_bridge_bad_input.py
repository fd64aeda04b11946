"""Promises for programs that are wrong: an error that says what, never a crash or a wait."""

import ctypes
import os
import sys
import threading
import time

import numpy as np
import pytest
from bridge_library import (
    ENDED,
    INVALID_ARGUMENT,
    OK,
    STALE_HANDLE,
    TOO_SMALL,
    UNKNOWN_UTTERANCE,
    VIDEO,
    WRONG_STRUCT_SIZE,
    Audio,
    ConnectOptions,
    EventStruct,
    Frame,
    SessionOptions,
    Weights,
    byref,
    environment,
)


def error(bridge, result: int, wanted: int) -> str:
    assert result == wanted, bridge.c.result_name(result)
    return bridge.c.last_error().decode()


def test_null_pointers(bridge, client, opened):
    session = opened()
    handle = ctypes.c_uint64()
    for call in (
        lambda: bridge.c.connect(None, byref(handle)),
        lambda: bridge.c.connect(byref(ConnectOptions()), None),
        lambda: bridge.c.open(client, None, byref(handle)),
        lambda: bridge.c.open(client, byref(SessionOptions()), None),
        lambda: bridge.c.speak(session, None, byref(ctypes.c_uint32())),
        lambda: bridge.c.speak(session, byref(Audio(frames=5, sample_rate_hz=16_000, channels=1)), None),
        lambda: bridge.c.push(session, 1, None, 5),
        lambda: bridge.c.set_emotion(session, None, 1.0),
        lambda: bridge.c.utterance_state(session, 1, None),
        lambda: bridge.c.acquire_weights(session, 0, 0, None),
        lambda: bridge.c.acquire_video(session, 0, 0, byref(Frame()), None, 100),
        lambda: bridge.c.poll(session, None),
        lambda: bridge.c.poll_client(client, None),
        lambda: bridge.c.get_client_info(client, None),
        lambda: bridge.c.get_session_info(session, None),
        lambda: bridge.c.get_statistics(client, None),
        lambda: bridge.c.poll_log(None, 10, byref(ctypes.c_int32())),
    ):
        assert "null pointer" in error(bridge, call(), INVALID_ARGUMENT)
    assert bridge.c.pause(session, 0) == OK and bridge.c.last_error() == b""


def test_stale_handles(bridge, client, opened):
    session = opened()
    calls = (
        lambda it: bridge.c.speak(it, byref(Audio(sample_rate_hz=16_000, channels=1)), byref(ctypes.c_uint32())),
        lambda it: bridge.c.push(it, 1, None, 0),
        lambda it: bridge.c.end(it, 1),
        lambda it: bridge.c.cancel(it, -1),
        lambda it: bridge.c.clock(it, 1, 0, 1),
        lambda it: bridge.c.set_mouth_strength(it, 1.0),
        lambda it: bridge.c.look_at(it, 0.0, 0.0),
        lambda it: bridge.c.look_freely(it),
        lambda it: bridge.c.pause(it, 1),
        lambda it: bridge.c.acquire_weights(it, 0, 0, byref(Weights())),
        lambda it: bridge.c.poll(it, byref(EventStruct())),
        lambda it: bridge.c.close(it),
    )
    assert bridge.c.close(session) == OK
    for handle in (session, 0, client, session + 1, 2**64 - 1):
        for call in calls:
            assert "not open" in error(bridge, call(handle), STALE_HANDLE)
    assert bridge.c.disconnect(session) == STALE_HANDLE
    newer = opened()
    assert newer != session, "a handle is never given again"
    bridge.need(bridge.c.shutdown())
    for call in calls:
        error(bridge, call(newer), STALE_HANDLE)
    assert bridge.c.disconnect(client) == STALE_HANDLE


@pytest.mark.parametrize("size", [0, 4, 1000])
def test_structs_of_another_size(bridge, client, opened, size):
    session = opened()
    wrong = [SessionOptions(), Audio(), EventStruct(), Weights(), ConnectOptions()]
    for struct in wrong:
        struct.struct_size = size
    options, audio, event, weights, where = wrong
    handle, number = ctypes.c_uint64(), ctypes.c_uint32()
    for result in (
        bridge.c.open(client, byref(options), byref(handle)),
        bridge.c.speak(session, byref(audio), byref(number)),
        bridge.c.poll(session, byref(event)),
        bridge.c.acquire_weights(session, 0, 0, byref(weights)),
        bridge.c.connect(byref(where), byref(handle)),
    ):
        assert str(size) in error(bridge, result, WRONG_STRUCT_SIZE)


@pytest.mark.parametrize(
    "options",
    [
        {"outputs": 0},
        {"outputs": 4},
        {"outputs": VIDEO},
        {"size": 100},
        {"size": 2048},
        {"fps": 12},
        {"mouth_strength": 2.5},
        {"emotion_intensity": float("nan")},
        {"seed": 2**63},
        {"emotion": b"\xff\xfe"},
        {"tier": b"x" * 65},
    ],
    ids=str,
)
def test_settings_outside_their_range(bridge, client, options):
    with pytest.raises(RuntimeError, match="invalid argument"):
        bridge.open(client, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"sample_rate_hz": 0},
        {"sample_rate_hz": 400_000},
        {"channels": 0},
        {"channels": 9},
        {"format": 7},
        {"frames": 2**62},
        {"frames": 5, "path": b"/a.wav"},
        {"path": b"\xff"},
    ],
    ids=str,
)
def test_audio_that_cannot_be(bridge, opened, options):
    session = opened()
    buffer = np.zeros(16, np.float32)
    audio = Audio(**{"samples": buffer.ctypes.data, "sample_rate_hz": 16_000, "channels": 1, **options})
    error(bridge, bridge.c.speak(session, byref(audio), byref(ctypes.c_uint32())), INVALID_ARGUMENT)


def test_utterances_that_are_not_there_or_over(bridge, opened):
    session = opened()
    error(bridge, bridge.c.clock(session, 7, 0, 1), UNKNOWN_UTTERANCE)
    error(bridge, bridge.c.acquire_weights(session, 7, 0, byref(Weights())), UNKNOWN_UTTERANCE)
    utterance = bridge.speak(session, np.zeros(1600, np.float32))
    sample = np.zeros(1, np.float32)
    error(bridge, bridge.c.push(session, utterance, sample.ctypes.data, 1), ENDED)
    assert bridge.c.end(session, utterance) == OK
    assert bridge.c.clock(session, utterance, -(2**63), 1) == OK
    assert bridge.c.clock(session, utterance, 2**63 - 1, 1) == OK
    bridge.need(bridge.c.acquire_weights(session, utterance, 2**63 - 1, byref(Weights())))
    assert bridge.weights(session, utterance, -(2**63)) is None


def test_a_buffer_that_is_too_small(bridge, opened):
    session = opened(VIDEO, avatar=b"robot", size=256)
    pixels, frame = np.full(1000, 7, np.uint8), Frame()
    end = time.monotonic() + 5
    while (result := bridge.c.acquire_video(session, 0, 0, byref(frame), pixels.ctypes.data, 1000)) == 1:
        assert time.monotonic() < end
    assert "width x height" in error(bridge, result, TOO_SMALL)
    assert (frame.width, frame.height) == (256, 256) and (pixels == 7).all()
    error(bridge, bridge.c.acquire_weights(session, 0, 0, byref(Weights())), INVALID_ARGUMENT)


def test_no_worker_and_a_wrong_token(bridge, worker, tmp_path):
    with environment(XDG_RUNTIME_DIR=str(tmp_path), FLASHHEAD_ENDPOINT=""):
        nobody = bridge.connect()
        assert "flashhead serve" in bridge.wait_for("not_connected", nobody, of_client=True)[-1].message
        session = bridge.open(nobody)
        assert bridge.speak(session, np.zeros(160, np.float32)) == 1, "all may be asked; it waits for a worker"
        assert bridge.weights(session, 1, 0) is None
    wrong = bridge.connect(worker[0], "not the token")
    told, end = [], time.monotonic() + 10  # a worker that has much to do may not answer at once
    while not any("token" in event.message for event in told):
        assert time.monotonic() < end, told
        told += bridge.events(wrong, of_client=True)
        time.sleep(0.01)
    silent = bridge.connect(f"ipc://{tmp_path}/nobody", "x")
    assert "no worker answers" in bridge.wait_for("not_connected", silent, of_client=True)[-1].message
    odd = bridge.connect("nonsense", "x")
    assert "cannot reach" in bridge.wait_for("not_connected", odd, of_client=True)[-1].message


def test_a_program_that_is_no_worker(bridge):
    missing = bridge.connect(program=("/no/such/worker",))
    assert "/no/such/worker" in bridge.wait_for("not_connected", missing, of_client=True)[-1].message
    failing = bridge.connect(program=(sys.executable, "-c", "raise SystemExit(3)"))
    told, end = [], time.monotonic() + 5
    while not any("exit code 3" in event.message for event in told):
        assert time.monotonic() < end, told
        told += bridge.events(failing, of_client=True)
        time.sleep(0.01)
    began = time.monotonic()
    bridge.need(bridge.c.shutdown())
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        (None, "there is no worker, or not the whole of it: {path} is missing"),
        ("{", "{path} is damaged"),
        (
            '{"format": 1, "version": "9.0", "protocol": 2}',
            "{path}: a worker of version 9.0, protocol 2; needed is protocol 1",
        ),
        ('{"format": 2, "version": "9.0", "protocol": 1}', "{path}: a worker of version 9.0, protocol 1"),
        ('{"format": 1, "version": "0.1", "protocol": 1}', "cannot start a worker"),
    ],
)
def test_a_worker_bundle_that_is_not_whole_or_of_another_protocol(bridge, tmp_path, manifest, words):
    path = tmp_path / "flashhead-worker.json"
    if manifest:
        path.write_text(manifest)
    client = bridge.connect(program=(str(tmp_path / "flashhead-worker"),))
    told = bridge.wait_for("not_connected", client, of_client=True)[-1].message
    assert words.format(path=path) in told


def test_many_threads_on_one_session(bridge, opened):
    session = opened()
    utterance = bridge.speak(session, (0.1 * np.random.default_rng(0).standard_normal(32_000)).astype(np.float32))
    failed = []

    def meddle(seed: int) -> None:
        for turn in range(300):
            try:
                bridge.need(bridge.c.clock(session, utterance, turn * 5000, 1))
                bridge.weights(session, utterance, turn * 5000)
                bridge.events(session)
                bridge.need(bridge.c.look_at(session, 0.001 * seed, 0.0))
            except RuntimeError as problem:
                if "busy" not in str(problem):
                    failed.append(problem)

    threads = [threading.Thread(target=meddle, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


LIVES = f'"pid":{os.getpid()}'
NESTED = 1500  # what fits into the file twice over


@pytest.mark.parametrize(
    "written",
    [
        "",
        "[]",
        "null",
        '"text"',
        "7",
        "{",
        f"{{{LIVES},",
        f'{{"endpoint":"ipc:///nobody",{LIVES}}} and more',
        f'{{"endpoint":"ipc:///nobody","endpoint":{LIVES}}}',
        f'{{"endpoint":{{"a":"b"}},{LIVES}}}',
        f'{{"endpoint":["ipc:///nobody"],{LIVES}}}',
        '{"endpoint":"ipc:///nobody","pid":-1}',
        '{"endpoint":"ipc:///nobody","pid":1.5}',
        '{"endpoint":"ipc:///nobody","pid":18446744073709551616}',
        '{"endpoint":"ipc:///nobody","pid":"1"}',
        f'{{"endpoint":null,{LIVES}}}',
        f'{{"endpoint":"\\x41",{LIVES}}}',
        f'{{"endpoint":"half a character: \\ud800",{LIVES}}}',
        f'{{"endpoint":"bytes that are no UTF-8: \udcff",{LIVES}}}',
        "[" * NESTED,
        '{"a":' * (NESTED // 3),
        "[" * NESTED + "]" * NESTED,
    ],
    ids=range(22),
)
def test_a_discovery_file_that_is_none(bridge, tmp_path, written):
    folder = tmp_path / "flashhead"
    folder.mkdir(mode=0o700)
    (folder / "worker.json").write_bytes(written.encode("utf-8", "surrogateescape"))
    (folder / "worker.json").chmod(0o600)
    with environment(XDG_RUNTIME_DIR=str(tmp_path), FLASHHEAD_ENDPOINT="", FLASHHEAD_TOKEN=""):
        nobody = bridge.connect()
        assert "no worker runs" in bridge.wait_for("not_connected", nobody, of_client=True)[0].message


def test_a_discovery_file_in_other_words_is_read(bridge, tmp_path):
    """Spaces, an escaped letter and a field of a later version are JSON too."""
    folder = tmp_path / "flashhead"
    folder.mkdir(mode=0o700)
    text = f'{{ "later": "\\u00e9\\n",\n "endpoint": "\\u006eonsense",\t"token":"x", {LIVES} }}\n'
    (folder / "worker.json").write_text(text, "utf-8")
    (folder / "worker.json").chmod(0o600)
    with environment(XDG_RUNTIME_DIR=str(tmp_path), FLASHHEAD_ENDPOINT="", FLASHHEAD_TOKEN=""):
        client = bridge.connect()
        assert "at nonsense" in bridge.wait_for("not_connected", client, of_client=True)[0].message
