"""`flashhead bake-project`: the dialogue of a whole game, again and again as lines change."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from typer.core import TyperGroup

from ..bake.project.checkout import check_out
from ..bake.project.executor import Executor, LocalPool
from ..bake.project.file import Project, ProjectError, load_project
from ..bake.project.ledger import DONE, FAILED, PENDING, Entry, Ledger
from ..bake.project.lock import FOLDER, output_lock
from ..bake.project.ray_cluster import RayCluster
from ..bake.project.run import Plan, bake, plan_run, prune, verdict
from ..errors import SettingsError

EPILOG = """Examples:

flashhead bake-project dialogue.toml     bakes what is new or has changed

flashhead bake-project dialogue.toml --prune     and removes the files of lines that are gone

flashhead bake-project status dialogue.toml

flashhead bake-project retry dialogue.toml     bakes only lines that failed

flashhead bake-project report dialogue.toml     a page to look at and listen to the lines, the worst first

flashhead bake-project dialogue.toml --executor ray --address 10.0.0.1:6379     on the machines of a cluster

Exit code 0: every line is baked; 1: lines or the project failed; 3: lines are beyond the limits of [quality];
130: stopped by Ctrl-C, run it again to go on."""

_SHOWN = 20
"""Lines of a list that a person reads; --json has them all."""


class _RunIsTheDefault(TyperGroup):
    """`bake-project dialogue.toml` is short for `bake-project run dialogue.toml`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:
        if args and not ctx.resilient_parsing and args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["run", *args]
        return super().parse_args(ctx, args)


bake_project_app = typer.Typer(
    cls=_RunIsTheDefault,
    no_args_is_help=True,
    help="Bake the dialogue of a whole game from a project file; only what has changed is baked again.",
)

ProjectPath = Annotated[Path, typer.Argument(metavar="PROJECT.toml", help="The project file.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only what went wrong.")]
Json = Annotated[bool, typer.Option("--json", help="A summary as JSON on stdout, for scripts; implies --quiet.")]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs", "-j", min=1, help="Worker processes.  [default: one per core; with lite or pro one, or one per GPU]"
    ),
]
ExecutorName = Annotated[
    Literal["local", "ray"], typer.Option("--executor", help="Who bakes: this machine, or a cluster of Ray.")
]
Address = Annotated[
    str | None,
    typer.Option(metavar="HOST:PORT", help="Of the Ray cluster.  [default: this machine becomes one for the run]"),
]


class Summary(msgspec.Struct):
    """What a run did, for --json. `beyond_limits`: reasons by line. `stopped`: by Ctrl-C, with lines left."""

    baked: int
    unchanged: int
    failed: dict[str, str]
    beyond_limits: dict[str, list[str]]
    warnings: dict[str, str]
    removed_from_project: int
    pruned: int
    not_pruned: list[str]
    left: int
    stopped: bool
    audio_s: float
    elapsed_s: float
    lines_per_s: float
    x_real_time: float


@bake_project_app.command()
def run(
    project: ProjectPath,
    jobs: Jobs = None,
    remove: Annotated[bool, typer.Option("--prune", help="Remove files of lines that are in it no more.")] = False,
    quiet: Quiet = False,
    json: Json = False,
    executor: ExecutorName = "local",
    address: Address = None,
) -> None:
    """Bake lines that are new or have changed."""
    _run(load_project(project), jobs, executor, address, remove, quiet, json, only_failed=False)


@bake_project_app.command()
def retry(
    project: ProjectPath,
    jobs: Jobs = None,
    quiet: Quiet = False,
    json: Json = False,
    executor: ExecutorName = "local",
    address: Address = None,
) -> None:
    """Bake only lines that failed."""
    _run(load_project(project), jobs, executor, address, False, quiet, json, only_failed=True)


@bake_project_app.command()
def status(project: ProjectPath, json: Json = False) -> None:
    """Show what the ledger knows: how many lines are done, failed or waiting, and why."""
    loaded = load_project(project)
    with _ledger(loaded) as ledger:
        entries = list(ledger.entries().values())
    states = Counter(entry.state for entry in entries)
    failed = {entry.name: entry.error for entry in entries if entry.state == FAILED}
    flagged = _flagged(loaded, entries)
    if json:
        counts = {state: states[state] for state in (DONE, FAILED, PENDING)}
        print(msgspec.json.encode({**counts, "errors": failed, "beyond_limits": flagged}).decode())
        return
    console = Console(soft_wrap=True)
    console.print(f"{states[DONE]} done, {states[FAILED]} failed, {states[PENDING]} waiting")
    _print_list(console, "failed", failed)
    _print_list(console, "beyond the limits", {name: "; ".join(what) for name, what in flagged.items()})


@bake_project_app.command()
def report(
    project: ProjectPath,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="PAGE.html", help="[default: report.html in the output folder]"),
    ] = None,
    thumbnails: Annotated[int, typer.Option(min=0, help="Pictures of so many lines, the worst first.")] = 200,
) -> None:
    """Write a page for a browser: the lines, the worst first, with pictures and players."""
    from ..bake.project.report import write_report  # its libraries take a while to load

    loaded = load_project(project)
    page = loaded.output / "report.html" if output is None else output.resolve()
    with _ledger(loaded) as ledger:
        lines = write_report(loaded, ledger, page, thumbnails)
    Console(stderr=True, soft_wrap=True).print(f"{page}: {lines} lines", highlight=False, markup=False)


def _ledger(project: Project) -> Ledger:
    """Raises ProjectError where there is none yet."""
    if not (project.output / FOLDER / "ledger.sqlite").exists():
        raise ProjectError(
            f"{project.output}: nothing was baked there yet. Run flashhead bake-project {project.path}."
        )
    return Ledger(project.output)


def _run(
    project: Project,
    jobs: int | None,
    executor_name: str,
    address: str | None,
    remove: bool,
    quiet: bool,
    json: bool,
    only_failed: bool,
) -> None:
    if address is not None and executor_name != "ray":
        raise SettingsError("--address is that of a Ray cluster: give --executor ray too.")
    begun = time.perf_counter()
    console = Console(stderr=True, soft_wrap=True)
    pruned, not_pruned = [], []
    with output_lock(project.output), Ledger(project.output) as ledger, _stop_on_signal() as stopping:
        plan = plan_run(project, ledger, only_failed)
        if not quiet and not json:
            console.print(f"{len(plan.jobs)} lines to bake, {plan.unchanged} unchanged, {len(plan.problems)} wrong")
        check_out(project, plan.jobs, ledger.entries())
        if remove:
            pruned, not_pruned = prune(project, ledger, plan.removed)
        executor = _executor(executor_name, project, plan, jobs, address)
        results = []
        with _progress(console, plan, quiet or json) as advance:
            for entry in bake(plan, ledger, executor, stopping):
                results.append(entry)
                advance(entry)
        # An unchanged line is still beyond a limit.
        flagged = _flagged(project, ledger.entries().values())
    failed = {problem.where: problem.what for problem in plan.problems}
    failed |= {entry.name: entry.error for entry in results if entry.state == FAILED}
    done = [entry for entry in results if entry.state == DONE]
    audio_s, elapsed_s = sum(entry.duration_us for entry in done) / 1e6, time.perf_counter() - begun
    left = len(plan.jobs) - len(results)
    summary = Summary(
        baked=len(done),
        unchanged=plan.unchanged,
        failed=failed,
        beyond_limits=flagged,
        warnings=plan.warnings | {entry.name: entry.warning for entry in done if entry.warning},
        removed_from_project=len(plan.removed),
        pruned=len(pruned),
        not_pruned=not_pruned,
        left=left,
        stopped=left > 0,
        audio_s=round(audio_s, 3),
        elapsed_s=round(elapsed_s, 3),
        lines_per_s=round(len(done) / elapsed_s, 3),
        x_real_time=round(audio_s / elapsed_s, 3),
    )
    if json:
        print(msgspec.json.encode(summary).decode())
    else:
        _print_summary(console, summary, remove, quiet)
    if summary.stopped:
        raise typer.Exit(130)
    if failed or not_pruned:
        raise typer.Exit(1)
    if flagged:
        raise typer.Exit(3)


def _flagged(project: Project, entries) -> dict[str, list[str]]:
    judged = {entry.name: verdict(entry, project.quality) for entry in entries}
    return {name: list(found.beyond.values()) for name, found in judged.items() if found is not None and found.beyond}


def _print_summary(console: Console, summary: Summary, remove: bool, quiet: bool) -> None:
    _print_list(console, "failed", summary.failed)
    _print_list(console, "not removed", {str(number): why for number, why in enumerate(summary.not_pruned, 1)})
    _print_list(console, "warning", summary.warnings)
    _print_list(console, "beyond the limits", {name: "; ".join(why) for name, why in summary.beyond_limits.items()})
    if quiet:
        return
    console.print(
        f"{summary.baked} baked, {summary.unchanged} unchanged, {len(summary.failed)} failed, "
        f"{len(summary.beyond_limits)} beyond the limits; {summary.elapsed_s:.1f} s, "
        f"{summary.lines_per_s:.1f} lines/s, {summary.x_real_time:.1f} x real time"
    )
    if summary.removed_from_project and not remove:
        console.print(
            f"{summary.removed_from_project} lines are in the project no more; --prune removes their files."
        )
    if summary.pruned:
        console.print(f"{summary.pruned} files of lines that are gone were removed.")
    if summary.stopped:
        console.print(f"Stopped with {summary.left} lines left. Run it again to go on.")


def _print_list(console: Console, title: str, lines: dict[str, str]) -> None:
    for name, what in list(lines.items())[:_SHOWN]:
        console.print(f"[red]{title}:[/] {escape(name)}: {escape(what)}")
    if len(lines) > _SHOWN:
        console.print(f"[red]{title}:[/] {len(lines) - _SHOWN} more; --json names them all.")


@contextmanager
def _progress(console: Console, plan: Plan, silent: bool) -> Iterator:
    """Yields what is called with every entry."""
    columns = (
        TextColumn("baking"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    begun = time.perf_counter()
    lines = failed = audio_us = 0
    with Progress(*columns, console=console, transient=True, disable=silent or not plan.jobs) as progress:
        task = progress.add_task("baking", total=len(plan.jobs), speed="")

        def advance(entry: Entry) -> None:
            nonlocal lines, failed, audio_us
            lines += 1
            failed += entry.state == FAILED
            audio_us += entry.duration_us or 0
            elapsed_s = time.perf_counter() - begun
            speed = f"{lines / elapsed_s:.1f} lines/s, {audio_us / 1e6 / elapsed_s:.1f} x real time, {failed} failed"
            progress.update(task, advance=1, speed=speed)

        yield advance


@contextmanager
def _stop_on_signal() -> Iterator:
    """Yields whether Ctrl-C or SIGTERM asked to finish the lines at work and end; the second time ends at once."""
    asked = False

    def ask(signal_number: int, _frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    numbers = [signal.SIGTERM, signal.SIGINT]
    # A shell that starts a job in the background ignores Ctrl-C for it.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        numbers.remove(signal.SIGINT)
    previous = {number: signal.signal(number, ask) for number in numbers}
    try:
        yield lambda: asked
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _executor(name: str, project: Project, plan: Plan, jobs: int | None, address: str | None) -> Executor:
    # FlashHead's networks take the whole GPU, or all cores.
    needs_gpu = any(job.request.tier != "nano" for job in plan.jobs)
    if name == "ray":
        return RayCluster(project.output, address, jobs, needs_gpu)
    return LocalPool(project.output, jobs or (1 if needs_gpu else os.cpu_count() or 1))
