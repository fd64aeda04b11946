"""The built library, and workers for it. Without the library these tests are skipped; CI builds it, and fails."""

import contextlib
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "worker"))

from bridge_library import FILE, ROOT, Bridge
from real_worker import TOKEN, running

BUILT = ROOT / "build" / "native-linux-x64"


def need_built(path: Path) -> Path:
    if path.exists():
        return path
    if os.environ.get("CI") and sys.platform == "linux":
        pytest.fail(f"{path} was not built")
    pytest.skip(f"{path} was not built: python3 build.py native")


@pytest.fixture
def built():
    """Call with the name of a program of the build."""
    return lambda name: need_built(BUILT / name)


@pytest.fixture
def bridge():
    need_built(FILE)
    library = Bridge()
    library.log()
    yield library
    assert library.c.shutdown() == 0


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    """Endpoint and token of a real worker."""
    with running(tmp_path_factory.mktemp("worker")) as endpoint:
        yield endpoint, TOKEN


@pytest.fixture
def client(bridge, worker):
    connected = bridge.connect(*worker, name="test")
    bridge.wait_for("connected", connected, of_client=True)
    return connected


@pytest.fixture
def opened(bridge, client):
    """Call to open a head and wait for it."""

    def call(*arguments, **options) -> int:
        session = bridge.open(client, *arguments, **options)
        bridge.wait_for("opened", session)
        return session

    return call


@contextlib.contextmanager
def environment(**values: str):
    """As the library sees it: a C program's, not only Python's."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
