"""Live Link Face CSV has the app's columns and our values; the viseme track has the visemes' values."""

import csv
import math

import numpy as np
import pytest
from synthetic import SECONDS, timed_frame, track_frames, write_all

from flashhead_engine.blendshapes.arkit import ARKIT_52, INDEX
from flashhead_engine.blendshapes.visemes import VISEMES
from flashhead_engine.drivers.base import WEIGHTS_HZ

FRAMES = math.ceil(SECONDS * WEIGHTS_HZ)
# As importers of the app's recordings have it.
APP_HEADER = (
    "Timecode BlendShapeCount EyeBlinkLeft EyeLookDownLeft EyeLookInLeft EyeLookOutLeft EyeLookUpLeft EyeSquintLeft "
    "EyeWideLeft EyeBlinkRight EyeLookDownRight EyeLookInRight EyeLookOutRight EyeLookUpRight EyeSquintRight "
    "EyeWideRight JawForward JawRight JawLeft JawOpen MouthClose MouthFunnel MouthPucker MouthRight MouthLeft "
    "MouthSmileLeft MouthSmileRight MouthFrownLeft MouthFrownRight MouthDimpleLeft MouthDimpleRight MouthStretchLeft "
    "MouthStretchRight MouthRollLower MouthRollUpper MouthShrugLower MouthShrugUpper MouthPressLeft MouthPressRight "
    "MouthLowerDownLeft MouthLowerDownRight MouthUpperUpLeft MouthUpperUpRight BrowDownLeft BrowDownRight "
    "BrowInnerUp BrowOuterUpLeft BrowOuterUpRight CheekPuff CheekSquintLeft CheekSquintRight NoseSneerLeft "
    "NoseSneerRight TongueOut HeadYaw HeadPitch HeadRoll LeftEyeYaw LeftEyePitch LeftEyeRoll "
    "RightEyeYaw RightEyePitch RightEyeRoll"
)


def read(path) -> tuple[list[str], list[dict[str, str]]]:
    with path.open(newline="") as file:
        rows = csv.DictReader(file)
        return list(rows.fieldnames), list(rows)


def test_every_weight_stands_under_its_name_in_the_apps_order(tmp_path, target):
    path = tmp_path / "line.livelink.csv"
    output = write_all(path, target, track_frames())
    assert (output.kind, output.format, output.fps, output.frames) == ("blendshapes", "livelink-csv", 60, FRAMES)
    header, rows = read(path)
    assert " ".join(header) == APP_HEADER
    assert len(rows) == FRAMES
    for row, frame in zip(rows, track_frames(), strict=True):
        assert row["BlendShapeCount"] == "61"
        for name, weight in zip(ARKIT_52, frame.weights, strict=True):
            assert float(row[name[0].upper() + name[1:]]) == pytest.approx(weight, abs=0.51e-4)
        angles = [float(row[name]) for name in ("HeadYaw", "HeadPitch", "HeadRoll")]
        np.testing.assert_allclose(angles, frame.pose[:3], atol=0.51e-4)


def test_timecodes_count_frames(tmp_path, target):
    path = tmp_path / "line.livelink.csv"
    write_all(path, target, (timed_frame(index, WEIGHTS_HZ) for index in range(60 * 61 + 2)))
    codes = [row["Timecode"] for row in read(path)[1]]
    assert [codes[0], codes[59], codes[60], codes[-1]] == [
        "00:00:00:00.000",
        "00:00:00:59.000",
        "00:00:01:00.000",
        "00:01:01:01.000",
    ]


@pytest.mark.parametrize(
    ("weights", "yaw", "pitch"),
    [
        ({"eyeLookOutLeft": 0.5, "eyeLookInRight": 0.5}, 0.3, 0.0),
        ({"eyeLookInLeft": 0.5, "eyeLookOutRight": 0.5}, -0.3, 0.0),
        ({"eyeLookDownLeft": 1.0, "eyeLookDownRight": 1.0}, 0.0, 0.6),
        ({"eyeLookUpLeft": 1.0, "eyeLookUpRight": 1.0}, 0.0, -0.6),
    ],
)
def test_both_eyes_turn_to_where_they_look(tmp_path, target, weights, yaw, pitch):
    frame = timed_frame(0, WEIGHTS_HZ)
    frame.weights[:] = 0
    for name, weight in weights.items():
        frame.weights[INDEX[name]] = weight
    write_all(tmp_path / "line.livelink.csv", target, [frame])
    [row] = read(tmp_path / "line.livelink.csv")[1]
    for side in ("Left", "Right"):
        angles = [float(row[f"{side}Eye{angle}"]) for angle in ("Yaw", "Pitch", "Roll")]
        np.testing.assert_allclose(angles, [yaw, pitch, 0.0], atol=1e-4)


def test_the_viseme_track_is_the_visemes_of_the_track(tmp_path, target):
    output = write_all(tmp_path / "line.visemes.csv", target, track_frames())
    assert (output.kind, output.format, output.fps, output.frames) == ("visemes", "visemes-csv", 60, FRAMES)
    header, rows = read(tmp_path / "line.visemes.csv")
    assert header == ["time", *VISEMES]
    values = np.array([list(row.values()) for row in rows], np.float64)
    np.testing.assert_allclose(values[:, 0], np.arange(FRAMES) / WEIGHTS_HZ, atol=1e-6)
    np.testing.assert_allclose(values[:, 1:], [frame.visemes for frame in track_frames()], atol=0.51e-4)
