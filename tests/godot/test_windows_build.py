"""The extension for Windows, loaded by Wine: there is no Godot for Windows here, and Wine is not Windows.

Needs `python3 build.py godot --target windows-x64` and Wine; left out without.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "godot_addon" / "native" / "src"
BUILT = ROOT / "build" / "native-windows-x64-portable" / "godot"
WINE = shutil.which("wine64") or "/usr/lib/wine/wine64"
PROGRAMS = ("load_windows.exe", "flashhead_godot.dll")

pytestmark = [
    pytest.mark.skipif(not Path(WINE).exists(), reason="Wine is not installed"),
    pytest.mark.skipif(
        not all((BUILT / name).exists() for name in PROGRAMS),
        reason="not built: python3 build.py godot --target windows-x64",
    ),
]


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """Call with what else the program takes; returns the lines that it prints."""
    folder = tmp_path_factory.mktemp("windows")
    environment = os.environ | {"WINEPREFIX": str(folder / "prefix"), "WINEDEBUG": "-all", "LC_ALL": "C.UTF-8"}
    for name in PROGRAMS:
        shutil.copy2(BUILT / name, folder)
    subprocess.run([WINE, "wineboot", "-i"], env=environment, capture_output=True, timeout=120)

    def call(*words: str) -> list[str]:
        command = [WINE, folder / PROGRAMS[0], PROGRAMS[1], *words]
        ran = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout.splitlines()

    yield call
    server = Path(WINE).with_name("wineserver64")
    subprocess.run([server if server.exists() else "wineserver", "-k"], env=environment, check=False)


def test_it_registers_all_its_classes_and_leaves(load):
    source = "".join((SOURCES / name).read_text() for name in ("client.cc", "texture.cc"))
    # A property that is read has a method of its own.
    methods = len(re.findall(r"\.Method<&|\.ReadOnly<&", source))
    constants = len(re.findall(r'\.Constant\("', source))
    scene = 2  # GDEXTENSION_INITIALIZATION_SCENE
    assert load() == [
        f"level {scene} classes 2 methods {methods} constants {constants}",
        "unregistered 2",
        "unloaded 1",
    ]


def test_a_godot_that_lacks_a_function_is_refused(load):
    assert load("classdb_register_extension_class4") == ["refused"]
