"""The discovery file and the folder it lies in."""

import os
import stat

import pytest

from flashhead_engine.errors import TransportError
from flashhead_engine.worker.discovery import WorkerAddress, discover, publish, withdraw
from flashhead_engine.worker.system import runtime_dir, sweep_sockets

if os.name == "nt":
    pytest.skip("modes and links of POSIX", allow_module_level=True)

from flashhead_engine.worker.system.posix import lock_of


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "flashhead"


def test_what_was_published_is_found_by_its_user_alone(folder):
    address = WorkerAddress("tcp://127.0.0.1:5", "secret", os.getpid(), "w")
    publish(address)
    assert discover() == address
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    withdraw(address)
    assert discover() is None
    assert list(folder.iterdir()) == []


def test_a_worker_withdraws_only_its_own_file():
    publish(WorkerAddress("tcp://127.0.0.1:6", "b", os.getpid(), "new"))
    withdraw(WorkerAddress("tcp://127.0.0.1:5", "a", os.getpid(), "old"))
    assert discover().worker == "new"


def test_the_file_of_a_dead_worker_is_removed(folder):
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    publish(WorkerAddress("ipc:///dead", "a", child, "dead"))
    assert discover() is None
    assert list(folder.iterdir()) == []


@pytest.fixture
def locked():
    """Locks a file as a worker does."""
    import fcntl

    files = []

    def lock(path):
        files.append(path.open("wb"))
        fcntl.flock(files[-1], fcntl.LOCK_EX)

    yield lock
    for file in files:
        file.close()


def test_another_process_with_the_number_of_a_dead_worker_is_not_taken_for_it(folder, locked):
    socket = runtime_dir() / "worker-1"
    publish(WorkerAddress(f"ipc://{socket}", "a", os.getpid(), "w"))
    locked(lock_of(socket))
    assert discover().worker == "w"
    lock_of(socket).unlink()
    lock_of(socket).touch()
    assert discover() is None


def test_what_killed_workers_left_is_swept_and_what_is_in_use_stays(folder, locked, tmp_path):
    for name in ("dead", "alive"):
        (runtime_dir() / name).touch()
        lock_of(runtime_dir() / name).touch()
    locked(lock_of(folder / "alive"))
    (tmp_path / "precious").touch()
    (folder / "trap.lock").symlink_to(tmp_path / "precious")
    sweep_sockets()
    assert sorted(path.name for path in folder.iterdir()) == ["alive", "alive.lock", "trap.lock"]
    assert (tmp_path / "precious").exists()


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b'{"endpoint":' + b"9" * 10_000])
def test_a_damaged_file_is_no_worker(folder, content):
    runtime_dir()
    (folder / "worker.json").write_bytes(content)
    assert discover() is None


def test_a_link_in_place_of_the_folder_is_refused(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TransportError, match="link"):
        runtime_dir()


def test_a_folder_that_others_may_enter_is_refused(folder):
    runtime_dir()
    folder.chmod(0o755)
    with pytest.raises(TransportError, match="chmod 700"):
        runtime_dir()


def test_a_link_in_place_of_the_file_is_not_followed(folder, tmp_path):
    publish(WorkerAddress("ipc:///trap", "a", os.getpid(), "trap"))
    (folder / "worker.json").rename(tmp_path / "trap.json")
    (folder / "worker.json").symlink_to(tmp_path / "trap.json")
    assert discover() is None
