"""Archives of which two runs make the same bytes: sorted names, one time for all, no owner, two modes."""

import contextlib
import gzip
import io
import os
import stat
import tarfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from .errors import BuildError

Entries = Mapping[str, Path | bytes]
"""What an archive holds: names with slashes, and the file or the bytes."""

_SMALLEST = 9  # zlib's level


def write_zip(archive: Path, entries: Entries, seconds: int) -> None:
    """`seconds`: of the files' time, since 1970. Raises BuildError where the archive cannot be written."""
    when = time.gmtime(seconds)[:6]
    with _written(archive) as file, zipfile.ZipFile(file, "w") as made:
        for name, data, mode in _sorted(entries):
            info = zipfile.ZipInfo(name, when)
            info.create_system = 3  # Unix, whose modes follow
            info.external_attr = (stat.S_IFREG | mode) << 16
            made.writestr(info, data, zipfile.ZIP_DEFLATED, _SMALLEST)


def write_tar_gz(archive: Path, entries: Entries, seconds: int) -> None:
    """As write_zip."""
    with (
        _written(archive) as file,
        gzip.GzipFile("", "wb", _SMALLEST, file, mtime=seconds) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as made,
    ):
        for name, data, mode in _sorted(entries):
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.mtime = len(data), mode, seconds
            made.addfile(info, io.BytesIO(data))


def _sorted(entries: Entries) -> Iterator[tuple[str, bytes, int]]:
    for name, content in sorted(entries.items()):
        if isinstance(content, bytes):
            yield name, content, 0o644
        else:
            yield name, content.read_bytes(), 0o755 if content.stat().st_mode & stat.S_IXUSR else 0o644


@contextlib.contextmanager
def _written(archive: Path) -> Iterator[BinaryIO]:
    """The archive appears under its name when it is whole."""
    partial = archive.with_name(f"{archive.name}.partial")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(archive)
    except OSError as error:
        where = error.filename or partial
        raise BuildError(
            f"{archive} was not written: {where}: {error.strerror}. Is there room on its disk?"
        ) from error
    finally:
        partial.unlink(missing_ok=True)
