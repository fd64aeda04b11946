"""`flashhead avatar`: make avatar bundles and look at them."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ..avatar.bundle import MANIFEST_NAME, SAMPLES, load_avatar
from ..avatar.check import Finding, check_avatar, check_picture
from ..avatar.create import create_avatar
from ..avatar.source import read_face
from ..blendshapes.emotions import EMOTIONS
from ..errors import OutputError
from ..render.preview import preview_sheet

avatar_app = typer.Typer(help="Make avatars and look at them.", no_args_is_help=True)

_CREATE_EXAMPLES = """Examples:

flashhead avatar create guard.png --name castle-guard

flashhead avatar create artwork/guard/ --name castle-guard -o avatars/castle-guard

flashhead avatar create guard.psd --name castle-guard

flashhead avatar create guard.png --name castle-guard --portrait happy=laughing.png --portrait angry=shouting.png
"""
_SHOW_EXAMPLES = """Examples:

flashhead avatar show heroine -o heroine.png

flashhead avatar show avatars/castle-guard -o sheet.png
"""
_CHECK_EXAMPLES = """Examples:

flashhead avatar check avatars/castle-guard

flashhead avatar check guard.png
"""


@avatar_app.command(epilog=_CREATE_EXAMPLES)
def create(
    source: Annotated[
        Path,
        typer.Argument(
            help="A picture of one face with closed lips, or layered artwork: a folder of pictures, a PSD.",
            exists=True,
        ),
    ],
    name: Annotated[str, typer.Option(help="Name of the avatar.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the bundle.  [default: the name]")
    ] = None,
    licence: Annotated[str, typer.Option(help="Licence of the picture, kept in the bundle.")] = "not stated",
    landmarks: Annotated[
        Path | None,
        typer.Option(help="JSON file with the landmarks of the face; without it MediaPipe finds them.", exists=True),
    ] = None,
    portrait: Annotated[
        list[str] | None,
        typer.Option(
            metavar="EMOTION=PICTURE",
            help="A picture of the same head in an emotion, from which lite and pro generate it; may be repeated.",
        ),
    ] = None,
    keep_background: Annotated[
        bool, typer.Option("--keep-background", help="Keep a plain background, which is removed otherwise.")
    ] = False,
) -> None:
    """Make an avatar bundle from a picture or from layered artwork.

    Faces are found by MediaPipe, which `python3 build.py avatar-tools` installs once. docs/avatar-format.md
    describes the bundle, the layers and the landmarks.
    """
    output = output or Path(name)
    console = Console()
    avatar = create_avatar(
        source,
        output,
        name=name,
        licence=licence,
        landmarks=landmarks,
        portraits=dict(_emotion_and_picture(text) for text in portrait or ()),
        keep_background=keep_background,
        note=lambda words: console.print(f"note: {words}", highlight=False, markup=False),
    )
    console.print(f"Made avatar '{avatar.name}' in {output}", highlight=False)
    console.print(f"Look at it:  flashhead avatar show {output} -o sheet.png", highlight=False)
    console.print(f"Check it:    flashhead avatar check {output}", highlight=False)


def _emotion_and_picture(text: str) -> tuple[str, Path]:
    emotion, equals, picture = text.partition("=")
    if emotion not in EMOTIONS or not equals:
        raise typer.BadParameter(
            f"'{text}': must be an emotion and a picture, such as happy=happy.png. Emotions: {', '.join(EMOTIONS)}.",
            param_hint="--portrait",
        )
    return emotion, Path(picture)


@avatar_app.command(epilog=_SHOW_EXAMPLES)
def show(
    avatar: Annotated[str, typer.Argument(help=f"A sample ({', '.join(SAMPLES)}) or the folder of a bundle.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="PNG file for the sheet.")],
) -> None:
    """Write a sheet with mouth shapes, a blink, two gazes, the landmarks and the masks of an avatar."""
    sheet = preview_sheet(load_avatar(avatar))
    try:
        sheet.save(output, "PNG")
    except OSError as error:
        raise OutputError(f"{output}: cannot be written ({error.strerror}). Choose another place.") from error
    Console().print(f"Wrote {output}", highlight=False)


@avatar_app.command(epilog=_CHECK_EXAMPLES)
def check(
    avatar: Annotated[
        str, typer.Argument(help=f"A sample ({', '.join(SAMPLES)}), the folder of a bundle, or a picture of a face.")
    ],
    landmarks: Annotated[
        Path | None,
        typer.Option(help="JSON file with the landmarks of a picture; without it MediaPipe finds them.", exists=True),
    ] = None,
) -> None:
    """Score what will look bad, before thousands of lines are baked with an avatar.

    100 is good; below 50 it will look bad. Exit code 0: nothing will look bad. 1: something will.
    """
    findings = _findings(avatar, landmarks)
    Console().print(_table(findings))
    raise typer.Exit(1 if any(finding.bad for finding in findings) else 0)


def _findings(avatar: str, landmarks: Path | None) -> list[Finding]:
    file = Path(avatar)
    if avatar in SAMPLES or file.name == MANIFEST_NAME or not file.is_file():
        if landmarks is not None:
            raise typer.BadParameter("only a picture takes it; a bundle has its own", param_hint="--landmarks")
        return check_avatar(load_avatar(avatar))
    note = Console()
    return check_picture(
        read_face(file, landmarks, lambda words: note.print(f"note: {words}", highlight=False, markup=False))
    )


def _table(findings: list[Finding]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column, side in (("measure", "left"), ("score", "right"), ("result", "left"), ("what to do", "left")):
        table.add_column(column, justify=side, overflow="fold")
    for finding in findings:
        result = "[red]bad[/]" if finding.bad else "[yellow]fair[/]" if finding.advice else "[green]good[/]"
        table.add_row(finding.name, str(finding.score), result, finding.advice)
    return table
