"""Where the worker is: an explicit address, else the environment, else the discovery file."""

import os
from collections.abc import Callable

from ..errors import TransportError
from ..worker.discovery import ENDPOINT, TOKEN, WorkerAddress, discover


def finder(endpoint: str, token: str) -> Callable[[], WorkerAddress]:
    """What looks a worker up, each time anew, because a discovery file changes when a worker is started again."""

    def find() -> WorkerAddress:
        if endpoint:
            return WorkerAddress(endpoint, token or os.environ.get(TOKEN, ""))
        if os.environ.get(ENDPOINT):
            return WorkerAddress(os.environ[ENDPOINT], token or os.environ.get(TOKEN, ""))
        if (found := discover()) is None:
            raise TransportError(
                f"no worker runs: start one with `flashhead serve`, or set {ENDPOINT} and {TOKEN} to one's address."
            )
        return found

    return find


def is_announced() -> bool:
    """Whether the environment or a discovery file names a worker."""
    return bool(os.environ.get(ENDPOINT)) or discover() is not None
