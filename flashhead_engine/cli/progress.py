"""The bar of work whose share done is known."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn


@contextmanager
def share_bar(console: Console) -> Iterator[Callable[[str, float], None]]:
    """Yields what to call with the text of what is being done, and the share of all that is done, 0..1."""
    columns = (TextColumn("{task.description:24}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("loading", total=1.0)
        yield lambda text, share: bar.update(task, description=text, completed=share)
