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
from ..runtimes.graphs import EIGHT_BIT, PRECISIONS
from .progress import share_bar


def export(
    tier: Annotated[str, typer.Option("--tier", "-t", help="lite or pro, whose weights were added; or tiny-random.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder of the export; this user's folder of models if not given."),
    ] = None,
    size: Annotated[int, typer.Option(help="Height and width of pictures: a multiple of 32.")] = 512,
    precision: Annotated[
        str,
        typer.Option(
            help=f"{', '.join((*PRECISIONS, *EIGHT_BIT))}. On a CPU float32 is fastest, and bfloat16 does not run. "
            "In 8 bits are the transformer's linear layers; all else is float16 then."
        ),
    ] = "float16",
    calibration: Annotated[
        Path | None,
        typer.Option(help=f"For {' and '.join(EIGHT_BIT)}: folder of dialogue to calibrate with, best of your own."),
    ] = None,
) -> None:
    """Export lite or pro to ONNX: from then on it runs without torch, here and on machines that get the folder.

    Needs the extras flashhead and export. The folder appears when it is whole; Ctrl-C leaves nothing behind. This
    machine uses it at once; on another, `flashhead models add DIR` makes it known.

    Examples:  flashhead export --tier lite        flashhead export --tier pro --precision bfloat16 -o ~/pro-export

    flashhead export --tier lite --precision fp8 --calibration examples/dialogue
    """
    if tier not in (*NETWORKS, UNTRAINED):
        raise SettingsError(f"--tier {tier}: must be {' or '.join(NETWORKS)}; nano runs without torch as it is.")
    if precision not in (*PRECISIONS, *EIGHT_BIT):
        raise SettingsError(f"--precision {precision}: must be {', '.join((*PRECISIONS, *EIGHT_BIT))}.")
    linears = precision if precision in EIGHT_BIT else None
    if (linears is None) != (calibration is None):
        raise SettingsError(
            f"--precision {precision}: needs --calibration DIR, a folder of dialogue."
            if calibration is None
            else f"--calibration: is for --precision {' and '.join(EIGHT_BIT)}, not {precision}."
        )
    if size < 256 or size > 1024 or size % 32:
        raise SettingsError(f"--size {size}: must be from 256 to 1024, a multiple of 32.")
    folder = default_folder(tier) if output is None else output
    try:
        import onnxscript  # noqa: F401  (torch's exporter needs it)

        from ..export.folder import export as write
        from ..export.settings import EightBit, ExportSettings
        from ..export.sources import networks_of

        if linears is not None:
            from ..export.calibration import dialogue
            from ..export.quantise import quantise  # noqa: F401  (what is missing is told before hours of work)
    except ModuleNotFoundError as error:
        extras = "flashhead,export" if linears is None else "flashhead,export,quantise"
        raise MissingDependencyError(
            f'export needs {error.name}, which is not installed: pip install "flashhead-engine[{extras}]"'
        ) from error
    computed = precision if linears is None else "float16"
    eight_bit = None if linears is None else EightBit(linears, dialogue(calibration))

    console = Console(stderr=True, soft_wrap=True)
    with sigterm_raises(), share_bar(console) as report:
        source = networks_of(tier, computed)
        written = write(
            source.networks,
            tier,
            ExportSettings(size, computed, eight_bit=eight_bit),
            source.sha256,
            folder,
            report,
        )
        remember_export(written)
    manifest = written.manifest
    about = f"{tier}, {manifest.computes_in}, pictures of {size}, {written.length / 1e9:.2f} GB"
    console.print(f"{escape(str(folder))}: {about}")
    quantisation = manifest.quantisation
    if quantisation is not None:
        console.print(
            f"Error of the transformer against {manifest.precision}: {100 * quantisation.error:.2f} % at most, on "
            f"{escape(quantisation.held_out.name)}, which was kept out."
        )
