"""Bakes many lines, several at a time."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event

from ..errors import FlashHeadError
from .line import BakedLine, Report, bake_line
from .plan import LineRequest

_TIME_TO_CLEAN_UP_S = 5.0

# In each worker process: the parent's queue for progress, where it wants to know, and its wish to stop.
_progress = None
_cancelled = None


def bake_lines(lines: Sequence[LineRequest], jobs: int, report: Report) -> Iterator[BakedLine | FlashHeadError]:
    """Bake `lines`, `jobs` at a time; yields what became of each as it ends, errors included.

    `report(share)` is called while work goes on; the shares of one line add up to 1. Closing the iterator, or an
    exception such as KeyboardInterrupt, stops all lines; each removes its unfinished files.
    """
    jobs = min(jobs, len(lines))
    if jobs <= 1:
        for line in lines:
            yield _bake_or_error(line, report)
        return
    yield from _bake_in_processes(lines, jobs, report)


def _bake_or_error(line: LineRequest, report: Report) -> BakedLine | FlashHeadError:
    try:
        return bake_line(line, report)
    except FlashHeadError as error:
        return error


def _bake_in_processes(
    lines: Sequence[LineRequest], jobs: int, report: Report
) -> Iterator[BakedLine | FlashHeadError]:
    # Spawned, not forked: a forked child would inherit the locks of ONNX Runtime's and FFmpeg's threads.
    context = multiprocessing.get_context("spawn")
    progress, cancelled = context.Queue(), context.Event()
    listener = threading.Thread(target=_forward, args=(progress, report), daemon=True)
    listener.start()
    with one_blas_thread():
        pool = ProcessPoolExecutor(jobs, context, initializer=start_worker, initargs=(progress, cancelled))
        futures = {pool.submit(_bake_in_worker, line): line for line in lines}
    try:
        for future in as_completed(futures):
            try:
                yield future.result()
            except BrokenProcessPool:
                line = futures[future]
                yield FlashHeadError(f"{line.audio}: the process that baked it was killed (out of memory?).")
    finally:
        cancelled.set()
        pool.shutdown(wait=True, cancel_futures=True)
        progress.put(None)
        listener.join()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Processes started inside give numpy one thread: the lines already fill the cores, and more threads than cores
    make the renderer's small matrices many times slower."""
    name = "OPENBLAS_NUM_THREADS"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _forward(progress: Queue, report: Report) -> None:
    for share in iter(progress.get, None):
        report(share)


def start_worker(progress: Queue | None, cancelled: Event) -> None:
    """Prepare a worker process to bake lines with `report_from_worker`."""
    global _progress, _cancelled
    _progress, _cancelled = progress, cancelled
    # A terminal's Ctrl-C reaches every process; the parent alone decides, so that each line cleans up once.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """When the parent was killed, let the line in work clean up, then leave: nobody else would end this process."""
    wait([multiprocessing.parent_process().sentinel])
    _cancelled.set()
    time.sleep(_TIME_TO_CLEAN_UP_S)
    os._exit(1)


def report_from_worker(share: float) -> None:
    """The `report` of lines in a worker process. Raises KeyboardInterrupt when the parent wants it to stop."""
    if _progress is not None:
        _progress.put(share)
    if _cancelled.is_set():
        raise KeyboardInterrupt


def _bake_in_worker(line: LineRequest) -> BakedLine | FlashHeadError:
    return _bake_or_error(line, report_from_worker)
