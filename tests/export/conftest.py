"""Exports of tiny networks; needs the extras `flashhead` and `export`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

collect_ignore_glob = [] if all(map(find_spec, ("torch", "safetensors", "onnxscript"))) else ["test_*.py"]
SIZE = 64


@dataclass(frozen=True)
class Exported:
    """`folder`: of the export of `Networks.random(config)`."""

    config: object
    folder: Path


@pytest.fixture(scope="session")
def exported(tmp_path_factory) -> Callable[[str, str], Exported]:
    """Call with lite or pro and a precision; each is exported once."""
    from flashhead_engine.export.folder import export
    from flashhead_engine.export.settings import ExportSettings
    from flashhead_engine.models.configs import TINY, TINY_PRO
    from flashhead_engine.models.networks import Networks

    parent = tmp_path_factory.mktemp("exports")

    @cache
    def make(tier: str, precision: str = "float32") -> Exported:
        config = {"lite": TINY, "pro": TINY_PRO}[tier]
        folder = parent / f"{tier}-{precision}"
        settings = ExportSettings(SIZE, precision)
        export(Networks.random(config), "tiny-random", settings, "0" * 64, folder, lambda text, share: None)
        return Exported(config, folder)

    return make
