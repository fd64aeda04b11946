"""A blendshape track holds what the driver gave, by name, and grows on disk and not in memory."""

import csv
import json
import math
import tracemalloc
from dataclasses import replace
from pathlib import Path

import jsonschema
import msgspec
import numpy as np
import pytest
from synthetic import SECONDS, timed_frame, track_frames, write_all

from flashhead_engine.bake.formats import for_path
from flashhead_engine.bake.formats.track import BlendshapeTrack
from flashhead_engine.blendshapes.arkit import ARKIT_52
from flashhead_engine.blendshapes.visemes import VISEMES
from flashhead_engine.drivers.base import POSE, WEIGHTS_HZ

DOCS = Path(__file__).parents[2] / "docs"
FRAMES = math.ceil(SECONDS * WEIGHTS_HZ)


def bake(path, target, frames=None):
    return write_all(path, target, frames or track_frames())


def expected_rows() -> np.ndarray:
    return np.array([np.concatenate([f.weights, f.pose, f.visemes]) for f in track_frames()], np.float64)


def test_json_holds_every_frame_by_name(tmp_path, target):
    output = bake(tmp_path / "line.json", target)
    track = json.loads((tmp_path / "line.json").read_text())
    assert (output.kind, output.format, output.fps, output.frames) == ("blendshapes", "json", 60, FRAMES)
    assert (track["schema"], track["version"], track["fps"]) == ("flashhead-track", "1.0", 60)
    assert track["audio"] == "dialogue.wav"
    assert track["blendshapes"] == list(ARKIT_52)
    assert track["pose"] == list(POSE)
    assert track["visemes"] == list(VISEMES)
    assert track["frame_count"] == len(track["frames"]) == FRAMES
    assert np.abs(np.array(track["frames"]) - expected_rows()).max() <= 0.5e-4 + 1e-9


def test_json_is_valid_by_its_schema_and_its_struct(tmp_path, target):
    bake(tmp_path / "line.json", target)
    data = (tmp_path / "line.json").read_bytes()
    jsonschema.validate(json.loads(data), json.loads((DOCS / "track.schema.json").read_text()))
    assert msgspec.json.decode(data, type=BlendshapeTrack).frame_count == FRAMES


def test_values_are_rounded_to_four_decimals_without_minus_zero(tmp_path, target):
    frame = timed_frame(0, WEIGHTS_HZ)
    frame.pose[:] = (-0.00001, 0.12345678, -1.0, 0.5)
    bake(tmp_path / "line.json", target, [frame])
    bake(tmp_path / "line.csv", target, [frame])
    track = json.loads((tmp_path / "line.json").read_text())
    assert [repr(value) for value in track["frames"][0][52:56]] == ["0.0", "0.1235", "-1.0", "0.5"]
    assert (tmp_path / "line.csv").read_text().splitlines()[1].split(",")[53:57] == ["0", "0.1235", "-1", "0.5"]


def test_csv_has_the_columns_that_the_lip_sync_score_reads(tmp_path, target):
    output = bake(tmp_path / "line.csv", target)
    assert (output.format, output.frames) == ("csv", FRAMES)
    with (tmp_path / "line.csv").open(newline="") as file:
        header, *rows = list(csv.reader(file))
    assert header == ["time", *ARKIT_52, *POSE, *(f"viseme_{name}" for name in VISEMES)]
    assert len({name.lower() for name in header}) == len(header)
    values = np.array(rows, np.float64)
    np.testing.assert_allclose(values[:, 0], np.arange(FRAMES) / WEIGHTS_HZ, atol=1e-6)
    assert np.abs(values[:, 1:] - expected_rows()).max() <= 0.5e-4 + 1e-9


@pytest.mark.parametrize("extension", ["json", "csv"])
def test_lines_end_alike_on_every_system(tmp_path, target, extension):
    bake(tmp_path / f"line.{extension}", target)
    assert b"\r" not in (tmp_path / f"line.{extension}").read_bytes()


@pytest.mark.parametrize("extension", ["json", "csv"])
def test_hours_need_no_memory(tmp_path, target, extension):
    path = tmp_path / f"line.{extension}"
    writer = for_path(path)(path, target)
    frame = timed_frame(0, WEIGHTS_HZ)
    tracemalloc.start()
    for index in range(20 * WEIGHTS_HZ):
        writer.write(replace(frame, pts_us=round(index * 1_000_000 / WEIGHTS_HZ)))
    grown = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    writer.finish()
    assert path.stat().st_size > 400_000
    assert grown < 200_000
