"""The discovery file and the folder it lies in."""

import os
import stat

import pytest

from flashhead_engine.errors import TransportError
from flashhead_engine.worker.discovery import WorkerAddress, discover, publish, runtime_dir, withdraw

pytestmark = pytest.mark.skipif(os.name == "nt", reason="modes and links of POSIX")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "flashhead"


def test_what_was_published_is_found_by_its_user_alone(folder):
    address = WorkerAddress("ipc:///somewhere", "secret", os.getpid(), "w")
    publish(address)
    assert discover() == address
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    withdraw(address)
    assert discover() is None
    assert list(folder.iterdir()) == []


def test_a_worker_withdraws_only_its_own_file():
    publish(WorkerAddress("ipc:///new", "b", os.getpid(), "new"))
    withdraw(WorkerAddress("ipc:///old", "a", os.getpid(), "old"))
    assert discover().worker == "new"


def test_the_file_of_a_dead_worker_is_removed(folder):
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    publish(WorkerAddress("ipc:///dead", "a", child, "dead"))
    assert discover() is None
    assert list(folder.iterdir()) == []


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
