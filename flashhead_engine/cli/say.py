"""`flashhead say`: a head speaks a file in a window, or into a recording."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from ..audio.source import read_dialogue
from ..avatar.bundle import load_avatar
from ..bake.formats import BakeTarget
from ..client import connect_or_launch
from ..drivers.base import Outputs
from .options import AvatarName, Emotion, Fps, Seed, Size, Tier


def say(
    audio: Annotated[Path, typer.Argument(help="Dialogue audio: any format, rate and channel count.")],
    avatar: AvatarName = "guard",
    record: Annotated[
        Path | None,
        typer.Option("--record", help="Write what would be shown, instead: .mp4, .webm, .ogv, or a folder for PNG."),
    ] = None,
    tier: Tier = "nano",
    fps: Fps = 25,
    size: Size = 512,
    seed: Seed = 0,
    emotion: Emotion = "neutral",
) -> None:
    """Let a head speak a file, the way a game does: through a worker, with the sound device as the clock.

    Uses the worker that runs (`flashhead serve`), else starts one for itself.
    """
    from ..client.recording import record as record_to
    from ..client.sound import open_clock
    from ..client.window import Window, play

    console = Console(stderr=True, soft_wrap=True)
    pcm, rate_hz = read_dialogue(audio)
    duration_us = len(pcm) * 1_000_000 // rate_hz
    looks = load_avatar(avatar)
    with (
        connect_or_launch(name="flashhead say") as worker,
        worker.open(avatar, tier=tier, outputs=Outputs.VIDEO, size=size, fps=fps, seed=seed, emotion=emotion) as head,
    ):
        if record is not None:
            path = record if record.suffix else record / f"{audio.stem}.png"
            alpha = bool((looks.portrait[..., 3] < 255).any())
            target = BakeTarget(audio, fps, size, looks.background, alpha)
            made = record_to(head, head.speak(pcm, rate_hz), duration_us, path, target)
            late = f", {made.held} of them with an older picture" if made.held else ""
            console.print(f"{escape(str(made.file))}  ({made.frames} frames{late})")
            return
        with Window(f"{looks.name}: {audio.name}", size, looks.background) as window:
            clock, note = open_clock(pcm, rate_hz)
            if note:
                console.print(f"[yellow]without sound, by the wall clock:[/] {escape(note)}")
            with closing(clock):
                shown = play(head, head.speak(pcm, rate_hz), duration_us, clock, window)
        console.print(f"{shown} pictures shown")
