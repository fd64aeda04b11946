"""`flashhead serve`: the inference worker for the programs of this user."""

from pathlib import Path
from typing import Annotated

import typer

from ..runtimes.gpu import GPU_MEMORY, GPU_PRIORITY, PRIORITIES, GpuBudget
from ..worker.limits import MAX_AUDIO_S, MAX_SESSIONS, MAX_SIZE, Limits
from .options import Runtime

_MOST = Limits()


def serve(
    private: Annotated[bool, typer.Option("--private", help="Announce nothing; end when stdin closes.")] = False,
    allow_path: Annotated[
        list[Path] | None,
        typer.Option("--allow-path", help="A folder whose audio and avatars clients may have read."),
    ] = None,
    supervise: Annotated[bool, typer.Option("--supervise", help="Start the worker again when it dies.")] = False,
    max_sessions: Annotated[int, typer.Option(MAX_SESSIONS, help="Heads open at once.")] = _MOST.sessions,
    max_audio_s: Annotated[float, typer.Option(MAX_AUDIO_S, help="Seconds waiting in one head.")] = _MOST.audio_s,
    max_size: Annotated[int, typer.Option(MAX_SIZE, help="Pixels of a video frame's side.")] = _MOST.size,
    gpu_memory_mib: Annotated[int, typer.Option(GPU_MEMORY, help="MiB for networks on the GPU; 0: on the CPU.")] = 0,
    runtime: Runtime = None,
    gpu_priority: Annotated[str, typer.Option(GPU_PRIORITY, help="On the GPU: low or normal.")] = PRIORITIES[0],
) -> None:
    """Start the inference worker; prints its endpoint. Ctrl-C ends it and removes all that it made.

    Example:  flashhead serve --allow-path dialogue/
    """
    gpu = GpuBudget.of_options(gpu_memory_mib, gpu_priority)
    limits = Limits(sessions=max_sessions, audio_s=max_audio_s, size=max_size, gpu=gpu, runtime=runtime)
    if supervise:
        from ..worker.supervisor import serve_supervised

        raise typer.Exit(serve_supervised(private, allow_path or (), limits))
    from ..worker.__main__ import serve as serve_until_told

    raise typer.Exit(serve_until_told(private, allow_path or (), limits))
