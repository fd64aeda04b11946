"""The sample avatars are what the scripts of examples/art paint.

Needs skia and OpenCV, see examples/art/README.md. `build.py test` does not install them: they take 250 MB, and the
painting some 45 s of one core.
"""

import dataclasses
import importlib.util
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from flashhead_engine.avatar import parts
from flashhead_engine.avatar.bundle import Avatar, load_avatar
from flashhead_engine.render.alpha import premultiply

from .artists import on_canvas

ART = Path(__file__).parents[2] / "examples" / "art"
PYTHONS = (ART / ".venv-art" / "bin" / "python", ART / ".venv-art" / "Scripts" / "python.exe")
LEVELS, SHARE = 8, 0.001
"""Skia and OpenCV round differently on other processors: so many pixels may differ by more than so many levels."""


def _make_bundles():
    spec = importlib.util.spec_from_file_location("make_bundles", ART / "make_bundles.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ARTWORK = _make_bundles().ARTWORK


@pytest.fixture(scope="module")
def painter() -> str:
    for python in PYTHONS:
        if python.is_file():
            return str(python)
    try:
        subprocess.run([sys.executable, "-c", "import skia, cv2"], check=True, capture_output=True)
    except subprocess.CalledProcessError:
        pytest.skip("needs examples/art/requirements.txt, see examples/art/README.md")
    return sys.executable


def differing(first: Avatar, second: Avatar) -> float:
    """The largest part of the pixels of the portrait or of a layer that is not the same in both."""
    pictures = [(first.portrait, second.portrait)]
    assert first.layers.keys() == second.layers.keys()
    pictures += [(on_canvas(first, name), on_canvas(second, name)) for name in first.layers]
    apart = [
        np.abs(premultiply(one).astype(int) - premultiply(other)).max(axis=-1) > LEVELS for one, other in pictures
    ]
    return max(float(unlike.mean()) for unlike in apart)


@pytest.mark.parametrize("name", ARTWORK)
def test_a_sample_is_what_its_script_paints(name, painter, tmp_path, monkeypatch):
    artwork = ARTWORK[name][0]
    subprocess.run([painter, str(ART / f"{artwork}.py")], cwd=tmp_path, check=True, capture_output=True)
    make_bundles = _make_bundles()
    samples = tmp_path / "samples"
    monkeypatch.setattr(make_bundles, "SAMPLES_FOLDER", samples)
    monkeypatch.setattr(parts, "SAMPLES_FOLDER", samples)
    monkeypatch.setattr(make_bundles, "ARTWORK", {name: ARTWORK[name]})
    monkeypatch.setattr(sys, "argv", ["make_bundles.py", str(tmp_path / "out")])
    make_bundles.main()
    remade, kept = load_avatar(samples / name), load_avatar(name)
    for field in ("name", "licence", "background", "mouth", "lower_lid"):
        assert getattr(remade, field) == getattr(kept, field)
    assert msgspec.to_builtins(remade.landmarks) == msgspec.to_builtins(kept.landmarks)
    assert differing(remade, kept) <= SHARE


@pytest.mark.parametrize("name", ARTWORK)
def test_the_comparison_notices_a_picture_moved_by_one_pixel(name):
    avatar = load_avatar(name)
    moved = dataclasses.replace(avatar, portrait=np.roll(avatar.portrait, 1, axis=1))
    assert differing(avatar, avatar) == 0.0
    assert differing(avatar, moved) > 5 * SHARE
