"""Promises for the day the worker dies: no call blocks or fails, and its heads talk again within two seconds."""

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
from bridge_library import WAITING, environment, rings_of
from real_worker import start

from flashhead_engine.transport.rings import sweep
from flashhead_engine.worker.discovery import WorkerAddress, publish

WORKER = (sys.executable, "-m", "flashhead_engine.worker")
TALKING_S = 2.0
SLOWEST_CALL_S = 0.1


def noise(seconds: float) -> np.ndarray:
    return (0.2 * np.random.default_rng(2).standard_normal(round(16_000 * seconds))).astype(np.float32)


def test_it_is_killed_and_eight_heads_talk_on(bridge):
    client = bridge.connect(program=WORKER)
    heads = [bridge.open(client, seed=seed) for seed in range(8)]
    lines = [bridge.speak(head, noise(20)) for head in heads]
    began, slowest = None, 0.0

    def turn() -> list[bool]:
        """Each head's frame of now; whether it is fresh."""
        nonlocal began, slowest
        before = time.monotonic()
        if began is None and all(
            bridge.state(head, line) != WAITING for head, line in zip(heads, lines, strict=True)
        ):
            began = time.monotonic()
        audio_us = 0 if began is None else round(1e6 * (time.monotonic() - began))
        fresh = []
        for head, line in zip(heads, lines, strict=True):
            bridge.need(bridge.c.clock(head, line, audio_us, int(began is not None)))
            found = bridge.weights(head, line, audio_us)
            fresh.append(found is not None and audio_us - found.frame.pts_us < 100_000)
        slowest = max(slowest, time.monotonic() - before)
        return fresh

    def until_all_talk(limit_s: float) -> float:
        start_s, seen = time.monotonic(), [False] * len(heads)
        while not (all(seen) and began is not None):
            seen = [a or b for a, b in zip(seen, turn(), strict=True)]
            assert time.monotonic() - start_s < limit_s, seen
            time.sleep(0.004)
        return time.monotonic() - start_s

    until_all_talk(20)
    for _ in range(3):
        bridge.events(client, of_client=True)
        for head in heads:
            bridge.events(head)
        killed = bridge.client_info(client).worker_pid
        os.kill(killed, signal.SIGKILL)
        killed_s = time.monotonic()
        told = bridge.wait_for("connected", client, of_client=True)
        assert any(event.name == "lost" for event in told)
        for head in heads:
            bridge.wait_for("reopened", head)
        until_all_talk(5 * TALKING_S)  # the limit itself is for benchmarks/bridge: other work here is no fault
        assert time.monotonic() - killed_s < 5 * TALKING_S
    assert slowest < SLOWEST_CALL_S * 5
    assert bridge.client_info(client).reconnects == 3
    bridge.need(bridge.c.shutdown())
    sweep()


def test_frames_after_a_restart_are_of_the_whole_utterance(bridge):
    client = bridge.connect(program=WORKER)
    session = bridge.open(client)
    utterance = bridge.speak(session, noise(10))
    bridge.wait_for("first_frame", session)
    began, killed, after = time.monotonic(), False, []
    while time.monotonic() - began < 4.0:
        audio_us = round(1e6 * (time.monotonic() - began))
        bridge.need(bridge.c.clock(session, utterance, audio_us, 1))
        if found := bridge.weights(session, utterance, audio_us):
            assert found.frame.pts_us <= audio_us
            assert abs(found.frame.pts_us - found.frame.index * 1e6 / 60) < 2000, "time and index fit together"
            if killed and bridge.session_info(session).reconnects:
                after.append((found.frame.index, audio_us - found.frame.pts_us))
        if not killed and audio_us > 1_000_000:
            killed = True
            os.kill(bridge.client_info(client).worker_pid, signal.SIGKILL)
        bridge.events(client, of_client=True)
        time.sleep(0.004)
    assert after and min(late for _, late in after) < 100_000
    assert [index for index, _ in after] == sorted(index for index, _ in after)
    bridge.need(bridge.c.shutdown())
    sweep()


def test_its_worker_ends_with_it_and_it_can_be_used_again(bridge):
    for _ in range(2):
        client = bridge.connect(program=WORKER)
        session = bridge.open(client)
        bridge.wait_for("opened", session, timeout_s=20)
        bridge.events(client, of_client=True)
        pid = bridge.client_info(client).worker_pid
        assert pid and Path(f"/proc/{pid}").exists()
        assert rings_of(pid) == 1
        bridge.need(bridge.c.shutdown())
        assert not Path(f"/proc/{pid}").exists()
        assert rings_of(pid) == 0


def test_the_announced_worker_and_the_environment_are_found(bridge, tmp_path):
    endpoint = f"ipc://{tmp_path}/socket"
    process = start(endpoint, stderr=None)
    try:
        with environment(XDG_RUNTIME_DIR=str(tmp_path), FLASHHEAD_ENDPOINT="", FLASHHEAD_TOKEN=""):
            publish(WorkerAddress(endpoint, "a token", process.pid, "0"))
            client = bridge.connect()
            bridge.wait_for("connected", client, of_client=True, timeout_s=20)
            bridge.need(bridge.c.shutdown())
        with environment(FLASHHEAD_ENDPOINT=endpoint, FLASHHEAD_TOKEN="a token"):
            client = bridge.connect()
            bridge.wait_for("connected", client, of_client=True)
    finally:
        process.stdin.close()
        process.wait(10)
