"""Baked videos show the right frame at the right time, beside their sound, and look like their input."""

import math
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import Colorspace
from read_back import delay_s, picture_times, pictures, psnr_db, read_sound
from synthetic import (
    FPS,
    RATE,
    SECONDS,
    SIZE,
    dialogue_samples,
    portrait,
    timed_frame,
    video_frames,
    write_all,
    write_wav,
)

from flashhead_engine.avatar.images import over_background
from flashhead_engine.bake.formats import BakeTarget, for_path
from flashhead_engine.errors import AudioError

VIDEO_EXTENSIONS = ["mp4", "webm", "ogv"]
FRAMES = math.ceil(SECONDS * FPS)
MATRIX = {"mp4": Colorspace.ITU709, "webm": Colorspace.ITU601, "ogv": Colorspace.ITU601}


def bake(path: Path, target: BakeTarget, frames=None):
    return write_all(path, target, frames or video_frames(fps=target.fps, size=target.size))


@pytest.fixture(params=VIDEO_EXTENSIONS)
def extension(request, needs_theora) -> str:
    if request.param == "ogv":
        needs_theora()
    return request.param


@pytest.mark.parametrize("fps", [24, 25, 30, 60])
def test_frame_i_stands_at_i_through_fps(tmp_path, dialogue, extension, fps):
    path = tmp_path / f"line.{extension}"
    output = bake(path, BakeTarget(audio=dialogue, fps=fps, size=SIZE))
    count = math.ceil(SECONDS * fps)
    times = picture_times(path)
    assert len(times) == count == output.frames
    # WebM counts in milliseconds.
    tolerance = Fraction(1, 2000) if extension == "webm" else 0
    assert all(abs(time - Fraction(index, fps)) <= tolerance for index, time in enumerate(times))


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_sound_is_within_a_millisecond_of_the_original(tmp_path, extension, rate):
    original = dialogue_samples(rate=rate)
    target = BakeTarget(audio=write_wav(tmp_path / "line.wav", original, rate), fps=FPS, size=SIZE)
    path = tmp_path / f"line.{extension}"
    bake(path, target)
    sound = read_sound(path, rate)
    assert abs(delay_s(sound, original, rate)) <= 0.001
    # Codecs end on whole frames of 1024 samples; players of MP4 and WebM cut what is over.
    assert -2 <= sound.size - original.size <= 1024


def test_the_sound_test_sees_a_delay_of_80_ms(tmp_path, extension):
    original = dialogue_samples()
    late = np.concatenate([np.zeros(round(0.08 * RATE), np.float32), original])
    target = BakeTarget(audio=write_wav(tmp_path / "late.wav", late), fps=FPS, size=SIZE)
    path = tmp_path / f"line.{extension}"
    bake(path, target)
    assert delay_s(read_sound(path, RATE), original, RATE) == pytest.approx(0.08, abs=0.001)


def test_sound_keeps_its_rate_and_level(tmp_path, extension):
    original = dialogue_samples(rate=44_100)
    target = BakeTarget(audio=write_wav(tmp_path / "line.wav", original, 44_100), fps=FPS, size=SIZE)
    path = tmp_path / f"line.{extension}"
    bake(path, target)
    sound = read_sound(path, 44_100)[: original.size]
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(np.sqrt(np.mean(original[: sound.size] ** 2)), rel=0.05)


@pytest.mark.parametrize(("channels", "expected"), [(1, 1), (2, 2), (8, 1)])
def test_stereo_stays_and_more_channels_are_averaged(tmp_path, extension, channels, expected):
    samples = np.stack([dialogue_samples()] * channels, axis=1)
    target = BakeTarget(audio=write_wav(tmp_path / "line.wav", samples), fps=FPS, size=SIZE)
    path = tmp_path / f"line.{extension}"
    bake(path, target)
    with av.open(str(path)) as container:
        found = container.streams.audio[0].codec_context.channels
    # PyAV's Vorbis encoder takes stereo only.
    assert found == (2 if extension == "webm" else expected)
    assert abs(delay_s(read_sound(path, RATE), samples[:, 0], RATE)) <= 0.001


@pytest.mark.parametrize("rate", [8_000, 96_000, 192_000])
def test_rates_that_codecs_do_not_like_stay_in_time(tmp_path, extension, rate):
    original = dialogue_samples(rate=rate)
    target = BakeTarget(audio=write_wav(tmp_path / "line.wav", original, rate), fps=FPS, size=SIZE)
    path = tmp_path / f"line.{extension}"
    bake(path, target)
    with av.open(str(path)) as container:
        written = container.streams.audio[0].rate
    assert written == rate or (written, rate) == (96_000, 192_000)
    assert abs(delay_s(read_sound(path, written), original[:: rate // written], written)) <= 0.001


def test_sound_that_outlasts_the_frames_is_kept(tmp_path, dialogue, extension):
    path = tmp_path / f"line.{extension}"
    bake(path, BakeTarget(audio=dialogue, fps=FPS, size=SIZE), list(video_frames(seconds=1.0)))
    assert abs(read_sound(path, RATE).size / RATE - SECONDS) < 0.03


def test_mp4_shows_the_portrait_over_its_background(tmp_path, target):
    bake(tmp_path / "line.mp4", target)
    shown = pictures(tmp_path / "line.mp4", MATRIX["mp4"])
    for index, picture in enumerate(shown):
        assert psnr_db(picture[..., :3], over_background(portrait(index), target.background)) >= 38
    np.testing.assert_allclose(shown[0][2:10, 2:10, :3].mean((0, 1)), target.background, atol=2)


def test_mp4_says_bt709_and_can_start_before_it_is_loaded(tmp_path, target):
    path = tmp_path / "line.mp4"
    output = bake(path, target)
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        frame = next(container.decode(video=0))
        assert (context.color_primaries, context.color_trc, frame.colorspace) == (1, 1, Colorspace.ITU709)
        assert frame.color_range == 1
        assert context.pix_fmt == "yuv420p"
        assert (output.video_codec, output.audio_codec, output.alpha) == ("h264", "aac", "none")
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_webm_keeps_the_alpha(tmp_path, target):
    output = bake(tmp_path / "line.webm", target)
    assert (output.video_codec, output.audio_codec, output.alpha) == ("vp8", "vorbis", "straight")
    shown = pictures(tmp_path / "line.webm", MATRIX["webm"], decoder="libvpx")
    assert len(shown) == FRAMES
    for index, picture in enumerate(shown):
        expected = portrait(index)
        visible = expected[..., 3] > 0
        assert psnr_db(picture[visible][:, :3], expected[visible][:, :3]) >= 38
        assert psnr_db(picture[..., 3], expected[..., 3]) >= 38


def test_ogv_carries_the_alpha_as_a_matte_at_the_right(tmp_path, target, needs_theora):
    needs_theora()
    output = bake(tmp_path / "line.ogv", target)
    assert (output.width, output.height, output.alpha) == (2 * SIZE, SIZE, "matte_right")
    for index, picture in enumerate(pictures(tmp_path / "line.ogv", MATRIX["ogv"])):
        assert picture.shape == (SIZE, 2 * SIZE, 4)
        assert psnr_db(picture[:, :SIZE, :3], portrait(index)[..., :3]) >= 38
        assert psnr_db(picture[:, SIZE:, 1], portrait(index)[..., 3]) >= 38


def test_an_opaque_portrait_needs_no_alpha(tmp_path, dialogue, extension):
    target = BakeTarget(audio=dialogue, fps=FPS, size=SIZE, background=(40, 60, 80), alpha=False)
    path = tmp_path / f"line.{extension}"
    output = bake(path, target)
    assert (output.width, output.alpha) == (SIZE, "none")
    decoder = "libvpx" if extension == "webm" else None
    for index, picture in enumerate(pictures(path, MATRIX[extension], decoder)):
        assert psnr_db(picture[..., :3], over_background(portrait(index), target.background)) >= 38
        assert (picture[..., 3] == 255).all()


def test_the_same_line_bakes_to_the_same_bytes(tmp_path, target, extension):
    first, second = tmp_path / f"a.{extension}", tmp_path / f"b.{extension}"
    bake(first, target)
    bake(second, target)
    assert first.read_bytes() == second.read_bytes()


def test_engines_can_seek_by_the_second(tmp_path, target, extension):
    path = tmp_path / f"line.{extension}"
    bake(path, target)
    with av.open(str(path)) as container:
        keys = [frame.time for frame in container.decode(video=0) if frame.key_frame]
    assert keys[0] == 0
    assert max(np.diff([*keys, SECONDS])) <= 1.04


def test_png_pictures_are_exact(tmp_path, target):
    from PIL import Image

    output = bake(tmp_path / "line.png", target)
    folder = tmp_path / "line_png"
    assert (output.kind, output.file, output.frames, output.alpha) == ("frames", "line_png", FRAMES, "straight")
    assert sorted(file.name for file in folder.iterdir()) == [f"{index:06d}.png" for index in range(FRAMES)]
    for index in (0, 17, FRAMES - 1):
        with Image.open(folder / f"{index:06d}.png") as picture:
            np.testing.assert_array_equal(np.asarray(picture), portrait(index))


def test_frames_out_of_order_are_the_drivers_mistake(tmp_path, target, extension):
    path = tmp_path / f"line.{extension}"
    writer = for_path(path)(path, target)
    writer.write(timed_frame(0, FPS, portrait(0)))
    with pytest.raises(ValueError, match="frame 1 has the PTS 80000"):
        writer.write(timed_frame(2, FPS, portrait(2)))
    writer.abort()
    assert [entry.name for entry in tmp_path.iterdir()] == ["dialogue.wav"]


def test_dialogue_that_cannot_be_read_leaves_nothing(tmp_path, extension):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"nothing")
    with pytest.raises(AudioError, match=r"broken\.wav"):
        bake(tmp_path / f"line.{extension}", BakeTarget(audio=broken, fps=FPS, size=SIZE))
    assert [entry.name for entry in tmp_path.iterdir()] == ["broken.wav"]
