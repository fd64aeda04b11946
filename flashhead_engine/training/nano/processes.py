"""Processes that compute side by side, one a core; they end with the recipe, however it ends."""

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from threading import Thread


def side_by_side(begin: Callable[..., None] | None = None, *arguments: object) -> ProcessPoolExecutor:
    """Each process calls `begin` with the arguments before its first job."""
    # A forked child would inherit the state of torch's threads; a spawned one starts clean.
    return ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), _begin, (begin, arguments))


def _begin(begin: Callable[..., None] | None, arguments: tuple) -> None:
    Thread(target=_end_with_parent, daemon=True).start()
    if begin is not None:
        begin(*arguments)


def _end_with_parent() -> None:
    """A recipe that was killed tells its processes nothing: they would wait for jobs for ever."""
    wait([parent_process().sentinel])
    os._exit(1)
