"""Whatever a person drops on `flashhead bake`: a right result, or words and nothing under the final name."""

import json
import os
import shutil
import wave
from pathlib import Path

import av
import numpy as np
import pytest

RATE = 16_000


def write_wav(path: Path, samples: np.ndarray, rate: int = RATE, sample_format: str = "s16") -> Path:
    """`samples`: float (n,) or (n, channels) in [-1, 1]; written by FFmpeg as 8, 16, 24, 32 bit or float."""
    codec = {"u8": "pcm_u8", "s16": "pcm_s16le", "s24": "pcm_s24le", "flt": "pcm_f32le"}[sample_format]
    packed = {"u8": "u8", "s16": "s16", "s24": "s32", "flt": "flt"}[sample_format]
    samples = samples.reshape(len(samples), -1)
    integers = {
        "u8": lambda x: np.round(x * 127 + 128).astype(np.uint8),
        "s16": lambda x: np.round(x * 32767).astype(np.int16),
        "s32": lambda x: np.round(x * (2**31 - 1)).astype(np.int32),
        "flt": lambda x: x.astype(np.float32),
    }[packed]
    layout = {1: "mono", 2: "stereo", 8: "7.1"}[samples.shape[1]]
    with av.open(str(path), "w", format="wav") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(integers(samples).reshape(1, -1), format=packed, layout=layout)
        frame.rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def resampled(samples: np.ndarray, rate: int) -> np.ndarray:
    times = np.arange(int(len(samples) * rate / RATE)) / rate
    return np.interp(times, np.arange(len(samples)) / RATE, samples)


def jaw_of(track: Path) -> np.ndarray:
    content = json.loads(track.read_text())
    return np.array(content["frames"])[:, content["blendshapes"].index("jawOpen")]


@pytest.fixture
def usual(flashhead, speech, tmp_path) -> np.ndarray:
    """jawOpen of the plain 16 kHz file."""
    source = write_wav(tmp_path / "usual.wav", speech)
    assert flashhead("bake", source, "-o", tmp_path / "usual.json").code == 0
    return jaw_of(tmp_path / "usual.json")


GOOD = {
    "8-bit": lambda path, x: write_wav(path, x, sample_format="u8"),
    "24-bit": lambda path, x: write_wav(path, x, sample_format="s24"),
    "float": lambda path, x: write_wav(path, x, sample_format="flt"),
    "8 channels": lambda path, x: write_wav(path, np.repeat(x[:, None], 8, axis=1)),
    "192 kHz": lambda path, x: write_wav(path, resampled(x, 192_000), rate=192_000),
    "8 kHz": lambda path, x: write_wav(path, resampled(x, 8_000), rate=8_000),
    "louder than full scale": lambda path, x: write_wav(path, 1.4 * x / np.abs(x).max(), sample_format="flt"),
}


@pytest.mark.parametrize("kind", GOOD)
def test_every_kind_of_audio_gives_the_same_mouth(kind, flashhead, speech, usual, tmp_path):
    source = GOOD[kind](tmp_path / "line.wav", speech)
    answer = flashhead("bake", source, "-o", tmp_path / "line.json")
    assert answer.code == 0, answer.output
    jaw = jaw_of(tmp_path / "line.json")
    assert len(jaw) == len(usual)
    assert np.corrcoef(jaw, usual)[0, 1] > 0.9


def test_silence_and_music_are_right_results(flashhead, tmp_path):
    times = np.arange(3 * RATE) / RATE
    chord = 0.2 * sum(np.sin(2 * np.pi * hz * times) for hz in (220, 277, 330))
    for name, samples in {"silence": np.zeros(3 * RATE), "music": chord}.items():
        answer = flashhead("bake", write_wav(tmp_path / f"{name}.wav", samples), "-o", tmp_path / f"{name}.json")
        assert answer.code == 0, answer.output
    assert jaw_of(tmp_path / "silence.json").max() < 0.02


def truncated(path: Path, x: np.ndarray) -> None:
    write_wav(path, x)
    path.write_bytes(path.read_bytes()[:20_000])


def header_only(path: Path, x: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)


def with_nan(path: Path, x: np.ndarray) -> None:
    x = x.copy()
    x[8000] = np.nan
    write_wav(path, x, sample_format="flt")


BAD = {
    "empty file": (lambda path, x: path.touch(), "empty"),
    "header only": (header_only, "no samples"),
    "truncated": (truncated, "cut off"),
    "NaN": (with_nan, "0.5"),
    "a directory": (lambda path, x: path.mkdir(), "folder"),
    "not audio": (lambda path, x: path.write_text("Once upon a time. " * 100), "audio"),
    "missing": (lambda path, x: None, "no such file"),
}


@pytest.mark.parametrize("extension", ["json", "mp4"])
@pytest.mark.parametrize("kind", BAD)
def test_bad_audio_is_refused_in_words(kind, extension, flashhead, speech, tmp_path):
    make, words = BAD[kind]
    source = tmp_path / "line.wav"
    make(source, speech)
    out = tmp_path / "out"
    answer = flashhead("bake", source, "-o", out / f"line.{extension}", "--size", 256)
    assert answer.code == 1
    assert "line.wav" in answer.output
    assert words in answer.output
    assert "Traceback" not in answer.output
    assert not out.exists() or not list(out.iterdir())


def test_one_bad_line_does_not_stop_the_others(flashhead, speech, tmp_path):
    good = [write_wav(tmp_path / f"good{number}.wav", speech) for number in range(3)]
    bad = tmp_path / "bad.wav"
    bad.touch()
    answer = flashhead("bake", good[0], bad, *good[1:], "-o", tmp_path / "out", "-f", "json", "--jobs", 2)
    assert answer.code == 1
    assert "bad.wav" in answer.output
    assert "1 of 4 lines failed" in answer.output
    assert {path.name for path in (tmp_path / "out").glob("*.json") if "flashhead" not in path.name} == {
        f"good{number}.json" for number in range(3)
    }


AVATARS = {
    "missing": (lambda folder: shutil.rmtree(folder), "guard"),
    "newer version": (lambda folder: edit(folder, version="2.0"), "version 2.0"),
    "path that leaves its folder": (lambda folder: edit(folder, portrait="../secret.png"), "leaves"),
}


def edit(folder: Path, **changes: object) -> None:
    manifest = folder / "avatar.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), **changes}))


@pytest.mark.parametrize("kind", AVATARS)
def test_bad_avatars_are_refused_in_words(kind, flashhead, speech, tmp_path):
    from flashhead_engine.avatar.bundle import SAMPLES_FOLDER

    spoil, words = AVATARS[kind]
    avatar = tmp_path / "my_avatar"
    shutil.copytree(SAMPLES_FOLDER / "guard", avatar)
    spoil(avatar)
    source = write_wav(tmp_path / "line.wav", speech)
    answer = flashhead("bake", source, "--avatar", avatar, "-o", tmp_path / "line.mp4")
    assert answer.code == 1
    assert "my_avatar" in answer.output
    assert words in answer.output
    assert not (tmp_path / "line.mp4").exists()


def test_a_read_only_output_folder_is_refused(flashhead, speech, tmp_path):
    source = write_wav(tmp_path / "line.wav", speech)
    out = tmp_path / "out"
    out.mkdir()
    out.chmod(0o555)
    try:
        answer = flashhead("bake", source, "-o", out / "line.mp4")
        assert answer.code == 1
        assert str(out) in answer.output
        assert not list(out.iterdir())
    finally:
        out.chmod(0o755)


def test_a_read_only_output_file_is_kept(flashhead, speech, tmp_path):
    source = write_wav(tmp_path / "line.wav", speech)
    locked = tmp_path / "line.mp4"
    locked.write_text("checked in")
    locked.chmod(0o444)
    answer = flashhead("bake", source, "-o", locked)
    assert answer.code == 1
    assert "Check it out" in answer.output
    assert locked.read_text() == "checked in"
    assert sorted(os.listdir(tmp_path)) == ["line.mp4", "line.wav"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--size", "500"), "multiple of 32"),
        (("--fps", "23"), "24, 25, 30, 60"),
        (("--emotion", "hungry"), "neutral"),
        (("--mouth-strength", "3"), "from 0 to 2"),
        (("--intensity", "-1"), "from 0 to 1"),
        (("--seed", "-1"), "0 or greater"),
        (("--tier", "lite"), "flashhead models add"),
        (("--tier", "best"), "nano, lite, pro"),
    ],
)
def test_settings_out_of_range_are_refused_in_words(words, said, flashhead, speech, tmp_path, monkeypatch):
    monkeypatch.setenv("FLASHHEAD_MODELS", str(tmp_path / "none"))
    source = write_wav(tmp_path / "line.wav", speech)
    answer = flashhead("bake", source, "-o", tmp_path / "line.json", *words)
    assert answer.code == 1
    assert said in answer.output
    assert not (tmp_path / "line.json").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "line.gif"), "unknown extension"),
        (("-o", "out", "-f", "gif"), "unknown format"),
        (("-o", "a.mp4", "-o", "out"), "not both"),
        (("-o", "a.mp4", "-o", "a.mp4"), "twice"),
        (("other.wav", "-o", "a.mp4"), "cannot become one"),
        (("sub/line.wav", "-o", "out"), "rename one"),
    ],
)
def test_outputs_that_do_not_fit_are_refused_in_words(words, said, flashhead, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    answer = flashhead("bake", "line.wav", *words)
    assert answer.code == 1
    assert said in answer.output
    assert not list(tmp_path.iterdir())
