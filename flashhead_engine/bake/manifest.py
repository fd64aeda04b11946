"""The manifest beside every baked line, `<line>.flashhead.json`: what engine importers read.

Fields are explained for the author of an importer in docs/baked-files.md; docs/baked-line.schema.json is made from
these structs. Everything in a manifest is relative to its own folder, with forward slashes.
"""

from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from ..errors import FlashHeadError, OutputError
from .outputs import write_whole
from .quality import Quality

SCHEMA = "flashhead-baked-line"
VERSION = "1.3"
SUFFIX = ".flashhead.json"

RelativePath = Annotated[str, Meta(min_length=1, description="Relative to the manifest's folder, forward slashes.")]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]


class ManifestError(FlashHeadError):
    """A manifest cannot be used: missing, damaged, of another version or reaching outside its folder."""


class Audio(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The dialogue. `file` is absent when it lies outside the manifest's folder; find it by `name` then."""

    name: str
    file: RelativePath | None = None
    sha256: Sha256
    duration_us: Positive
    sample_rate_hz: Positive
    channels: Positive


class AvatarUsed(Struct, frozen=True, kw_only=True):
    name: str
    version: str
    sha256: Sha256


class ModelUsed(Struct, frozen=True, kw_only=True):
    name: str
    sha256: Sha256


class PerformanceUsed(Struct, frozen=True, kw_only=True):
    blinks: bool
    saccades: bool
    head_sway: bool
    breath: bool
    brows: bool


class SettingsUsed(Struct, frozen=True, kw_only=True):
    """Ranges as in drivers.base.SessionSettings."""

    fps: Positive
    size: Positive
    seed: Count
    emotion: str
    emotion_intensity: float
    mouth_strength: float
    performance: PerformanceUsed


class TranscriptUsed(Struct, frozen=True, kw_only=True):
    """The words of the line, when they were given. `confidence`: how well they fit the audio. `followed`: False when
    they did not fit and the line was baked from its audio alone."""

    language: str
    confidence: Annotated[float, Meta(ge=0, le=1)]
    followed: bool


class Output(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One result. Frame i is shown from i / fps seconds on; mouth cues have times of their own and no frames."""

    kind: Literal["video", "blendshapes", "frames", "animation", "visemes", "mouth_cues"]
    file: RelativePath
    format: Literal[
        *("mp4", "webm", "ogv", "png", "json", "csv", "visemes-csv", "livelink-csv"),
        *("anim", "tres", "glb", "rhubarb-tsv", "rhubarb-xml", "rhubarb-json"),
    ]
    fps: Positive | None = None
    frames: Positive | None = None
    width: Positive | None = None
    height: Positive | None = None
    alpha: Literal["none", "straight", "matte_right"] | None = None
    video_codec: str | None = None
    audio_codec: str | None = None


class BakedLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    schema: Literal["flashhead-baked-line"]
    version: Annotated[str, Meta(pattern=r"^1\.[0-9]+$")]
    id: Annotated[str, Meta(min_length=1)]
    duration_us: Positive
    tier: Literal["nano", "lite", "pro", "tiny-random"]
    engine_version: str
    audio: Audio
    avatar: AvatarUsed | None = None
    model: ModelUsed | None = None
    transcript: TranscriptUsed | None = None
    settings: SettingsUsed
    quality: Quality | None = None
    key: Sha256 | None = None
    outputs: Annotated[list[Output], Meta(min_length=1)]


def baked_line(**fields: object) -> BakedLine:
    """A BakedLine of the version that this program writes."""
    return BakedLine(schema=SCHEMA, version=VERSION, **fields)


def relative_path(path: Path, folder: Path) -> str | None:
    """`path` as a manifest in `folder` names it; None when it lies outside."""
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return None


def save_manifest(line: BakedLine, folder: Path) -> Path:
    """Write `<line id>.flashhead.json` into `folder` atomically and return its path. Do so after the outputs.

    Raises OutputError when it cannot be written.
    """
    path = folder / f"{line.id}{SUFFIX}"
    if path.parent != folder:
        raise OutputError(f"{path}: the line id '{line.id}' has a slash in it. Choose another id.")
    for file in _files(line):
        if _leaves_folder(file):
            raise OutputError(
                f"{path}: '{file}' lies outside the manifest's folder. Put the outputs of a line together."
            )
    data = msgspec.json.format(msgspec.json.encode(line), indent=2)
    write_whole(path, data + b"\n")
    return path


def load_manifest(path: Path) -> BakedLine:
    """Read a manifest of version 1.x; unknown fields of a later 1.x are ignored. Raises ManifestError."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read ({error.strerror}).") from error
    try:
        head = msgspec.json.decode(data, type=_Head)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ManifestError(f"{path}: is no manifest of a baked line ({error}). Bake the line again.") from error
    if head.schema != SCHEMA:
        raise ManifestError(f"{path}: is a '{head.schema}', not a '{SCHEMA}'.")
    if head.version.split(".")[0] != VERSION.split(".")[0]:
        raise ManifestError(
            f"{path}: has version {head.version}, this program reads {VERSION.split('.')[0]}.x. "
            "Bake the line again with this version, or use the version that baked it."
        )
    try:
        line = msgspec.json.decode(data, type=BakedLine)
    except msgspec.ValidationError as error:
        raise ManifestError(f"{path}: {error}. Bake the line again.") from error
    for file in _files(line):
        if _leaves_folder(file) or relative_path(path.parent / file, path.parent) is None:
            raise ManifestError(f"{path}: '{file}' leaves the manifest's folder. Bake the line again.")
    return line


class _Head(Struct):
    schema: str
    version: str


def _files(line: BakedLine) -> list[str]:
    own = [line.audio.file] if line.audio.file is not None else []
    return own + [output.file for output in line.outputs]


def _leaves_folder(file: str) -> bool:
    posix, windows = PurePosixPath(file), PureWindowsPath(file)
    return "\\" in file or ".." in posix.parts or posix.is_absolute() or bool(windows.drive or windows.root)
