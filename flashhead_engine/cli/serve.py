"""`flashhead serve`: the inference worker for the programs of this user."""

from pathlib import Path
from typing import Annotated

import typer


def serve(
    private: Annotated[bool, typer.Option("--private", help="Announce nothing; end when stdin closes.")] = False,
    allow_path: Annotated[
        list[Path] | None,
        typer.Option("--allow-path", help="A folder whose audio and avatars clients may have read."),
    ] = None,
    supervise: Annotated[bool, typer.Option("--supervise", help="Start the worker again when it dies.")] = False,
) -> None:
    """Start the inference worker; prints its endpoint. Ctrl-C ends it and removes all that it made.

    Example:  flashhead serve --allow-path dialogue/
    """
    if supervise:
        from ..worker.supervisor import serve_supervised

        raise typer.Exit(serve_supervised(private, allow_path or ()))
    from ..worker.__main__ import serve as serve_until_told

    raise typer.Exit(serve_until_told(private, allow_path or ()))
