"""One run at a time on an output folder.

Locks of SQLite, because they work on every system and end with the process that held them, however it ended.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..outputs import explained
from .file import ProjectError

FOLDER = ".flashhead"
"""In the output folder: the ledger and the locks. Engines ignore folders whose name begins with a dot."""

_WORKERS_LEAVE_S = 15.0


@contextmanager
def output_lock(output: Path) -> Iterator[None]:
    """Hold the output folder, made where it is missing. Raises ProjectError when another run has it, OutputError when
    it cannot be written."""
    folder = output / FOLDER
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with _held(folder / "run.lock", "EXCLUSIVE", 0.2) as free:
        if not free:
            raise ProjectError(
                f"{output}: another run of flashhead bake-project is writing there. Wait until it has ended, or give "
                "this project another output."
            )
        # Workers of a run that was killed finish their line before they notice.
        with _held(folder / "workers.lock", "EXCLUSIVE", _WORKERS_LEAVE_S) as free:
            if not free:
                raise ProjectError(f"{output}: processes of a run that was killed are still at work. Try again soon.")
        yield


@contextmanager
def worker_lock(output: Path) -> Iterator[None]:
    """Hold the output folder together with the other workers of a run."""
    with _held(output / FOLDER / "workers.lock", "DEFERRED", _WORKERS_LEAVE_S):
        yield


@contextmanager
def _held(path: Path, kind: str, patience_s: float) -> Iterator[bool]:
    """Yields whether the lock was free within `patience_s`."""
    connection = sqlite3.connect(path, timeout=patience_s, isolation_level=None)
    try:
        connection.execute(f"BEGIN {kind}")
        # A deferred transaction locks, shared, with its first look at the file.
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise ProjectError(f"{path}: cannot be locked ({error}). Choose an output on another disk.") from error
        yield False
        return
    try:
        yield True
    finally:
        connection.close()
