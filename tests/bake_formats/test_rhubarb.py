"""Mouth cues in Rhubarb Lip Sync's own formats, read back as its users read them."""

import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from itertools import pairwise

import pytest
from synthetic import SECONDS, track_frames, write_all

from flashhead_engine.bake.formats import for_path

FORMATS = ("tsv", "xml", "json")
END = "2.31"  # 139 rows at 60 Hz, cut to hundredths


def bake(path, target, frames=None):
    return write_all(path, target, frames or track_frames())


def cues_of(path) -> list[tuple[str, str, str]]:
    """(start, end, shape) with the times as they are written."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".tsv":
        rows = [line.split("\t") for line in text.splitlines()]
        assert rows[-1][1] == "X", "Rhubarb's last line is the end of the recording, at rest"
        return [(start, end, shape) for (start, shape), (end, _) in pairwise(rows)]
    if path.suffix == ".xml":
        root = ElementTree.fromstring(text)
        assert root.tag == "rhubarbResult"
        assert [child.tag for child in root] == ["metadata", "mouthCues"]
        return [(cue.get("start"), cue.get("end"), cue.text) for cue in root.iter("mouthCue")]
    found = json.loads(text, parse_float=str)
    return [(cue["start"], cue["end"], cue["value"]) for cue in found["mouthCues"]]


@pytest.mark.parametrize("extension", FORMATS)
def test_the_file_is_rhubarbs(tmp_path, target, extension):
    path = tmp_path / f"line.rhubarb.{extension}"
    output = bake(path, target)
    assert (output.kind, output.format) == ("mouth_cues", f"rhubarb-{extension}")
    assert (output.fps, output.frames) == (None, None)
    cues = cues_of(path)
    assert (cues[0][0], cues[-1][1]) == ("0.00", END)
    assert float(END) >= SECONDS - 0.01
    for (start, end, shape), (following, *_) in zip(cues, [*cues[1:], (END, "", "")], strict=True):
        assert re.fullmatch(r"\d+\.\d\d", start)
        assert float(start) < float(end)
        assert end == following
        assert shape in "ABCDEFGHX"
    assert b"\r" not in path.read_bytes()


def test_all_three_say_the_same(tmp_path, target):
    for extension in FORMATS:
        bake(tmp_path / f"line.rhubarb.{extension}", target)
    tsv, xml, json_ = (cues_of(tmp_path / f"line.rhubarb.{extension}") for extension in FORMATS)
    assert tsv == xml == json_
    assert len(tsv) > 5


@pytest.mark.parametrize("name", ["a<b>&c.wav", 'quo"te \\ back.wav', "Привет.wav"])
def test_any_file_name_is_kept(tmp_path, target, name):
    target = replace(target, audio=target.audio.with_name(name))
    bake(tmp_path / "line.rhubarb.xml", target)
    bake(tmp_path / "line.rhubarb.json", target)
    assert ElementTree.parse(tmp_path / "line.rhubarb.xml").findtext("metadata/soundFile") == name
    metadata = json.loads((tmp_path / "line.rhubarb.json").read_text(encoding="utf-8"))["metadata"]
    assert metadata == {"soundFile": name, "duration": float(END)}


def test_an_output_that_is_given_up_leaves_nothing(tmp_path, target):
    before = list(tmp_path.iterdir())
    writer = for_path(tmp_path / "line.rhubarb.json")(tmp_path / "line.rhubarb.json", target)
    writer.write(next(track_frames()))
    writer.abort()
    assert list(tmp_path.iterdir()) == before
