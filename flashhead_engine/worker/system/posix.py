"""Linux and macOS: sockets are files, and who lives is told by locks on files."""

import contextlib
import fcntl
import logging
import os
import stat
import subprocess
import tempfile
from pathlib import Path

from ...errors import TransportError

_IPC = "ipc://"

_log = logging.getLogger(__name__)


def runtime_dir() -> Path:
    """This user's folder for sockets and the discovery file, made with mode 0700 where it is missing.

    Raises TransportError when something else is in its place: a link, a file, another user's folder, or one that
    others may enter.
    """
    session = os.environ.get("XDG_RUNTIME_DIR")
    try:
        temporary = "" if session else tempfile.gettempdir()
    except FileNotFoundError as error:
        raise TransportError(
            f"no folder for the worker's sockets can be made: {error.strerror}. TMPDIR names another one."
        ) from error
    path = Path(session) / "flashhead" if session else Path(temporary) / f"flashhead-{os.getuid()}"
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise TransportError(f"{path}: no folder for the worker's sockets can be made: {error.strerror}.") from error
    if not stat.S_ISDIR(found.st_mode):
        raise TransportError(f"{path} is a link or a file, not a folder of yours: remove it.")
    if found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise TransportError(f"{path} belongs to another user or lets others in: remove it, or chmod 700 it.")
    return path


def new_endpoint(name: str) -> str:
    """An endpoint for a worker; `name`: one that no other worker of this user has."""
    return f"{_IPC}{runtime_dir()}/{name}"


def lock_of(socket: Path) -> Path:
    """The file beside an ipc socket that its worker keeps locked as long as it lives."""
    return socket.with_name(f"{socket.name}.lock")


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock."""
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW)) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False


class SocketLock:
    """Held as long as a worker serves an ipc endpoint: ZeroMQ itself would take it from another worker.

    Raises TransportError when another one holds it.
    """

    def __init__(self, endpoint: str) -> None:
        self._socket = Path(endpoint.removeprefix(_IPC))
        path = lock_of(self._socket)
        try:
            while True:
                file = os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600), "rb")
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                with contextlib.suppress(FileNotFoundError):
                    if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                        self._file = file
                        return
                # Somebody removed it between the two, as one left by a killed worker: lock a new one.
                file.close()
        except BlockingIOError as error:
            raise TransportError(f"endpoint {endpoint}: another worker serves it.") from error
        except OSError as error:
            raise TransportError(f"endpoint {endpoint}: cannot be used: {error.strerror}.") from error

    def release(self) -> None:
        """Remove the socket and the lock."""
        # The lock last and while it is held, so that what another worker locks meanwhile is not taken away.
        for path in (self._socket, lock_of(self._socket)):
            with contextlib.suppress(OSError):
                path.unlink()
        self._file.close()


def lock_endpoint(endpoint: str) -> SocketLock | None:
    """What keeps other workers from this endpoint; None where the system itself does. Raises TransportError."""
    return SocketLock(endpoint) if endpoint.startswith(_IPC) else None


def is_served(endpoint: str) -> bool:
    """Whether a worker may be there: not, when nobody holds the lock of an ipc socket."""
    return not endpoint.startswith(_IPC) or is_locked(lock_of(Path(endpoint.removeprefix(_IPC))))


def sweep_sockets() -> None:
    """Remove what killed workers left in this user's folder; those in use stay."""
    for lock in runtime_dir().glob("*.lock"):
        if not lock.is_symlink() and lock.is_file() and not is_locked(lock):
            for path in (lock.with_suffix(""), lock):
                with contextlib.suppress(OSError):
                    path.unlink()
                    _log.info("%s was left by a worker that is gone; removed", path)


def process_lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def ask_to_end(worker: subprocess.Popen) -> None:
    """`worker`: started with a pipe as its stdin."""
    worker.terminate()


def memory_bytes() -> int:
    """Resident memory of this process; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
