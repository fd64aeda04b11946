"""A process that ends with the one that started it, however that ended: its stdin closes then."""

import os
import sys
import threading
from collections.abc import Callable

_PIECE = 4096


def when_stdin_closes(call: Callable[[], None]) -> None:
    """Have `call` made, on a thread of its own."""

    def wait() -> None:
        # Not sys.stdin's own read, whose lock would be held when the interpreter ends.
        while os.read(sys.stdin.fileno(), _PIECE):
            pass
        call()

    threading.Thread(target=wait, name="flashhead-parent", daemon=True).start()
