"""The networks that are exported, and what identifies them."""

from dataclasses import dataclass

import torch

from ..drivers.flashhead import UNTRAINED
from ..models import checkpoints
from ..models.configs import TINY
from ..models.networks import Networks
from ..models.registry import added_model
from ..models.released import find_folders


@dataclass(frozen=True, slots=True)
class Source:
    networks: Networks
    sha256: str


def networks_of(tier: str, precision: str) -> Source:
    """Of the weights that were added, or of the untrained tier. Loaded in the precision of the export, so that memory
    holds them once. Raises ModelError where they are missing."""
    if tier == UNTRAINED:
        return Source(Networks.random(TINY), "0" * 64)
    model = added_model(tier)
    networks = checkpoints.load(find_folders(model.folder), tier, "cpu", getattr(torch, precision))
    return Source(networks, model.sha256)
