"""A real worker for the tests of a file that need no options."""

import pytest
from real_worker import running


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    with running(tmp_path_factory.mktemp("worker")) as address:
        yield address
