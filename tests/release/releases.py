"""A small checkout that is like this one, and libraries that stand in for built ones."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / ".ci"))

from shipping.contents import Built

ROOT = Path(__file__).parents[2]
PACKED = (
    *("unity_package", "godot_addon", "bridge_cpp/include", "bridge_cpp/examples", "bridge_cpp/sdk"),
    *("docs/CHANGELOG.md", "pyproject.toml", "LICENSE", ".gitignore"),
)
NAMES = {
    "linux-x64": ("libflashhead_bridge.so", "libflashhead_godot.so"),
    "windows-x64": ("flashhead_bridge.dll", "flashhead_godot.dll"),
}
TIME = "2026-11-28T12:00:00Z"


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=test", "-c", "user.email=test@example.com", *words]
    environment = os.environ | {"GIT_AUTHOR_DATE": TIME, "GIT_COMMITTER_DATE": TIME}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


def head(folder: Path) -> str:
    return git(folder, "rev-parse", "HEAD").strip()


def checkout(folder: Path) -> Path:
    """The packed files of this checkout, as they are now, as a commit of their own."""
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *PACKED)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "all")
    return folder


def libraries(folder: Path, system: str) -> Built:
    """As build.py's of a system: files of these names; what is inside does not matter to who packs them."""
    bridge, extension = NAMES[system]
    (folder / "godot").mkdir(parents=True)
    linked = folder / f"lib{bridge}.a" if bridge.endswith(".dll") else None
    made = Built(folder / bridge, folder / "godot" / extension, folder / "THIRD_PARTY_NOTICES.txt", linked)
    for file in filter(None, (made.bridge, made.extension, made.notices, made.import_library)):
        file.write_text(f"{file.name} for {system}; libzmq 4.3.4")
    return made
