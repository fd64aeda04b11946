"""The exports of this machine: which folder holds the graphs of a tier. Kept beside the record of weights; the last
one that was exported or added counts. Imports nothing that computes."""

from pathlib import Path

from ..models.registry import models_dir, read_record, write_record
from .exported import Export, read_export

EXPORTS = "exports.json"
"""The record: folders by tier, absolute or from the record's own."""


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
