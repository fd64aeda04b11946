import sys
from pathlib import Path

import pytest

from flashhead_engine.transport.rings import sweep

pytest.importorskip(
    "flashhead_engine._bridge", reason="the native module was not built (no C++ compiler, or no headers of Python)"
)
sys.path.insert(0, str(Path(__file__).parents[1] / "worker"))

from real_worker import TOKEN, start


class WorkerProcess:
    """The worker that the client talks to; can be killed and started again under the same address."""

    def __init__(self, folder: Path) -> None:
        self.endpoint = f"ipc://{folder}/worker"
        self.start()

    def start(self) -> None:
        self.process = start(self.endpoint, stderr=None)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()


@pytest.fixture
def process(tmp_path):
    worker = WorkerProcess(tmp_path)
    yield worker
    worker.kill()
    sweep()


@pytest.fixture
def worker(process):
    from flashhead_engine.client import connect

    with connect(process.endpoint, TOKEN, timeout_s=20) as connection:
        yield connection
