"""Errors that a person reads: what was wrong, with which file or argument, and what to do."""


class FlashHeadError(Exception):
    """Base of every error this package raises on purpose; its text is shown to the user as it is."""


class AudioError(FlashHeadError):
    """The dialogue audio cannot be used (missing, empty, truncated, no audio stream, not a number)."""


class AvatarError(FlashHeadError):
    """The avatar bundle is missing, damaged, of another version or reaches outside its folder."""


class OutputError(FlashHeadError):
    """A result cannot be written (read-only place, disk full, unknown format, missing encoder)."""


class SettingsError(FlashHeadError, ValueError):
    """An argument is outside its range or not one of the known names."""


class MissingDependencyError(FlashHeadError):
    """A part that was asked for needs a package or a program that is not installed."""


class ModelError(FlashHeadError):
    """The released weights of a tier are missing, damaged, of another model or not what was recorded of them."""


class TransportError(FlashHeadError):
    """A ring of frames in shared memory cannot be made or opened, or is not what was announced."""
