"""Output formats of a baked line, one module each, chosen by the file's extension."""

from importlib import import_module
from pathlib import Path

from ...errors import MissingDependencyError, OutputError
from .base import BakeTarget, FrameWriter

# By name, so that a track can be written where no video library is installed.
_WRITERS = {
    ".mp4": ("mp4", "Mp4Writer"),
    ".webm": ("webm", "WebmWriter"),
    ".ogv": ("ogv", "OgvWriter"),
    ".png": ("png", "PngWriter"),
    ".json": ("track_json", "JsonTrackWriter"),
    ".csv": ("track_csv", "CsvTrackWriter"),
}

EXTENSIONS = tuple(_WRITERS)


def for_path(path: Path) -> type[FrameWriter]:
    """The writer for `path` by its extension. Raises OutputError, or MissingDependencyError for its libraries."""
    extension = Path(path).suffix.lower()
    if extension not in _WRITERS:
        raise OutputError(f"{path}: '{extension}' is no output format. Use one of {', '.join(EXTENSIONS)}.")
    module, name = _WRITERS[extension]
    try:
        return getattr(import_module(f".{module}", __name__), name)
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f'{path}: writing {extension} needs PyAV ({error}). Install it with: pip install "flashhead-engine[bake]"'
        ) from error


__all__ = ["EXTENSIONS", "BakeTarget", "FrameWriter", "for_path"]
