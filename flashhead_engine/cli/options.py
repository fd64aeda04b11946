"""Options that several sub-commands have, said once."""

from typing import Annotated

import typer

from ..runtimes.names import RUNTIME, RUNTIMES

AvatarName = Annotated[str, typer.Option("--avatar", "-a", help="A sample avatar's name or an avatar folder.")]
Tier = Annotated[str, typer.Option(help="nano, or lite or pro, whose weights `flashhead models` adds.")]
Runtime = Annotated[
    str | None,
    typer.Option(
        RUNTIME, help=f"What runs lite or pro: {', '.join(RUNTIMES)}.  [default: the fastest; see flashhead doctor]"
    ),
]
Fps = Annotated[int, typer.Option(help="Frames per second of video: 24, 25, 30 or 60.")]
Size = Annotated[int, typer.Option(help="Video width and height in pixels: 256 to 1024, a multiple of 32.")]
Seed = Annotated[int, typer.Option(help="Seed of blinks, saccades and head sway.")]
Emotion = Annotated[str, typer.Option(help="neutral, happy, sad, angry, afraid, surprised or disgusted.")]
