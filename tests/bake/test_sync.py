"""On the finished file, the mouth moves with the sound.

The same measure must refuse the same video 80 ms late, another line's mouth, and a frozen mouth.
"""

import itertools
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from flashhead_engine.audio.decode import open_audio
from flashhead_engine.avatar.bundle import load_avatar
from flashhead_engine.bake.line import bake_line
from flashhead_engine.bake.plan import LineRequest
from flashhead_engine.blendshapes.phones import mouth_curves, to_atoms
from flashhead_engine.drivers.base import Performance, SessionSettings
from flashhead_engine.evaluation.lipsync import Truth
from flashhead_engine.evaluation.sync import MIN_CORRELATION, MouthBox, SyncReport, measure_sync

LINES = Path(__file__).parents[1] / "data" / "lipsync"
SPOKEN = ("hu-01", "tr-01", "el-01", "sv-01")  # their synthesiser says exactly when each phone sounds
SIZE = 256
TRUTH_HZ = 200


def mouth_box(avatar_name: str) -> MouthBox:
    avatar = load_avatar(avatar_name)
    outer = np.concatenate([avatar.landmarks.lip_upper_outer, avatar.landmarks.lip_lower_outer])
    scale = SIZE / avatar.side
    left, top = np.floor(outer.min(0) * scale).astype(int)
    lowest = outer.max(0)
    lowest[1] += avatar.landmarks.jaw_drop
    right, bottom = np.ceil(lowest * scale).astype(int)
    return MouthBox(left, top, right, bottom)


def bake(folder: Path, line: str, avatar: str, fps: int, mouth_strength: float = 1.0) -> Path:
    video = folder / f"{line}-{avatar}-{fps}-{mouth_strength:g}.mp4"
    if video.exists():
        return video
    settings = SessionSettings(size=SIZE, fps=fps, performance=Performance.off(), mouth_strength=mouth_strength)
    bake_line(LineRequest(LINES / f"{line}.flac", (video,), avatar, "nano", settings), lambda share: None)
    return video


def measure(video: Path, line: str, avatar: str) -> SyncReport:
    truth = Truth.load(LINES / f"{line}.json")
    aperture = mouth_curves(to_atoms(truth.segments), np.arange(0, truth.duration_s, 1 / TRUTH_HZ)).aperture
    with open_audio(LINES / f"{line}.flac") as audio:
        speech = np.concatenate(list(audio.chunks()))
    return measure_sync(video, speech, aperture, TRUTH_HZ, mouth_box(avatar))


def join(picture: Path, sound: Path, out: Path, picture_late_s: float = 0.0) -> Path:
    """The picture of one video with the sound of another, packets untouched but for their times."""
    with av.open(str(picture)) as pictures, av.open(str(sound)) as sounds, av.open(str(out), "w") as target:
        # Both streams before the first packet: the first packet writes the header.
        sources = [(pictures.streams.video[0], picture_late_s), (sounds.streams.audio[0], 0.0)]
        copies = [target.add_stream_from_template(stream) for stream, _ in sources]
        for (stream, late_s), copy in zip(sources, copies, strict=True):
            late = round(Fraction(late_s) / stream.time_base)
            for packet in stream.container.demux(stream):
                if packet.dts is not None:
                    packet.pts += late
                    packet.dts += late
                    packet.stream = copy
                    target.mux(packet)
    return out


def in_sync(reports: list[SyncReport]) -> bool:
    """Every line's mouth follows its own speech, and the usual lag is at most half a frame."""
    lag_ms = np.median([report.lag_ms for report in reports])
    return all(report.correlation >= MIN_CORRELATION for report in reports) and abs(lag_ms) <= 500 / reports[0].fps


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("sync")


@pytest.mark.parametrize("fps", [24, 25, 30, 60])
def test_the_mouth_is_at_most_half_a_frame_off_the_sound(fps, folder):
    reports = [measure(bake(folder, line, "guard", fps), line, "guard") for line in SPOKEN]
    assert in_sync(reports), reports


@pytest.mark.parametrize("avatar", ["heroine", "merchant", "robot"])
def test_every_avatar_is_in_sync(avatar, folder):
    reports = [measure(bake(folder, line, avatar, 25), line, avatar) for line in SPOKEN[:2]]
    assert in_sync(reports), reports


@pytest.mark.parametrize("late_s", [0.08, -0.08])
def test_video_80_ms_off_is_refused(late_s, folder):
    reports = []
    for line in SPOKEN:
        video = bake(folder, line, "guard", 25)
        reports.append(measure(join(video, video, folder / f"{line}{late_s}.mp4", late_s), line, "guard"))
    assert not in_sync(reports), reports
    assert all(report.correlation >= MIN_CORRELATION for report in reports), "refused for its lag, not for its shape"


def test_another_lines_mouth_is_refused(folder):
    for line, other in itertools.pairwise(SPOKEN):
        videos = bake(folder, other, "guard", 25), bake(folder, line, "guard", 25)
        report = measure(join(*videos, folder / f"{other}-for-{line}.mp4"), line, "guard")
        assert not in_sync([report]), report


def test_a_frozen_mouth_is_refused(folder):
    for line in SPOKEN[:2]:
        report = measure(bake(folder, line, "guard", 25, mouth_strength=0.0), line, "guard")
        assert not in_sync([report]), report
