"""A process that ends with the one that started it, however that ended: its stdin closes then."""

import sys
import threading
from collections.abc import Callable


def when_stdin_closes(call: Callable[[], None]) -> None:
    """Have `call` made, on a thread of its own."""

    def wait() -> None:
        sys.stdin.buffer.read()
        call()

    threading.Thread(target=wait, name="flashhead-parent", daemon=True).start()
