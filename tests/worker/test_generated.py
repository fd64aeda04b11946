"""Heads whose pictures come by the chunk, in the real worker, with an untrained model."""

import time

import numpy as np
import pytest
from real_worker import LINE, TOKEN, wait_for

pytest.importorskip("flashhead_engine._bridge", reason="the native module was not built")
pytest.importorskip("torch")
pytest.importorskip("safetensors")

from flashhead_engine.audio.decode import open_audio
from flashhead_engine.client import connect
from flashhead_engine.drivers.base import FrameFlags, Outputs
from flashhead_engine.errors import TransportError
from flashhead_engine.transport.messages import Finished, Warning

UNTRAINED = "tiny-random"


@pytest.fixture(scope="module")
def pcm():
    return np.random.default_rng(0).uniform(-0.2, 0.2, 24_000).astype(np.float32)


@pytest.fixture
def worker(endpoint):
    with connect(endpoint, TOKEN, timeout_s=60) as connection:
        yield connection


def _open(worker, **settings):
    return worker.open("guard", tier=UNTRAINED, outputs=Outputs.VIDEO, size=256, **settings)


def test_a_line_is_shown_frame_by_frame_in_order(worker, pcm):
    with _open(worker) as head:
        for number in range(2):
            frames = list(head.frames(head.speak(pcm, 16_000), real_time=False))
            assert [frame.pts_us for frame in frames] == [index * 40_000 for index in range(38)], number
            assert FrameFlags.LAST in frames[-1].flags
            assert all((frame.pixels[0, 0] == (160, 0, 0, 255)).all() for frame in frames), "marked as untrained"
            assert len({frame.pixels.tobytes() for frame in frames}) == 38
            wait_for(head, Finished)


def test_every_utterance_has_a_rate_of_its_own(worker):
    with _open(worker) as head:
        for rate_hz in (8_000, 48_000, 22_050):
            pcm = np.random.default_rng(0).uniform(-0.2, 0.2, rate_hz // 2).astype(np.float32)
            frames = list(head.frames(head.speak(pcm, rate_hz), real_time=False))
            assert [frame.index for frame in frames] == list(range(13)), rate_hz


def test_other_heads_go_on_while_a_chunk_is_computed(worker, pcm):
    """A nano head in real time beside one that computes without end."""
    with _open(worker) as slow, worker.open() as quick:
        slow.speak(np.tile(pcm, 6), 16_000)
        utterance = quick.speak(pcm, 16_000)
        frames = list(quick.frames(utterance))
        assert frames[-1].index == 89
        assert len(frames) > 60, "most are there in their time, on a machine that computes chunks on all cores"
        slow.cancel()


def test_a_cancel_while_a_chunk_is_computed(worker, pcm):
    with _open(worker) as head:
        head.speak(np.tile(pcm, 4), 16_000)
        time.sleep(0.3)
        head.cancel()
        frames = list(head.frames(head.speak(pcm, 16_000), real_time=False))
        assert {frame.epoch for frame in frames} == {1}
        assert [frame.index for frame in frames] == list(range(38))


def test_closed_while_a_chunk_is_computed(worker, pcm):
    for _ in range(3):
        with _open(worker) as head:
            head.speak(pcm, 16_000)
            time.sleep(0.1)
    with worker.open() as head:
        assert len(list(head.frames(head.speak(pcm, 16_000), real_time=False))) == 90


def test_a_head_without_video_has_nanos_weights(worker):
    with open_audio(LINE) as audio:
        pcm = np.concatenate(list(audio.chunks()))[:24_000]
    with worker.open(tier=UNTRAINED) as head:
        assert head.tier == UNTRAINED
        frames = list(head.frames(head.speak(pcm, 16_000), real_time=False))
        assert [frame.index for frame in frames] == list(range(90))
        assert len({frame.weights.tobytes() for frame in frames}) > 40, "the face moves"


def test_a_tier_without_weights_says_what_to_do_or_is_stood_in_for(worker, pcm, monkeypatch):
    if "lite" in worker.tiers:
        pytest.skip("lite's weights were added on this machine")
    with pytest.raises(TransportError, match="flashhead models"):
        worker.open("guard", tier="lite", outputs=Outputs.VIDEO, size=256)
    with worker.open("guard", tier="lite", outputs=Outputs.VIDEO, size=256, lower_tier=True) as head:
        assert head.tier == "nano"
        assert any(isinstance(event, Warning) for event in wait_for(head, Warning))
        assert len(list(head.frames(head.speak(pcm, 16_000), real_time=False))) == 38
