"""What tests of a release share."""

import os

import pytest
from releases import ROOT


@pytest.fixture
def released():
    """Call with a pattern: the one file of dist/ that it fits. Skips without a release, but fails in CI, which makes
    one first."""

    def find(pattern: str):
        found = sorted((ROOT / "dist").glob(pattern))
        if not found:
            message = f"no dist/{pattern}: python3 build.py dist --quick"
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)
        return found[0]

    return find
