import subprocess
import sys
from pathlib import Path

import pytest

from flashhead_engine.transport.rings import sweep

pytest.importorskip(
    "flashhead_engine._bridge", reason="the native module was not built (no C++ compiler, or no headers of Python)"
)

TOKEN = "secret"


class WorkerProcess:
    """The worker that the client talks to; can be killed and started again under the same address."""

    def __init__(self, folder: Path) -> None:
        self.endpoint = f"ipc://{folder}/worker"
        self.start()

    def start(self) -> None:
        program = Path(__file__).with_name("faceless_worker.py")
        self.process = subprocess.Popen([sys.executable, str(program), self.endpoint, TOKEN])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def process(tmp_path):
    worker = WorkerProcess(tmp_path)
    yield worker
    worker.kill()
    sweep()


@pytest.fixture
def worker(process):
    from flashhead_engine.client import connect

    with connect(process.endpoint, TOKEN) as connection:
        yield connection
