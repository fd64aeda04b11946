"""What lies in an output folder before and after a run that was killed (kill_bake.py)."""

from dataclasses import dataclass
from pathlib import Path

MANIFEST = ".flashhead.json"


@dataclass(frozen=True)
class Snapshot:
    """The files of an output folder: their bytes, and what changes when one is written again."""

    content: dict[str, bytes]
    written: dict[str, tuple[int, int]]

    @property
    def complete(self) -> set[str]:
        """Names of lines: the manifest is written last."""
        return {name.removesuffix(MANIFEST) for name in self.content if name.endswith(MANIFEST)}


def look(folder: Path) -> Snapshot:
    files = [path for path in folder.iterdir() if path.is_file()] if folder.exists() else []
    content = {path.name: path.read_bytes() for path in files}
    return Snapshot(content, {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files})


def wrong(undisturbed: Snapshot, killed: Snapshot, after: Snapshot, baked: int) -> list[str]:
    """What a run after a kill has done wrong, in words. `baked`: how many lines it says that it baked."""
    found = [
        f"{name} is not as in a run that was not disturbed"
        for name in sorted(undisturbed.content.keys() | after.content.keys())
        if undisturbed.content.get(name) != after.content.get(name)
    ]
    found += [
        f"{name} was written twice"
        for name, written in killed.written.items()
        if name.split(".")[0] in killed.complete and after.written.get(name) != written
    ]
    if baked + len(killed.complete) != len(undisturbed.complete):
        found.append(f"{len(killed.complete)} lines were complete and {baked} were baked")
    return found
