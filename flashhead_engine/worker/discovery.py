"""Where a worker is found: a private folder for sockets, a small file for editors, two environment variables."""

import logging
import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ..errors import TransportError

ENDPOINT, TOKEN = "FLASHHEAD_ENDPOINT", "FLASHHEAD_TOKEN"
"""Environment variables by which a game tells its worker and its clients where they meet."""

_log = logging.getLogger(__name__)

_FILE = "worker.json"
_LARGEST = 4096  # bytes of that file


@dataclass(frozen=True, slots=True)
class WorkerAddress:
    """`endpoint`: of ZeroMQ. `token`: what a client must say first. `pid`, `worker`: of the process that wrote a
    discovery file."""

    endpoint: str
    token: str
    pid: int = 0
    worker: str = ""


def runtime_dir() -> Path:
    """This user's folder for sockets and the discovery file, made with mode 0700 where it is missing.

    Raises TransportError when something else is in its place: a link, a file, another user's folder, or one that
    others may enter.
    """
    session = os.environ.get("XDG_RUNTIME_DIR")
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    path = Path(session) / "flashhead" if session else Path(tempfile.gettempdir()) / f"flashhead-{user}"
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise TransportError(f"{path}: no folder for the worker's sockets can be made: {error.strerror}.") from error
    if not stat.S_ISDIR(found.st_mode):
        raise TransportError(f"{path} is a link or a file, not a folder of yours: remove it.")
    if hasattr(os, "getuid") and (found.st_uid != os.getuid() or found.st_mode & 0o077):
        raise TransportError(f"{path} belongs to another user or lets others in: remove it, or chmod 700 it.")
    return path


def publish(address: WorkerAddress) -> None:
    """Write the discovery file, mode 0600, in place of an older one."""
    folder = runtime_dir()
    handle, name = tempfile.mkstemp(prefix=".worker-", dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(address))
    os.replace(name, folder / _FILE)


def withdraw(address: WorkerAddress) -> None:
    """Remove the discovery file, if it is still this worker's."""
    if _read(runtime_dir() / _FILE) == address:
        with suppress(FileNotFoundError):
            (runtime_dir() / _FILE).unlink()


def discover() -> WorkerAddress | None:
    """The worker that announced itself; None when there is none. The file of a dead one is removed."""
    path = runtime_dir() / _FILE
    address = _read(path)
    if address is not None and not _lives(address):
        _log.info("%s names a worker that is gone (pid %d); removed", path, address.pid)
        with suppress(FileNotFoundError):
            path.unlink()
        return None
    return address


def lock_of(socket: Path) -> Path:
    """The file beside an ipc socket that its worker keeps locked as long as it lives."""
    return socket.with_name(f"{socket.name}.lock")


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock."""
    import fcntl

    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW)) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False


def sweep_sockets() -> None:
    """Remove what killed workers left in this user's folder; those in use stay."""
    if os.name != "posix":
        return
    for lock in runtime_dir().glob("*.lock"):
        if not lock.is_symlink() and lock.is_file() and not is_locked(lock):
            for path in (lock.with_suffix(""), lock):
                with suppress(OSError):
                    path.unlink()
                    _log.info("%s was left by a worker that is gone; removed", path)


def _read(path: Path) -> WorkerAddress | None:
    try:
        if path.is_symlink() or path.stat().st_size > _LARGEST:
            return None
        return msgspec.json.decode(path.read_bytes(), type=WorkerAddress)
    except (OSError, msgspec.DecodeError):
        return None


def _lives(address: WorkerAddress) -> bool:
    if address.pid <= 0:
        return False
    try:
        os.kill(address.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    # Another process may have its number by now; nobody else holds its lock.
    kind, _, path = address.endpoint.partition("://")
    return kind != "ipc" or os.name != "posix" or is_locked(lock_of(Path(path)))
