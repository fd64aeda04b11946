"""What a worker answers to clients that break the protocol, and that others are served meanwhile."""

import time

import numpy as np
import pytest
import zmq
from real_worker import LINE, TOKEN, wait_for

pytest.importorskip(
    "flashhead_engine._bridge", reason="the native module was not built (no C++ compiler, or no headers of Python)"
)

from flashhead_engine.audio.decode import open_audio
from flashhead_engine.client import connect
from flashhead_engine.drivers.base import Outputs
from flashhead_engine.errors import TransportError
from flashhead_engine.transport import messages
from flashhead_engine.transport.messages import MAX_MESSAGE_BYTES, PROTOCOL, decode_from_worker, encode


@pytest.fixture
def honest(endpoint):
    """Another client: it must be served whatever happens."""
    with connect(endpoint, TOKEN, timeout_s=20) as worker, worker.open() as head:
        yield head
        shown = list(head.frames(head.speak(np.zeros(8_000, np.float32)), real_time=False))
        assert [frame.index for frame in shown] == list(range(30))


@pytest.fixture
def raw(endpoint, honest):
    client = Raw(endpoint)
    yield client
    client.close()


class Raw:
    """A socket that says what it is told."""

    def __init__(self, endpoint):
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.connect(endpoint)

    def say(self, *parts):
        self._socket.send_multipart([part if isinstance(part, bytes) else encode(part) for part in parts])

    def hear(self, kind, timeout_s=5.0):
        """The next message of a kind."""
        end = time.monotonic() + timeout_s
        while (left_s := end - time.monotonic()) > 0:
            if self._socket.poll(1000 * left_s):
                message = decode_from_worker(self._socket.recv_multipart()[0])
                if isinstance(message, kind):
                    return message
        raise AssertionError(f"no {kind.__name__} came")

    def greet(self):
        self.say(messages.Hello(TOKEN, client="raw"))
        self.hear(messages.Welcome)

    def open(self):
        self.say(messages.Open(1))
        return self.hear(messages.Opened).session

    def close(self):
        self._context.destroy(linger=0)


def test_before_hello_nothing_is_done(raw):
    raw.say(messages.Open(1))
    assert raw.hear(messages.Error).code == "no_hello"


def test_a_wrong_token_and_another_version_are_refused_and_may_try_again(raw):
    raw.say(messages.Hello("not the token"))
    assert raw.hear(messages.Error).code == "wrong_token"
    raw.say(messages.Hello(TOKEN, PROTOCOL + 1))
    error = raw.hear(messages.Error)
    assert error.code == "wrong_protocol"
    assert str(PROTOCOL + 1) in error.message
    raw.greet()


@pytest.mark.parametrize(
    ("speak", "samples", "words"),
    [
        (dict(sample_rate_hz=0), np.zeros(10), "sample_rate_hz 0"),
        (dict(), np.array([0, np.nan]), "not numbers"),
        (dict(), np.array([0, np.inf]), "not numbers"),
        (dict(channels=0), np.zeros(10), "channels 0"),
        (dict(channels=3), np.zeros(10), "whole samples"),
        (dict(format="mp3"), np.zeros(10), "format 'mp3'"),
    ],
)
def test_samples_that_cannot_be_used(raw, speak, samples, words):
    raw.greet()
    session = raw.open()
    raw.say(messages.Speak(session, 1, **speak), samples.astype("<f4").tobytes())
    error = raw.hear(messages.Error)
    assert (error.code, error.session, error.utterance) == ("bad_audio", session, 1)
    assert words in error.message
    raw.say(messages.Speak(session, 1), np.zeros(1600, "<f4").tobytes())
    raw.say(messages.Clock(session, 1, 100_000, False))
    assert raw.hear(messages.Finished).utterance == 1, "the number was not used up, the head speaks on"


def test_a_nan_in_the_middle_ends_its_utterance_and_no_other(raw):
    raw.greet()
    session = raw.open()
    raw.say(messages.Speak(session, 1, end=False), np.zeros(1600, "<f4").tobytes())
    raw.say(messages.Speak(session, 2), np.zeros(1600, "<f4").tobytes())
    raw.say(messages.Audio(session, 1), np.full(10, np.nan, "<f4").tobytes())
    assert raw.hear(messages.Error).utterance == 1
    raw.say(messages.Clock(session, 2, 100_000, False))
    assert raw.hear(messages.Finished).utterance == 2


def test_a_session_that_is_closed_or_another_clients_is_unknown(raw, honest):
    raw.greet()
    session = raw.open()
    raw.say(messages.Close(session))
    assert raw.hear(messages.Closed).reason == "client"
    for number in (session, honest.session, 0, 2**32 - 1):
        raw.say(messages.Speak(number, 1), b"")
        assert raw.hear(messages.Error).code == "unknown_session"


def test_parts_that_are_too_large_together_are_refused(raw):
    raw.greet()
    half = bytes(MAX_MESSAGE_BYTES // 2 + 1)
    raw.say(messages.Speak(1, 1), half, half)
    assert raw.hear(messages.Error).code == "bad_message"
    raw.say(messages.Ping(), half, b"")
    assert raw.hear(messages.Error).code == "bad_message"


def test_a_gigabyte_ends_the_connection_and_takes_no_memory(endpoint, raw):
    raw.greet()
    with connect(endpoint, TOKEN) as watcher:
        before = watcher.status().memory_bytes
        raw.say(messages.Speak(1, 1), bytes(1 << 30))
        time.sleep(1)
        assert watcher.status().memory_bytes - before < 200 << 20
    # ZeroMQ connects anew by itself; the worker does not know who this is until it greets again.
    raw.greet()


def test_frames_as_messages_are_those_of_the_rings(endpoint, honest):
    with open_audio(LINE) as audio:
        pcm = np.concatenate(list(audio.chunks()))[:16_000]
    shown = []
    with connect(endpoint, TOKEN) as worker:
        for frames in ("shared_memory", "messages"):
            both = Outputs.VIDEO | Outputs.BLENDSHAPES
            with worker.open("fox", outputs=both, size=256, seed=4, frames=frames) as head:
                head.pause()
                head.pause(False)
                utterance = head.speak(pcm)
                pictures = list(head.frames(utterance, real_time=False))
                weights = head.weights_at(utterance, 900_000)
                wait_for(head, messages.Finished)
                shown.append((pictures, weights))
    (rings, ring_weights), (sent, sent_weights) = shown
    assert [frame.pts_us for frame in rings] == [frame.pts_us for frame in sent] == [40_000 * n for n in range(25)]
    assert rings[0].pixels.shape == sent[0].pixels.shape == (256, 256, 4)
    assert sent_weights.pts_us == ring_weights.pts_us
    # What the idle face did before differs by a few frames, so the mouth is compared, not the glances.
    jaw = 17
    assert abs(sent_weights.weights[jaw] - ring_weights.weights[jaw]) < 0.05


def test_an_unknown_avatar_is_named(endpoint, honest):
    with connect(endpoint, TOKEN) as worker, pytest.raises(TransportError, match="nobody"):
        worker.open("nobody", outputs=Outputs.VIDEO)
