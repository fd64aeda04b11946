"""What a worker is that lies beside a game.

flashhead-worker.json         small, for clients to read before they start it; `bridge_cpp/src/core/manifest.cc` does
flashhead-worker.files.json   the hash of each of its files
"""

import hashlib
import time
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

import msgspec

from .. import __version__
from ..errors import TransportError
from ..transport.version import PROTOCOL

PROGRAM = "flashhead-worker"
MANIFEST, FILES = f"{PROGRAM}.json", f"{PROGRAM}.files.json"
FORMAT = 1


class File(msgspec.Struct, frozen=True):
    """`path`: from the worker's folder, with slashes."""

    path: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """`system`: that it runs on, such as linux-x86_64; `glibc`: the oldest that has what it needs, "" elsewhere.
    `files`, `bytes`: how many, together. `list_sha256`: of their list."""

    format: int
    version: str
    protocol: int
    system: str
    glibc: str
    files: int
    bytes: int
    list_sha256: str


def write_manifest(folder: Path, system: str, glibc: str) -> Manifest:
    """Of all files that are in `folder`; the list, then the manifest as the last of all."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in (MANIFEST, FILES))
    files = [File(path.relative_to(folder).as_posix(), path.stat().st_size, _sha256(path)) for path in paths]
    listed = msgspec.json.format(msgspec.json.encode(files), indent=1)
    (folder / FILES).write_bytes(listed)
    total = sum(file.bytes for file in files)
    told = hashlib.sha256(listed).hexdigest()
    manifest = Manifest(FORMAT, __version__, PROTOCOL, system, glibc, len(files), total, told)
    partial = folder / f"{MANIFEST}.partial"
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    partial.replace(folder / MANIFEST)
    return manifest


def is_shipped(program: str) -> bool:
    """Whether this program is a worker that has a manifest beside it."""
    return PurePath(program).name in (PROGRAM, f"{PROGRAM}.exe") and PurePath(program).parent != PurePath()


def read_manifest(folder: Path) -> Manifest:
    """Raises TransportError, in words, where it is missing or damaged, or the worker is of another protocol than this
    package."""
    path = folder / MANIFEST
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        raise TransportError(
            f"there is no worker, or not the whole of it: {path} is missing. Copy the worker's folder there."
        ) from error
    except (OSError, msgspec.DecodeError) as error:
        raise TransportError(f"{path} cannot be read: {error}. Copy the worker's folder again.") from error
    if (manifest.format, manifest.protocol) != (FORMAT, PROTOCOL):
        raise TransportError(
            f"{path}: a worker of version {manifest.version}, protocol {manifest.protocol}; needed is protocol "
            f"{PROTOCOL}. Put the worker of the same version as the game's package there."
        )
    return manifest


def check_files(folder: Path) -> str:
    """What was checked, in words. Raises TransportError that names every file that is missing or altered."""
    began_s = time.monotonic()
    manifest = read_manifest(folder)
    if problems := list(_damage(folder, manifest)):
        raise TransportError("; ".join(problems) + ". Copy the worker's folder again.")
    took_s = time.monotonic() - began_s
    size = f"{manifest.files}, {manifest.bytes / 1e6:.0f} MB"
    return f"files: {size}, as version {manifest.version} has them ({took_s:.2f} s)"


def _damage(folder: Path, manifest: Manifest) -> Iterator[str]:
    path = folder / FILES
    try:
        listed = path.read_bytes()
    except OSError as error:
        yield f"{path} cannot be read: {error.strerror}"
        return
    if hashlib.sha256(listed).hexdigest() != manifest.list_sha256:
        yield f"{path} was altered"
        return
    yield from _differing(folder, msgspec.json.decode(listed, type=tuple[File, ...]))


def _differing(folder: Path, files: Iterable[File]) -> Iterator[str]:
    for file in files:
        path = folder / file.path
        try:
            length = path.stat().st_size
            if length != file.bytes:
                yield f"{path} was altered: it has {length:,} bytes in the place of {file.bytes:,}"
            elif _sha256(path) != file.sha256:
                yield f"{path} was altered: its hash differs"
        except FileNotFoundError:
            yield f"{path} is missing"
        except OSError as error:
            yield f"{path} cannot be read: {error.strerror}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
