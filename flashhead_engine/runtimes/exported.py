"""A folder of exported graphs: what stands in it, and whether it is what was written.

    manifest.json                           what this file reads
    audio_cond.onnx  dit.onnx  vae_dec.onnx  vae_enc.onnx  reference.onnx
    <graph>.onnx.data                       its weights
    steps.npz                               what each step of the sampler does

Reading fails closed: a file that is missing, cut off or altered, or a manifest of another version, is an error in
words. Imports nothing that computes.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from ..errors import ModelError
from ..models.configs import DitConfig, FlashHeadConfig, LtxVaeConfig, WanVaeConfig, Wav2Vec2Config
from ..models.registry import RecordedFile, hash_file, record_file
from ..models.switches import Switches
from .graphs import EIGHT_BIT, PRECISIONS, GraphSpec, graph_specs

MANIFEST, STEPS = "manifest.json", "steps.npz"
VERSION = 1
OPSET = 23

_AGAIN = "Export the tier again with `flashhead export`."


class StoredConfig(msgspec.Struct, frozen=True):
    """A `FlashHeadConfig`; of the two autoencoders one is there."""

    dit: DitConfig
    ltx_vae: LtxVaeConfig | None
    wan_vae: WanVaeConfig | None
    latent_stride: int
    wav2vec2: Wav2Vec2Config

    @classmethod
    def of(cls, config: FlashHeadConfig) -> "StoredConfig":
        is_ltx = isinstance(config.vae, LtxVaeConfig)
        ltx, wan = (config.vae, None) if is_ltx else (None, config.vae)
        return cls(config.dit, ltx, wan, config.latent_stride, config.wav2vec2)

    def config(self) -> FlashHeadConfig:
        return FlashHeadConfig(self.dit, self.ltx_vae or self.wan_vae, self.latent_stride, self.wav2vec2)


class StoredFile(msgspec.Struct, frozen=True):
    length: int
    sha256: str


class StoredLine(msgspec.Struct, frozen=True):
    """Of dialogue."""

    name: str
    sha256: str


class Quantisation(msgspec.Struct, frozen=True):
    """Of the transformer's linear layers, `layers` of them. `linears`: one of `EIGHT_BIT`. `calibration`: lines that
    the ranges come from; `samples`: steps of their chunks. `held_out`: the line that `error` was measured on: of a
    step's flow against the same step in the graph's precision, relative L2, the worst."""

    linears: str
    layers: int
    calibration: tuple[StoredLine, ...]
    samples: int
    held_out: StoredLine
    error: float


class Manifest(msgspec.Struct, frozen=True):
    """`size`: height and width of pictures. `model_sha256`: of the weights that were exported. `files`: all others of
    the folder, by name. `tools`: versions of what made it. `quantisation`: None where nothing is in 8 bits."""

    version: int
    tier: str
    config: StoredConfig
    size: int
    precision: str
    steps: int
    switches: Switches
    colour_strength: float
    opset: int
    model_sha256: str
    files: dict[str, StoredFile]
    tools: dict[str, str]
    quantisation: Quantisation | None = None

    @property
    def computes_in(self) -> str:
        """In words."""
        if self.quantisation is None:
            return self.precision
        return f"{self.precision} with linear layers in {self.quantisation.linears}"


class _Versioned(msgspec.Struct):
    version: int


_Stored = TypeVar("_Stored", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Steps:
    """What each step of the sampler is given, float32. `blocks`: (steps, layers, 6, dim). `heads`: (steps, 2, dim).
    `sigmas`: (steps + 1,)."""

    blocks: np.ndarray
    heads: np.ndarray
    sigmas: np.ndarray

    def save(self, path: Path) -> None:
        np.savez(path, blocks=self.blocks, heads=self.heads, sigmas=self.sigmas)


@dataclass(frozen=True, slots=True)
class Export:
    """`sha256`: of the manifest, which has the hashes of all other files."""

    folder: Path
    manifest: Manifest
    sha256: str

    @property
    def config(self) -> FlashHeadConfig:
        return self.manifest.config.config()

    def specs(self) -> tuple[GraphSpec, ...]:
        manifest = self.manifest
        return graph_specs(self.config, manifest.size, manifest.size, manifest.precision)

    def graph(self, name: str) -> Path:
        return self.folder / f"{name}.onnx"

    def steps(self) -> Steps:
        with np.load(self.folder / STEPS, allow_pickle=False) as stored:
            return Steps(*(stored[name] for name in ("blocks", "heads", "sigmas")))

    @property
    def length(self) -> int:
        return sum(file.length for file in self.manifest.files.values())


def is_export(folder: Path) -> bool:
    return (folder / MANIFEST).is_file()


def read_export(folder: Path) -> Export:
    """Raises ModelError for a folder that is none, of another version, or lacks files; looks at no file's contents
    but the manifest's: see `verify`."""
    path = folder / MANIFEST
    manifest, sha256 = read_manifest(path, Manifest, VERSION, "export", _AGAIN)
    _check(path, manifest)
    export = Export(folder, manifest, sha256)
    for name in (STEPS, *(f"{spec.name}.onnx" for spec in export.specs())):
        if name not in manifest.files:
            raise ModelError(f"{path} does not name {name}. {_AGAIN}")
    for name, file in manifest.files.items():
        _check_length(folder / name, file)
    return export


def read_manifest(path: Path, kind: type[_Stored], version: int, what: str, again: str) -> tuple[_Stored, str]:
    """A manifest of just this version, and its hash. `what`: its folder is; `again`: what to do, for errors. Raises
    ModelError."""
    try:
        raw = path.read_bytes()
        found = msgspec.json.decode(raw, type=_Versioned).version
        if found != version:
            raise ModelError(f"{path} is of version {found}; this program reads version {version}. {again}")
        return msgspec.json.decode(raw, type=kind), hashlib.sha256(raw).hexdigest()
    except FileNotFoundError as error:
        raise ModelError(f"{path.parent} is no whole {what}: {path.name} is missing. {again}") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise ModelError(f"{path} is damaged ({error}). {again}") from error


def verify(export: Export, advance: Callable[[int], None] = lambda count: None) -> tuple[RecordedFile, ...]:
    """Hash every file, the manifest first. `advance`: told of bytes as they are read. Raises ModelError for one that
    was altered."""
    found = [record_file(export.folder / MANIFEST, MANIFEST, advance)]
    for name, file in export.manifest.files.items():
        path = export.folder / name
        found.append(record_file(path, name, advance))
        if (found[-1].length, found[-1].sha256) != (file.length, file.sha256):
            raise ModelError(f"{path} was altered since it was exported (its hash is another). {_AGAIN}")
    return tuple(found)


def stored_file(path: Path, advance: Callable[[int], None] = lambda count: None) -> StoredFile:
    """Raises ModelError for a file that cannot be read."""
    sha256, about = hash_file(path, advance)
    return StoredFile(about.st_size, sha256)


def _check(path: Path, manifest: Manifest) -> None:
    config = manifest.config
    for wrong, text in (
        (manifest.opset != OPSET, f"has opset {manifest.opset}, not {OPSET}"),
        (manifest.precision not in PRECISIONS, f"has the precision '{manifest.precision}'"),
        (
            manifest.quantisation is not None and manifest.quantisation.linears not in EIGHT_BIT,
            f"has linear layers in '{manifest.quantisation and manifest.quantisation.linears}'",
        ),
        ((config.ltx_vae is None) == (config.wan_vae is None), "must name one autoencoder"),
        (manifest.size <= 0 or manifest.size % config.latent_stride != 0, f"is of {manifest.size} pixels"),
        (manifest.steps < 1, f"has {manifest.steps} steps"),
        # Names go to the file system: none may lead out of the folder.
        (any(Path(name).name != name for name in manifest.files), "names files outside its folder"),
    ):
        if wrong:
            raise ModelError(f"{path} {text}, which this program cannot run. {_AGAIN}")


def _check_length(path: Path, file: StoredFile) -> None:
    try:
        length = path.stat().st_size
    except OSError as error:
        raise ModelError(f"{path} is missing. {_AGAIN}") from error
    if length != file.length:
        raise ModelError(f"{path} has {length} bytes, not {file.length}. {_AGAIN}")
