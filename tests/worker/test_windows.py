"""What a worker does otherwise on Windows, as far as another system can run it."""

import os
import sys

import pytest
from real_worker import TOKEN, start

from flashhead_engine.client import connect
from flashhead_engine.errors import TransportError
from flashhead_engine.worker import system
from flashhead_engine.worker.system import windows


@pytest.fixture(autouse=True)
def local(tmp_path, monkeypatch):
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    return tmp_path


def test_both_systems_have_the_same_functions():
    posix = pytest.importorskip("flashhead_engine.worker.system.posix", reason="locks of POSIX", exc_type=ImportError)
    for name in system.__all__:
        assert callable(getattr(windows, name)) and callable(getattr(posix, name))


def test_the_folder_is_the_users_own(local, monkeypatch):
    assert windows.runtime_dir() == windows.runtime_dir() == local / "flashhead"
    monkeypatch.delenv("LOCALAPPDATA")
    with pytest.raises(TransportError, match="LOCALAPPDATA"):
        windows.runtime_dir()


@pytest.mark.parametrize("what", ["link", "file"])
def test_what_is_no_folder_is_refused(local, what):
    path = local / "flashhead"
    if what == "link":
        (local / "elsewhere").mkdir()
        path.symlink_to(local / "elsewhere")
    else:
        path.touch()
    with pytest.raises(TransportError, match=r"link or a file|can be made"):
        windows.runtime_dir()


@pytest.mark.skipif(sys.platform == "win32", reason="any worker there does this")
def test_a_worker_serves_a_free_port_of_this_machine():
    endpoint = windows.new_endpoint("worker-1")
    assert endpoint.startswith("tcp://127.0.0.1:")
    process = start(endpoint, stderr=None)
    try:
        with connect(endpoint, TOKEN, timeout_s=20) as worker, worker.open():
            pass
        windows.ask_to_end(process)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(os.name != "nt", reason="asks Windows")
def test_processes_and_memory():
    assert windows.process_lives(os.getpid())
    assert not windows.process_lives(0)
    assert windows.memory_bytes() > 1 << 20
