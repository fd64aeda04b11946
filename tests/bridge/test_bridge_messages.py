"""Promises of the library's messages: Python's strict decoder takes what it sends, it takes what the protocol allows
and refuses the rest, and goes on."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
import zmq

from flashhead_engine.blendshapes.arkit import ARKIT_52
from flashhead_engine.blendshapes.visemes import VISEMES
from flashhead_engine.transport import messages
from flashhead_engine.transport.messages import decode_from_client, encode
from flashhead_engine.transport.rings import RingWriter

TICK_S = 0.1  # between two looks of the library at its rings
VECTORS = json.loads((Path(__file__).parents[1] / "data" / "protocol" / "messages.json").read_text("utf-8"))
FROM_CLIENT = {
    "hello",
    "open",
    "speak",
    "audio",
    "cancel",
    "clock",
    "set",
    "look",
    "pause",
    "close",
    "status",
    "ping",
}
FROM_WORKER = [one for one in VECTORS["good"] if one["fields"]["type"] not in FROM_CLIENT]


class ScriptedWorker:
    """The other end of the wire, which says what a test wants said."""

    def __init__(self, folder: Path, protocol: int = 1) -> None:
        self.endpoint = f"ipc://{folder}/scripted"
        self.protocol = protocol
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.bind(self.endpoint)
        self.client = b""

    def welcome(self) -> None:
        assert isinstance(self.next(messages.Hello)[0], messages.Hello)
        self.say(messages.Welcome("0123", self.protocol, "9.9.9", 4242, ["nano"]))

    def next(self, kind: type, timeout_ms: int = 3000) -> tuple:
        """The next message of this kind, and its samples; pings and clocks may come before."""
        while self.socket.poll(timeout_ms):
            self.client, head, *payload = self.socket.recv_multipart()
            message = decode_from_client(head)
            if isinstance(message, kind):
                return message, payload[0] if payload else b""
            assert isinstance(message, messages.Ping | messages.Clock | messages.Status), message
        raise AssertionError(f"no {kind.__name__}")

    def say(self, message: object) -> None:
        self.say_bytes(encode(message))

    def say_bytes(self, data: bytes) -> None:
        self.socket.send_multipart([self.client, data])


@pytest.fixture
def scripted(tmp_path):
    worker = ScriptedWorker(tmp_path)
    yield worker
    worker.socket.close()


@pytest.fixture
def welcomed(bridge, scripted):
    client = bridge.connect(scripted.endpoint, "secret", name="game")
    scripted.welcome()
    bridge.wait_for("connected", client, of_client=True)
    return client


def open_session(bridge, scripted, client) -> int:
    session = bridge.open(client, frames_as_messages=1)
    asked, _ = scripted.next(messages.Open)
    scripted.say(messages.Opened(asked.request, 1, "nano"))
    bridge.wait_for("opened", session)
    return session


def test_hello_has_token_name_and_protocol(bridge, scripted):
    bridge.connect(scripted.endpoint, "secret", name="Spiel für zwei")
    assert scripted.next(messages.Hello)[0] == messages.Hello("secret", 1, "Spiel für zwei")


def test_open_has_all_settings(bridge, scripted, welcomed):
    settings = {"tier": b"lite", "emotion": b"happy", "seed": 2**63 - 1, "fps": 60, "size": 1024, "lower_tier": 1}
    bridge.open(welcomed, 3, avatar="Wächter".encode(), mouth_strength=2.0, emotion_intensity=0.5, **settings)
    asked, _ = scripted.next(messages.Open)
    assert asked == messages.Open(
        *(asked.request, "Wächter", "lite", ("video", "blendshapes"), 1024, 60, 2**63 - 1),
        *("happy", 0.5, 2.0, "shared_memory", True),
    )


def test_what_is_asked_of_a_head_is_what_the_worker_hears(bridge, scripted, welcomed):
    session = open_session(bridge, scripted, welcomed)
    pcm = np.array([[1, -2], [3, 4]], np.int16)
    assert bridge.speak(session, pcm, 48_000, streamed=1) == 1
    speak, data = scripted.next(messages.Speak)
    assert speak == messages.Speak(1, 1, 48_000, 2, "s16", False)
    assert data == pcm.tobytes()
    bridge.push(session, 1, pcm)
    assert scripted.next(messages.Audio) == (messages.Audio(1, 1, False), pcm.tobytes())
    bridge.need(bridge.c.end(session, 1))
    assert scripted.next(messages.Audio) == (messages.Audio(1, 1, True), b"")
    bridge.need(bridge.c.clock(session, 1, 40_000, 1))
    assert scripted.next(messages.Clock)[0] == messages.Clock(1, 1, 40_000, True)
    bridge.need(bridge.c.set_emotion(session, b"sad", 0.25))
    assert scripted.next(messages.Set)[0] == messages.Set(1, "sad", 0.25)
    bridge.need(bridge.c.set_mouth_strength(session, 1.5))
    assert scripted.next(messages.Set)[0] == messages.Set(1, mouth_strength=1.5)
    bridge.need(bridge.c.look_at(session, -1.0, 0.5))
    assert scripted.next(messages.Look)[0] == messages.Look(1, -1.0, 0.5)
    bridge.need(bridge.c.look_freely(session))
    assert scripted.next(messages.Look)[0] == messages.Look(1, free=True)
    bridge.need(bridge.c.pause(session, 1))
    assert scripted.next(messages.Pause)[0] == messages.Pause(1, True)
    bridge.need(bridge.c.cancel(session, 33_333))
    assert scripted.next(messages.Cancel)[0] == messages.Cancel(1, 33_333)
    bridge.need(bridge.c.close(session))
    assert scripted.next(messages.Close)[0] == messages.Close(1)


def test_long_audio_comes_in_pieces(bridge, scripted, welcomed):
    session = open_session(bridge, scripted, welcomed)
    pcm = np.linspace(-1, 1, 700_000, dtype=np.float32)
    bridge.speak(session, pcm)
    first, data = scripted.next(messages.Speak)
    assert not first.end
    while True:
        assert len(data) % 4 == 0
        more, payload = scripted.next(messages.Audio)
        data += payload
        if more.end:
            break
    assert data == pcm.tobytes()


def test_every_message_that_a_worker_may_send_is_understood(bridge, scripted, welcomed):
    assert {one["fields"]["type"] for one in FROM_WORKER} >= {"welcome", "frame", "statistics", "cancelled"}
    open_session(bridge, scripted, welcomed)
    bridge.log()
    for vector in FROM_WORKER:
        if vector["fields"]["type"] != "welcome":
            scripted.say_bytes(bytes.fromhex(vector["bytes"]))
    scripted.say(messages.Error("told", "it still listens"))
    bridge.wait_for("error", welcomed, of_client=True)
    assert not [line for line in bridge.log() if "no message" in line]


@pytest.mark.parametrize("vector", VECTORS["bad"], ids=lambda one: one["what"])
def test_bytes_that_are_no_message_are_refused_and_it_goes_on(bridge, scripted, welcomed, vector):
    bridge.log()
    # One of a client's would be good for a worker: its mistake is made in a message of a worker instead.
    data = bytes.fromhex(vector["bytes"])
    scripted.say_bytes(data)
    scripted.say(messages.Error("told", "it still listens"))
    bridge.wait_for("error", welcomed, of_client=True)
    refused = [line for line in bridge.log() if "no message" in line]
    if vector["what"] != "the type of another direction":  # "pong" is of this direction
        assert len(refused) == 1, refused


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"session": 2**32, "utterance": 1, "epoch": 0}, "too large"),
        ({"session": -1, "utterance": 1, "epoch": 0}, "from 0 on"),
        ({"session": "1", "utterance": 1, "epoch": 0}, "from 0 on"),
        ({"session": 1, "utterance": 1}, "missing"),
    ],
)
def test_a_field_that_is_wrong_is_named(bridge, scripted, welcomed, fields, word):
    import msgpack

    bridge.log()
    scripted.say_bytes(msgpack.packb({"type": "started", **fields}))
    scripted.say(messages.Error("told", "it still listens"))
    bridge.wait_for("error", welcomed, of_client=True)
    [line] = [line for line in bridge.log() if "no message" in line]
    assert word in line


def test_events_say_what_the_worker_said(bridge, scripted, welcomed):
    session = open_session(bridge, scripted, welcomed)
    bridge.speak(session, np.zeros(1600, np.float32))
    scripted.next(messages.Speak)
    for message in (
        messages.Started(1, 1, 3),
        messages.FirstFrame(1, 1, 3, 4600),
        messages.Underrun(1, 1, 16_667, "audio"),
        messages.Warning(1, "lower_tier", "nano stands in"),
        messages.Error("bad_audio", "nicht lesbar: é", session=1),
        messages.Finished(1, 1, 3),
    ):
        scripted.say(message)
    seen = {event.name: event for event in bridge.wait_for("finished", session)}
    assert seen["started"].epoch == 3
    assert seen["first_frame"].latency_us == 4600
    assert (seen["underrun"].code, seen["underrun"].pts_us) == ("audio", 16_667)
    assert seen["warning"].message == "nano stands in"
    assert seen["error"].message == "nicht lesbar: é"


def test_frames_that_come_as_messages_are_given_like_others(bridge, scripted, welcomed):
    session = open_session(bridge, scripted, welcomed)
    utterance = bridge.speak(session, np.zeros(16_000, np.float32))
    scripted.next(messages.Speak)
    scripted.say(messages.Started(1, 1, 0))
    numbers = np.arange(71, dtype=np.float32)
    for index in range(3):
        header = messages.Frame(1, "weights", 1, 0, index, index * 16_667, 16_667, 0)
        scripted.socket.send_multipart([scripted.client, encode(header), (numbers + index).tobytes()])
    scripted.socket.send_multipart([scripted.client, encode(header), b"too short"])
    scripted.say(messages.FirstFrame(1, 1, 0, 1))
    bridge.wait_for("first_frame", session)
    found = bridge.weights(session, utterance, 20_000)
    assert (found.frame.index, found.frame.pts_us) == (1, 16_667)
    assert list(found.arkit) == list(numbers[:52] + 1)
    assert list(found.visemes) == list(numbers[56:] + 1)
    assert bridge.weights(session, utterance, 20_000) is None, "given once"


def test_a_ring_that_was_closed_is_no_dead_worker(bridge, scripted, welcomed):
    """A worker closes a session's rings first and says so then; the other heads of the client notice nothing."""
    rings, sessions = [RingWriter(), RingWriter(), RingWriter()], []
    for number, ring in enumerate(rings, 1):
        session = bridge.open(welcomed)
        asked, _ = scripted.next(messages.Open)
        address = messages.RingInfo(ring.address.name, ring.address.generation)
        scripted.say(messages.Opened(asked.request, number, "nano", weights=address))
        bridge.wait_for("opened", session)
        sessions.append(session)
    closed, failed, kept = sessions
    bridge.need(bridge.c.close(closed))
    scripted.next(messages.Close)
    for number, ring, reason in ((1, rings[0], "client"), (2, rings[1], "failed")):
        ring.close()
        end = time.monotonic() + 5 * TICK_S
        while time.monotonic() < end:
            rings[2].beat()
            assert bridge.events(welcomed, of_client=True) == []
            time.sleep(0.01)
        scripted.say(messages.Closed(number, reason))
    assert bridge.wait_for("closed", failed)[-1].code == "failed"
    info = bridge.session_info(kept)
    assert (info.open, info.reconnects) == (1, 0)
    assert bridge.events(kept) == []


def test_a_head_that_was_opened_again_does_not_go_back_in_time(bridge, scripted, welcomed):
    """The next worker begins a little before the present; what was seen already is not shown again."""
    session = open_session(bridge, scripted, welcomed)
    utterance = bridge.speak(session, np.zeros(16_000, np.float32))

    def speaks(number: int, frames: range) -> None:
        scripted.next(messages.Speak)
        scripted.say(messages.Started(number, 1, 0))
        for index in frames:
            header = messages.Frame(number, "weights", 1, 0, index, round(index * 1e6 / 60), 16_667, 0)
            payload = np.zeros(71, np.float32).tobytes()
            scripted.socket.send_multipart([scripted.client, encode(header), payload])
        scripted.say(messages.FirstFrame(number, 1, 0, 1))
        bridge.wait_for("first_frame", session)

    speaks(1, range(28))
    bridge.need(bridge.c.clock(session, utterance, 450_000, 0))
    assert bridge.weights(session, utterance, 450_000).frame.index == 27
    scripted.next(messages.Clock)
    scripted.say(messages.Closed(1, "worker"))
    asked, _ = scripted.next(messages.Open)
    scripted.say(messages.Opened(asked.request, 2, "nano"))
    bridge.wait_for("reopened", session)
    speaks(2, range(10))  # from 200 ms on, so up to 350 ms
    assert bridge.weights(session, utterance, 460_000) is None
    assert bridge.weights(session, utterance, 300_000).frame.index == 18, "but the audio may be sought back"


@pytest.mark.parametrize("protocol", [0, 2])
def test_a_worker_of_another_version_is_named(bridge, tmp_path, protocol):
    other = ScriptedWorker(tmp_path, protocol)
    client = bridge.connect(other.endpoint, "secret")
    other.welcome()
    told = bridge.wait_for("not_connected", client, of_client=True)
    assert f"protocol {protocol}" in told[-1].message and "update" in told[-1].message
    assert not bridge.client_info(client).connected
    other.socket.close()


def test_names_are_those_of_every_other_part(bridge):
    assert tuple(bridge.c.weight_name(index).decode() for index in range(52)) == ARKIT_52
    assert tuple(bridge.c.viseme_name(index).decode() for index in range(15)) == VISEMES
    assert bridge.c.weight_name(52) is None and bridge.c.viseme_name(15) is None
