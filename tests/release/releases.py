"""A small checkout that is like this one, and libraries that stand in for built ones."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / ".ci"))

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
    environment = {"GIT_AUTHOR_DATE": TIME, "GIT_COMMITTER_DATE": TIME, "PATH": "/usr/bin:/bin:/usr/local/bin"}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


def checkout(folder: Path) -> Path:
    """The packed files of this checkout, as they are now, as a commit of their own."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *PACKED],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "all")
    return folder


def libraries(folder: Path, system: str) -> Path:
    """As build.py's folder of a system: files of these names; what is inside does not matter to who packs them."""
    bridge, extension = NAMES[system]
    (folder / "godot").mkdir(parents=True)
    files = [folder / bridge, folder / "godot" / extension, folder / "THIRD_PARTY_NOTICES.txt"]
    files += [folder / f"lib{bridge}.a"] if bridge.endswith(".dll") else []
    for file in files:
        file.write_text(f"{file.name} for {system}; libzmq 4.3.4")
    return folder
