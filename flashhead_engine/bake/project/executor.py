"""Who bakes the lines of a project: an Executor takes jobs and answers with rows of the ledger, never with frames.

`LocalPool` has worker processes on this machine, `RayCluster` (ray_cluster.py) on many.
"""

import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass, replace
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Protocol

import msgspec

from ...errors import FlashHeadError
from ...transcript.phonemes import phonemise
from ..line import Report, bake_line
from ..manifest import load_manifest
from ..plan import LineRequest, Transcript
from ..pool import one_blas_thread, report_from_worker, start_worker
from .file import ProjectError
from .ledger import DONE, FAILED, Entry
from .lock import worker_lock


@dataclass(frozen=True, slots=True)
class Job:
    """A line to bake. Small and picklable. `text`: what the mouth follows, "" for the audio alone."""

    name: str
    request: LineRequest
    audio_sha256: str
    audio_bytes: int
    language: str
    text: str


class Executor(Protocol):
    def run(self, jobs: Sequence[Job], stopping: Callable[[], bool]) -> Iterator[Entry]:
        """Bake `jobs`, longest first; yields what became of each as it ends. Once `stopping()` is true, lines that
        were begun are finished and no others begun."""


def bake_job(job: Job, output: Path, report: Report) -> Entry:
    """Bake one line into files below `output`. Whatever is wrong with a line becomes an entry that says so."""
    begun = time.perf_counter()
    try:
        request = job.request
        if job.text:
            words = tuple(phonemise(job.text, job.language))
            request = replace(request, transcript=Transcript(job.language, words))
        baked = bake_line(request, report)
        manifest = load_manifest(baked.files[-1])
        if manifest.audio.sha256 != job.audio_sha256:
            raise ProjectError(f"{request.audio}: changed while it was baked. Run flashhead bake-project again.")
    except FlashHeadError as error:
        return Entry(job.name, FAILED, job.request.key, error=str(error))
    except Exception as error:
        # A fault of this program in one line must not end a night's work on the others.
        text = f"{job.request.audio}: a fault of flashhead ({type(error).__name__}: {error}). Please report it."
        return Entry(job.name, FAILED, job.request.key, error=text)
    return Entry(
        job.name,
        DONE,
        job.request.key,
        files=tuple(path.relative_to(output).as_posix() for path in baked.files),
        warning=baked.warning,
        duration_us=baked.duration_us,
        elapsed_s=round(time.perf_counter() - begun, 4),
        quality=msgspec.structs.asdict(manifest.quality),
    )


def longest_first(jobs: Sequence[Job]) -> list[Job]:
    """Or the last one keeps a single core busy. Their bytes are known without opening them."""
    return sorted(jobs, key=lambda job: -job.audio_bytes)


class LocalPool:
    """An Executor with `processes` workers on this machine. A line whose process dies (out of memory, a fault in a
    codec) fails alone."""

    def __init__(self, output: Path, processes: int) -> None:
        self._output = output
        self._processes = processes

    def run(self, jobs: Sequence[Job], stopping: Callable[[], bool]) -> Iterator[Entry]:
        waiting = deque(longest_first(jobs))
        while waiting and not stopping():
            suspects = yield from self._bake(waiting, self._processes, stopping)
            # One of those that were at work killed its process: only each on its own tells which.
            while suspects and not stopping():
                for job in (yield from self._bake(suspects, 1, stopping)):
                    text = f"{job.request.audio}: the process that baked it was killed (out of memory?)."
                    yield Entry(job.name, FAILED, job.request.key, error=text)

    def _bake(
        self, waiting: deque[Job], processes: int, stopping: Callable[[], bool]
    ) -> Iterator[Entry]:  # and returns the jobs that were at work when a process died
        # Spawned, not forked: a forked child would inherit the locks of ONNX Runtime's and FFmpeg's threads.
        context = multiprocessing.get_context("spawn")
        cancelled = context.Event()
        processes = min(processes, len(waiting))
        # A second one waits for each worker, or it would idle while this process writes the ledger. A lone worker
        # gets none, so that it is known which one killed it.
        most = 2 * processes if processes > 1 else 1
        running: dict[Future, Job] = {}
        lost: deque[Job] = deque()
        with one_blas_thread():
            pool = ProcessPoolExecutor(
                processes, context, initializer=_start_project_worker, initargs=(cancelled, self._output)
            )
            try:
                while not lost:
                    while waiting and len(running) < most and not stopping():
                        running[pool.submit(_bake_in_worker, waiting[0])] = waiting[0]
                        waiting.popleft()
                    if not running:
                        break
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        job = running.pop(future)
                        try:
                            yield future.result()
                        except BrokenProcessPool:
                            lost.append(job)
            except BrokenProcessPool:
                pass  # from submit(): a process died while the others were idle
            except BaseException:
                cancelled.set()
                raise
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
        lost.extend(running.values())
        return lost


_output: Path
_staying = ExitStack()


def _start_project_worker(cancelled: Event, output: Path) -> None:
    global _output
    _output = output
    start_worker(None, cancelled)
    _staying.enter_context(worker_lock(output))


def _bake_in_worker(job: Job) -> Entry:
    return bake_job(job, _output, report_from_worker)
