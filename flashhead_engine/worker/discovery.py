"""Where a worker is found: a private folder for sockets, a small file for editors, two environment variables."""

import logging
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from .system import is_served, process_lives, runtime_dir

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


def _read(path: Path) -> WorkerAddress | None:
    try:
        if path.is_symlink() or path.stat().st_size > _LARGEST:
            return None
        return msgspec.json.decode(path.read_bytes(), type=WorkerAddress)
    except (OSError, msgspec.DecodeError):
        return None


def _lives(address: WorkerAddress) -> bool:
    # Another process may have its number by now; nobody else serves its endpoint.
    return address.pid > 0 and process_lives(address.pid) and is_served(address.endpoint)
