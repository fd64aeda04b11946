"""A line captured by Movie Maker: the mouth of the video follows its sound track, by the measure of finished videos.

The head is the worker's: it sways and blinks, which the measure of `tests/bake` is spared; so one line's lag wanders
more, and of four the median counts.
"""

import sys
from fractions import Fraction
from pathlib import Path

import av
import pytest

from flashhead_engine.evaluation.sync import MIN_CORRELATION

sys.path.insert(0, str(Path(__file__).parents[1] / "bake"))

from test_sync import LINES, SPOKEN, in_sync, measure

FPS = 25
AVATAR = "guard"
REST = 1
"""Frames before the line that are kept: what the mouth is compared with."""


@pytest.fixture(scope="module")
def capture(godot, screen, worker, tmp_path_factory):
    """Call with a line and words for the test in Godot: the video, from just before the line."""
    folder = tmp_path_factory.mktemp("movie")

    def make(line: str, *words: str) -> Path:
        wave, movie = folder / f"{line}.wav", folder / f"{line}.avi"
        to_wave(LINES / f"{line}.flac", wave)
        engine = ("--write-movie", str(movie), "--fixed-fps", str(FPS))
        said = godot.test(
            *("test_movie.gd", f"line={wave}", *words),
            **dict(engine=engine, renderer="gl", DISPLAY=screen, timeout_s=300, **worker),
        )
        (spoken,) = said.reports["spoken_frame"]
        return cut(movie, folder / f"{line}.mkv", (spoken - REST) / FPS)

    return make


@pytest.fixture(scope="module")
def movies(capture) -> dict[str, Path]:
    return {line: capture(line) for line in SPOKEN}


def to_wave(source: Path, target: Path) -> None:
    with av.open(str(source)) as audio, av.open(str(target), "w") as wave:
        stream = wave.add_stream("pcm_s16le", rate=audio.streams.audio[0].rate, layout="mono")
        for frame in audio.decode(audio=0):
            wave.mux(stream.encode(frame))
        wave.mux(stream.encode(None))


def cut(movie: Path, out: Path, from_s: float, picture_late_s: float = 0.0) -> Path:
    """A copy of a movie without its beginning, packets untouched but for the times of its picture."""
    with av.open(str(movie)) as source, av.open(str(out), "w") as target:
        pairs = [(stream, target.add_stream_from_template(stream)) for stream in source.streams]
        for stream, copy in pairs:
            late = round(Fraction(picture_late_s) / stream.time_base) if stream.type == "video" else 0
            source.seek(0)
            for packet in source.demux(stream):
                if packet.dts is None or packet.pts * stream.time_base < from_s:
                    continue
                packet.pts += late
                packet.dts += late
                packet.stream = copy
                target.mux(packet)
    return out


def test_the_mouth_is_at_most_half_a_frame_off_the_sound(movies):
    reports = [measure(movie, line, AVATAR) for line, movie in movies.items()]
    print(*reports, sep="\n")
    assert in_sync(reports), reports


@pytest.mark.parametrize("late_s", [0.08, -0.08])
def test_a_picture_80_ms_off_is_refused(late_s, movies, tmp_path):
    reports = [
        measure(cut(movie, tmp_path / f"{line}.mkv", 0.0, late_s), line, AVATAR) for line, movie in movies.items()
    ]
    assert not in_sync(reports), reports
    assert all(report.correlation >= MIN_CORRELATION for report in reports), "refused for its lag, not for its shape"


def test_a_movie_slower_than_real_time_keeps_its_pictures(capture):
    line = SPOKEN[1]
    report = measure(capture(line, "slow_ms=100"), line, AVATAR)
    assert in_sync([report]), report
