"""`flashhead export`: lite and pro as ONNX graphs, which run without torch."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from ..bake.outputs import sigterm_raises
from ..drivers.flashhead import UNTRAINED
from ..errors import MissingDependencyError, SettingsError
from ..models.released import NETWORKS
from ..runtimes.added_exports import default_folder, remember_export
from ..runtimes.graphs import PRECISIONS
from .progress import share_bar


def export(
    tier: Annotated[str, typer.Option("--tier", "-t", help="lite or pro, whose weights were added; or tiny-random.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder of the export; this user's folder of models if not given."),
    ] = None,
    size: Annotated[int, typer.Option(help="Height and width of pictures: a multiple of 32.")] = 512,
    precision: Annotated[
        str, typer.Option(help=f"{', '.join(PRECISIONS)}. On a CPU float32 is fastest, and bfloat16 does not run.")
    ] = "float16",
) -> None:
    """Export lite or pro to ONNX: from then on it runs without torch, here and on machines that get the folder.

    Needs the extras flashhead and export. The folder appears when it is whole; Ctrl-C leaves nothing behind. This
    machine uses it at once; on another, `flashhead models add DIR` makes it known.

    Examples:  flashhead export --tier lite        flashhead export --tier pro --precision bfloat16 -o ~/pro-export
    """
    if tier not in (*NETWORKS, UNTRAINED):
        raise SettingsError(f"--tier {tier}: must be {' or '.join(NETWORKS)}; nano runs without torch as it is.")
    if precision not in PRECISIONS:
        raise SettingsError(f"--precision {precision}: must be {', '.join(PRECISIONS)}.")
    if size < 256 or size > 1024 or size % 32:
        raise SettingsError(f"--size {size}: must be from 256 to 1024, a multiple of 32.")
    folder = default_folder(tier) if output is None else output
    try:
        import onnxscript  # noqa: F401  (torch's exporter needs it)

        from ..export.folder import export as write
        from ..export.settings import ExportSettings
        from ..export.sources import networks_of
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f'export needs {error.name}, which is not installed: pip install "flashhead-engine[flashhead,export]"'
        ) from error

    console = Console(stderr=True, soft_wrap=True)
    with sigterm_raises(), share_bar(console) as report:
        source = networks_of(tier, precision)
        written = write(
            source.networks,
            tier,
            ExportSettings(size, precision),
            source.sha256,
            folder,
            report,
        )
        remember_export(written)
    console.print(f"{escape(str(folder))}: {tier}, {precision}, pictures of {size}, {written.length / 1e9:.2f} GB")
