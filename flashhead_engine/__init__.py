"""FlashHead Engine: dialogue audio in, lip-synced frames and ARKit blendshapes out."""

from importlib.metadata import version

__version__ = version("flashhead-engine")
