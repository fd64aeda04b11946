"""Scripts of Ink and Dialogic: what has an id becomes a line, with who says it and what."""

import pytest

from flashhead_engine.bake.project.file import ProjectError

from .conftest import csv_source
from .test_sources import collect

INK = """\
VAR angry = true
INCLUDE chapter/gate.ink
-> start
=== start ===
/* guard: in a comment. #id:commented
   guard: and here. #id:commented */
guard: Halt! # loud #id:start_halt
  - guard: Who goes there? -> gate #id:start_who // guard: not this #id:comment
  * [Fight] #id:start_fight
  + heroine: "I do." #id:start_choice
  - - (again) heroine: A friend\\#1. #id: start_friend
guard: You have {coins} coins. #id:start_coins
guard: Nobody recorded this.
The gate opens. #id:start_open
~ angry = false
"""
GATE = "=== gate ===\nINCLUDE chapter/more.ink\nguard: Pass: quickly! #id:gate_pass\n-> END\n"

DIALOGIC = """\
join guard left
# guard: a remark
guard (angry): Halt![pause=0.5] Who goes there? #id:1f
"Old Guard": It is\\: [portrait=sad]late.\\
Go home. #id:20
\t- Go home #id:21
\theroine: No, {Player.Name}. #id:22
_: The gate opens. #id:23
[voice path="res://voice/x.ogg" #id:24]
guard: Not translated.
"""


def rows(lines) -> dict[str, tuple[str, str]]:
    return {line.name: (line.character, line.text) for line in lines}


@pytest.fixture
def voices(tmp_path, speech):
    """Call with ids to have audio for them."""

    def make(*ids: str) -> None:
        (tmp_path / "voice").mkdir(exist_ok=True)
        for name in ids:
            (tmp_path / "voice" / f"{name}.wav").touch()

    return make


@pytest.fixture
def ink(project, tmp_path):
    """Call with texts of files to get a project of story.ink."""

    def write(**files: str):
        (tmp_path / "chapter").mkdir(exist_ok=True)
        for name, text in files.items():
            (tmp_path / ("story.ink" if name == "story" else f"chapter/{name}.ink")).write_text(text)
        source = '\n[[sources]]\nkind = "ink"\nfile = "story.ink"\ncharacter = "guard"\naudio = "voice/{id}.wav"\n'
        return project(source)

    return write


def test_lines_of_ink_with_what_they_include(ink, voices, tmp_path):
    voices("start_halt", "start_who", "start_friend", "start_coins", "start_open", "gate_pass")
    lines, problems = collect(ink(story=INK, gate=GATE, more="The end.\n"))
    assert not problems
    assert rows(lines) == {
        "gate_pass": ("guard", "Pass: quickly!"),
        "start_halt": ("guard", "Halt!"),
        "start_who": ("guard", "Who goes there?"),
        "start_friend": ("heroine", "A friend#1."),
        "start_coins": ("guard", ""),
        "start_open": ("guard", "The gate opens."),
    }
    where = {line.name: line.where for line in lines}
    assert where["start_halt"] == f"{tmp_path / 'story.ink'}: row 7" and where["gate_pass"].endswith(
        "gate.ink: row 3"
    )


def test_ink_files_that_include_each_other_are_named(ink):
    path = ink(story="INCLUDE chapter/a.ink\n", a="INCLUDE chapter/b.ink\n", b="INCLUDE chapter/a.ink\n")
    with pytest.raises(ProjectError, match=r"b\.ink: INCLUDE a\.ink goes round \(a\.ink -> b\.ink -> a\.ink\)"):
        collect(path)


def test_an_ink_file_that_is_missing_is_named(ink):
    with pytest.raises(ProjectError, match=r"gone\.ink: cannot be read"):
        collect(ink(story="INCLUDE chapter/gone.ink\n"))


def test_a_file_that_two_include_is_read_once(ink, voices):
    voices("x")
    lines, problems = collect(ink(story="INCLUDE chapter/a.ink\nINCLUDE chapter/a.ink\n", a="guard: Once. #id:x\n"))
    assert [line.name for line in lines] == ["x"] and not problems


def test_lines_without_audio_or_character_are_named_with_file_and_row(ink):
    _, problems = collect(ink(story="\nghost: Boo. #id:x\nguard: Halt! #id:y\n"))
    assert [problem.where.rpartition("/")[2] for problem in problems] == ["story.ink: row 2", "story.ink: row 3"]
    assert "'ghost' is not in the project" in problems[0].what and "y.wav is missing" in problems[1].what


def test_a_table_of_ink_localiser(project, tmp_path, voices):
    voices("start_halt")
    (tmp_path / "lines.csv").write_text('ID,Text\nstart_halt,"guard: ""Halt!"""\n')
    [line] = collect(project(csv_source('preset = "ink-localiser"\naudio = "voice/{id}.wav"')))[0]
    assert (line.name, line.character, line.text) == ("start_halt", "guard", '"Halt!"')


@pytest.fixture
def dialogic(project, tmp_path):
    (tmp_path / "gate.dtl").write_text(DIALOGIC)
    source = '\n[[sources]]\nkind = "dialogic"\nfile = "gate.dtl"\naudio = "voice/{id}.wav"\ncharacter = "guard"\n'
    return lambda more="": project('[characters."Old Guard"]\n' + source + more)


def test_lines_of_a_dialogic_timeline(dialogic, voices, tmp_path):
    voices("1f", "20", "22", "23")
    lines, problems = collect(dialogic())
    assert not problems
    assert rows(lines) == {
        "1f": ("guard", "Halt! Who goes there?"),
        "20": ("Old Guard", "It is: late. Go home."),
        "22": ("heroine", ""),
        "23": ("guard", "The gate opens."),
    }
    assert {line.name: line.where for line in lines}["20"] == f"{tmp_path / 'gate.dtl'}: row 4"


def test_the_text_of_another_language(dialogic, voices, tmp_path):
    voices("1f", "20", "22", "23")
    table = "keys,en,de\nText/1f/text,Halt!,[b]Stehen[/b] bleiben!\nChoice/21/text,Go home,Geh heim\n"
    (tmp_path / "gate.csv").write_text(table)
    lines, problems = collect(dialogic('translations = "gate.csv"\nlanguage = "de"\n'))
    assert not problems
    assert rows(lines)["de/1f"] == ("guard", "Stehen bleiben!")
    assert rows(lines)["de/20"] == ("Old Guard", ""), "not translated: the mouth follows the audio"
    with pytest.raises(ProjectError, match=r"gate\.csv: has no column 'fr'; it has keys, en, de"):
        collect(dialogic('translations = "gate.csv"\nlanguage = "fr"\n'))
