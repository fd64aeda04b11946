"""What `flashhead-worker` starts: the worker, with the models that lie in its own folder and no others."""

import os
import sys
from pathlib import Path

from flashhead_engine.errors import FlashHeadError
from flashhead_engine.worker.manifest import check_files

FOLDER = Path(sys.executable).parent


def main() -> int:
    os.environ["FLASHHEAD_MODELS"] = str(FOLDER / "models")
    if "--self-test" in sys.argv[1:]:
        # Before libraries are loaded: one that was cut off ends the process without a word.
        try:
            print(check_files(FOLDER), flush=True)
        except FlashHeadError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    from flashhead_engine.worker.__main__ import main as work

    return work()


sys.exit(main())
