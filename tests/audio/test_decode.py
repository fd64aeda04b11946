"""Every kind of dialogue file comes out as the same samples at the same time."""

import os
import subprocess
import sys
import tracemalloc
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from flashhead_engine.audio.decode import open_audio
from flashhead_engine.errors import AudioError

RATE = 16_000
CLICK_S = 1.0


def clicks(rate: int, seconds: float = 2.5) -> np.ndarray:
    """float64 (n,): a soft click of 1 kHz with its peak at 1 s, which any sample rate here can carry."""
    time = np.arange(round(seconds * rate)) / rate - CLICK_S
    return 0.8 * np.exp(-((time / 0.0008) ** 2)) * np.cos(2 * np.pi * 1000 * time)


def speech_like(rate: int, seconds: float = 2.5) -> np.ndarray:
    """float64 (n,): a chirp from 80 Hz to 3 kHz with syllables of noise."""
    time = np.arange(round(seconds * rate)) / rate
    noise = np.convolve(np.random.default_rng(3).standard_normal(time.size), np.hanning(16) / 5, "same")
    return 0.4 * np.sin(2 * np.pi * (80 + 580 * time) * time) + 0.1 * noise * (np.sin(9 * time) > 0)


def write(path: Path, samples: np.ndarray, rate: int, codec: str | None = None, layout: str = "mono") -> Path:
    """Encode float (channels, n) or (n,) with PyAV; the codec by default is the container's own."""
    samples = np.atleast_2d(samples).astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec or container.default_audio_codec, rate=rate, layout=layout)
        stream.codec_context.options = {"strict": "experimental"}
        packed = np.ascontiguousarray(samples.T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
        frame.sample_rate, frame.pts = rate, 0
        frame.time_base = Fraction(1, rate)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def decoded(path: Path) -> np.ndarray:
    with open_audio(path) as audio:
        return np.concatenate(list(audio.chunks()))


def delay_samples(pcm: np.ndarray, expected: np.ndarray) -> int:
    size = 1 << (pcm.size + expected.size).bit_length()
    correlation = np.fft.irfft(np.fft.rfft(pcm, size) * np.fft.rfft(expected, size).conj())
    lag = int(correlation.argmax())
    return lag if lag < size // 2 else lag - size


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("signal", [clicks, speech_like])
def test_every_sample_rate_is_aligned_and_keeps_its_length(tmp_path, rate, signal):
    path = write(tmp_path / "line.wav", signal(rate), rate)
    with open_audio(path) as audio:
        assert (audio.sample_rate_hz, audio.channels) == (rate, 1)
        assert abs(audio.duration_us - 2_500_000) <= 100
        pcm = np.concatenate(list(audio.chunks()))
    assert abs(pcm.size - 2.5 * RATE) <= 1
    assert abs(delay_samples(pcm, signal(RATE))) <= 1


def test_the_alignment_test_sees_audio_that_is_80_ms_late(tmp_path):
    late = np.concatenate([np.zeros(round(0.08 * 48_000)), speech_like(48_000)])
    pcm = decoded(write(tmp_path / "late.wav", late, 48_000))
    assert delay_samples(pcm, speech_like(RATE)) == pytest.approx(0.08 * RATE, abs=1)


def test_a_click_at_a_known_time_is_found_there(tmp_path):
    for rate in (8_000, 44_100, 192_000):
        pcm = decoded(write(tmp_path / f"{rate}.wav", clicks(rate), rate))
        assert abs(int(np.abs(pcm).argmax()) - CLICK_S * RATE) <= 1


@pytest.mark.parametrize(
    "codec",
    ["pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le", "pcm_alaw", "pcm_mulaw"],
)
def test_every_sample_format_has_the_right_level(tmp_path, codec):
    signal = speech_like(16_000)
    pcm = decoded(write(tmp_path / "line.wav", signal, 16_000, codec))
    assert np.abs(pcm - signal).max() < {"pcm_u8": 0.01, "pcm_alaw": 0.03, "pcm_mulaw": 0.03}.get(codec, 1e-4)


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("line.mp3", "libmp3lame", 44_100),
        ("line.ogg", "libopus", 48_000),
        ("line.opus", "libopus", 48_000),
        ("line.flac", "flac", 44_100),
        ("line.m4a", "aac", 44_100),
        ("line.mp4", "aac", 48_000),
        ("line.webm", "libopus", 48_000),
        ("line.mka", "aac", 48_000),
        ("line.aiff", "pcm_s16be", 44_100),
    ],
)
def test_compressed_files_start_at_their_first_sound_without_encoder_delay(tmp_path, name, codec, rate):
    pcm = decoded(write(tmp_path / name, speech_like(rate), rate, codec))
    assert abs(delay_samples(pcm, speech_like(RATE))) <= 1
    assert abs(pcm.size - 2.5 * RATE) <= 0.03 * RATE


def test_vorbis_is_aligned(tmp_path):
    stereo = np.stack([speech_like(44_100)] * 2)
    pcm = decoded(write(tmp_path / "line.ogg", stereo, 44_100, "vorbis", "stereo"))
    assert abs(delay_samples(pcm, speech_like(RATE))) <= 1


@pytest.mark.parametrize(("channels", "layout"), [(2, "stereo"), (6, "5.1"), (8, "7.1"), (3, "3 channels")])
def test_channels_are_averaged_so_that_none_is_lost_and_the_sum_does_not_clip(tmp_path, channels, layout):
    signal = speech_like(16_000)
    full_scale = signal / np.abs(signal).max()
    everywhere = decoded(write(tmp_path / "all.wav", np.stack([full_scale] * channels), 16_000, "pcm_s16le", layout))
    assert np.abs(everywhere - full_scale).max() < 1e-3
    for channel in range(channels):
        one = np.zeros((channels, signal.size))
        one[channel] = signal
        pcm = decoded(write(tmp_path / "one.wav", one, 16_000, "pcm_s16le", layout))
        assert np.abs(pcm - signal / channels).max() < 1e-3


def test_silence_is_a_right_result(tmp_path):
    assert not decoded(write(tmp_path / "quiet.wav", np.zeros(40_000), 16_000)).any()


def test_floats_beyond_full_scale_are_clipped(tmp_path):
    pcm = decoded(write(tmp_path / "loud.wav", 3 * speech_like(16_000), 16_000, "pcm_f32le"))
    assert pcm.max() == 1.0
    assert pcm.min() == -1.0


def test_chunks_are_contiguous_float32_of_a_second(tmp_path):
    with open_audio(write(tmp_path / "line.wav", speech_like(44_100), 44_100)) as audio:
        chunks = list(audio.chunks())
    assert [chunk.size for chunk in chunks] == [16_000, 16_000, 8_000]
    assert all(chunk.dtype == np.float32 and chunk.flags.c_contiguous and chunk.ndim == 1 for chunk in chunks)


def test_one_sample_is_enough(tmp_path):
    assert decoded(write(tmp_path / "tick.wav", np.array([0.5]), 16_000)).tolist() == pytest.approx([0.5], abs=1e-3)


@pytest.mark.parametrize("rate", [2, 2_000_000_000])
def test_a_sample_rate_that_no_recording_has(tmp_path, rate):
    path = write(tmp_path / "tick.wav", np.zeros(16_000), 16_000)
    data = bytearray(path.read_bytes())
    data[24:28] = rate.to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(AudioError, match=f"says it has {rate} samples a second"):
        decoded(path)


def test_a_sound_track_that_begins_late_in_its_video_is_preceded_by_silence(tmp_path):
    path = tmp_path / "late.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        sound = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for index in range(60):
            picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            picture.pts, picture.time_base = index, Fraction(1, 25)
            container.mux(video.encode(picture))
        frame = av.AudioFrame.from_ndarray(np.full((1, 16_000), 9_000, np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 16_000, 8_000, Fraction(1, 16_000)
        container.mux(sound.encode(frame))
        container.mux([*video.encode(None), *sound.encode(None)])
    pcm = decoded(path)
    assert not pcm[:7_900].any()
    assert pcm[8_100:23_900].min() > 0.2


def test_the_last_frame_of_an_mp4_is_cut_where_the_dialogue_ends(tmp_path):
    path = write(tmp_path / "line.m4a", speech_like(48_000, 1.2345), 48_000, "aac")
    assert abs(decoded(path).size - 1.2345 * RATE) <= 16


def test_hours_of_audio_need_no_memory(tmp_path):
    """A sparse file of three hours; only its first minutes are read, by which memory would have grown."""
    path = tmp_path / "long.wav"
    seconds = 3 * 3600
    write(path, np.zeros(16_000), 16_000)
    header = bytearray(path.read_bytes()[:-32_000])
    header[4:8] = (len(header) - 8 + seconds * 32_000).to_bytes(4, "little")
    header[-4:] = (seconds * 32_000).to_bytes(4, "little")
    with path.open("wb") as file:
        file.write(header)
        file.truncate(len(header) + seconds * 32_000)
    with open_audio(path) as audio:
        assert audio.duration_us == seconds * 1_000_000
        chunks = audio.chunks()
        next(chunks)
        tracemalloc.start()
        before = resident_bytes()
        for _ in range(900):
            next(chunks)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
        tracemalloc.stop()
        assert resident_bytes() - before < 20_000_000


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


# What cannot be used is refused: what it is, where, and what to do.


def test_a_missing_file(tmp_path):
    with pytest.raises(AudioError, match=r"gone\.wav: there is no such file"):
        decoded(tmp_path / "gone.wav")


def test_a_folder(tmp_path):
    with pytest.raises(AudioError, match="is a folder"):
        decoded(tmp_path)


def test_an_empty_file(tmp_path):
    path = tmp_path / "empty.wav"
    path.touch()
    with pytest.raises(AudioError, match="0 bytes"):
        decoded(path)


def test_a_header_without_samples(tmp_path):
    path = write(tmp_path / "line.wav", np.zeros(160), 16_000)
    data = bytearray(path.read_bytes()[:-320])
    data[-4:] = bytes(4)
    path.write_bytes(data)
    with pytest.raises(AudioError, match="no samples"):
        decoded(path)


@pytest.mark.parametrize("keep", [0.3, 0.97])
@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("line.wav", "pcm_s16le"),
        ("line.flac", "flac"),
        ("line.mp3", "libmp3lame"),
        ("line.m4a", "aac"),
        ("line.opus", "libopus"),
        ("line.webm", "libopus"),
        ("line.aiff", "pcm_s16be"),
    ],
)
def test_a_file_that_broke_off(tmp_path, name, codec, keep):
    path = write(tmp_path / name, speech_like(48_000, 8), 48_000, codec)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(AudioError, match=r"cut off|damaged"):
        decoded(path)


def test_a_wav_that_lacks_one_sample(tmp_path):
    path = write(tmp_path / "line.wav", speech_like(16_000), 16_000)
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(AudioError, match="2 bytes of its samples are missing"):
        decoded(path)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_wav_from_a_pipe_which_does_not_know_its_size_is_fine(tmp_path, size):
    path = write(tmp_path / "line.wav", speech_like(16_000), 16_000)
    data = path.read_bytes()
    start = data.index(b"data") + 4
    path.write_bytes(data[:start] + size.to_bytes(4, "little") + data[start + 4 :])
    assert decoded(path).size == 40_000


@pytest.mark.parametrize(
    ("name", "codec"),
    [("line.flac", "flac"), ("line.mp3", "libmp3lame"), ("line.ogg", "libopus"), ("line.m4a", "aac")],
)
def test_a_file_with_damage_inside(tmp_path, name, codec):
    path = write(tmp_path / name, speech_like(48_000, 8), 48_000, codec)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = np.random.default_rng(0).bytes(3000)
    path.write_bytes(data)
    with pytest.raises(AudioError, match=r"cut off|damaged"):
        decoded(path)


@pytest.mark.parametrize("content", [b"Hello, I am a text file.\n" * 50, bytes(5000), b"RIFF", b"\x89PNG\r\n"])
def test_what_is_no_audio(tmp_path, content):
    path = tmp_path / "line.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=r"line\.wav"):
        decoded(path)


def test_a_play_list_does_not_open_what_it_names(tmp_path):
    path = tmp_path / "line.wav"
    path.write_text("#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/secret.ts\n")
    with pytest.raises(AudioError):
        decoded(path)


def test_a_video_without_sound(tmp_path):
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode(None))
    with pytest.raises(AudioError, match="video without sound"):
        decoded(path)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_samples_that_are_no_numbers_are_named_by_their_time(tmp_path, bad, rate):
    signal = speech_like(rate)
    signal[round(1.5 * rate)] = bad
    with pytest.raises(AudioError, match=r"at 1\.(50|49) s.*not numbers"):
        decoded(write(tmp_path / "line.wav", signal, rate, "pcm_f32le"))


def test_a_file_that_may_not_be_read(tmp_path):
    path = write(tmp_path / "line.wav", speech_like(16_000), 16_000)
    path.chmod(0)
    with pytest.raises(AudioError, match="may not be read"):
        decoded(path)


def test_names_with_colons_quotes_and_other_scripts_are_plain_files(tmp_path):
    path = write(tmp_path / "x.wav", speech_like(16_000), 16_000)
    for name in ("http:line.wav", 'it\'s "so" %03d.wav', "Привет – 対話.wav", "a" * 251 + ".wav"):
        renamed = tmp_path / name
        path.rename(renamed)
        assert decoded(renamed).size == 40_000
        path = renamed


def test_without_pyav_the_error_says_what_to_install():
    program = (
        "import sys; sys.modules['av'] = None\n"
        "from flashhead_engine.errors import MissingDependencyError\n"
        "try:\n    import flashhead_engine.audio.decode\n"
        "except MissingDependencyError as error:\n    print(error)\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert 'pip install "flashhead-engine[bake]"' in result.stdout


def test_a_64_bit_wav_is_read_and_its_loss_noticed(tmp_path):
    path = tmp_path / "line.wav"
    with av.open(str(path), "w", options={"rf64": "always"}) as container:
        stream = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.full((1, 16_000), 9_000, np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 16_000, 0, Fraction(1, 16_000)
        container.mux(stream.encode(frame))
    assert path.read_bytes().startswith(b"RF64")
    assert decoded(path).size == 16_000
    path.write_bytes(path.read_bytes()[:-1_000])
    with pytest.raises(AudioError, match="1000 bytes of its samples are missing"):
        decoded(path)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.wav", "pcm_f32le"), ("a.flac", "flac"), ("a.mp3", "libmp3lame"), ("a.m4a", "aac")]
)
def test_whatever_bytes_are_wrong_the_result_is_sound_or_an_audio_error(tmp_path, name, codec):
    original = write(tmp_path / name, speech_like(44_100, 0.5), 44_100, codec).read_bytes()
    random = np.random.default_rng(11)
    for _ in range(60):
        data = bytearray(original)
        for _ in range(random.integers(1, 12)):
            data[random.integers(min(len(data), random.choice([64, 300, len(data)])))] = random.integers(256)
        (tmp_path / name).write_bytes(data[: random.choice([len(data), random.integers(1, len(data))])])
        try:
            pcm = decoded(tmp_path / name)
        except AudioError as error:
            assert name in str(error)
        else:
            assert np.isfinite(pcm).all()
            assert np.abs(pcm).max() <= 1
