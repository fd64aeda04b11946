"""Outputs that version control holds read-only: checked out by a command of the project, or listed, before baking."""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..formats import line_name
from ..manifest import SUFFIX
from ..outputs import is_read_only
from .executor import Job
from .file import Project, ProjectError
from .ledger import Entry

_LONGEST_COMMAND = 20_000
"""Characters of paths in one call; Windows takes 32767 in all."""


def check_out(project: Project, jobs: Sequence[Job], entries: dict[str, Entry]) -> None:
    """See to it that what `jobs` will replace can be written. `entries`: what the ledger knows of lines, by name.

    Raises ProjectError, with the list of what is read-only, when there is no command to check it out or that fails.
    """
    held = _held(project, jobs, entries)
    if held and project.checkout is not None:
        for files in _batches(held):
            _run(project, [*project.checkout, *map(str, files)])
        held = [path for path in held if is_read_only(path)]
    if held:
        how = (
            "Check them out, or name a command that does so as the project's checkout, such as ['p4', 'edit']."
            if project.checkout is None
            else "The checkout command has left them read-only."
        )
        paths = "\n".join(map(str, held))
        raise ProjectError(f"{paths}\n{project.path}: these {len(held)} outputs are read-only. {how}")


def _held(project: Project, jobs: Sequence[Job], entries: dict[str, Entry]) -> list[Path]:
    found = set()
    for job in jobs:
        outputs = job.request.outputs
        paths = [*outputs, outputs[0].with_name(f"{line_name(outputs[0])}{SUFFIX}")]
        if job.name in entries:
            paths += [project.output / file for file in entries[job.name].files]
        for path in paths:
            found |= {file for file in (path.iterdir() if path.is_dir() else [path]) if is_read_only(file)}
    return sorted(found)


def _batches(paths: Sequence[Path]) -> Iterator[list[Path]]:
    batch, length = [], 0
    for path in paths:
        if batch and length + len(str(path)) > _LONGEST_COMMAND:
            yield batch
            batch, length = [], 0
        batch.append(path)
        length += len(str(path)) + 1
    yield batch


def _run(project: Project, command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, cwd=project.path.parent, capture_output=True, text=True, errors="replace")
    except OSError as error:
        raise ProjectError(
            f"{project.path}: checkout: '{command[0]}' cannot be run ({error.strerror}). Correct the command."
        ) from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise ProjectError(f"{project.path}: checkout: '{command[0]}' failed with {done.returncode}: {said}")
