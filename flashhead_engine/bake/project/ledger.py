"""The ledger: an SQLite file in the output folder that knows what was baked from what.

A line has one row. Its `key` (key.py) is what it was last baked from, or was to be: `state` says how that ended. Its
files stay known while it fails, so that they can be pruned one day.
"""

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from .file import ProjectError
from .lock import FOLDER

_VERSION = 1
_RACY_NS = 2_000_000_000
"""A file that was written shortly before it was hashed may be written again without a new time stamp."""

_TABLES = """
CREATE TABLE lines (
    name TEXT PRIMARY KEY, state TEXT NOT NULL, key TEXT, files TEXT NOT NULL, error TEXT, warning TEXT,
    duration_us INTEGER, elapsed_s REAL, quality TEXT
);
CREATE TABLE audio (path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sha256 TEXT NOT NULL);
CREATE TABLE orphans (path TEXT PRIMARY KEY);
"""

PENDING, DONE, FAILED = "pending", "done", "failed"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a line. `files`: relative to the output folder, the manifest last; of the last success.
    `quality`: as bake/quality.py measures it. `elapsed_s`: None when the run that baked it was killed just then."""

    name: str
    state: str
    key: str | None = None
    files: tuple[str, ...] = ()
    error: str | None = None
    warning: str | None = None
    duration_us: int | None = None
    elapsed_s: float | None = None
    quality: dict[str, float] | None = None


class Ledger:
    """Use it as a context manager. Raises ProjectError when the file is damaged or of another version."""

    def __init__(self, output: Path) -> None:
        self.path = output / FOLDER / "ledger.sqlite"
        try:
            # WAL: `status` reads while a run writes.
            self._db = sqlite3.connect(self.path, timeout=30, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._prepare()
        except sqlite3.DatabaseError as error:
            raise ProjectError(
                f"{self.path}: cannot be used ({error}). Where the disk is full or read-only, choose another output; "
                "else delete the file: complete lines are recognised by their manifests."
            ) from error

    def _prepare(self) -> None:
        [version] = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            self._db.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {_VERSION}; COMMIT;")
        elif version != _VERSION:
            raise ProjectError(
                f"{self.path}: has version {version}, this program reads {_VERSION}. Use the flashhead that wrote "
                "it, or delete the file: complete lines are recognised by their manifests."
            )

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_exception: object) -> None:
        self._db.close()

    def entries(self) -> dict[str, Entry]:
        columns = "name, state, key, files, error, warning, duration_us, elapsed_s, quality"
        return {row[0]: _entry(row) for row in self._db.execute(f"SELECT {columns} FROM lines ORDER BY name")}

    def save(self, entries: Iterable[Entry]) -> None:
        """Write what became of lines. Files that a line had before and has no more wait for being pruned."""
        with self._transaction():
            for entry in entries:
                row = self._db.execute("SELECT files FROM lines WHERE name = ?", (entry.name,)).fetchone()
                before = tuple(msgspec.json.decode(row[0])) if row is not None else ()
                if entry.state != DONE:
                    entry = replace(entry, files=before)
                files = set(entry.files)
                left = [(path,) for path in before if path not in files]
                self._db.executemany("INSERT OR IGNORE INTO orphans VALUES (?)", left)
                self._db.executemany("DELETE FROM orphans WHERE path = ?", [(path,) for path in files])
                self._db.execute("INSERT OR REPLACE INTO lines VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", _row(entry))

    def forget(self, name: str) -> None:
        """Remove a line; its files wait for being pruned."""
        with self._transaction():
            [files] = self._db.execute("SELECT files FROM lines WHERE name = ?", (name,)).fetchone()
            paths = [(path,) for path in msgspec.json.decode(files)]
            self._db.executemany("INSERT OR IGNORE INTO orphans VALUES (?)", paths)
            self._db.execute("DELETE FROM lines WHERE name = ?", (name,))

    def orphans(self) -> list[str]:
        return [path for (path,) in self._db.execute("SELECT path FROM orphans ORDER BY path")]

    def pruned(self, path: str) -> None:
        with self._transaction():
            self._db.execute("DELETE FROM orphans WHERE path = ?", (path,))

    def known_audio(self) -> dict[str, tuple[int, int, str]]:
        """Size, time and SHA-256 of audio files by path."""
        return {row[0]: row[1:] for row in self._db.execute("SELECT path, size, mtime_ns, sha256 FROM audio")}

    def save_audio(self, hashed: dict[str, tuple[int, int, str]]) -> None:
        settled = time.time_ns() - _RACY_NS
        rows = [(path, *facts) for path, facts in hashed.items() if facts[1] < settled]
        with self._transaction():
            self._db.executemany("INSERT OR REPLACE INTO audio VALUES (?, ?, ?, ?)", rows)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """What is written in it is there as a whole or not at all. Raises ProjectError, such as on a full disk."""
        try:
            self._db.execute("BEGIN")
            yield
            self._db.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise ProjectError(
                f"{self.path}: cannot be written ({error}). Free some space and run it again: what was baked is kept."
            ) from error


def _entry(row: tuple) -> Entry:
    name, state, key, files, error, warning, duration_us, elapsed_s, quality = row
    scores = msgspec.json.decode(quality) if quality is not None else None
    return Entry(name, state, key, tuple(msgspec.json.decode(files)), error, warning, duration_us, elapsed_s, scores)


def _row(entry: Entry) -> tuple:
    files = msgspec.json.encode(entry.files).decode()
    quality = msgspec.json.encode(entry.quality).decode() if entry.quality is not None else None
    return (
        entry.name,
        entry.state,
        entry.key,
        files,
        entry.error,
        entry.warning,
        entry.duration_us,
        entry.elapsed_s,
        quality,
    )
