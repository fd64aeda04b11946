"""Short forms of benchmarks/worker, whose long forms run by hand; and what they measure with, on spoiled input."""

import sys
import threading
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip(
    "flashhead_engine._bridge", reason="the native module was not built (no C++ compiler, or no headers of Python)"
)
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "worker"))

import fuzz_messages
import kill_client
import long_talk
import npcs
import real
import speak_latency
from test_bad_input import Raw

from flashhead_engine.drivers.base import Outputs
from flashhead_engine.errors import TransportError
from flashhead_engine.transport import messages
from flashhead_engine.transport.messages import decode_from_client


def test_a_killed_client_frees_its_sessions_and_others_miss_nothing():
    result = kill_client.run(kills=10)
    assert (result.missed, result.left) == (0, 0)
    assert result.shown > 0
    assert len(result.freed_s) == 10
    assert max(result.freed_s) < 3 * kill_client.FREED_S, "other work on the machine is no fault"


def test_ten_thousand_random_messages_do_no_harm():
    result = fuzz_messages.run(10_000, seed=1)
    assert result.kept, result
    assert result.answers > 1_000, "they were read"


def test_a_minute_of_talk_leaves_memory_as_it_was():
    result = long_talk.run(60)
    assert result.missed == 0
    assert result.files[-1] <= result.files[len(result.files) // 4]
    # A minute is too short to settle within the 2 % of the long form.
    assert real.growth(result.worker) < 0.1


def test_the_first_frame_comes_at_once():
    assert speak_latency.run(10, Outputs.BLENDSHAPES).p50_ms < 1_000
    assert not speak_latency.Result.of([0.01] * 95 + [0.2] * 5).kept, "a few that are slow are seen"
    assert not speak_latency.Result.of([0.08] * 100).kept


def test_heads_that_are_too_many_are_seen_and_get_the_same():
    few = npcs.run(2, video=False, seconds=2)
    assert few.ticks > 100
    assert len(few.fps) == 2
    many = npcs.run(12, video=True, seconds=10, size=1024)
    assert many.stale > 0, "the measure sees pictures that are missing"
    assert min(many.fps) > 0.7 * max(many.fps), f"no head starves: {many.fps}"
    assert many.late < 0.2 * sum(many.fps) * 10, "fewer pictures, not late ones"


def test_fuzzed_messages_are_of_every_sort():
    fuzzer = fuzz_messages.Fuzzer(np.random.default_rng(0))
    good = bad = 0
    kinds = set()
    for _ in range(2_000):
        try:
            kinds.add(type(decode_from_client(fuzzer.parts()[0])))
            good += 1
        except TransportError:
            bad += 1
    assert good > 400
    assert bad > 400
    assert len(kinds) >= 11


def test_rings_of_a_worker_are_seen():
    with real.real_worker() as worker, worker.client() as connection, connection.open():
        assert real.rings_of(worker.process.pid) == 1
    assert real.rings_of(worker.process.pid) == 0


def test_growth_is_seen_and_noise_is_not():
    random = np.random.default_rng(0)
    steady = 1e8 + 1e5 * random.standard_normal(40)
    settled = np.concatenate([np.linspace(5e7, 1e8, 10), steady[:30]])
    leaking = 1e8 * np.linspace(1, 1.1, 40)
    assert abs(real.growth(steady)) < 0.01
    assert abs(real.growth(settled)) < 0.01, "the start does not count"
    assert real.growth(leaking) > fuzz_messages.GROWTH
    with pytest.raises(ValueError, match="too few"):
        real.growth([1, 2, 3])


@pytest.mark.parametrize(
    ("seen", "lost"), [([0, 1, 2, 3], 0), ([0, 2, 3], 1), ([], 4), ([0, 1, 1, 2, 3], 0), ([3, 2, 1, 0], 3)]
)
def test_missed_frames_are_counted(seen, lost):
    assert real.missed(seen, 4) == lost


def test_one_who_sends_faster_than_the_worker_works_does_not_fill_its_memory():
    """1.5 GB in messages that are each within the limits."""
    with real.real_worker() as worker:
        raw, samples = Raw(worker.endpoint), bytes(15 << 20)
        raw.greet()
        session = raw.open()
        resident, done = [real.resident_bytes(worker.process.pid)], threading.Event()

        def watch() -> None:
            while not done.wait(0.005):
                resident.append(real.resident_bytes(worker.process.pid))

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            for number in range(1, 101):
                raw.say(messages.Speak(session, number, 192_000, format="s16", interrupt=True), samples)
            while raw.hear(messages.Started, timeout_s=30).utterance < 100:
                pass
        finally:
            done.set()
            watching.join()
            raw.close()
        # What waits to be done, and what waits in the socket.
        assert max(resident) - resident[0] < 750 << 20
