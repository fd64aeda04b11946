"""Collects the sub-commands and turns raised errors into words and exit codes."""

import logging

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape

from .. import __version__
from ..errors import FlashHeadError
from .avatar import avatar_app
from .bake import EPILOG as BAKE_EPILOG
from .bake import bake
from .bake_project import EPILOG as BAKE_PROJECT_EPILOG
from .bake_project import bake_project_app
from .bench import EPILOG as BENCH_EPILOG
from .bench import bench
from .build_engines import build_engines
from .doctor import doctor
from .export import export
from .models import models_app
from .say import say
from .serve import serve
from .status import status
from .train_nano import train_nano

app = typer.Typer(
    name="flashhead",
    help="Talking heads for games: dialogue audio in, lip-synced video and ARKit blendshapes out.",
    epilog="Start with:  flashhead bake line.wav --avatar guard -o line.mp4",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
app.command(epilog=BAKE_EPILOG)(bake)
app.add_typer(bake_project_app, name="bake-project", epilog=BAKE_PROJECT_EPILOG)
app.add_typer(avatar_app, name="avatar")
app.command(epilog=BENCH_EPILOG)(bench)
app.command()(build_engines)
app.command()(doctor)
app.command()(export)
app.add_typer(models_app, name="models")
app.command()(serve)
app.command()(say)
app.command()(status)
app.command("train-nano")(train_nano)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"flashhead {__version__}")
        raise typer.Exit()


@app.callback()
def flashhead(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Show the version."),
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Show the log."),
) -> None:
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(message)s",
        handlers=[RichHandler(console=Console(stderr=True), show_path=False)],
    )


def run() -> int:
    """Run the command line. Exit code 0: done; 1: it failed, in words on stderr; 2: wrong usage; 130: Ctrl-C."""
    try:
        return app() or 0
    except FlashHeadError as error:
        Console(stderr=True, soft_wrap=True).print(f"[red]error:[/] {escape(str(error))}")
        return 1
