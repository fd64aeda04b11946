"""`flashhead status`: what the inference worker does."""

import time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from ..transport.messages import Statistics

_REFRESH_S = 0.5


def status(
    live: Annotated[bool, typer.Option("--live", help="Show it again and again until Ctrl-C.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One line of JSON, for scripts.")] = False,
) -> None:
    """Show the worker that runs: its sessions, frame rates, latencies, late frames, load and memory.

    Asks the worker that FLASHHEAD_ENDPOINT and FLASHHEAD_TOKEN name, else the one that `flashhead serve` announced.

    Examples:  flashhead status        flashhead status --live        flashhead status --json
    """
    import msgspec

    from ..client import connect
    from ..errors import SettingsError

    if live and json:
        raise SettingsError("--live and --json: give one of them.")
    with connect(name="flashhead status") as worker:
        if json:
            print(msgspec.json.encode(worker.status()).decode())
        elif live:
            with Live(picture(worker.status()), auto_refresh=False) as screen:
                try:
                    while True:
                        time.sleep(_REFRESH_S)
                        screen.update(picture(worker.status()), refresh=True)
                except KeyboardInterrupt:
                    return
        else:
            Console().print(picture(worker.status()))


def picture(told: "Statistics") -> Group:
    """What a worker told, for a terminal."""
    first_frame = (
        f"first frame after {told.latency_p50_ms:.0f} ms (p50), {told.latency_p99_ms:.0f} ms (p99)"
        if told.latency_p50_ms
        else "nobody has spoken yet"
    )
    summary = Text(
        f"up {told.uptime_s:.0f} s, computing {100 * told.load:.0f} % of the time, "
        f"{told.memory_bytes / 2**20:.0f} MiB, {first_frame}"
    )
    if not told.sessions:
        return Group(summary, Text("no session is open"))
    table = Table("session", "client", "avatar", "tier", "state")
    for heading in ("fps", "late", "drawn"):
        table.add_column(heading, justify="right")
    for one in told.sessions:
        names = (escape(name) for name in (one.client, one.avatar or "-", one.tier, one.state))
        table.add_row(str(one.session), *names, f"{one.fps:.0f}", str(one.late), f"{100 * one.share:.0f} %")
    return Group(summary, table)
