"""The manifest that engine importers read."""

import json
import os
import re
from pathlib import Path

import jsonschema
import pytest

from flashhead_engine.bake import manifest
from flashhead_engine.bake.formats.schemas import SCHEMAS, schema_text
from flashhead_engine.bake.manifest import ManifestError, baked_line, load_manifest, relative_path, save_manifest
from flashhead_engine.errors import OutputError

DOCS = Path(__file__).parents[2] / "docs"
HASH = "0123456789abcdef" * 4


def line(**changes) -> manifest.BakedLine:
    fields = dict(
        id="guard_hello",
        duration_us=2_310_000,
        tier="nano",
        engine_version="0.1.0",
        audio=manifest.Audio(
            name="guard_hello.wav",
            file="voice/guard_hello.wav",
            sha256=HASH,
            duration_us=2_310_000,
            sample_rate_hz=48_000,
            channels=1,
        ),
        avatar=manifest.AvatarUsed(name="guard", version="1.0", sha256=HASH),
        model=manifest.ModelUsed(name="nano-1", sha256=HASH),
        settings=manifest.SettingsUsed(
            fps=25,
            size=512,
            seed=7,
            emotion="neutral",
            emotion_intensity=1.0,
            mouth_strength=1.0,
            performance=manifest.PerformanceUsed(
                blinks=True, saccades=True, head_sway=True, breath=True, brows=False
            ),
        ),
        outputs=[
            manifest.Output(
                kind="video",
                file="guard_hello.webm",
                format="webm",
                fps=25,
                frames=58,
                width=512,
                height=512,
                alpha="straight",
                video_codec="vp8",
                audio_codec="vorbis",
            ),
            manifest.Output(kind="blendshapes", file="guard_hello.json", format="json", fps=60, frames=139),
        ],
    )
    return baked_line(**{**fields, **changes})


def saved(tmp_path: Path, **changes: object) -> Path:
    """A saved manifest with some of its JSON fields changed."""
    path = save_manifest(line(), tmp_path)
    content = json.loads(path.read_text())
    content.update(changes)
    path.write_text(json.dumps(content))
    return path


def test_what_is_saved_is_loaded(tmp_path):
    path = save_manifest(line(), tmp_path)
    assert path.name == "guard_hello.flashhead.json"
    assert load_manifest(path) == line()
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_it_is_valid_by_the_published_schema(tmp_path):
    schema = json.loads((DOCS / "baked-line.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    path = save_manifest(line(), tmp_path)
    jsonschema.validate(json.loads(path.read_text()), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**json.loads(path.read_text()), "tier": "ultra"}, schema)


def test_the_example_in_the_docs_is_valid_and_loads(tmp_path):
    text = (DOCS / "baked-files.md").read_text()
    example = re.search(r"```json\n(\{\n  \"schema\": \"flashhead-baked-line\".*?)```", text, re.DOTALL).group(1)
    jsonschema.validate(json.loads(example), json.loads((DOCS / "baked-line.schema.json").read_text()))
    (tmp_path / "x.flashhead.json").write_text(example)
    assert load_manifest(tmp_path / "x.flashhead.json").version == manifest.VERSION


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schemas_in_the_docs_are_current(name):
    assert (DOCS / name).read_bytes() == schema_text(SCHEMAS[name]), (
        "run: python -m flashhead_engine.bake.formats.schemas docs"
    )


def test_every_field_is_explained_in_the_docs():
    text = (DOCS / "baked-files.md").read_text()
    for struct in (manifest.BakedLine, manifest.Audio, manifest.Output, manifest.SettingsUsed):
        for field in struct.__struct_fields__:
            assert f"`{field}`" in text, field


def test_a_later_minor_version_with_new_fields_is_read(tmp_path):
    path = saved(tmp_path, version="1.7", weather="rain")
    assert load_manifest(path).version == "1.7"


@pytest.mark.parametrize("version", ["2.0", "0.9", "10.0"])
def test_another_major_version_is_refused_in_words(tmp_path, version):
    with pytest.raises(ManifestError, match=rf"version {re.escape(version)}, this program reads 1\.x"):
        load_manifest(saved(tmp_path, version=version))


def test_another_kind_of_file_is_refused(tmp_path):
    with pytest.raises(ManifestError, match="'flashhead-track', not a 'flashhead-baked-line'"):
        load_manifest(saved(tmp_path, schema="flashhead-track"))


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff\xfe\x00", b'{"schema": 3}', b"not json"])
def test_what_is_no_manifest_is_refused(tmp_path, content):
    path = tmp_path / "line.flashhead.json"
    path.write_bytes(content)
    with pytest.raises(ManifestError, match=r"line\.flashhead\.json"):
        load_manifest(path)


def test_a_missing_manifest(tmp_path):
    with pytest.raises(ManifestError, match="cannot be read"):
        load_manifest(tmp_path / "gone.flashhead.json")


def test_a_wrong_value_is_named(tmp_path):
    with pytest.raises(ManifestError, match=r"\$\.duration_us"):
        load_manifest(saved(tmp_path, duration_us=-1))


OUTSIDE = [
    "../secret.webm",
    "/etc/passwd",
    "a/../../b.webm",
    "C:/x.webm",
    "C:x.webm",
    "\\\\host\\x.webm",
    "a\\b.webm",
]


@pytest.mark.parametrize("file", OUTSIDE)
def test_paths_that_leave_the_folder_are_refused(tmp_path, file):
    output = {"kind": "video", "file": file, "format": "webm", "fps": 25, "frames": 58}
    with pytest.raises(ManifestError, match="leaves the manifest's folder"):
        load_manifest(saved(tmp_path, outputs=[output]))
    with pytest.raises(OutputError, match="outside"):
        save_manifest(line(outputs=[manifest.Output(**output)]), tmp_path)


def test_an_id_is_one_file_name(tmp_path):
    for name in ("a/b", "../a", "a:b"):
        with pytest.raises(OutputError, match="Choose another"):
            save_manifest(line(id=name), tmp_path)


def test_a_link_that_leaves_the_folder_is_refused(tmp_path):
    (tmp_path / "in").mkdir()
    os.symlink(tmp_path, tmp_path / "in" / "voice")
    with pytest.raises(ManifestError, match="leaves the manifest's folder"):
        load_manifest(save_manifest(line(), tmp_path / "in"))


def test_audio_outside_the_folder_is_known_by_name_only(tmp_path):
    assert relative_path(tmp_path / "a.wav", tmp_path / "out") is None
    assert relative_path(tmp_path / "out" / "v" / "a.wav", tmp_path / "out") == "v/a.wav"
    audio = manifest.Audio(name="a.wav", sha256=HASH, duration_us=1, sample_rate_hz=8000, channels=1)
    path = save_manifest(line(audio=audio), tmp_path)
    assert "file" not in json.loads(path.read_text())["audio"]
    assert load_manifest(path).audio.file is None
