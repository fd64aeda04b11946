"""What all that is given away agrees on: one commit, its time, one version."""

import json
import re
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

from .errors import BuildError


@dataclass(frozen=True)
class Release:
    """A commit of the checkout `root`. `time`: seconds since 1970, of the commit; all files get it."""

    root: Path
    version: str
    commit: str
    time: int

    def tracked(self, *folders: str) -> list[Path]:
        """The files below these folders that the commit has."""
        listed = git(self.root, "ls-files", "-z", "--", *folders)
        return sorted(self.root / name for name in listed.split("\0") if name)


def read_release(root: Path) -> Release:
    """Raises BuildError where the checkout is not just a commit, or where it has more than one version."""
    if changed := git(root, "status", "--porcelain").strip():
        shown = "\n".join(changed.splitlines()[:10])
        raise BuildError(
            f"This checkout is not what its commit says, so nobody could build the same again. Commit these, or take "
            f"them away:\n{shown}"
        )
    if wrong := other_versions(root):
        raise BuildError(
            f"pyproject.toml says version {project_version(root)}, but "
            + "; ".join(f"{place} says {told}" for place, told in wrong.items())
        )
    commit, time = git(root, "log", "-1", "--format=%H %ct").split()
    return Release(root, project_version(root), commit, int(time))


def git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True)
    if done.returncode:
        raise BuildError(f"{root} is no git checkout that can be read: {done.stderr.strip()}")
    return done.stdout


def project_version(root: Path) -> str:
    """The one place where the version is written; the Python package and CMake read it there."""
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def other_versions(root: Path) -> dict[str, str]:
    """The places that engines read by themselves and that say another version: the place, and what it says."""
    places = {
        "unity_package/package.json": lambda text: json.loads(text)["version"],
        "unity_package/CHANGELOG.md": lambda text: _first(r"^## \[?(\d[^\]\s]*)", text),
        "godot_addon/addons/flashhead/plugin.cfg": lambda text: _first(r'^version="(.*)"', text),
        "docs/CHANGELOG.md": lambda text: _first(r"^## \[(\d[^\]]*)\]", text),
    }
    told = {place: read((root / place).read_text("utf-8")) for place, read in places.items()}
    return {place: version for place, version in told.items() if version != project_version(root)}


def _first(expression: str, text: str) -> str:
    found = re.search(expression, text, re.MULTILINE)
    return found[1] if found else "none"
