"""A folder of TensorRT engines, beside the export that they were built of: what stands in it, and whether it fits.

    lite-engines/sm89-linux/engines.json    what this file reads
                            dit.engine      one for each graph; its weights stay in the export

Each folder is of one compute capability and system. Reading fails closed, in words: another GPU, another TensorRT,
another export, a file that is missing, cut off or altered. Imports nothing that computes.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ..errors import ModelError
from .cuda import Gpu
from .exported import Export, StoredFile, read_manifest, stored_file

MANIFEST = "engines.json"
VERSION = 1
LINUX, WINDOWS = "linux", "windows"
THIS_SYSTEM = WINDOWS if os.name == "nt" else LINUX


class EnginesManifest(msgspec.Struct, frozen=True):
    """`export_sha256`: of the export's manifest, which has the hashes of its files. `tensorrt`, `gpu`: which built
    them. `streams_weights`: whether weights may stay in main memory. `files`: all others of the folder, by name."""

    version: int
    export_sha256: str
    tensorrt: str
    gpu: str
    compute_capability: str
    system: str
    streams_weights: bool
    files: dict[str, StoredFile]


@dataclass(frozen=True, slots=True)
class Engines:
    folder: Path
    manifest: EnginesManifest

    def path(self, graph: str) -> Path:
        return self.folder / engine_name(graph)

    @property
    def length(self) -> int:
        return sum(file.length for file in self.manifest.files.values())


def engine_name(graph: str) -> str:
    return f"{graph}.engine"


def engines_folder(export: Export, compute_capability: str, system: str = THIS_SYSTEM) -> Path:
    """Where engines of an export are, or go."""
    kind = f"sm{compute_capability.replace('.', '')}-{system}"
    return _all_engines(export) / kind


def has_engines(export: Export) -> bool:
    """Whether any were built, for whatever GPU."""
    return _all_engines(export).is_dir()


def read_engines(export: Export, gpu: Gpu, tensorrt: str, system: str = THIS_SYSTEM) -> Engines:
    """Of an export for this GPU. `tensorrt`: the version that is to run them. All files are hashed: without weights
    they are small. Raises ModelError where they are missing, damaged or others."""
    again = f"Build them with `flashhead build-engines {export.folder}`."
    folder = engines_folder(export, gpu.compute_capability, system)
    if not folder.is_dir():
        others = sorted(place.name for place in _all_engines(export).glob("sm*"))
        found = f"There are {', '.join(others)}. " if others else ""
        raise ModelError(
            f"{export.folder} has no engines for {gpu.name}, compute capability {gpu.compute_capability}, on "
            f"{system}. {found}{again}"
        )
    manifest, _ = read_manifest(folder / MANIFEST, EnginesManifest, VERSION, "folder of engines", again)
    for wrong, text in (
        (manifest.export_sha256 != export.sha256, f"were built of another export than {export.folder} holds now"),
        (manifest.tensorrt != tensorrt, f"were built by TensorRT {manifest.tensorrt}; this is {tensorrt}"),
        (
            manifest.compute_capability != gpu.compute_capability,
            f"were built for {manifest.gpu}, compute capability {manifest.compute_capability}; this is {gpu.name}, "
            f"{gpu.compute_capability}",
        ),
        (manifest.system != system, f"were built for {manifest.system}; this is {system}"),
        (set(manifest.files) != {engine_name(spec.name) for spec in export.specs()}, "are not those of all graphs"),
    ):
        if wrong:
            raise ModelError(f"The engines in {folder} {text}. {again}")
    for name, file in manifest.files.items():
        if stored_file(folder / name) != file:
            raise ModelError(f"{folder / name} was cut off or altered since it was built. {again}")
    return Engines(folder, manifest)


def _all_engines(export: Export) -> Path:
    folder = export.folder.resolve()
    return folder.with_name(f"{folder.name}-engines")
