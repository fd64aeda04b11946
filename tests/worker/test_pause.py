"""A game that loads has the machine to itself: nothing is computed for it, however many heads it opens meanwhile."""

import time

import numpy as np
import pytest
from real_worker import TOKEN, start, wait_for

pytest.importorskip(
    "flashhead_engine._bridge", reason="the native module was not built (no C++ compiler, or no headers of Python)"
)

from flashhead_engine.client import Reopened, connect
from flashhead_engine.drivers.base import Outputs
from flashhead_engine.transport.messages import FirstFrame


def shown(head):
    """How many frames were published for it."""
    return head._sources.weights.published


def moves(head, seconds=0.5):
    before = shown(head)
    time.sleep(seconds)
    return shown(head) > before


@pytest.fixture
def game(endpoint):
    with connect(endpoint, TOKEN, name="a game", timeout_s=20) as connection:
        yield connection


def test_a_paused_client_gets_no_frames_not_even_for_heads_that_it_opens_then(game, endpoint):
    with connect(endpoint, TOKEN) as other, other.open() as bystander, game.open() as before:
        game.pause()
        with game.open() as meanwhile:
            time.sleep(0.1)  # a turn that was under way
            assert not moves(before)
            assert not moves(meanwhile)
            assert moves(bystander), "another client's heads go on"
            states = {session.client: session.state for session in other.status().sessions}
            assert states["a game"] == "paused"
            game.pause(False)
            for head in (before, meanwhile):
                deadline = time.monotonic() + 5
                while not moves(head, 0.05) and time.monotonic() < deadline:
                    pass
                assert moves(head)


def test_what_was_asked_for_in_a_pause_is_said_after_it(game):
    with game.open() as head:
        game.pause()
        with game.open("guard", outputs=Outputs.VIDEO, size=256) as face:
            utterance = face.speak(np.zeros(8_000, np.float32))
            time.sleep(0.3)
            assert utterance.state == "waiting"
            game.pause(False)
            wait_for(face, FirstFrame)
            assert len(list(face.frames(utterance, real_time=False))) == 13
        assert not head.paused


def test_the_pause_outlives_a_worker(tmp_path):
    process = start(f"ipc://{tmp_path}/socket", stderr=None)
    with connect(f"ipc://{tmp_path}/socket", TOKEN, timeout_s=20) as game, game.open() as head:
        game.pause()
        game.status()
        process.kill()
        process.wait()
        process.stdin.close()
        process = start(f"ipc://{tmp_path}/socket", stderr=None)
        wait_for(head, Reopened, timeout_s=15)
        time.sleep(0.2)
        assert not moves(head)
        game.pause(False)
        time.sleep(0.5)
        assert moves(head)
    process.stdin.close()
    assert process.wait(timeout=10) == 0
