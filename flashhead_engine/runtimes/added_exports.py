"""The exports of this machine: which folder holds the graphs of a tier. Kept beside the record of weights; the last
one that was exported or added counts. Imports nothing that computes."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..errors import ModelError
from ..models.registry import RecordedFile, changed_files, models_dir, read_record, write_record
from .exported import Export, read_export, verify

EXPORTS = "exports.json"
"""The record: folders by tier, absolute or from the record's own."""
_HASHED = "hashed_exports.json"  # by folder, the files as they were when they were hashed


def default_folder(tier: str) -> Path:
    """Where an export goes that nobody named a folder for."""
    return models_dir() / "exports" / tier


def recorded_exports() -> dict[str, str]:
    """Folders by tier. Raises ModelError when the record cannot be read."""
    return read_record(models_dir() / EXPORTS, dict[str, str], "exports")


def remember_export(export: Export) -> None:
    """Raises ModelError when the record cannot be written."""
    folders = recorded_exports() | {export.manifest.tier: str(export.folder.resolve())}
    write_record(models_dir() / EXPORTS, folders)


def added_export(tier: str) -> Export | None:
    """None where the tier was not exported. Raises ModelError where it was and cannot be used any more."""
    folder = recorded_exports().get(tier)
    return None if folder is None else read_export(models_dir() / folder)


def verify_export(export: Export, advance: Callable[[int], None] = lambda count: None) -> None:
    """Hash all files, and record that it was done. `advance`: told of bytes as they are read. Raises ModelError for
    one that was altered."""
    files = verify(export, advance)
    # What lies where nobody may write is hashed at every load.
    with suppress(ModelError):
        write_record(models_dir() / _HASHED, _hashed() | {str(export.folder.resolve()): files})


def verify_where_changed(export: Export) -> None:
    """Hash all files unless their lengths and times are those that they had when they were hashed last: an export has
    gigabytes. Raises ModelError for one that was altered."""
    files = _hashed().get(str(export.folder.resolve()))
    if files is None or changed_files((export.folder / file.path, file) for file in files):
        verify_export(export)


def _hashed() -> dict[str, tuple[RecordedFile, ...]]:
    return read_record(models_dir() / _HASHED, dict[str, tuple[RecordedFile, ...]], "exports")
