"""Windows: sockets are ports of this machine, which the token guards; the system's own calls tell of processes.

`bridge_cpp/src/platform/process_windows.cc` does the same for engines.
"""

import ctypes
import os
import socket
import stat
import subprocess
from pathlib import Path

from ...errors import TransportError

_SYNCHRONIZE = 0x00100000
_ACCESS_DENIED = 5
_STILL_RUNS = 0x102  # WAIT_TIMEOUT


def runtime_dir() -> Path:
    """This user's folder for the discovery file; its access list, which the system gave to the folder around it,
    lets in no other user.

    Raises TransportError when something else is in its place: a link or a file.
    """
    local = os.environ.get("LOCALAPPDATA")
    if not local:
        raise TransportError("LOCALAPPDATA is not set: there is no folder for the worker's address.")
    path = Path(local) / "flashhead"
    try:
        path.mkdir(exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise TransportError(f"{path}: no folder for the worker's address can be made: {error.strerror}.") from error
    attributes = getattr(found, "st_file_attributes", 0)
    if not stat.S_ISDIR(found.st_mode) or attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT:
        raise TransportError(f"{path} is a link or a file, not a folder of yours: remove it.")
    return path


def new_endpoint(_name: str) -> str:
    """An endpoint for a worker: a port that is free now. ZeroMQ has no ipc sockets here."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


def lock_endpoint(_endpoint: str) -> None:
    """None: the system gives a port to one process alone."""


def is_served(_endpoint: str) -> bool:
    """Whether a worker may be there; only a greeting tells more."""
    return True


def sweep_sockets() -> None:
    """Nothing: killed workers leave nothing behind."""


def process_lives(pid: int) -> bool:
    """os.kill, which asks without harm elsewhere, ends processes here."""
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.OpenProcess.restype = ctypes.c_void_p
    handle = kernel.OpenProcess(_SYNCHRONIZE, False, pid)
    if not handle:
        return ctypes.get_last_error() == _ACCESS_DENIED
    lives = kernel.WaitForSingleObject(ctypes.c_void_p(handle), 0) == _STILL_RUNS
    kernel.CloseHandle(ctypes.c_void_p(handle))
    return lives


def ask_to_end(worker: subprocess.Popen) -> None:
    """`worker`: started with a pipe as its stdin. There is no signal here that it could answer."""
    worker.stdin.close()


class _MemoryCounters(ctypes.Structure):
    _fields_ = (
        ("bytes", ctypes.c_uint32),
        ("page_faults", ctypes.c_uint32),
        ("peak_resident", ctypes.c_size_t),
        ("resident", ctypes.c_size_t),
        ("quotas_and_page_file", ctypes.c_size_t * 6),
    )


def memory_bytes() -> int:
    """Resident memory of this process; 0 where the system does not tell."""
    kernel = ctypes.WinDLL("kernel32")
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    counters = _MemoryCounters(bytes=ctypes.sizeof(_MemoryCounters))
    found = kernel.K32GetProcessMemoryInfo(
        ctypes.c_void_p(kernel.GetCurrentProcess()), ctypes.byref(counters), counters.bytes
    )
    return counters.resident if found else 0
