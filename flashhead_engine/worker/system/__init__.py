"""What systems do differently for a worker and its clients; `posix` and `windows` have the same functions."""

import os

if os.name == "nt":
    from .windows import (
        ask_to_end,
        is_served,
        lock_endpoint,
        memory_bytes,
        new_endpoint,
        process_lives,
        runtime_dir,
        sweep_sockets,
    )
else:
    from .posix import (
        ask_to_end,
        is_served,
        lock_endpoint,
        memory_bytes,
        new_endpoint,
        process_lives,
        runtime_dir,
        sweep_sockets,
    )

__all__ = [
    "ask_to_end",
    "is_served",
    "lock_endpoint",
    "memory_bytes",
    "new_endpoint",
    "process_lives",
    "runtime_dir",
    "sweep_sockets",
]
