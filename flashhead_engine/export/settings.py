"""What is fixed when a tier is exported."""

from dataclasses import dataclass

from ..models.switches import DEPLOYED, Switches


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """`size`: height and width of pictures. `precision`: one of `graphs.PRECISIONS`. See `TorchFlashHead` for the
    rest."""

    size: int
    precision: str
    steps: int = 4
    switches: Switches = DEPLOYED
    colour_strength: float = 1.0
