"""Baked lines in Godot, with an addon that has no native library: imported, played by time, refused when damaged."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from flashhead_engine.blendshapes.arkit import ARKIT_52
from flashhead_engine.blendshapes.visemes import VISEMES

DIALOGUE = Path(__file__).parents[2] / "examples" / "dialogue"
SHOWN_US = (0, 16_666, 16_667, 25_000, 1_234_567, 3_000_001, 5_300_000, 99_000_000, -5)


def test_a_line_is_the_track_that_was_baked(bare, lines):
    track = json.loads((lines / "guard_en.json").read_text())
    rows = np.array(track["frames"])
    output = bare.test("test_baked.gd", "test_imported", f"times={','.join(map(str, SHOWN_US))}")

    assert output.reports["names"] == [[list(ARKIT_52), track["pose"], list(VISEMES)]]
    for time_us, sampled in zip(SHOWN_US, output.reports["sample"], strict=True):
        place = np.clip(time_us * 60 / 1e6, 0, len(rows) - 1)
        row = int(place)
        after = rows[min(row + 1, len(rows) - 1)]
        assert sampled["row"] == row
        np.testing.assert_allclose(sampled["values"], rows[row] + (place - row) * (after - rows[row]), atol=2e-6)


@pytest.mark.parametrize("fps", [24, 60, 120])
def test_a_track_alone_is_sampled_at_its_own_rate(bare, lines, tmp_path, fps):
    track = json.loads((lines / "guard_en.json").read_text()) | {"fps": fps}
    # Other tools order names differently, and newer versions may have more of them.
    track["blendshapes"] = ["newShape", *reversed(track["blendshapes"])]
    rows = np.array(track["frames"])
    track["frames"] = [[0.5, *row[51::-1], *row[52:]] for row in track["frames"]]
    (tmp_path / "track.json").write_text(json.dumps(track))
    times = [0, 100_000, 1_234_567]
    output = bare.test(
        "test_baked.gd", "test_track", f"track={tmp_path / 'track.json'}", f"times={times}".replace(" ", "")
    )

    for time_us, sampled in zip(times, output.reports["sample"], strict=True):
        place = time_us * fps / 1e6
        row = int(place)
        assert sampled["row"] == row
        expected = rows[row] + (place - row) * (rows[row + 1] - rows[row])
        np.testing.assert_allclose(sampled["values"], expected, atol=2e-6)


def manifest_with(**changes):
    """Spoils a manifest; a field is named as in outputs__0__file."""

    def spoil(folder: Path) -> None:
        path = folder / "guard_en.flashhead.json"
        whole = json.loads(path.read_text())
        for name, value in changes.items():
            *parents, last = [int(part) if part.isdigit() else part for part in name.split("__")]
            place = whole
            for part in parents:
                place = place[part]
            place[last] = value
        path.write_text(json.dumps(whole))

    return spoil


def track_with(**changes):
    def spoil(folder: Path) -> None:
        path = folder / "guard_en.json"
        track = json.loads(path.read_text()) | changes
        path.write_text(json.dumps(track))

    return spoil


def row_with(value: object, index: int = 7):
    def spoil(folder: Path) -> None:
        path = folder / "guard_en.json"
        track = json.loads(path.read_text())
        track["frames"][index][3] = value
        path.write_text(json.dumps(track))

    return spoil


def cut(name: str, size: int):
    def spoil(folder: Path) -> None:
        path = folder / name
        path.write_bytes(path.read_bytes()[:size])

    return spoil


def gone(name: str):
    return lambda folder: (folder / name).unlink()


def written(name: str, content: bytes):
    return lambda folder: (folder / name).write_bytes(content)


def flac(folder: Path) -> None:
    shutil.copy(DIALOGUE / "robot_de.flac", folder)
    manifest_with(audio__file="robot_de.flac")(folder)


MANIFEST, TRACK, VIDEO, AUDIO = "guard_en.flashhead.json", "guard_en.json", "guard_en.ogv", "guard_en.wav"
OUTSIDE = r"flashhead\.json: it names the file .* not inside its own folder"
SPOILED = {
    "no_manifest": (gone(MANIFEST), r"flashhead\.json: it cannot be opened"),
    "empty_manifest": (cut(MANIFEST, 0), r"flashhead\.json: line \d+ is no JSON"),
    "cut_manifest": (cut(MANIFEST, 300), r"flashhead\.json: line \d+ is no JSON .* Bake the line again"),
    "large_manifest": (written(MANIFEST, b" " * (1 << 21)), "larger than 1 MiB"),
    "deep_manifest": (written(MANIFEST, b"[" * 100_000), r"flashhead\.json: line \d+ is no JSON"),
    "list_manifest": (written(MANIFEST, b"[1]"), "it is no flashhead-baked-line"),
    "binary_manifest": (written(MANIFEST, bytes(range(256)) * 9), r"flashhead\.json: line \d+ is no JSON"),
    "other_schema": (manifest_with(schema="atlas"), "it is no flashhead-baked-line"),
    "next_major": (manifest_with(version="2.0"), r"version 2\.0 of flashhead-baked-line, this addon reads 1\.x"),
    "no_version": (manifest_with(version=None), "version <null>"),
    "number_schema": (manifest_with(schema=3), "it is no flashhead-baked-line"),
    "number_format": (manifest_with(outputs__0__format=3, outputs__1__format=[]), "none of its outputs"),
    "number_alpha": (manifest_with(outputs__0__alpha=3, outputs__0__fps="25"), "fps is 25, not a whole number"),
    "no_duration": (manifest_with(duration_us=0), "duration_us is 0"),
    "text_duration": (manifest_with(duration_us="long"), "duration_us is long"),
    "huge_duration": (manifest_with(duration_us=10**18), "duration_us is .* not a whole number from 1"),
    "no_audio": (manifest_with(audio=None), "does not say which audio"),
    "audio_gone": (gone(AUDIO), "its audio .*guard_en.wav is missing"),
    "audio_outside": (manifest_with(audio__file="../guard_en.wav"), OUTSIDE),
    "audio_elsewhere": (manifest_with(audio__file=None, audio__name="../x.wav"), "it names no audio"),
    "audio_no_sound": (written(AUDIO, b"no sound"), "Godot cannot play its audio"),
    "audio_flac": (flac, r"Godot cannot play its audio .*robot_de\.flac"),
    "outputs_no_list": (manifest_with(outputs={}), "it names no outputs"),
    "output_no_object": (manifest_with(outputs=[3]), "one of its outputs is not described"),
    "outputs_empty": (manifest_with(outputs=[]), "none of its outputs is for Godot. Bake with -o guard_en.json"),
    "outputs_foreign": (manifest_with(outputs__0__format="mp4", outputs__1__format="csv"), "none of its outputs"),
    "path_absolute": (manifest_with(outputs__1__file="/etc/passwd"), OUTSIDE),
    "path_drive": (manifest_with(outputs__1__file="C:/x.json"), OUTSIDE),
    "path_scheme": (manifest_with(outputs__1__file="res://project.godot"), OUTSIDE),
    "path_backslash": (manifest_with(outputs__1__file="..\\x.json"), OUTSIDE),
    "path_list": (manifest_with(outputs__1__file=["a", "b"]), OUTSIDE),
    "path_number": (manifest_with(outputs__1__file=4), OUTSIDE),
    "track_gone": (gone(TRACK), r"guard_en\.json: it cannot be opened"),
    "track_cut": (cut(TRACK, 60_000), r"guard_en\.json: line \d+ is no JSON"),
    "track_short": (manifest_with(outputs__1__frames=321), r"guard_en\.json: rows are missing"),
    "track_count": (track_with(frame_count=319), r"guard_en\.json: rows are missing"),
    "track_next_major": (track_with(version="3.1"), r"guard_en\.json: it has version 3\.1"),
    "track_no_fps": (track_with(fps=0), r"guard_en\.json: fps is 0"),
    "track_half_fps": (track_with(fps=29.97), r"fps is 29\.97, not a whole number from 1 to 240"),
    "track_names": (track_with(pose=["headYaw", "headPitch", "headRoll", "sigh"]), "its rows have no pose breath"),
    "track_text": (row_with("open"), r"guard_en\.json: row 7 is not 71 numbers"),
    "track_infinite": (row_with(1e308 * 10), r"guard_en\.json: row 7 is not|is no JSON"),
    "track_huge": (row_with(1e30), r"guard_en\.json: row 7 is not 71 numbers"),
    "track_list": (row_with([1.0]), r"guard_en\.json: row 7 is not 71 numbers"),
    "video_gone": (gone(VIDEO), r"guard_en\.ogv: it cannot be opened"),
    "video_empty": (cut(VIDEO, 0), r"guard_en\.ogv: it is no Ogg file"),
    "video_other": (written(VIDEO, b"RIFF" + bytes(9000)), r"guard_en\.ogv: it is no Ogg file"),
    "video_headless": (written(VIDEO, b"OggS" + bytes(9000)), r"guard_en\.ogv: it has no Theora video"),
    "video_cut": (cut(VIDEO, 200_000), r"guard_en\.ogv: it is cut short"),
    "video_size": (manifest_with(outputs__0__width=4096), "it has 512 x 256 pixels .* says 4096 x 256"),
    "video_fps": (manifest_with(outputs__0__fps=30), "25.* pictures a second, .* and 30"),
}


def test_damaged_lines_are_refused_and_say_why(bare, lines, tmp_path):
    """Loaded at run time, from a folder outside the project, as mods are."""
    for name, (spoil, _) in SPOILED.items():
        shutil.copytree(lines, tmp_path / name)
        spoil(tmp_path / name)
    shutil.copytree(lines, tmp_path / "whole")

    output = bare.test("test_baked.gd", "test_loaded", f"folder={tmp_path}", allowed=("Not a WAV file",))
    answers = {answer["name"]: answer for answer in output.reports["line"]}

    assert answers.pop("whole") == {"name": "whole", "error": "", "warnings": [], "rows": 320, "seconds": 5.33}
    assert answers.keys() == SPOILED.keys()
    for name, (_, expected) in SPOILED.items():
        assert answers[name]["rows"] == 0, name
        assert re.search(expected, answers[name]["error"]), answers[name]


def test_another_recording_is_said(bare, lines, tmp_path):
    shutil.copytree(lines, tmp_path / "line")
    shutil.copy(DIALOGUE / "robot_es.wav", tmp_path / "line" / AUDIO)
    output = bare.test("test_baked.gd", "test_loaded", f"folder={tmp_path}")
    assert "is not the recording that it was baked from" in output.reports["line"][0]["warnings"][0]


def test_damaged_lines_are_not_imported(bare, lines):
    """Godot says which file and why, and imports the others."""
    folder = bare.project / "damaged"
    names = ("track_cut", "video_cut", "audio_gone", "audio_flac", "next_major", "path_absolute")
    for name in names:
        shutil.copytree(lines, folder / name)
        SPOILED[name][0](folder / name)
    shutil.copytree(lines, folder / "whole")

    output = bare("--import")
    for name in names:
        assert re.search(rf"ERROR: res://damaged/{name}/.*{SPOILED[name][1]}", output.stderr), output.stderr
        assert "valid=false" in (folder / name / f"{MANIFEST}.import").read_text()
    assert "damaged/whole" not in output.stderr
    assert "valid=false" not in (folder / "whole" / f"{MANIFEST}.import").read_text()
    shutil.rmtree(folder)


def test_a_dialogue_that_lies_elsewhere_is_found_by_its_bytes(bare, bake):
    """One recording for many bakes: the manifest has its name and hash, not its path."""
    voices, baked, others = bare.project / "voices" / "en", bare.project / "baked", bare.project / "another"
    voices.mkdir(parents=True)
    others.mkdir()
    shutil.copy(DIALOGUE / "robot_es.wav", voices)
    shutil.copy(DIALOGUE / AUDIO, others / "robot_es.wav")
    bake(voices / "robot_es.wav", "-o", baked / "robot_es.json")
    manifest = baked / "robot_es.flashhead.json"
    assert "file" not in json.loads(manifest.read_text())["audio"]

    output = bare("--import")
    assert output.errors() == [], output.stderr
    output = bare.test("test_baked.gd", "test_audio", f"line=res://baked/{manifest.name}")
    assert output.reports["audio"] == ["res://voices/en/robot_es.wav"]


def test_a_locale_has_its_own_line(bare, bake):
    """Project Settings > Localization > Remaps: the manifest is remapped, and with it goes all that it names."""
    german = bare.project / "de" / "guard_de.mp3"
    german.parent.mkdir()
    shutil.copy(DIALOGUE / german.name, german)
    bake(german, "-o", german.with_suffix(".json"))
    settings = bare.project / "project.godot"
    before = settings.read_text()
    remaps = f'{{"res://lines/{MANIFEST}": PackedStringArray("res://de/guard_de.flashhead.json:de")}}'
    settings.write_text(f"{before}\n[internationalization]\nlocale/translation_remaps={remaps}\n")

    output = bare("--import")
    assert output.errors() == [], output.stderr
    output = bare.test("test_baked.gd", "test_locale")
    settings.write_text(before)
    assert output.reports["line"] == [
        ["guard_en", "guard_en.wav"],
        ["guard_de", "guard_de.mp3"],
        ["guard_en", "guard_en.wav"],
    ]
