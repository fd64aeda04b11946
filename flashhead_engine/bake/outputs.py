"""Outputs that appear whole or not at all.

    output = PendingFile(Path("line.mp4"))      # refuses at once what cannot be written later
    ... write output.temporary ...
    output.commit()                             # or output.discard()

A result is written beside its final name under a hidden one and renamed when it is finished, so that an engine's
importer never sees half a video and a crash or Ctrl-C leaves nothing behind.
"""

import errno
import os
import re
import secrets
import shutil
import signal
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import OutputError

# Game projects are shared with Windows machines, so its rules hold everywhere.
_NOT_IN_WINDOWS_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_WINDOWS_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)

# EFBIG: the file system (FAT32: 4 GB) or a quota takes no larger file.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_WINDOWS_NAME_TOO_LONG = 206


class PendingFile:
    """A file on its way to `path`. Raises OutputError when it could not be put there."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        check_name(self.path)
        check_replaceable_file(self.path)
        _prepare_folder(self.path)
        self.temporary = _temporary_beside(self.path)

    def commit(self) -> None:
        """Give the finished file its name, replacing an older one."""
        check_replaceable_file(self.path)
        with explained(self.path):
            os.replace(self.temporary, self.path)

    def discard(self) -> None:
        """Remove what was written so far. Does nothing after commit()."""
        self.temporary.unlink(missing_ok=True)


class PendingFolder:
    """A folder of files on its way to `path`; an older one is replaced if only files that match `pattern` are in it.

    `temporary` exists from the start. Raises OutputError when the folder could not be put there.
    """

    def __init__(self, path: Path, pattern: re.Pattern[str]) -> None:
        self.path = Path(path)
        self._pattern = pattern
        check_name(self.path)
        self._check_replaceable()
        _prepare_folder(self.path)
        self.temporary = _temporary_beside(self.path)
        with explained(self.path):
            self.temporary.mkdir()

    def commit(self) -> None:
        """Give the finished folder its name."""
        self._check_replaceable()
        older = _temporary_beside(self.path)
        with explained(self.path):
            if self.path.exists():
                os.replace(self.path, older)
            try:
                os.replace(self.temporary, self.path)
            except BaseException:
                if older.exists():
                    os.replace(older, self.path)
                raise
        shutil.rmtree(older, ignore_errors=True)

    def discard(self) -> None:
        """Remove what was written so far. Does nothing after commit()."""
        shutil.rmtree(self.temporary, ignore_errors=True)

    def _check_replaceable(self) -> None:
        with explained(self.path):
            if not self.path.exists():
                return
            if not self.path.is_dir():
                raise OutputError(f"{self.path}: a file is in the way of this folder. Move it or rename the output.")
            entries = sorted(self.path.iterdir())
        for entry in entries:
            if not self._pattern.fullmatch(entry.name):
                raise OutputError(
                    f"{self.path}: holds {entry.name}, which was not baked. Empty the folder or choose another name."
                )
            check_replaceable_file(entry)


def write_whole(path: Path, data: bytes) -> None:
    """Write a small file atomically. Raises OutputError."""
    pending = PendingFile(path)
    try:
        with explained(path, needed_bytes=len(data)):
            pending.temporary.write_bytes(data)
        pending.commit()
    finally:
        pending.discard()


@contextmanager
def explained(path: Path, needed_bytes: int | None = None) -> Iterator[None]:
    """Turn an OSError inside the block into an OutputError about `path`; `needed_bytes` where it is known."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: {_explanation(error, needed_bytes)}") from error


def _explanation(error: OSError, needed_bytes: int | None) -> str:
    if error.errno in _FULL:
        need = f" {needed_bytes} bytes were needed." if needed_bytes is not None else ""
        return f"the disk is full, nothing was kept.{need} Free some space or choose another disk."
    if error.errno == errno.ENAMETOOLONG or getattr(error, "winerror", None) == _WINDOWS_NAME_TOO_LONG:
        return (
            "the path is too long for this system. Use a shorter name or a folder nearer to the root; on Windows "
            "paths beyond 260 characters need the setting LongPathsEnabled."
        )
    if error.errno == errno.EROFS:
        return "the disk is read-only. Choose another folder."
    if isinstance(error, PermissionError):
        return "may not be written. Close programs that have it open and allow writing to its folder."
    return f"cannot be written ({error.strerror or error})."


_ending: BaseException | None = None


@contextmanager
def sigterm_raises() -> Iterator[None]:
    """Let SIGTERM unwind the block as SystemExit(143), so that pending outputs are removed as with Ctrl-C.

    Python drops what a signal raises while a destructor or a callback of C runs; long work calls `raise_if_ended`,
    and the end of the block does. Does nothing outside the main thread, where Python delivers no signals.
    """
    global _ending
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def unwind(signal_number: int, _frame: object) -> None:
        global _ending
        _ending = KeyboardInterrupt() if signal_number == signal.SIGINT else SystemExit(128 + signal_number)
        raise _ending

    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    numbers = [signal.SIGTERM] if ignored else [signal.SIGTERM, signal.SIGINT]
    previous = {number: signal.signal(number, unwind) for number in numbers}
    try:
        yield
        raise_if_ended()
    finally:
        _ending = None
        for number, handler in previous.items():
            signal.signal(number, handler)


def raise_if_ended() -> None:
    """Raise again what a signal has raised inside `sigterm_raises`, if it did."""
    if _ending is not None:
        raise _ending


def check_name(path: Path) -> None:
    """Raise OutputError for a name that some system forbids."""
    name = path.name
    if (
        not name
        or _NOT_IN_WINDOWS_NAMES.search(name)
        or name.endswith((".", " "))
        or _WINDOWS_DEVICES.fullmatch(name)
    ):
        raise OutputError(
            f"{path}: '{name}' is no file name on every system (Windows forbids < > : \" / \\ | ? *, a dot or space "
            "at the end and names such as CON). Choose another name."
        )


def check_replaceable_file(path: Path) -> None:
    """Raise OutputError for a folder, and for a file that version control holds read-only."""
    with explained(path):
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return
    if stat.S_ISDIR(status.st_mode):
        raise OutputError(f"{path}: a folder is in the way of this file. Move it or choose another name.")
    # A rename would replace a read-only file all the same, behind the back of the version control that locked it.
    if _read_only(status):
        raise OutputError(
            f"{path}: exists and is read-only. Check it out in version control (Perforce: p4 edit) or allow writing."
        )


def is_read_only(path: Path) -> bool:
    """Whether a file is there that may not be replaced. Raises OutputError where that cannot be seen."""
    with explained(path):
        try:
            return _read_only(path.stat())
        except (FileNotFoundError, NotADirectoryError):
            return False


def _read_only(status: os.stat_result) -> bool:
    return not status.st_mode & stat.S_IWUSR


def _prepare_folder(path: Path) -> None:
    folder = path.parent
    nearest = next(ancestor for ancestor in (folder, *folder.absolute().parents) if ancestor.exists())
    # The mode is asked too because root may write everywhere, and a build that runs as root should fail alike.
    if not os.access(nearest, os.W_OK) or not nearest.stat().st_mode & 0o222:
        raise OutputError(f"{path}: {nearest} is read-only. Allow writing to it or choose another folder.")
    with explained(path):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise OutputError(f"{path}: the file {nearest} is in the way. Choose another folder.") from None


def _temporary_beside(path: Path) -> Path:
    """A hidden name in the same folder; not made from the final name, which may be as long as names can be."""
    return path.with_name(f".flashhead-{os.getpid()}-{secrets.token_hex(4)}.part")
