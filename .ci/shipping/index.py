"""The list of a release: dist.json and SHA256SUMS."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from .release import Release

INDEX, SUMS = "dist.json", "SHA256SUMS"


def write_index(
    folder: Path, release: Release, systems: Mapping[str, list[str]], left_out: Mapping[str, str]
) -> None:
    """`systems`: which ones each file is for; `left_out`: what is missing, and why. Both files tell all others that
    lie in `folder`."""
    files = sorted(path for path in folder.iterdir() if path.name not in (INDEX, SUMS))
    told = {
        "version": release.version,
        "commit": release.commit,
        "files": [
            {
                "name": path.name,
                "bytes": path.stat().st_size,
                "sha256": sha256(path),
                "systems": systems.get(path.name, []),
            }
            for path in files
        ],
        "left_out": dict(left_out),
    }
    (folder / INDEX).write_text(json.dumps(told, indent=2) + "\n", "utf-8")
    sums = [f"{sha256(path)}  {path.name}\n" for path in (*files, folder / INDEX)]
    (folder / SUMS).write_text("".join(sums), "utf-8")


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
