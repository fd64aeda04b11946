"""Drivers turn audio into timed frames. One API (base.py), three tiers: nano, lite, pro."""

from ..errors import SettingsError
from ..runtimes.gpu import GpuBudget
from .base import Driver

TIERS = ("nano", "lite", "pro")
UNTRAINED = "tiny-random"
"""A tier for tests and benchmarks: FlashHead with small networks that learnt nothing. Its pictures say so."""


def load_driver(tier: str, gpu: GpuBudget | None = None) -> Driver:
    """Load a tier; do it once per process. `gpu`: what its networks may take of the GPU. None: nano leaves it alone,
    lite and pro take what they need.

    Raises SettingsError for an unknown tier, MissingDependencyError when a package or the GPU is missing, ModelError
    when the weights of lite or pro are, and FlashHeadError when the tier's own files are damaged.
    """
    if tier == "nano":
        from .nano.driver import NanoDriver

        return NanoDriver(gpu)
    if tier in (*TIERS, UNTRAINED):
        from .flashhead.loading import load

        return load(tier, gpu)
    raise SettingsError(f"unknown tier '{tier}': the tiers are {', '.join(TIERS)}.")
