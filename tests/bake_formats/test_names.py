"""What an output is called says what it is; a line's name is what is left."""

from pathlib import Path

import pytest

from flashhead_engine.bake.formats import EXTENSIONS, FORMATS, extension_of, for_path, line_name
from flashhead_engine.bake.plan import plan_lines
from flashhead_engine.drivers.base import SessionSettings
from flashhead_engine.errors import SettingsError

DOCS = Path(__file__).parents[2] / "docs"


def plan(audio, outputs, formats=()):
    return plan_lines(
        [Path(a) for a in audio], [Path(o) for o in outputs], formats, "guard", "nano", SessionSettings()
    )


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_name_is_the_line_and_a_known_extension(extension):
    path = Path(f"a/Guard.hello{extension.upper()}")
    assert extension_of(path) == extension
    assert line_name(path) == "Guard.hello"
    assert for_path(path).needs


def test_two_outputs_of_a_line_share_its_manifest():
    [line] = plan(["line.wav"], ["out/line.rhubarb.json", "out/line.json", "out/line.rhubarb.tsv"])
    assert {line_name(path) for path in line.outputs} == {"line"}
    with pytest.raises(SettingsError, match="share a folder and a name"):
        plan(["line.wav"], ["line.rhubarb.json", "other.json"])


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_may_be_named_as_its_extension_or_with_hyphens(name):
    extension = FORMATS[name]
    for given in (name, name.upper(), extension, extension[1:]):
        [line] = plan(["a.b.wav"], ["out"], [given])
        assert line.outputs == (Path("out") / f"a.b{extension}",)


def test_an_unknown_format_lists_the_known():
    with pytest.raises(
        SettingsError, match=r"'rhubarb-dat': known are mp4, .*rhubarb-tsv, rhubarb-xml, rhubarb-json"
    ):
        plan(["a.wav"], ["out"], ["rhubarb-dat"])


def test_audio_whose_name_would_make_another_format_is_refused():
    with pytest.raises(SettingsError, match=r"a\.rhubarb\.wav: its \.json would be called a\.rhubarb\.json"):
        plan(["a.rhubarb.wav"], ["out"], ["json"])


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_in_the_docs(name):
    text = (DOCS / "baked-files.md").read_text()
    assert f"`line{FORMATS[name]}`" in text
    assert f"`{name}`" in text
