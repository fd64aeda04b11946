"""One head in simulated time: how far ahead it computes, and when its frames can be seen."""

import numpy as np
import pytest

pytest.importorskip("samplerate")

from flashhead_engine.avatar.bundle import load_avatar
from flashhead_engine.drivers import load_driver
from flashhead_engine.drivers.base import Outputs, SessionSettings
from flashhead_engine.transport.messages import AHEAD_FRAMES
from flashhead_engine.worker.head import Head
from flashhead_engine.worker.scheduler import SLACK_S
from flashhead_engine.worker.statistics import WorkerStatistics
from flashhead_engine.worker.utterance import Utterance

SECONDS = 6.0
STEP_S = 0.004


class Simulated:
    """A head whose worker looks at it every 4 ms, and whose client tells its clock four times a second."""

    def __init__(self, outputs):
        self.now_s = 100.0
        self.driver = load_driver("nano")
        settings = SessionSettings(outputs, 256)
        avatar = load_avatar("robot") if Outputs.VIDEO in outputs else None
        self.session = Counting(self.driver.open(avatar, settings))
        self.published = []
        self.head = Head(
            *(1, self.session, settings, self._publish, lambda event: None),
            *(WorkerStatistics(), self.now_s),
        )

    def _publish(self, frame):
        self.published.append((frame, self.now_s))

    def step(self):
        turn = self.head.turn(self.now_s, 0.001)
        if turn and turn.due_s <= self.now_s + SLACK_S:
            self.head.feed(self.now_s, 1.0)
            self.driver.step([self.session.inner])
            self.head.collect(self.now_s)
        self.now_s += STEP_S


class Counting:
    """A session that knows how much audio it was given."""

    def __init__(self, inner):
        self.inner, self.given_s = inner, 0.0

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def push(self, pcm, end=False):
        self.given_s += len(pcm) / 16_000
        self.inner.push(pcm, end)


@pytest.mark.parametrize("outputs", [Outputs.BLENDSHAPES, Outputs.VIDEO, Outputs.VIDEO | Outputs.BLENDSHAPES])
def test_it_computes_as_fast_as_is_heard_and_every_frame_is_there_in_time(outputs):
    simulated = Simulated(outputs)
    utterance = Utterance(1, 16_000, 1, "f32")
    noise = 0.1 * np.random.default_rng(0).standard_normal(round(SECONDS * 16_000))
    utterance.add(noise.astype("<f4").tobytes(), end=True)
    simulated.head.speak(utterance, simulated.now_s)
    while not any(frame.utterance for frame, _ in simulated.published):
        simulated.step()
    began_s = simulated.now_s
    farthest_s = 0.0
    while (heard_s := simulated.now_s - began_s) < SECONDS:
        if round(heard_s / STEP_S) % 60 == 0:
            simulated.head.clock(1, round(1e6 * heard_s), True, simulated.now_s)
        simulated.step()
        farthest_s = max(farthest_s, simulated.session.given_s - heard_s)
    frame_s = 1 / 25 if Outputs.VIDEO in outputs else 1 / 60
    assert farthest_s < (AHEAD_FRAMES + 2) * frame_s + 0.15, "no audio is computed long before it is heard"
    spoken = [(frame, at_s) for frame, at_s in simulated.published if frame.utterance]
    tracks = {True: [], False: []}
    for frame, at_s in spoken:
        tracks[frame.pixels is not None].append((frame, at_s - began_s))
    for has_pixels, fps in ((True, 25), (False, 60)):
        wanted = Outputs.VIDEO if has_pixels else Outputs.BLENDSHAPES
        if wanted not in outputs:
            continue
        assert [frame.index for frame, _ in tracks[has_pixels]] == list(range(round(SECONDS * fps)))
        for frame, at_s in tracks[has_pixels][AHEAD_FRAMES:]:
            assert at_s < frame.pts_us / 1e6, f"frame {frame.index} is late"
            assert at_s > frame.pts_us / 1e6 - AHEAD_FRAMES * frame.duration_us / 1e6 - 0.001
