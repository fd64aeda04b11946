"""A line captured by Movie Maker: the mouth of the video follows its sound track, by the measure of finished videos.

The head is the worker's: it sways, which the measure of `tests/bake` is spared. So a line's lag wanders by some ten
milliseconds from run to run, and the median of twice as many lines is asked for.
"""

import sys
from fractions import Fraction
from pathlib import Path

import av
import pytest

from flashhead_engine.evaluation.sync import MIN_CORRELATION

sys.path.insert(0, str(Path(__file__).parents[1] / "bake"))

from test_sync import LINES, SPOKEN, in_sync, measure

SAID = (*SPOKEN, *(line.replace("-01", "-02") for line in SPOKEN))
FPS = 25
WINDOW = ("--resolution", "1280x720")
"""Of the project: a movie is as large, whatever the window is."""
AVATAR = "guard"


@pytest.fixture(scope="module")
def capture(godot, screen, worker, tmp_path_factory):
    """Call with a line and words for the test in Godot: the video."""
    folder = tmp_path_factory.mktemp("movie")

    def make(line: str, *words: str) -> Path:
        wave, movie = folder / f"{line}.wav", folder / f"{line}.avi"
        to_wave(LINES / f"{line}.flac", wave)
        engine = (*WINDOW, "--write-movie", str(movie), "--fixed-fps", str(FPS))
        options = dict(engine=engine, renderer="gl", DISPLAY=screen, timeout_s=300)
        godot.test("test_movie.gd", f"line={wave}", *words, **options, **worker)
        return movie

    return make


@pytest.fixture(scope="module")
def movies(capture) -> dict[str, Path]:
    return {line: capture(line) for line in SAID}


def to_wave(source: Path, target: Path) -> None:
    with av.open(str(source)) as audio, av.open(str(target), "w") as wave:
        stream = wave.add_stream("pcm_s16le", rate=audio.streams.audio[0].rate, layout="mono")
        for frame in audio.decode(audio=0):
            wave.mux(stream.encode(frame))
        wave.mux(stream.encode(None))


def delayed(movie: Path, out: Path, late_s: float) -> Path:
    """A copy of a movie, packets untouched but for the times of its picture."""
    with av.open(str(movie)) as source, av.open(str(out), "w") as target:
        copies = {stream: target.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is None:
                continue
            if packet.stream.type == "video":
                late = round(Fraction(late_s) / packet.stream.time_base)
                packet.pts += late
                packet.dts += late
            packet.stream = copies[packet.stream]
            target.mux(packet)
    return out


def test_the_mouth_is_at_most_half_a_frame_off_the_sound(movies):
    reports = [measure(movie, line, AVATAR) for line, movie in movies.items()]
    print(*reports, sep="\n")
    assert in_sync(reports), reports


@pytest.mark.parametrize("late_s", [0.08, -0.08])
def test_a_picture_80_ms_off_is_refused(late_s, movies, tmp_path):
    reports = [
        measure(delayed(movie, tmp_path / f"{line}.mkv", late_s), line, AVATAR) for line, movie in movies.items()
    ]
    assert not in_sync(reports), reports
    assert all(report.correlation >= MIN_CORRELATION for report in reports), "refused for its lag, not for its shape"


def test_a_movie_slower_than_real_time_keeps_its_pictures(capture):
    reports = [measure(capture(line, "slow_ms=100"), line, AVATAR) for line in SPOKEN]
    print(*reports, sep="\n")
    assert in_sync(reports), reports
