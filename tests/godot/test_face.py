"""Heads in Godot whose blend shapes follow a talking head, with an addon that has no native library."""

from pathlib import Path

import numpy as np
from PIL import Image

MODEL = Path(__file__).parents[2] / "examples" / "art3d" / "scholar.glb"
ABOVE_THE_EYES_M = 0.03
MOUTH = (slice(320, 370), slice(225, 290))
"""rows and columns in the pictures"""
EYES = (slice(195, 250), slice(170, 340))


def test_shapes_bones_and_rigs(bare):
    bare.test("test_face.gd")


def test_the_scholar_opens_his_mouth(bare):
    output = bare.test("test_head_model.gd", "test_jaw", f"model={MODEL}", f"eyes={ABOVE_THE_EYES_M}")
    (jaw,) = output.reports["jaw"]
    assert -40 < jaw["lowest_mm"] < -15
    assert jaw["eyes_mm"] == 0


def test_the_scholar_speaks_a_baked_line_and_rests(bare):
    bare.test("test_head_model.gd", "test_baked", "test_rest", f"model={MODEL}")


def test_the_mouth_opens_in_the_picture(bare, screen, tmp_path):
    words = ("test_head_model.gd", "test_pictures", f"model={MODEL}", f"folder={tmp_path}")
    bare.test(*words, renderer="gl", DISPLAY=screen)

    rest, jaw_open = (
        np.asarray(Image.open(tmp_path / f"{name}.png").convert("RGB"), int) for name in ("rest", "jawOpen")
    )
    changed = np.abs(jaw_open - rest).max(axis=2) > 30
    assert changed[MOUTH].mean() > 0.25
    assert changed[EYES].mean() < 0.01
    # What appears is the red and dark inside of the mouth.
    assert jaw_open[MOUTH][changed[MOUTH]].mean() < rest[MOUTH][changed[MOUTH]].mean() - 30


def test_eight_heads_are_cheap(bare):
    """Far below a frame's 16.7 ms also on a machine that does other things; docs/godot-baked.md has figures."""
    output = bare.test("test_head_model.gd", "test_cost", f"model={MODEL}")
    (cost,) = output.reports["cost_us"]
    print(cost)
    assert cost["eight_heads"] < 3000
    assert cost["eight_samples"] < 1000
