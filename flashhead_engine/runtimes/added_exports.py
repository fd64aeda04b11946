"""The exports of this machine: which folder holds the graphs of a tier. Kept beside the record of weights; the last
one that was exported or added counts. As with weights, files are hashed once, when they are added; an export whose
files have another length or time since is refused. Imports nothing that computes."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from ..errors import ModelError
from ..models.registry import RecordedFile, changed_files, models_dir, read_record, write_record
from .exported import Export, read_export, verify

_FILE = "exports.json"


class RecordedExport(msgspec.Struct, frozen=True):
    folder: str
    files: tuple[RecordedFile, ...]

    @property
    def length(self) -> int:
        return sum(file.length for file in self.files)


def default_folder(tier: str) -> Path:
    """Where an export goes that nobody named a folder for."""
    return models_dir() / "exports" / tier


def recorded_exports() -> dict[str, RecordedExport]:
    """By tier. Raises ModelError when the record cannot be read."""
    return read_record(models_dir() / _FILE, dict[str, RecordedExport], "exports")


def remember_export(export: Export, advance: Callable[[int], None] = lambda count: None) -> None:
    """Hash all files and record them. `advance`: told of bytes as they are read. Raises ModelError for one that was
    altered, and when the record cannot be written."""
    _record(export, verify(export, advance))


def added_export(tier: str) -> Export | None:
    """None where the tier was not exported. Raises ModelError where it was and cannot be used any more."""
    recorded = recorded_exports().get(tier)
    if recorded is None:
        return None
    folder = Path(recorded.folder)
    export = read_export(folder)
    if changed := changed_files((folder / file.path, file) for file in recorded.files):
        raise ModelError(
            f"{' '.join(changed)} So the record of the exported tier {tier} is stale: look with `flashhead "
            f"models verify`, or add it again: `flashhead models add {folder}`."
        )
    return export


def verify_export(recorded: RecordedExport, advance: Callable[[int], None]) -> list[str]:
    """Hash an added export again; what has changed, in words. Where only times have, they are recorded anew."""
    try:
        export = read_export(Path(recorded.folder))
        found = verify(export, advance)
    except ModelError as error:
        return [str(error)]
    before = {file.path: file.sha256 for file in recorded.files}
    changed = [
        f"{export.folder / file.path} has other contents than when it was added."
        for file in found
        if before.get(file.path) != file.sha256
    ]
    if not changed and found != recorded.files:
        _record(export, found)
    return changed


def _record(export: Export, files: tuple[RecordedFile, ...]) -> None:
    recorded = RecordedExport(str(export.folder.resolve()), files)
    write_record(models_dir() / _FILE, recorded_exports() | {export.manifest.tier: recorded})
