"""`flashhead bench`: how fast a tier is on this machine."""

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from .options import AvatarName, Fps, Runtime, Size, Tier

EPILOG = """Examples:

flashhead bench     one head of nano

flashhead bench --tier lite --streams 4 --size 512

flashhead bench --tier nano --streams 8 --size 256 --json > nano.json

flashhead bench --tier tiny-random     FlashHead's code with small networks that learnt nothing, on any machine"""


def bench(
    tier: Tier = "nano",
    runtime: Runtime = None,
    streams: Annotated[int, typer.Option("--streams", "-n", min=1, max=64, help="Heads that speak at once.")] = 1,
    avatar: AvatarName = "guard",
    size: Size = 512,
    fps: Fps = 25,
    seconds: Annotated[float, typer.Option(min=2.0, max=600.0, help="Length of what each head says.")] = 8.0,
    json: Annotated[bool, typer.Option("--json", help="JSON on stdout instead of the table, for scripts.")] = False,
) -> None:
    """Measure how fast a tier is on this machine.

    Heads speak a made-up voice as fast as they can, three times after once to warm up; medians are shown. Nothing
    else should run meanwhile.
    """
    import msgspec

    from ..avatar.bundle import load_avatar
    from ..bench.measure import UTTERANCES, measure
    from ..drivers import load_driver
    from ..drivers.base import Outputs, SessionSettings

    settings = SessionSettings(Outputs.VIDEO | Outputs.BLENDSHAPES, size=size, fps=fps)
    drawn = load_avatar(avatar)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"{tier}, {streams} streams", total=UTTERANCES + 1)
        driver = load_driver(tier, runtime=runtime)
        result = measure(
            driver, drawn, settings, streams, seconds, lambda done: progress.update(task, completed=done)
        )
    if json:
        print(msgspec.json.encode(result).decode())
        return
    Console().print(picture(result))


def picture(result) -> Table:
    """A `bench.measure.Result` for a terminal."""
    from ..bench.stages import STAGES

    table = Table("", "", "", box=None, show_header=False, pad_edge=False)
    table.add_row("tier", result.tier, f"{result.runtime} on {result.device}")
    table.add_row("streams", f"{result.streams}", f"{result.size} x {result.size} at {result.fps} fps")
    table.add_row("frames/s", f"{result.frames_per_s:.1f}", "video frames of all streams")
    table.add_row("x real time", f"{result.x_real_time:.2f}", "dialogue of all streams that a second computes")
    table.add_row(
        "first frame",
        f"{result.first_frame_ms:.1f} ms",
        f"once {result.first_frame_audio_ms:.0f} ms of audio are there",
    )
    for stage, took_ms in result.stages_ms.items():
        table.add_row(stage, f"{took_ms:.1f} ms", STAGES.get(stage, "for a second of sound of all streams"))
    for name, mib in (("memory", result.memory_mib), ("GPU memory", result.gpu_memory_mib)):
        table.add_row(name, "not measured" if mib is None else f"{mib:.0f} MiB", "the most there was")
    return table
