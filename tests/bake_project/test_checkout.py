"""Outputs that version control holds read-only are checked out, or listed, before anything is baked."""

import os
import sys
from pathlib import Path

import pytest

from flashhead_engine.bake.project.checkout import check_out
from flashhead_engine.bake.project.file import ProjectError, load_project
from flashhead_engine.bake.project.ledger import Entry, Ledger
from flashhead_engine.bake.project.lock import output_lock
from flashhead_engine.bake.project.run import plan_run

from .conftest import PROJECT, csv_source
from .test_bake_project import HEADER, start

# In the place of `p4 edit`.
EDIT = """
import os, sys
from pathlib import Path
with Path("edited.txt").open("a") as log:
    log.writelines(f"{word}\\n" for word in sys.argv[2:])
for word in sys.argv[2:]:
    if sys.argv[1] == "edit":
        os.chmod(word, 0o644)
sys.exit("no such depot" if sys.argv[1] == "fail" else 0)
"""


@pytest.fixture
def held(project, tmp_path):
    """Call with the words of a checkout command to get a project whose outputs of line a are read-only."""
    (tmp_path / "lines.csv").write_text(HEADER + "a,guard,voice/a.wav\nb,guard,voice/b.wav\n")
    (tmp_path / "edit.py").write_text(EDIT)
    baked = tmp_path / "baked"
    (baked / "a_png").mkdir(parents=True)
    for name in ("a.csv", "a.flashhead.json", "a_png/000000.png", "b.csv"):
        (baked / name).write_text("older")
        os.chmod(baked / name, 0o644 if name.startswith("b") else 0o444)

    def write(*command: str) -> Path:
        words = ", ".join(f"'{word}'" for word in command)
        return project(csv_source(), (f"checkout = [{words}]\n" if command else "") + PROJECT)

    return write


def checked_out(path: Path) -> None:
    project = load_project(path)
    with output_lock(project.output), Ledger(project.output) as ledger:
        jobs = plan_run(project, ledger).jobs
        ledger.save([Entry("a", "done", files=("a.csv", "a_png", "a.flashhead.json"))])
        check_out(project, jobs, ledger.entries())


def test_the_command_gets_what_is_read_only_and_will_be_replaced(held, tmp_path):
    checked_out(held(sys.executable, "edit.py", "edit"))
    expected = [tmp_path / "baked" / name for name in ("a.csv", "a.flashhead.json", "a_png/000000.png")]
    assert (tmp_path / "edited.txt").read_text().split() == list(map(str, expected))


def test_long_lists_are_given_in_pieces(held, tmp_path, monkeypatch):
    monkeypatch.setattr("flashhead_engine.bake.project.checkout._LONGEST_COMMAND", 1)
    checked_out(held(sys.executable, "edit.py", "edit"))
    assert len((tmp_path / "edited.txt").read_text().split()) == 3


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ((), "these 3 outputs are read-only. Check them out, or name"),
        ((sys.executable, "edit.py", "lie"), "these 3 outputs are read-only. The checkout command has left them"),
        ((sys.executable, "edit.py", "fail"), "failed with 1: no such depot"),
        (("no-such-program", "edit"), "'no-such-program' cannot be run"),
    ],
)
def test_otherwise_they_are_listed(held, tmp_path, command, words):
    with pytest.raises(ProjectError) as caught:
        checked_out(held(*command))
    assert words in str(caught.value)
    assert (str(tmp_path / "baked" / "a_png" / "000000.png") in str(caught.value)) == ("3 outputs" in words)


def test_nothing_is_baked_while_outputs_are_read_only(held, tmp_path):
    process = start(held(), "--jobs", 1)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1 and str(tmp_path / "baked" / "a.csv") in errors and "Traceback" not in errors
    assert (tmp_path / "baked" / "b.csv").read_text() == "older"
