"""`flashhead bake`: dialogue audio in, video, blendshape tracks, animations and mouth cues out."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ..bake.formats import EXTENSIONS, FORMATS, extension_of
from ..bake.formats.base import DEFAULT_RIG, Rig
from ..bake.head import Head, load_head
from ..bake.line import BakedLine
from ..bake.outputs import sigterm_raises
from ..bake.plan import LineRequest, plan_lines, with_transcripts
from ..bake.pool import bake_lines
from ..drivers.base import Performance, SessionSettings
from ..errors import FlashHeadError, SettingsError
from .options import AvatarName, Emotion, Fps, Runtime, Seed, Size, Tier

EPILOG = """Examples:

flashhead bake line.wav --avatar guard -o line.mp4

flashhead bake line.wav --avatar guard -o line.webm -o line.json     two outputs of one line

flashhead bake voices/*.ogg --avatar ./my_avatar -o baked/ --format mp4 --format csv --jobs 4

flashhead bake line.wav --text "Hello there." --language en -o line.mp4     lips that know the words

flashhead bake voices/*.wav --text texts/ -o baked/     voices/a.wav says what is in texts/a.txt

flashhead bake voices/*.wav -o baked/ -f rhubarb-json     mouth cues as Rhubarb Lip Sync writes them

flashhead bake line.wav -o line.anim -o line.tres --mesh Body/Face     animations for Unity and Godot

flashhead bake line.wav -o line.glb --head head.glb     a copy of a 3D head that speaks

flashhead bake line.wav -o line.json --emotion angry --mouth-strength 1.3 --no-head-sway"""


def bake(
    audio: Annotated[list[Path], typer.Argument(help="Dialogue audio: any format, rate and channel count.")],
    output: Annotated[
        list[Path],
        typer.Option(
            "--output",
            "-o",
            help=f"A file ({' '.join(EXTENSIONS)}; may be repeated), or a folder with --format.",
        ),
    ],
    formats: Annotated[
        list[str] | None,
        typer.Option("--format", "-f", help=f"With a folder as output: {', '.join(FORMATS)}."),
    ] = None,
    avatar: AvatarName = "guard",
    text: Annotated[
        str | None,
        typer.Option(
            "--text", "-t", help="What is said: the words, a .txt file, or a folder with <line>.txt. Needs espeak-ng."
        ),
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Language of --text: en (if not given), en-us, de, fr, pt-br ...")
    ] = None,
    tier: Tier = "nano",
    runtime: Runtime = None,
    fps: Fps = 25,
    size: Size = 512,
    seed: Seed = 0,
    emotion: Emotion = "neutral",
    intensity: Annotated[float, typer.Option(help="Intensity of the emotion, 0 to 1.")] = 1.0,
    mouth_strength: Annotated[float, typer.Option(help="0: a still mouth, 1: as spoken, 2: exaggerated.")] = 1.0,
    blinks: Annotated[bool, typer.Option(help="Blink.")] = True,
    saccades: Annotated[bool, typer.Option(help="Let the eyes wander.")] = True,
    head_sway: Annotated[bool, typer.Option(help="Let the head sway.")] = True,
    breath: Annotated[bool, typer.Option(help="Breathe.")] = True,
    brows: Annotated[bool, typer.Option(help="Move brows, lids and cheeks on lively speech.")] = True,
    mesh: Annotated[
        str,
        typer.Option(
            help="For .anim and .tres: path of the mesh with ARKit's blend shapes, below the object that plays them."
        ),
    ] = DEFAULT_RIG.mesh,
    head: Annotated[
        Path | None, typer.Option(help="For .glb: the 3D head to copy and animate, a .glb with ARKit's targets.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, help="Lines baked at the same time.  [default: one per core; of lite and pro one]"
        ),
    ] = None,
) -> None:
    """Bake dialogue audio into lip-synced video and blendshape tracks.

    Beside the outputs of each line stands <line>.flashhead.json, the manifest entry that engine importers read.
    """
    performance = Performance(blinks, saccades, head_sway, breath, brows)
    settings = SessionSettings(
        size=size,
        fps=fps,
        seed=seed,
        emotion=emotion,
        emotion_intensity=intensity,
        mouth_strength=mouth_strength,
        performance=performance,
    )
    lines = plan_lines(audio, output, formats or [], avatar, tier, settings, runtime, Rig(mesh, head))
    if text is not None:
        lines = with_transcripts(lines, text, "en" if language is None else language)
    elif language is not None:
        raise SettingsError("--language is the language of --text: give both, or neither.")
    columns = (TextColumn("baking"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    console = Console(stderr=True, soft_wrap=True)
    if text is not None:
        _name_lines_without_text(lines, console)
    # All lines have the same formats and head.
    if any(extension_of(path) == FORMATS["glb"] for path in lines[0].outputs):
        _name_missing_shapes(load_head(head), console)
    failed = 0
    with sigterm_raises(), Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("baking", total=float(len(lines)))
        for result in bake_lines(lines, jobs or _default_jobs(tier), lambda share: progress.advance(task, share)):
            match result:
                case BakedLine():
                    for path in result.files:
                        progress.console.print(f"{escape(str(path))}  ({result.speed:.1f} x real time)")
                    if result.warning:
                        progress.console.print(f"[yellow]warning:[/] {escape(result.warning)}")
                case FlashHeadError():
                    failed += 1
                    progress.console.print(f"[red]error:[/] {escape(str(result))}")
    if failed:
        if len(lines) > 1:
            console.print(f"{failed} of {len(lines)} lines failed.")
        raise typer.Exit(1)


def _name_lines_without_text(lines: list[LineRequest], console: Console) -> None:
    names = [line.audio.name for line in lines if line.transcript is None]
    if names:
        shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        console.print(f"{len(names)} of {len(lines)} lines have no text and follow the audio alone: {escape(shown)}")


def _name_missing_shapes(head: Head, console: Console) -> None:
    if head.warning is not None:
        console.print(f"[yellow]warning:[/] {escape(head.warning)}")


def _default_jobs(tier: str) -> int:
    """FlashHead's networks take the whole GPU, or all cores."""
    return os.cpu_count() or 1 if tier == "nano" else 1
