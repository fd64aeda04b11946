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
    ".visemes.csv": ("visemes_csv", "VisemesCsvWriter"),
    ".livelink.csv": ("livelink_csv", "LiveLinkCsvWriter"),
    ".anim": ("unity_anim", "UnityAnimWriter"),
    ".tres": ("godot_tres", "GodotTresWriter"),
    ".glb": ("gltf", "GltfWriter"),
    ".rhubarb.tsv": ("rhubarb", "RhubarbTsvWriter"),
    ".rhubarb.xml": ("rhubarb", "RhubarbXmlWriter"),
    ".rhubarb.json": ("rhubarb", "RhubarbJsonWriter"),
}

EXTENSIONS = tuple(_WRITERS)
FORMATS = {extension[1:].replace(".", "-"): extension for extension in EXTENSIONS}
"""What a format is called, such as rhubarb-tsv, and the extension of its files."""


def extension_of(path: Path) -> str | None:
    """The known extension that `path` ends with, the longest one where several do; None: no output format."""
    name = Path(path).name.lower()
    found = [extension for extension in EXTENSIONS if name.endswith(extension) and name != extension]
    return max(found, key=len, default=None)


def line_name(path: Path) -> str:
    """The name of the line whose output `path` is: its file name without the known extension."""
    return Path(path).name[: -len(extension_of(path))]


def for_path(path: Path) -> type[FrameWriter]:
    """The writer for `path` by its extension. Raises OutputError, or MissingDependencyError for its libraries."""
    extension = extension_of(path)
    if extension is None:
        raise OutputError(f"{path}: '{Path(path).suffix}' is no output format. Use one of {', '.join(EXTENSIONS)}.")
    module, name = _WRITERS[extension]
    try:
        return getattr(import_module(f".{module}", __name__), name)
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f'{path}: writing {extension} needs PyAV ({error}). Install it with: pip install "flashhead-engine[bake]"'
        ) from error


__all__ = [
    "EXTENSIONS",
    "FORMATS",
    "BakeTarget",
    "FrameWriter",
    "extension_of",
    "for_path",
    "line_name",
]
