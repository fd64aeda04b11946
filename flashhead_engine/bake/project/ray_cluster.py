"""An Executor for many machines: workers are actors of a Ray cluster that keep their models from line to line.

They read the audio and write the files themselves, in folders that every machine sees under the same path; only rows
of the ledger come back. Actors ask Ray for no processors: each is put on its machine by name, and so none waits for
what other work on the cluster has reserved.
"""

import signal
import socket
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ... import __version__
from ...errors import MissingDependencyError
from .executor import Job, bake_job, longest_first
from .file import ProjectError
from .ledger import FAILED, Entry
from .lock import FOLDER, worker_lock

_LOOK_S = 0.5
_ANSWER_S = 10.0
_AT_ONCE = 2
"""Lines at a worker: it begins the second while this process writes the row of the first."""
_MOST_DEATHS = 3


class _Actor:
    """Lives in a process of the cluster."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._staying = ExitStack()

    def greet(self, version: str) -> str | None:
        """Why this machine must not bake, in words."""
        if version != __version__:
            return f"has flashhead-engine {__version__} and not {version}. Install the same one everywhere."
        if not (self._output / FOLDER).is_dir():
            return f"does not see {self._output}. Mount the project's folders everywhere under the same path."
        try:
            self._staying.enter_context(worker_lock(self._output))
        except ProjectError as error:
            return f"cannot bake there: {error}"
        return None

    def bake(self, job: Job) -> Entry:
        return bake_job(job, self._output, lambda share: None)


@dataclass(eq=False, slots=True)
class _Worker:
    """`lines`: at it, the one that it bakes first. `greeted`: it has answered once."""

    actor: Any
    node: dict
    lines: int = 0
    greeted: bool = False


class RayCluster:
    """An Executor. A line whose worker or machine is lost is baked by another one; one that was lost with three
    workers fails."""

    def __init__(self, output: Path, address: str | None, workers: int | None, on_gpus: bool) -> None:
        """`address`: of the cluster, None for one of its own on this machine. `workers`: how many, None for one per
        core, or with `on_gpus` one per GPU."""
        self._output = output
        self._address = address
        self._most_workers = workers
        self._on_gpus = on_gpus

    def run(self, jobs: Sequence[Job], stopping: Callable[[], bool]) -> Iterator[Entry]:
        if not jobs:
            return
        with _connected(self._address) as ray:
            places = self._places(ray.nodes())
            run = _Run(ray, self._output, jobs, self._on_gpus)
            yield from run.bake(places, self._most_workers or len(places), stopping)

    def _places(self, nodes: list[dict]) -> list[dict]:
        """The machine of each worker, in turns."""
        alive = [node for node in nodes if node["Alive"]]
        gpus = [int(node["Resources"].get("GPU", 0)) for node in alive]
        if not self._on_gpus:
            room = [int(node["Resources"].get("CPU", 0)) for node in alive]
        else:
            room = gpus if any(gpus) else [1] * len(alive)
        places = [
            node
            for turn in range(max(room, default=0))
            for node, most in zip(alive, room, strict=True)
            if turn < most
        ]
        if not places:
            raise ProjectError("the Ray cluster has no machine with processors. Add one: ray start --address ...")
        return places


class _Run:
    """What is on its way in one run over a cluster."""

    def __init__(self, ray: Any, output: Path, jobs: Sequence[Job], on_gpus: bool) -> None:
        self._ray = ray
        self._output = output
        self._on_gpus = on_gpus
        self._waiting = deque(longest_first(jobs))
        self._workers: list[_Worker] = []
        self._spare: deque[dict] = deque()
        self._greetings: dict[Any, _Worker] = {}
        # In the order in which they were sent, which is that in which a worker takes them.
        self._running: dict[Any, tuple[_Worker, Job]] = {}
        self._deaths: Counter[str] = Counter()
        self._last_loss: Exception | None = None
        # How many workers in a row were lost on a machine before they answered.
        self._silent: Counter[str] = Counter()

    def bake(self, places: list[dict], most: int, stopping: Callable[[], bool]) -> Iterator[Entry]:
        self._spare.extend(places[most:])
        for node in places[:most]:
            self._start(node)
        while self._running or (self._waiting and not stopping()):
            if not self._workers:
                raise ProjectError(
                    f"no machine of the Ray cluster bakes any more (the last: {self._last_loss}). See `ray status`, "
                    "and run it again: what was baked is kept."
                )
            if not stopping():
                self._send()
            ended, _ = self._ray.wait([*self._running, *self._greetings], timeout=_LOOK_S)
            for answer in ended:
                if answer in self._greetings:
                    self._greet(answer)
                elif answer in self._running:
                    yield from self._take(answer)

    def _start(self, node: dict) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        actor = self._ray.remote(_Actor).options(
            num_cpus=0,
            num_gpus=1 if self._on_gpus and node["Resources"].get("GPU") else 0,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False),
            # As in pool.one_blas_thread.
            runtime_env={"env_vars": {"OPENBLAS_NUM_THREADS": "1"}},
        )
        worker = _Worker(actor.remote(self._output), node)
        self._workers.append(worker)
        self._greetings[worker.actor.greet.remote(__version__)] = worker

    def _greet(self, answer: Any) -> None:
        worker = self._greetings.pop(answer)
        try:
            problem = self._ray.get(answer)
        except self._ray.exceptions.RayError as error:
            self._last_loss = error
            self._replace(worker)
            return
        if problem is not None:
            raise ProjectError(f"the machine {worker.node['NodeName']} of the Ray cluster {problem}")
        worker.greeted = True

    def _send(self) -> None:
        for worker in self._workers:
            while worker.greeted and worker.lines < _AT_ONCE and self._waiting:
                job = self._waiting.popleft()
                self._running[worker.actor.bake.remote(job)] = worker, job
                worker.lines += 1

    def _take(self, answer: Any) -> Iterator[Entry]:
        worker, _ = self._running[answer]
        try:
            entry = self._ray.get(answer)
        except self._ray.exceptions.RayError as error:
            yield from self._lose(worker, error)
            return
        del self._running[answer]
        worker.lines -= 1
        yield entry

    def _lose(self, worker: _Worker, error: Exception) -> Iterator[Entry]:
        """A worker is gone: what it had goes to others. The line that it was baking may have killed it."""
        self._last_loss = error
        lost = [answer for answer, (owner, _) in self._running.items() if owner is worker]
        suspect, *others = [self._running.pop(answer)[1] for answer in lost]
        self._waiting.extendleft(reversed(others))
        self._deaths[suspect.name] += 1
        if self._deaths[suspect.name] < _MOST_DEATHS:
            self._waiting.append(suspect)
        else:
            text = (
                f"{suspect.request.audio}: {_MOST_DEATHS} workers were lost that baked it ({type(error).__name__})."
            )
            yield Entry(suspect.name, FAILED, suspect.request.key, error=text)
        self._replace(worker)

    def _replace(self, worker: _Worker) -> None:
        """Another one takes its place where its machine is still there, or where nobody bakes yet."""
        self._workers.remove(worker)
        self._ray.kill(worker.actor)
        name = worker.node["NodeID"]
        alive = {node["NodeID"] for node in self._ray.nodes() if node["Alive"]}
        self._silent[name] = 0 if worker.greeted else self._silent[name] + 1
        if name in alive and self._silent[name] < _MOST_DEATHS:
            self._start(worker.node)
        elif self._spare:
            self._start(self._spare.popleft())


@contextmanager
def _connected(address: str | None) -> Iterator[Any]:
    """Yields the module `ray`. Raises MissingDependencyError, or ProjectError when no cluster answers."""
    try:
        import ray
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f'--executor ray needs Ray ({error}). Install it with: pip install "flashhead-engine[ray]"'
        ) from error
    if address is not None:
        _check_address(address)
    handler = signal.getsignal(signal.SIGTERM)
    # Ray tells of lost machines on stdout, which is for --json.
    with redirect_stdout(sys.stderr):
        try:
            ray.init(address, include_dashboard=False, log_to_driver=False, configure_logging=False)
        except Exception as error:
            where = f"--address {address}" if address else "--executor ray"
            raise ProjectError(f"{where}: Ray cannot be used ({error}). Try `ray status` there.") from error
        finally:
            # Ray puts its own in the place of the one that lets a run end in order.
            signal.signal(signal.SIGTERM, handler)
        try:
            yield ray
        finally:
            ray.shutdown()


def _check_address(address: str) -> None:
    """Ray itself waits for minutes where nobody is."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise ProjectError(f"--address {address}: give it as HOST:PORT, as `ray start --head` prints it.")
    try:
        socket.create_connection((host, int(port)), _ANSWER_S).close()
    except (OSError, OverflowError) as error:
        raise ProjectError(
            f"--address {address}: nothing answers there ({error}). Start a cluster with `ray start --head`, or give "
            "the address that it printed."
        ) from error
