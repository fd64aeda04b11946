"""The two commands of the README."""

import subprocess
import sys
from pathlib import Path

import av
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]


def build(*words: str) -> subprocess.CompletedProcess:
    # -S: without site-packages, as on a bare machine.
    command = [sys.executable, "-S", str(ROOT / "build.py"), *words]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("command", ["", "demo", "test", "native", "godot", "worker-bundle", "wheel", "dist"])
def test_every_command_explains_itself(command):
    result = build(*command.split(), "--help")
    assert result.returncode == 0
    assert result.stdout.startswith("usage: build.py")


def test_an_unknown_command_is_refused():
    result = build("fly")
    assert result.returncode == 2
    assert "demo" in result.stderr


def test_a_godot_that_is_none_is_refused(tmp_path):
    result = build("godot", "--godot", str(tmp_path / "godot"))
    assert (result.returncode, result.stdout) == (1, "")
    assert "is no program: give the path of a Godot 4.4 or newer" in result.stderr
    (tmp_path / "godot").write_text("#!/bin/sh\necho 4.3.stable\n")
    (tmp_path / "godot").chmod(0o755)
    result = build("godot", "--godot", str(tmp_path / "godot"))
    assert result.returncode == 1 and "is older than Godot 4.4" in result.stderr
    (tmp_path / "godot").write_text("#!/bin/sh\necho hello\n")
    result = build("godot", "--godot", str(tmp_path / "godot"))
    assert result.returncode == 1 and "does not say its version: hello" in result.stderr


def test_the_demo_bakes_eight_lines_in_four_languages():
    result = subprocess.run([sys.executable, ROOT / "examples" / "demo.py"], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    for column in ("line", "avatar", "duration", "frames", "frames/s", "x real time", "file"):
        assert column in result.stdout
    out = ROOT / "out" / "demo"
    found = sorted((ROOT / "examples" / "dialogue").glob("*_*.*"))
    lines = [path for path in found if path.suffix != ".py"]
    assert len(lines) == 8
    assert len({path.stem.rsplit("_")[-1] for path in lines}) == 4
    seconds = 0.0
    for line in lines:
        assert line.stem in result.stdout
        with av.open(str(out / f"{line.stem}.mp4")) as video:
            seconds += video.streams.video[0].frames / 25
    assert 38 <= seconds <= 43
    with Image.open(out / "contact_sheet.png") as sheet:
        assert sheet.width > 1000
