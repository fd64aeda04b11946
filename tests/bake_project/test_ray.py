"""Lines of a project baked on a Ray cluster of two machines (two raylets here), one of which is lost on the way."""

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from flashhead_engine.bake.project import ray_cluster
from flashhead_engine.bake.project.executor import Job
from flashhead_engine.bake.project.file import ProjectError, load_project
from flashhead_engine.bake.project.ledger import DONE, FAILED, Ledger
from flashhead_engine.bake.project.lock import output_lock
from flashhead_engine.bake.project.ray_cluster import RayCluster
from flashhead_engine.bake.project.run import plan_run

from .conftest import PROJECT, csv_source, write_wav
from .test_bake_project import HEADER, children_of, command_of, results, run, start

LINES = 60
_MEMORY = 80 << 20


@pytest.fixture(scope="module")
def cluster():
    if not os.environ.get("CI"):
        pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    handler = signal.getsignal(signal.SIGTERM)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "object_store_memory": _MEMORY})
    yield cluster
    cluster.shutdown()
    # Nodes in this process put theirs in the place of the one that other tests look for.
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def lines(project, tmp_path, speech):
    """Call with the name of an output folder to get a project of 60 lines."""
    rows = []
    for number in range(LINES):
        rows.append(f"l{number},guard,voice/l{number}.wav")
        write_wav(tmp_path / "voice" / f"l{number}.wav", speech[100 * number : 100 * number + 6_000])
    (tmp_path / "lines.csv").write_text(HEADER + "\n".join(rows))
    return lambda output: project(csv_source(), PROJECT.replace('"baked"', f'"{output}"'))


def workers_on(node) -> list[int]:
    """Processes of a machine that bake."""
    raylet = node.all_processes["raylet"][0].process.pid
    return [child for child in children_of(raylet) if command_of(child).startswith(b"ray::_Actor")]


def baked(output: Path) -> int:
    return len(list(output.glob("*.flashhead.json")))


def wait_until(happened: Callable[[], object]) -> None:
    give_up = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_a_killed_worker_and_a_lost_machine_cost_no_line(cluster, lines, tmp_path):
    code, summary = run(lines("local"))
    assert summary["baked"] == LINES
    undisturbed = results(tmp_path / "local")

    second = cluster.add_node(num_cpus=1, object_store_memory=_MEMORY)
    output = tmp_path / "cluster"
    process = start(lines("cluster"), "--json", "--executor", "ray", "--address", cluster.address)
    # Stopped, a worker keeps the lines that it has, however fast the other one is.
    wait_until(lambda: baked(output) >= 5)
    for worker in workers_on(cluster.head_node) + workers_on(second):
        os.kill(worker, signal.SIGSTOP)
    wait_until(lambda: workers_on(cluster.head_node) and workers_on(second))
    [killed], [lost] = workers_on(cluster.head_node), workers_on(second)
    os.kill(killed, signal.SIGKILL)
    os.kill(lost, signal.SIGSTOP)
    cluster.remove_node(second, allow_graceful=False)
    os.kill(lost, signal.SIGCONT)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == code, stderr
    summary = json.loads(stdout)
    assert (summary["baked"], summary["left"], summary["failed"]) == (LINES, 0, {})
    # The next run removes what the killed workers had begun, and finds nothing to do.
    assert run(lines("cluster"))[1]["unchanged"] == LINES
    assert results(output) == undisturbed


@dataclass(frozen=True)
class _Deadly:
    """In the place of a request: kills the process that receives it, as a fault in a codec does."""

    audio: Path = Path("deadly.wav")
    key: str = "0" * 64

    def __reduce__(self):
        return os._exit, (1,)


def jobs_of(path: Path) -> tuple[Path, list[Job]]:
    project = load_project(path)
    with output_lock(project.output), Ledger(project.output) as ledger:
        return project.output, plan_run(project, ledger).jobs


def test_a_line_that_kills_its_workers_fails_alone(cluster, lines):
    output, jobs = jobs_of(lines("deadly"))
    deadly = Job("deadly", _Deadly(), "0" * 64, 10**6, "", "")
    entries = list(RayCluster(output, cluster.address, 1, False).run([*jobs[:5], deadly], lambda: False))
    states = {entry.name: entry.state for entry in entries}
    assert len(entries) == 6 and states.pop("deadly") == FAILED
    assert set(states.values()) == {DONE}
    [error] = [entry.error for entry in entries if entry.state == FAILED]
    assert "deadly.wav: 3 workers were lost" in error


def test_a_machine_with_another_version_or_without_the_folder_is_refused(cluster, lines, tmp_path, monkeypatch):
    output, jobs = jobs_of(lines("refused"))
    elsewhere = RayCluster(tmp_path / "elsewhere", cluster.address, 1, False)
    with pytest.raises(ProjectError, match=r"does not see .*elsewhere"):
        list(elsewhere.run(jobs, lambda: False))
    monkeypatch.setattr(ray_cluster, "__version__", "9.9.9")
    with pytest.raises(ProjectError, match=r"and not 9\.9\.9"):
        list(RayCluster(output, cluster.address, 1, False).run(jobs, lambda: False))


@pytest.mark.parametrize(("address", "words"), [("127.0.0.1:1", "nothing answers there"), ("auto", "HOST:PORT")])
def test_an_address_without_a_cluster_is_told_at_once(lines, address, words):
    output, jobs = jobs_of(lines("nobody"))
    with pytest.raises(ProjectError, match=f"--address {address}: .*{words}"):
        list(RayCluster(output, address, None, False).run(jobs, lambda: False))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cluster_finishes_what_was_begun_when_it_is_told_to_stop(cluster, lines, tmp_path, number):
    words = ("--json", "--executor", "ray", "--address", cluster.address)
    process = start(lines("stopped"), *words, start_new_session=True)
    wait_until(lambda: baked(tmp_path / "stopped") >= 1)
    os.killpg(process.pid, number)
    output, errors = process.communicate(timeout=60)
    summary = json.loads(output)
    assert process.returncode == 130 and summary["stopped"], errors
    assert summary["baked"] == baked(tmp_path / "stopped") == LINES - summary["left"]
    assert not list((tmp_path / "stopped").glob("*.part"))
