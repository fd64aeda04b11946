"""The models of this machine: where each tier's files lie, and the hashes that they had when they were added.

    model = added_model("lite")     # raises ModelError that says what to do
    model.folder, model.sha256

Imports nothing that computes. The hashes are those of the whole files and are made once: 8 GB are not read at every
start. A file whose length or time has changed since makes the record stale.
"""

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from ..errors import ModelError
from .released import NETWORKS, ModelFolders, ReleasedFile, files_of, find_folders

FOLDER = "FLASHHEAD_MODELS"
"""Environment variable: the folder of the record and of downloads, in the place of this user's."""

_FILE = "models.json"
_BLOCK = 1 << 22

_Record = TypeVar("_Record", bound=dict)


class RecordedFile(msgspec.Struct, frozen=True):
    """`path`: of the released layout; of an export, its name in the folder."""

    path: str
    length: int
    mtime_ns: int
    sha256: str


class RecordedModel(msgspec.Struct, frozen=True):
    """`folder`: the one that holds Model_Lite or Model_Pro."""

    tier: str
    folder: str
    files: tuple[RecordedFile, ...]

    @property
    def sha256(self) -> str:
        """Of the tier: over its weights' names and hashes. Part of what identifies a baked line."""
        weights = {network.weights.path for network in NETWORKS[self.tier]}
        lines = (f"{file.sha256}  {file.path}\n" for file in self.files if file.path in weights)
        return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()

    @property
    def length(self) -> int:
        return sum(file.length for file in self.files)


@dataclass(frozen=True, slots=True)
class Verification:
    """In words. `changed`: files that are not what was recorded. `unpublished`: those that differ from the published
    ones."""

    changed: list[str]
    unpublished: list[str]


def models_dir() -> Path:
    """Where the record and downloads are kept; may not exist yet."""
    given = os.environ.get(FOLDER)
    return Path(given).expanduser() if given else _data_dir() / "flashhead" / "models"


def recorded() -> dict[str, RecordedModel]:
    """By tier. Raises ModelError when the record cannot be read."""
    path = models_dir() / _FILE
    models = read_record(path, dict[str, RecordedModel], "models")
    if any(tier not in NETWORKS or tier != model.tier for tier, model in models.items()):
        raise ModelError(f"{path} names a tier that this version does not have: remove it and add the models again.")
    return models


def remember(model: RecordedModel) -> None:
    """Record a tier in the place of what was recorded of it. Raises ModelError when it cannot be written."""
    write_record(models_dir() / _FILE, recorded() | {model.tier: model})


def read_record(path: Path, kind: type[_Record], what: str) -> _Record:
    """What `write_record` wrote; empty where nothing was. `what`: it holds, in words. Raises ModelError when it
    cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise ModelError(f"{path} is damaged ({error}): remove it and add the {what} again.") from error


def write_record(path: Path, record: dict) -> None:
    """A JSON file, whole or not at all. Raises ModelError when it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".models-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(record)))
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise ModelError(f"{path} cannot be written: {error.strerror}. {FOLDER} names another folder.") from error


def added_model(tier: str) -> RecordedModel:
    """The tier's files as they were added. Raises ModelError when there are none or they have changed since."""
    model = recorded().get(tier)
    if model is None:
        raise ModelError(
            f"The weights of the tier {tier} were not added on this machine. Download them with `flashhead models "
            f"fetch --tier {tier}`, or, where you have them, say in which folder: `flashhead models add DIR`."
        )
    if changed := changes(model):
        raise ModelError(
            f"{' '.join(changed)} So the record of the tier {tier} is stale: look with `flashhead models verify`, or "
            f"add it again: `flashhead models add {model.folder}`."
        )
    return model


def changes(model: RecordedModel) -> list[str]:
    """What can be seen without reading the files, in words: those that are gone or have another length or time."""
    try:
        located = _located(model)
    except ModelError as error:
        return [str(error)]
    return changed_files(located)


def changed_files(located: Iterable[tuple[Path, RecordedFile]]) -> list[str]:
    """In words, those that are gone or have another length or time than was recorded."""
    found = []
    for path, file in located:
        try:
            now = path.stat()
        except OSError:
            found.append(f"{path} is gone.")
            continue
        if (now.st_size, now.st_mtime_ns) != (file.length, file.mtime_ns):
            found.append(f"{path} has changed since it was added.")
    return found


def hashed(folders: ModelFolders, tier: str, advance: Callable[[int], None]) -> RecordedModel:
    """A tier's files with their hashes. `advance`: told of bytes as they are read; `length_on_disk` says how many
    there are. Raises ModelError for a file that cannot be read."""
    files = tuple(record_file(folders.path(file), file.path, advance) for file in files_of(tier))
    return RecordedModel(tier, str(folders.model), files)


def hash_file(path: Path, advance: Callable[[int], None]) -> tuple[str, os.stat_result]:
    """SHA-256 of a file, and what the system says of it. `advance`: told of bytes as they are read. Raises ModelError
    for a file that cannot be read."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb", buffering=0) as file:
            about = os.fstat(file.fileno())
            while block := file.read(_BLOCK):
                digest.update(block)
                advance(len(block))
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.") from error
    return digest.hexdigest(), about


def record_file(path: Path, name: str, advance: Callable[[int], None]) -> RecordedFile:
    """As it is now. Raises ModelError for a file that cannot be read."""
    sha256, about = hash_file(path, advance)
    return RecordedFile(name, about.st_size, about.st_mtime_ns, sha256)


def length_on_disk(folders: ModelFolders, tier: str) -> int:
    """Bytes of a tier's files that are there."""
    paths = (folders.path(file) for file in files_of(tier))
    return sum(path.stat().st_size for path in paths if path.is_file())


def unpublished(model: RecordedModel) -> list[str]:
    """Files that differ from the published ones, in words."""
    recorded_files = {file.path: file for file in model.files}
    return [
        f"{path} is not the published file: {difference}."
        for file in files_of(model.tier)
        if (path := file.path) in recorded_files and (difference := _difference(recorded_files[path], file))
    ]


def verify(model: RecordedModel, advance: Callable[[int], None]) -> Verification:
    """Hash a tier's files again. Where only their times have changed, they are recorded anew."""
    try:
        now = hashed(find_folders(Path(model.folder)), model.tier, advance)
    except ModelError as error:
        return Verification([str(error)], [])
    before = {file.path: file.sha256 for file in model.files}
    changed = [
        f"{file.path} has other contents than when it was added."
        for file in now.files
        if before.get(file.path) != file.sha256
    ]
    if not changed and now != model:
        remember(now)
    return Verification(changed, unpublished(now))


def _data_dir() -> Path:
    """Where this user's programs keep what they need again."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def _difference(found: RecordedFile, file: ReleasedFile) -> str:
    if found.length != file.length:
        return f"{found.length} bytes, not {file.length}"
    if file.sha256 is not None and found.sha256 != file.sha256:
        return f"sha256 {found.sha256}, not {file.sha256}"
    return ""


def _located(model: RecordedModel) -> list[tuple[Path, RecordedFile]]:
    folders = find_folders(Path(model.folder))
    released = {file.path: file for file in files_of(model.tier)}
    return [(folders.path(released[file.path]), file) for file in model.files if file.path in released]
