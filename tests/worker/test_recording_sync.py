"""What a client of a real worker shows in real time is in sync with what it plays; measured on the recorded file.

The same measure refuses the same recording 80 ms late, and another line's.
"""

import sys
from pathlib import Path

import numpy as np
import pytest
from real_worker import TOKEN

pytest.importorskip(
    "flashhead_engine._bridge", reason="the native module was not built (no C++ compiler, or no headers of Python)"
)
sys.path.insert(0, str(Path(__file__).parents[1] / "bake"))

from test_sync import LINES, SIZE, SPOKEN, join, measure

from flashhead_engine.audio.decode import open_audio
from flashhead_engine.avatar.bundle import load_avatar
from flashhead_engine.bake.formats import BakeTarget
from flashhead_engine.client import connect
from flashhead_engine.client.recording import record
from flashhead_engine.drivers.base import Outputs

FPS = 25
# Of a head that sways and blinks, which the measure takes for movements of the mouth; bake's test has it hold still.
MOST_LAG_MS = 1000 / FPS
LEAST_CORRELATION = 0.4


def in_sync(reports):
    lag_ms = np.median([report.lag_ms for report in reports])
    return abs(lag_ms) <= MOST_LAG_MS and all(report.correlation >= LEAST_CORRELATION for report in reports)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("recorded")


@pytest.fixture(scope="module")
def videos(folder, endpoint):
    made = {}
    with (
        connect(endpoint, TOKEN, timeout_s=20) as worker,
        worker.open("guard", outputs=Outputs.VIDEO, size=SIZE, fps=FPS) as head,
    ):
        for line in SPOKEN:
            source = LINES / f"{line}.flac"
            with open_audio(source) as audio:
                pcm = np.concatenate(list(audio.chunks()))
            target = BakeTarget(source, FPS, SIZE, load_avatar("guard").background, alpha=False)
            made[line] = record(
                head, head.speak(pcm), len(pcm) * 1_000_000 // 16_000, folder / f"{line}.mp4", target
            ).file
    return made


def test_a_recording_is_in_sync(videos):
    reports = [measure(video, line, "guard") for line, video in videos.items()]
    assert in_sync(reports), reports


def test_the_same_80_ms_late_is_refused(videos, folder):
    late = [measure(join(v, v, folder / f"late-{line}.mp4", 0.08), line, "guard") for line, v in videos.items()]
    assert not in_sync(late), late


def test_the_mouth_of_another_line_is_refused(videos, folder):
    others = dict(zip(SPOKEN, [*SPOKEN[1:], SPOKEN[0]], strict=True))
    wrong = [
        measure(join(videos[other], videos[line], folder / f"other-{line}.mp4"), line, "guard")
        for line, other in others.items()
    ]
    assert not in_sync(wrong), wrong
