"""Drivers turn audio into timed frames. One API (base.py), three tiers: nano, lite, pro."""

from ..errors import SettingsError
from .base import Driver

TIERS = ("nano", "lite", "pro")


def load_driver(tier: str) -> Driver:
    """Load a tier; do it once per process.

    Raises SettingsError for an unknown tier or one that this version does not have yet, MissingDependencyError when
    a package is missing, and FlashHeadError when the tier's own files are damaged.
    """
    if tier == "nano":
        from .nano.driver import NanoDriver

        return NanoDriver()
    if tier in TIERS:
        raise SettingsError(f"tier '{tier}' is not part of this version yet; use 'nano'.")
    raise SettingsError(f"unknown tier '{tier}': the tiers are {', '.join(TIERS)}.")
