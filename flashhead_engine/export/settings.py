"""What is fixed when a tier is exported."""

from dataclasses import dataclass

from ..models.switches import DEPLOYED, Switches


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """`size`: height and width of pictures. `precision`: one of `graphs.PRECISIONS`. `quantised`: what linear layers
    are quantised to, one of `exported.QUANTISED`; "": they are not. See `TorchFlashHead` for the rest."""

    size: int
    precision: str
    steps: int = 4
    switches: Switches = DEPLOYED
    quantised: str = ""
    colour_strength: float = 1.0
