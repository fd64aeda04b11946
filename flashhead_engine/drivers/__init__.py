"""Drivers turn audio into timed frames. One API (base.py), three tiers: nano, lite, pro."""

from ..errors import SettingsError
from ..runtimes.gpu import GpuBudget
from .base import Driver

TIERS = ("nano", "lite", "pro")


def load_driver(tier: str, gpu: GpuBudget | None = None) -> Driver:
    """Load a tier; do it once per process. `gpu`: what its networks may take of the GPU; None: they leave it alone.

    Raises SettingsError for an unknown tier or one that this version does not have yet, MissingDependencyError when
    a package or the GPU is missing, and FlashHeadError when the tier's own files are damaged.
    """
    if tier == "nano":
        from .nano.driver import NanoDriver

        return NanoDriver(gpu)
    if tier in TIERS:
        raise SettingsError(f"tier '{tier}' is not part of this version yet; use 'nano'.")
    raise SettingsError(f"unknown tier '{tier}': the tiers are {', '.join(TIERS)}.")
