"""The `flashhead` command: one file per sub-command, no logic."""

import os
import sys

# The renderer's matrices are small: several BLAS threads only get into each other's way, four times slower when the
# cores are busy. Read when numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


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
