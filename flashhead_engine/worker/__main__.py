"""Starts a worker on a player's machine, where the `flashhead` command and its libraries are not installed."""

import argparse
import gc
import logging
import os
import secrets
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

# Heads are drawn beside each other; threads inside one of them would only be in each other's way. Before numpy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from ..errors import FlashHeadError
from ..runtimes.gpu import GPU_MEMORY, GPU_PRIORITY, PRIORITIES, GpuBudget
from ..runtimes.names import RUNTIME, RUNTIMES
from .discovery import ENDPOINT, TOKEN, WorkerAddress, publish, withdraw
from .limits import MAX_AUDIO_S, MAX_SESSIONS, MAX_SIZE, Limits
from .parent import when_stdin_closes
from .server import Server
from .system import new_endpoint, sweep_sockets


def serve(private: bool, allowed: Iterable[Path], limits: Limits, end_with_stdin: bool = False) -> int:
    """Serve until told to end by SIGINT or SIGTERM; a private worker until its stdin closes too, unannounced.

    `end_with_stdin`: for one that is announced, too, as under a supervisor that may be killed.

    Returns the exit code: 1 when it could not start, in words on stderr.
    """
    try:
        token = os.environ.get(TOKEN) or secrets.token_hex(16)
        endpoint = os.environ.get(ENDPOINT) or new_endpoint(f"worker-{os.getpid()}")
        sweep_sockets()
        server = Server(endpoint, token, limits, (Path.cwd(), *allowed))
    except FlashHeadError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    # What was loaded stays; looking through it for garbage again and again would make frames late.
    gc.collect()
    gc.freeze()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.stop())
    if private or end_with_stdin:
        when_stdin_closes(server.stop)
    if private:
        server.run()
        return 0
    address = WorkerAddress(server.endpoint, token, os.getpid(), server.worker)
    publish(address)
    print(server.endpoint, flush=True)
    try:
        server.run()
    finally:
        withdraw(address)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="flashhead-worker", description="Talking heads for this user's programs.")
    parser.add_argument("--private", action="store_true", help="announce nothing; end when stdin closes")
    parser.add_argument("--end-with-stdin", action="store_true", help="end when stdin closes")
    parser.add_argument("--allow-path", type=Path, action="append", default=[], help="folder whose files may be read")
    most = Limits()
    parser.add_argument(MAX_SESSIONS, type=int, default=most.sessions, help="heads open at once")
    parser.add_argument(MAX_AUDIO_S, type=float, default=most.audio_s, help="seconds of audio waiting in one head")
    parser.add_argument(MAX_SIZE, type=int, default=most.size, help="pixels of a video frame's side")
    parser.add_argument(GPU_MEMORY, type=int, default=0, help="MiB of GPU memory for networks; 0: on the CPU")
    parser.add_argument(GPU_PRIORITY, default=PRIORITIES[0], help="of their work on the GPU: low or normal")
    parser.add_argument(RUNTIME, default=None, help=f"of lite and pro: {', '.join(RUNTIMES)}")
    parser.add_argument("--self-test", action="store_true", help="check this worker's files and have it speak")
    options = parser.parse_args()
    try:
        limits = Limits(
            sessions=options.max_sessions,
            audio_s=options.max_audio_s,
            size=options.max_size,
            gpu=GpuBudget.of_options(options.gpu_memory_mib, options.gpu_priority),
            runtime=options.runtime,
        )
    except FlashHeadError as error:
        parser.error(str(error))
    if options.self_test:
        from .self_test import self_test

        return self_test(limits.options())
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    return serve(options.private, options.allow_path, limits, options.end_with_stdin)


if __name__ == "__main__":
    sys.exit(main())
