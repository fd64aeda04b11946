"""Baked lines in Godot, with an addon that has no native library: imported, played by time, refused when damaged."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from flashhead_engine.blendshapes.arkit import ARKIT_52
from flashhead_engine.blendshapes.visemes import VISEMES

SHOWN_US = (0, 16_666, 16_667, 25_000, 1_234_567, 3_000_001, 5_300_000, 99_000_000, -5)


@pytest.fixture(scope="module")
def imported(bare, lines):
    shutil.copytree(lines, bare.project / "lines")
    output = bare("--import")
    assert output.code == 0 and output.errors() == [], output.stderr
    return bare


def test_a_line_is_the_track_that_was_baked(imported, lines):
    track = json.loads((lines / "guard_en.json").read_text())
    rows = np.array(track["frames"])
    output = imported.test("test_baked.gd", "test_imported", f"times={','.join(map(str, SHOWN_US))}")

    assert output.reports["names"] == [[list(ARKIT_52), track["pose"], list(VISEMES)]]
    for time_us, sampled in zip(SHOWN_US, output.reports["sample"], strict=True):
        place = np.clip(time_us * 60 / 1e6, 0, len(rows) - 1)
        row = int(place)
        after = rows[min(row + 1, len(rows) - 1)]
        assert sampled["row"] == row
        np.testing.assert_allclose(sampled["values"], rows[row] + (place - row) * (after - rows[row]), atol=2e-6)


