"""The `flashhead` command: one file per sub-command, no logic."""

import sys


def main() -> int:
    """Entry point. The command line belongs to the extra `bake`; without it a person is told so."""
    try:
        from .app import run
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich", "click"):
            raise
        print('The flashhead command needs: pip install "flashhead-engine[bake]"', file=sys.stderr)
        return 1
    return run()
