"""The addon's GDScript is formatted, and without what the linter finds."""

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2] / "godot_addon"
SCRIPTS = sorted(path for path in PROJECT.rglob("*.gd") if ".godot" not in path.parts)


def tool(name: str, *words: str, folder: Path = PROJECT) -> subprocess.CompletedProcess:
    program = Path(sys.executable).with_name(name)
    if not program.exists():
        pytest.skip(f"{name} is missing: pip install gdtoolkit")
    return subprocess.run([program, *words], cwd=folder, capture_output=True, text=True)


def test_scripts_are_formatted():
    checked = tool("gdformat", "--check", *map(str, SCRIPTS))
    assert checked.returncode == 0, checked.stderr


def test_the_linter_finds_nothing():
    checked = tool("gdlint", *map(str, SCRIPTS))
    assert checked.returncode == 0, checked.stderr


def test_both_find_what_is_wrong(tmp_path):
    (tmp_path / "wrong.gd").write_text("func Wrong( ):\n  pass\n")
    assert tool("gdformat", "--check", "wrong.gd", folder=tmp_path).returncode != 0
    assert tool("gdlint", "wrong.gd", folder=tmp_path).returncode != 0
