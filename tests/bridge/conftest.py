"""The built library, and workers for it. Without the library these tests are skipped; CI builds it, and fails."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "worker"))

from bridge_library import BUILT, FILE, Bridge, need_built
from real_worker import TOKEN, running


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
