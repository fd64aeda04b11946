"""Drivers turn audio into timed frames. One API (base.py), three tiers: nano, lite, pro."""

from contextlib import suppress

from ..errors import FlashHeadError, SettingsError
from ..runtimes.gpu import GpuBudget
from .base import Driver
from .flashhead import UNTRAINED

TIERS = ("nano", "lite", "pro")


def check_available(tier: str, runtime: str | None = None) -> None:
    """Whether a tier can be loaded here, as far as can be seen without loading it. Raises MissingDependencyError or
    ModelError in words when not."""
    if tier == "nano":
        return
    from .flashhead.choice import choose

    choose(tier, runtime)


def available_tiers() -> list[str]:
    """Tiers that can be loaded here, best last."""
    found = []
    for tier in TIERS:
        with suppress(FlashHeadError):
            check_available(tier)
            found.append(tier)
    return found


def load_driver(tier: str, gpu: GpuBudget | None = None, runtime: str | None = None) -> Driver:
    """Load a tier; do it once per process. `gpu`: what its networks may take of the GPU. None: nano leaves it alone,
    lite and pro take what they need. `runtime`: what runs lite and pro, "torch", "onnxruntime" or "tensorrt"; None:
    the fastest that is there. nano has one.

    Raises SettingsError for an unknown tier or runtime, MissingDependencyError when a package or the GPU is missing,
    ModelError when the weights of lite or pro are, and FlashHeadError when the tier's own files are damaged.
    """
    if tier == "nano":
        from .nano.driver import NanoDriver

        return NanoDriver(gpu)
    if tier in (*TIERS, UNTRAINED):
        from .flashhead.loading import load

        return load(tier, gpu, runtime)
    raise SettingsError(f"unknown tier '{tier}': the tiers are {', '.join(TIERS)}.")
