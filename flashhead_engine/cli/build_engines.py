"""`flashhead build-engines`: an export's graphs as TensorRT engines."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from ..bake.outputs import sigterm_raises
from ..errors import SettingsError
from ..export.engines import EngineSettings, Plan, build, plan
from ..runtimes.cuda import Gpu, this_gpu
from ..runtimes.engines import THIS_SYSTEM, WINDOWS
from ..runtimes.exported import read_export
from ..runtimes.tensorrt import tensorrt_module
from .progress import share_bar


def build_engines(
    folder: Annotated[Path, typer.Argument(help="A folder that `flashhead export` wrote.")],
    system: Annotated[str, typer.Option("--for", help="The system that will run them: this one, or windows.")] = (
        THIS_SYSTEM
    ),
    stream_weights: Annotated[
        bool,
        typer.Option("--stream-weights", help="Let weights stay in main memory: for small cards; slower."),
    ] = False,
) -> None:
    """Build TensorRT engines of an export for this machine's GPU: from then on TensorRT runs the tier.

    Needs the extra tensorrt and an NVIDIA GPU; never run on one yet. The engines go beside the export, and run on
    GPUs of the same compute capability, by the same version of TensorRT. They hold no weights, so that the export is
    needed as before. Ctrl-C leaves none behind.

    Examples:  flashhead build-engines ~/lite-export        flashhead build-engines ~/lite-export --for windows
    """
    if system not in (THIS_SYSTEM, WINDOWS):
        raise SettingsError(f"--for {system}: must be {THIS_SYSTEM}, which this is, or {WINDOWS}.")
    export = read_export(folder)
    tensorrt_module()
    gpu = this_gpu()
    settings = EngineSettings(system, stream_weights)
    console = Console(stderr=True, soft_wrap=True)
    _print_plan(console, plan(export, gpu, settings), gpu)
    with sigterm_raises(), share_bar(console) as report:
        built = build(export, gpu, settings, report)
    console.print(f"{escape(str(built.folder))}: engines for {gpu.name} and its like, {built.length / 1e6:.1f} MB")


def _print_plan(console: Console, plan: Plan, gpu: Gpu) -> None:
    times = (
        "kernels were timed on such a GPU before, and known times are used again"
        if plan.known_times
        else "not known beforehand: kernels are timed on this GPU, for the first time"
    )
    console.print(
        f"engines of {plan.weights / 1e9:.2f} GB of weights, one graph after the other\n"
        f"  GPU     {escape(gpu.name)}, compute capability {gpu.compute_capability}, {gpu.memory / 1e9:.1f} GB\n"
        f"  memory  the {plan.largest_weights / 1e9:.2f} GB of {plan.largest} in main memory and on the GPU, "
        "and what kernels need while they are timed\n"
        f"  disk    less than the {plan.weights / 1e9:.2f} GB of weights, which engines do not hold; "
        f"{plan.free_disk / 1e9:.1f} GB are free\n"
        f"  time    {times}\n"
        f"  goes to {escape(str(plan.folder))}",
        highlight=False,
    )
