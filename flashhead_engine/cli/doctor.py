"""`flashhead doctor`: what this machine can run, and why not."""

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..doctor import Status, examine

_SIGNS = {Status.OK: "[green]ok[/]", Status.MISSING: "[yellow]missing[/]", Status.BROKEN: "[red]broken[/]"}


def doctor() -> None:
    """Show what this machine can run, and what is missing for the rest.

    Exit code 0: the nano tier runs. 1: it does not.

    Example:  flashhead doctor
    """
    findings = examine()
    table = Table(box=None, pad_edge=False)
    for column in ("what", "state", "found", "what to do"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        table.add_row(finding.what, _SIGNS[finding.status], escape(finding.found), escape(finding.advice))
    Console().print(table)
    nano = next(finding for finding in findings if finding.what == "tier nano")
    raise typer.Exit(0 if nano.status is Status.OK else 1)
