"""Makes a release: builds what this machine can for each system, packs and lists it, and puts it into place."""

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from .contents import Built
from .errors import BuildError
from .index import INDEX, SUMS, write_index
from .pack import pack
from .release import Release

_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Builders:
    """How build.py builds each part; each raises BuildError where this machine cannot.

    `library`, `wheel`: for a system. `worker`: its folder; None leaves it out. `bill`: writes the bill of materials
    of the archives in a folder, for a version and a time, into a file.
    """

    library: Callable[[str], Built]
    wheel: Callable[[str], Path]
    sdist: Callable[[], Path]
    worker: Callable[[], Path] | None
    bill: Callable[[Path, str, int, Path], None]


def make_dist(release: Release, targets: Sequence[str], builders: Builders, folder: Path) -> None:
    """Put a release for these systems into `folder`, where an earlier one goes away once this one is whole. What
    cannot be built is left out, and told in its list. Raises BuildError where there is nothing to pack, or no room
    for it."""
    left_out: dict[str, str] = {}

    def tried(what: str, build: Callable[..., _Made], *words: str) -> _Made | None:
        try:
            return build(*words)
        except BuildError as error:
            print(f"Left out: {what}: {error}", file=sys.stderr)
            left_out[what] = str(error)
            return None

    def library(system: str) -> Built:
        made = builders.library(system)
        made.check()
        return made

    built = {system: made for system in targets if (made := tried(f"libraries for {system}", library, system))}
    wheels = {system: tried(f"wheel for {system}", builders.wheel, system) for system in targets}
    if builders.worker is None:
        left_out["worker"] = "not asked for"
    worker = tried("worker", builders.worker) if builders.worker else None
    if not built:
        raise BuildError(f"no library could be built: {'; '.join(left_out.values())}")

    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir()
        systems = pack(release, built, worker, partial)
        for system, wheel in wheels.items():
            if wheel:
                systems[_copied(wheel, partial)] = [system]
        _copied(builders.sdist(), partial)
        bill = partial / f"flashhead-engine-{release.version}.cdx.json"
        builders.bill(partial, release.version, release.time, bill)
        write_index(partial, release, systems, left_out)
        _replace_files(folder, partial)
    except OSError as error:
        raise BuildError(f"{error.filename}: {error.strerror}. Is there room on its disk?") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _copied(file: Path, folder: Path) -> str:
    return Path(shutil.copy2(file, folder)).name


def _replace_files(folder: Path, partial: Path) -> None:
    """Files alone: a folder in it is the worker, which its own command keeps there. The list comes last."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.is_file():
            path.unlink()
    for path in sorted(partial.iterdir(), key=lambda path: path.name in (INDEX, SUMS)):
        path.replace(folder / path.name)
        print(f"{(folder / path.name).stat().st_size:>12,}  {folder.name}/{path.name}")
