"""Project files and their sources: what a team has becomes lines; what is wrong is said with file and row."""

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from flashhead_engine.bake.formats.schemas import schema_text
from flashhead_engine.bake.project.file import ProjectError, ProjectFile, load_project
from flashhead_engine.bake.project.schema import NAME
from flashhead_engine.bake.project.sources import collect_lines

from .conftest import PROJECT, csv_source

DOCS = Path(__file__).parents[2] / "docs"
TABLE = "id,character,language,audio,emotion,text\nhello,guard,en,voice/a.wav,angry,Halt!\n"


def collect(path: Path):
    return collect_lines(load_project(path))


def problems_of(path: Path, *words: str) -> str:
    _, problems = collect(path)
    text = "\n".join(map(str, problems))
    for word in words:
        assert word in text, text
    return text


def test_a_row_becomes_a_line(project, tmp_path):
    (tmp_path / "lines.csv").write_text(TABLE)
    lines, problems = collect(project(csv_source()))
    assert not problems
    [line] = lines
    assert (line.name, line.character, line.emotion, line.text) == ("en/hello", "guard", "angry", "Halt!")
    assert line.audio == tmp_path / "voice" / "a.wav"
    assert line.where == f"{tmp_path / 'lines.csv'}: row 2"


def test_the_emotion_of_the_character_is_taken_where_the_row_has_none(project, tmp_path):
    (tmp_path / "lines.csv").write_text("id,character,audio\nhello,heroine,voice/a.wav\n")
    [line] = collect(project(csv_source()))[0]
    assert line.emotion == "happy"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_csv_of_any_spreadsheet(project, tmp_path, encoding, delimiter):
    rows = [
        ["id", "character", "audio", "text"],
        ["grüße", "guard", "voice/a.wav", f'"Schön{delimiter} ""so"" –\nund weiter"'],
        ["b", "guard", "voice/b.wav", "ß"],
    ]
    text = "\r\n".join(delimiter.join(row) for row in rows) + "\r\n\r\n"
    (tmp_path / "lines.csv").write_bytes(text.encode(encoding))
    lines, problems = collect(project(csv_source()))
    assert not problems
    assert [line.name for line in lines] == ["grüße", "b"]
    assert lines[0].text == f'Schön{delimiter} "so" –\nund weiter'
    assert lines[1].where.endswith("row 4")  # the quoted text of the first has two lines


def test_json_lines(project, tmp_path):
    entries = [{"key": 7, "who": "guard", "audio": "voice/a.wav", "text": None}, {"key": "b", "who": "heroine"}]
    text = "\n".join(map(json.dumps, entries)) + "\n\n{not json}\n"
    (tmp_path / "lines.jsonl").write_text(text)
    source = """
[[sources]]
kind = "jsonl"
file = "lines.jsonl"
audio = "voice/{id}.wav"
columns = {id = "key", character = "who"}
"""
    lines, problems = collect(project(source))
    assert [(line.name, line.audio.name) for line in lines] == [("7", "a.wav"), ("b", "b.wav")]
    assert len(problems) == 1 and "lines.jsonl: row 4: is no JSON object" in str(problems[0])


def test_a_folder_by_its_rule(project, tmp_path):
    for name in (
        "en/guard_door_01.wav",
        "de/guard_door_01.WAV",
        "de/nothing.wav",
        ".hidden/guard_x.wav",
        "notes.txt",
    ):
        path = tmp_path / "events" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    lines, problems = collect(
        project('\n[[sources]]\nkind = "folder"\nfolder = "events"\nrule = "{language}/{character}_{id}"\n')
    )
    assert [(line.name, line.character) for line in lines] == [("de/door_01", "guard"), ("en/door_01", "guard")]
    assert len(problems) == 1 and "nothing.wav: its path does not fit the rule" in str(problems[0])


def test_yarn_spinner_strings_file(project, tmp_path):
    (tmp_path / "lines.csv").write_text(
        "language,id,text,file,node,lineNumber,lock,comment\n"
        "en,line:a,guard: Halt!,Gate.yarn,Start,3,ebccb08d,\n"
        "en,line:b,At 10:30 nobody speaks.,Gate.yarn,Start,4,4b04472e,\n"
    )
    lines, problems = collect(project(csv_source('preset = "yarn-spinner"\naudio = "voice/{id}.wav"')))
    [line] = lines
    assert (line.name, line.character, line.text) == ("en/a", "guard", "Halt!")
    assert "'At 10' is not in the project" in str(problems[0])


def test_dialogue_manager_table(project, tmp_path):
    (tmp_path / "lines.csv").write_text(
        "keys,en,de,_character,_notes\na,Halt!,Stehen bleiben!,guard,\nb,Why?,Warum?,(response),\n"
    )
    source = csv_source('preset = "dialogue-manager"\nlanguage = "de"\naudio = "voice/{id}.wav"')
    lines, problems = collect(project(source))
    assert not problems
    assert [(line.name, line.character, line.text) for line in lines] == [("de/a", "guard", "Stehen bleiben!")]


def test_all_that_is_wrong_with_rows_is_said_together(project, tmp_path):
    rows = {
        2: ("ok", "guard", "voice/a.wav", ""),
        3: ("twice", "guard", "voice/a.wav", ""),
        4: ("twice", "guard", "voice/b.wav", ""),
        5: ("Door", "guard", "voice/a.wav", ""),
        6: ("door", "guard", "voice/b.wav", ""),
        7: ("../../escape", "guard", "voice/a.wav", ""),
        8: ("con", "guard", "voice/a.wav", ""),
        9: ("missing", "guard", "voice/none.wav", ""),
        10: ("who", "nobody", "voice/a.wav", ""),
        11: ("mood", "guard", "voice/a.wav", "hungry"),
        12: ("", "guard", "voice/a.wav", ""),
        13: ("x" * 300, "guard", "voice/a.wav", ""),
        14: ("caf\u00e9", "guard", "voice/a.wav", ""),
        15: ("cafe\u0301", "guard", "voice/a.wav", ""),
        16: ("silent", "guard", "", ""),
        17: ("\u53f0\u8a5e", "guard", "voice/a.wav", ""),
    }
    text = "id,character,audio,emotion\n" + "\n".join(",".join(row) for row in rows.values()) + "\ntoo,many,a,b,c\n"
    (tmp_path / "lines.csv").write_text(text, encoding="utf-8")
    lines, problems = collect(project(csv_source()))
    assert [line.name for line in lines] == ["ok", "\u53f0\u8a5e"]
    said = {int(problem.where.rpartition(" ")[2]): problem.what for problem in problems}
    assert set(said) == set(range(3, 17)) | {18}
    for number, word in {
        3: "row 4", 4: "row 3", 5: "'door'", 6: "'Door'", 7: "is a path", 8: "no file name", 9: "is missing",
        10: "known are guard, heroine", 11: "'hungry'", 12: "has no id", 13: "200 bytes", 14: "same file",
        16: "names no audio", 18: "5 fields",
    }.items():  # fmt: skip
        assert word in said[number], said[number]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('version = "1.0"', 'version = "2.0"'), ("has version 2.0", "reads 1.x")),
        (('version = "1.0"', ""), ("missing required field `version`",)),
        (('output = "baked"', "output = 5"), ("output: Expected `str`, got `int`",)),
        (('formats = ["csv"]', 'formats = ["csv", "gif", "csv"]'), ("'gif' is no output format", "twice")),
        (('emotion = "happy"', 'emotion = "hungry"'), ("characters.heroine: emotion 'hungry'",)),
        (('emotion = "happy"', "emotoin = 1"), ("emotoin",)),
        (('avatar = "heroine"', 'tier = "ultra"'), ("characters", "'ultra'")),
        (('version = "1.0"', "version = "), ("is not TOML",)),
    ],
)
def test_a_wrong_project_file_is_explained(project, tmp_path, change, words):
    (tmp_path / "lines.csv").write_text(TABLE)
    path = project(csv_source(), PROJECT.replace(*change))
    with pytest.raises(ProjectError) as caught:
        load_project(path)
    assert str(path) in str(caught.value)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("table", "source", "word"),
    [
        ("name,character\na,guard\n", "", "has no column 'id'"),
        ("id,character\na,guard\n", 'columns = {audio = "wave"}', "has no column 'wave' for columns.audio"),
        ("id,id\na,b\n", "", "stands there twice"),
        ("", "", "has no header row"),
        ('id,text\na,"open\n', "", "is no CSV"),
        ("id,character\na,guard\n", 'audio = "voice/{idd}.wav"', "{character}"),
        ("id,character\na,guard\n", 'audio = "voice/{language}.wav"', "has no {id}"),
        (None, "", "cannot be read"),
    ],
)
def test_a_source_that_cannot_be_read_stops_the_project(project, tmp_path, table, source, word):
    if table is not None:
        (tmp_path / "lines.csv").write_text(table)
    with pytest.raises(ProjectError) as caught:
        collect(project(csv_source(source)))
    assert word in str(caught.value)


def test_includes_add_sources_and_cannot_go_round(project, tmp_path):
    (tmp_path / "chapter").mkdir()
    (tmp_path / "chapter" / "lines.csv").write_text("id,character,audio\nx,smith,../voice/a.wav\n")
    chapter = tmp_path / "chapter" / "one.toml"
    content = 'version = "1.0"\n[characters.smith]\n' + csv_source()
    chapter.write_text(content)
    path = project("", 'include = ["chapter/one.toml"]\n' + PROJECT)
    assert [line.name for line in collect(path)[0]] == ["x"]
    chapter.write_text('include = ["../dialogue.toml"]\n' + content)
    with pytest.raises(ProjectError, match=r"includes itself \(dialogue.toml -> one.toml -> dialogue.toml\)"):
        load_project(path)


def test_the_published_schema_is_that_of_the_structs():
    assert (DOCS / NAME).read_bytes() == schema_text(ProjectFile)
    schema = json.loads((DOCS / NAME).read_text())
    good = msgspec.toml.decode(PROJECT.encode())
    jsonschema.validate(good, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**good, "outptu": "x"}, schema)
