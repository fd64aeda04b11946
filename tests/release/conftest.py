"""What tests of a release share."""

import json
import os
from pathlib import Path

import pytest
from releases import ROOT, head


@pytest.fixture
def released():
    """Call with a pattern: the one file of dist/ that it fits. Skips where dist/ has no release of this commit, but
    fails in CI, which makes one first."""

    def find(pattern: str) -> Path:
        index = ROOT / "dist" / "dist.json"
        made_of = json.loads(index.read_text("utf-8"))["commit"] if index.exists() else None
        if made_of == head(ROOT):
            [found] = index.parent.glob(pattern)
            return found
        message = "dist/ has no release of this commit: python3 build.py dist --quick"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)

    return find
