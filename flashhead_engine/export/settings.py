"""What is fixed when a tier is exported."""

from dataclasses import dataclass
from pathlib import Path

from ..models.switches import DEPLOYED, Switches


@dataclass(frozen=True, slots=True)
class EightBit:
    """`linears`: one of `graphs.EIGHT_BIT`. `dialogue`: lines to calibrate with, and last one to measure the error
    on."""

    linears: str
    dialogue: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """`size`: height and width of pictures. `precision`: one of `graphs.PRECISIONS`. `eight_bit`: None where the
    linear layers are of that precision too. See `TorchFlashHead` for the rest."""

    size: int
    precision: str
    steps: int = 4
    switches: Switches = DEPLOYED
    colour_strength: float = 1.0
    eight_bit: EightBit | None = None
