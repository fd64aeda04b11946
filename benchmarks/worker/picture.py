"""The picture of docs/worker.md: `flashhead status` while six heads talk to a game.

python benchmarks/worker/picture.py docs/images/worker_status.svg
"""

import argparse
import io
import re
import threading
from pathlib import Path

from real import real_worker, spoken_line
from rich.console import Console

from flashhead_engine.avatar.bundle import SAMPLES
from flashhead_engine.cli.status import picture
from flashhead_engine.drivers.base import Outputs

_SECONDS = 3.0
_WIDTH = 84


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    output = parser.parse_args().output
    pcm = spoken_line()
    with real_worker() as worker, worker.client("the-old-bridge") as connection:
        heads = [connection.open(name, outputs=Outputs.VIDEO, size=512) for name in SAMPLES]
        heads += [connection.open() for _ in range(2)]
        for head in heads[1:]:
            threading.Thread(target=lambda head=head: list(head.frames(head.speak(pcm))), daemon=True).start()
        threading.Event().wait(_SECONDS)
        told = connection.status()
    console = Console(record=True, width=_WIDTH, file=io.StringIO())
    console.print(picture(told))
    svg = console.export_svg(title="flashhead status --live")
    # Fonts are the reader's own, not fetched from somewhere.
    output.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL), "utf-8")


if __name__ == "__main__":
    main()
