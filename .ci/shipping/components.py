"""What a folder that is given away holds: each Python distribution and each library in it, with its licence.

    python3 .ci/shipping/components.py FOLDER    a table; ends with 1 where a file or a licence is not known

Read from the folder alone: from the metadata of the distributions, and from a list of the libraries that wheels and
systems bring along. Whoever adds one to that list has read its licence; code that nobody claims is an error.
"""

import csv
import fnmatch
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

OWN = "flashhead-engine"
OWN_LICENCE = "Apache-2.0 AND CC0-1.0"  # code; avatars, artwork and sample dialogue
_GCC = "GPL-3.0-or-later WITH GCC-exception-3.1"
_BOOTLOADER = "GPL-2.0-or-later WITH Bootloader-exception"
_LLVM = "Apache-2.0 WITH LLVM-exception"
_STATIC = "LGPL-3.0-or-later WITH LGPL-3.0-linking-exception"
_CUDA, _CUDNN = "LicenseRef-NVIDIA-CUDA-EULA", "LicenseRef-NVIDIA-cuDNN-SLA"

ALLOWED = frozenset(
    (
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD-3-Clause-Open-MPI", "BSL-1.0", "CC0-1.0", "IJG"),
        *("ISC", "LGPL-2.1-or-later", "MIT", "MIT-CMU", "MIT-open-group", "MPL-2.0", "PSF-2.0", "ZPL-2.1", "Zlib"),
        *("libtiff", _BOOTLOADER, _GCC, _LLVM, _STATIC),
    )
)
"""Licences under which a part may be given away in a closed game, in SPDX's names. The exception behind WITH is what
puts a GPL or LGPL here: it leaves what was compiled under any terms. The LGPL itself: for a library in a file of its
own, which a player may replace."""

ONLY_IN_GAMES = frozenset((_CUDA, _CUDNN))
"""Licences of proprietary parts that a game may bring along, and that nobody may give away by themselves: not in a
release of ours. A studio gives them to players under its own terms, which must protect NVIDIA's as NVIDIA's do; no
byte may change, nothing but the game may use them, and they are for machines with NVIDIA GPUs."""

NVIDIA = {
    "nvidia-cublas": ("libcublas.so.*", "libcublasLt.so.*"),
    "nvidia-cuda-runtime": ("libcudart.so.*",),
    "nvidia-cuda-nvrtc": ("libnvrtc.so.*", "libnvrtc-builtins.so.*"),
    "nvidia-cufft": ("libcufft.so.*",),
    "nvidia-curand": ("libcurand.so.*",),
    "nvidia-cudnn-cu13": ("libcudnn*.so.*",),
}
"""Of these distributions, the files that ONNX Runtime loads and that NVIDIA lets a game bring along: CUDA's EULA,
attachment A, and cuDNN's supplement, section 2, as both lie in the wheels. nvJitLink is not in that attachment."""

_SPDX = {"MIT License": "MIT", "BSD License": "BSD-3-Clause", "Apache Software License": "Apache-2.0"}
"""Of metadata that know no names of SPDX."""


class UnknownComponentError(Exception):
    """Code that no component claims, or a component without a licence: which, and what to do."""


@dataclass(frozen=True, slots=True)
class Component:
    """`version`: "" where the files do not tell it. `licence`: an expression of SPDX. `files`, and the `texts` of its
    licence: paths from the folder."""

    name: str
    version: str
    licence: str
    files: tuple[PurePosixPath, ...]
    texts: tuple[PurePosixPath, ...]

    def is_allowed(self, licences: frozenset[str] = ALLOWED) -> bool:
        """Whether each part of its licence, or one of the choices there, is among `licences`."""
        terms = self.licence.replace("(", "").replace(")", "").split(" AND ")
        return all(any(choice in licences for choice in term.split(" OR ")) for term in terms)


@dataclass(frozen=True, slots=True)
class _Library:
    """`files`: patterns of the paths that hold it. `version`: an expression for the version, looked for in the file's
    name, in the file, and in its licence texts; where it is not found the file holds something else. `told`: the
    version as its authors write it. `texts`: patterns of the paths where its licence may lie."""

    name: str
    licence: str
    files: tuple[str, ...]
    texts: tuple[str, ...]
    version: str = r"\.so\.(\d+\.\d+\.\d+)$"
    told: str = "{}"


_PYTHON, _INTERPRETER = "Python", ("libpython3*", "python3??.dll")  # the standard library lies beside it
_NUMPY = ("*numpy-*.dist-info/licenses/LICENSE.txt",)
_PILLOW = ("*pillow-*.dist-info/licenses/LICENSE",)
_ZEROMQ = "*pyzmq-*.dist-info/licenses/licenses/LICENSE."
_SYSTEM = "*licences/"
_NOTICES = ("*THIRD_PARTY_NOTICES.txt",)
_DLLS = ("*flashhead_bridge.dll", "*flashhead_godot.dll")
_IN_BRIDGE = ("*libflashhead_*", *_DLLS)
_MODULES = ("*flashhead_engine/*.so", "*flashhead_engine/*.pyd")
_COMPILED = (*_MODULES, "*samplerate.*.so", "*samplerate.*.pyd")

_LIBRARIES = (
    # Beside the modules of wheels.
    _Library("OpenBLAS", "BSD-3-Clause", ("*.libs/libscipy_openblas*",), _NUMPY, r"OpenBLAS (\d+\.\d+\.\d+)"),
    _Library("LAPACK", "BSD-3-Clause-Open-MPI", ("*.libs/libscipy_openblas*",), _NUMPY, ""),
    _Library("libgfortran", _GCC, ("*.libs/libgfortran*",), _NUMPY),
    _Library("libquadmath", "LGPL-2.1-or-later", ("*.libs/libquadmath*",), _NUMPY),
    _Library("libzmq", "MPL-2.0", ("*.libs/libzmq*",), (f"{_ZEROMQ}zeromq.txt",), r"\.so\.5\.2\.([5-9])$", "4.3.{}"),
    _Library("libsodium", "ISC", ("*.libs/libsodium*",), (f"{_ZEROMQ}libsodium.txt",), r"\0(1\.0\.\d+)\0"),
    _Library("libtiff", "libtiff", ("*pillow.libs/libtiff*",), _PILLOW, r"LIBTIFF, Version (\d+\.\d+\.\d+)"),
    _Library(
        "libjpeg-turbo",
        "IJG AND BSD-3-Clause AND Zlib",
        ("*pillow.libs/libjpeg*",),
        _PILLOW,
        r"libjpeg-turbo version (\d+\.\d+\.\d+)",
    ),
    _Library("OpenJPEG", "BSD-2-Clause", ("*pillow.libs/libopenjp2*",), _PILLOW),
    _Library("Zstandard", "BSD-3-Clause", ("*pillow.libs/libzstd*",), _PILLOW),
    _Library("liblzma", "0BSD", ("*pillow.libs/liblzma*",), _PILLOW),
    _Library("libxcb", "MIT", ("*pillow.libs/libxcb*",), _PILLOW, ""),
    _Library("libXau", "MIT-open-group", ("*pillow.libs/libXau*",), _PILLOW, ""),
    # Inside of modules.
    _Library(
        "libsamplerate",
        "BSD-2-Clause",
        ("*samplerate.*.so", "*samplerate.*.pyd"),
        (f"{_SYSTEM}libsamplerate.txt",),
        r"libsamplerate-(\d+\.\d+\.\d+) ",
    ),
    _Library("pybind11", "BSD-3-Clause", _COMPILED, (f"{_SYSTEM}pybind11.txt", *_NOTICES), ""),
    # Inside of the library for engines.
    _Library("libzmq", "MPL-2.0", _IN_BRIDGE, _NOTICES, r"libzmq (4\.3\.(?:[5-9]|\d\d)\d*)\b"),
    _Library("libzmq", _STATIC, _IN_BRIDGE, _NOTICES, r"libzmq (4\.3\.[0-4])\b"),
    _Library("msgpack-c", "BSL-1.0", _IN_BRIDGE, _NOTICES, ""),
    _Library("Jansson", "MIT", _IN_BRIDGE, _NOTICES, ""),
    _Library("wepoll", "BSD-2-Clause", _DLLS, _NOTICES, r"wepoll()"),
    # What zig puts into all that it compiles; the notices say whether it did.
    _Library("libc++", _LLVM, (*_IN_BRIDGE, *_MODULES), _NOTICES, r"libc\+\+ of LLVM()"),
    _Library("MinGW-w64 runtime", "ZPL-2.1", (*_DLLS, _MODULES[1]), _NOTICES, r"MinGW-w64 runtime()"),
    # Of Python, of what starts it, and of the system on which a worker was put together.
    _Library(_PYTHON, "PSF-2.0", _INTERPRETER, (f"{_SYSTEM}Python.txt",), r"(3\.\d+\.\d+)\0"),
    _Library(_PYTHON, "PSF-2.0", ("python3*/lib-dynload/*",), (f"{_SYSTEM}Python.txt",), ""),
    _Library("libmpdec", "BSD-2-Clause", ("lib-dynload/_decimal.*",), (f"{_SYSTEM}libmpdec.txt",), ""),
    _Library(
        "PyInstaller's bootloader",
        _BOOTLOADER,
        ("flashhead-worker", "flashhead-worker.exe"),
        (f"{_SYSTEM}PyInstaller.txt",),
        "",
    ),
    _Library("libstdc++", _GCC, ("libstdc++.so.*",), _NUMPY, ""),
    _Library("libgcc", _GCC, ("libgcc_s.so.*",), _NUMPY, ""),
    _Library("libffi", "MIT", ("libffi.so.*", "libffi-*.dll"), (f"{_SYSTEM}libffi.txt",), ""),
    _Library("Expat", "MIT", ("libexpat.so.*",), (f"{_SYSTEM}libexpat.txt",), r"expat_(\d+\.\d+\.\d+)"),
    _Library("zlib", "Zlib", ("libz.so.*",), (f"{_SYSTEM}zlib.txt",), r"inflate (\d+\.\d+(?:\.\d+)*) "),
)
_BROUGHT_ALONG = "*.libs/*"  # what wheels bring, which is not their authors' own
_CODE = {".so", ".pyd", ".dll", ".dylib", ".py", ".pyc", ".exe"}
_PROGRAMS = (b"\x7fELF", b"MZ\x90\x00", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
_LICENCE_FILES = ("licenses/*", "licenses/*/*", "LICENSE*", "COPYING*")


def components(folder: Path) -> list[Component]:
    """Every component in a folder, by name; ours, which all data without another owner belongs to, is one of them.

    Raises UnknownComponentError for a program, library or module that belongs to none, and for a distribution without
    a licence.
    """
    files = sorted(PurePosixPath(path.relative_to(folder).as_posix()) for path in folder.rglob("*") if path.is_file())
    found = [*_libraries(folder, files), *_distributions(folder, files)]
    claimed = {file for component in found for file in component.files}
    rest = [file for file in files if file not in claimed]
    if strangers := [str(file) for file in rest if _is_code(folder / file)]:
        raise UnknownComponentError(
            f"{folder} has code that belongs to no known component: {', '.join(strangers[:10])}. Find out what it "
            f"is, read its licence, and add it to _LIBRARIES in {Path(__file__).name}, or leave it out."
        )
    found.append(Component(OWN, "", OWN_LICENCE, tuple(rest), ()))
    return sorted(_joined(found), key=lambda component: component.name.lower())


def _libraries(folder: Path, files: list[PurePosixPath]) -> Iterator[Component]:
    for library in _LIBRARIES:
        texts = _matching(files, library.texts)
        for file in _matching(files, library.files):
            version = _version(folder, file, texts, library.version)
            if version is not None:
                told = library.told.format(version) if version else ""
                yield Component(library.name, told, library.licence, (file,), texts)
    for folder_of_python in {file.parent for file in _matching(files, _INTERPRETER)}:
        modules = (file for file in files if file.suffix == ".pyc" and file.is_relative_to(folder_of_python))
        theirs = (file for file in modules if _top_name(file, folder_of_python) in sys.stdlib_module_names)
        yield Component(_PYTHON, "", "PSF-2.0", tuple(theirs), ())


def _version(folder: Path, file: PurePosixPath, texts: tuple[PurePosixPath, ...], expression: str) -> str | None:
    """Of a library in `file`; "" where its expression is "" too, None where it is not found."""
    if not expression:
        return ""
    if told := re.search(expression, file.name):
        return told[1]
    for place in (file, *texts):
        if told := re.search(expression.encode(), (folder / place).read_bytes()):
            return told[1].decode()
    return None


def _top_name(file: PurePosixPath, folder: PurePosixPath) -> str:
    first = file.relative_to(folder).parts[0].split(".")[0]
    return "sysconfig" if first.startswith("_sysconfigdata") else first


def _distributions(folder: Path, files: list[PurePosixPath]) -> Iterator[Component]:
    """Of Python, by their metadata: *.dist-info, whose RECORD names the files that were installed."""
    for metadata in _matching(files, ("*.dist-info/METADATA",)):
        told = HeaderParser().parsestr((folder / metadata).read_text("utf-8"))
        root, own = metadata.parent.parent, metadata.parent
        with (folder / own / "RECORD").open(encoding="utf-8", newline="") as record:
            recorded = {root / row[0] for row in csv.reader(record)}
        theirs = [
            file
            for file in files
            if file.is_relative_to(own) or (_source(file) in recorded and _is_theirs(told["Name"], file))
        ]
        names = [str(own / name) for name in _LICENCE_FILES]
        # onnxruntime's wheel has its texts beside its modules; a worker's folder has them here.
        names += [str(root / told["Name"] / name) for name in ("LICENSE*", "ThirdPartyNotices*")]
        names.append(f"{_SYSTEM.lstrip('*')}{told['Name']}-*")
        yield Component(
            told["Name"], told["Version"], _licence(told, metadata), tuple(theirs), _matching(files, names)
        )


def _is_theirs(distribution: str, file: PurePosixPath) -> bool:
    """Whether its metadata speak of a file of its wheel: not of what others made, nor of what may not be there."""
    patterns = NVIDIA.get(distribution, ("*",))
    return not fnmatch.fnmatch(str(file), _BROUGHT_ALONG) and any(
        fnmatch.fnmatchcase(file.name, pattern) for pattern in patterns
    )


def _source(file: PurePosixPath) -> PurePosixPath:
    """What RECORD calls a module that was compiled."""
    return file.with_suffix(".py") if file.suffix == ".pyc" else file


def _licence(told: Message, metadata: PurePosixPath) -> str:
    """Raises UnknownComponentError where metadata name none."""
    if told["Name"] in NVIDIA:  # whose metadata say "proprietary", and no more
        return _CUDNN if "cudnn" in told["Name"] else _CUDA
    if told["License-Expression"]:
        return told["License-Expression"]
    classifiers = [line.split(" :: ")[-1] for line in told.get_all("Classifier", []) if line.startswith("License ::")]
    for words in (told.get("License", ""), *classifiers):
        if words in _SPDX:
            return _SPDX[words]
    raise UnknownComponentError(f"{metadata} names no licence that SPDX knows: read it, and add it to _SPDX.")


def _matching(files: Iterable[PurePosixPath], patterns: Iterable[str]) -> tuple[PurePosixPath, ...]:
    return tuple(file for file in files if any(fnmatch.fnmatchcase(f"/{file}", f"*/{one}") for one in patterns))


def _is_code(path: Path) -> bool:
    if path.suffix in _CODE or ".so." in path.name:
        return True
    with path.open("rb") as file:
        return file.read(4) in _PROGRAMS


def _joined(found: Iterable[Component]) -> list[Component]:
    """One of each name, under the licences of all its parts; one of these may know its version or its texts alone."""
    parts: dict[str, list[Component]] = defaultdict(list)
    for component in found:
        if component.files:
            parts[component.name].append(component)
    return [
        Component(
            name,
            next((part.version for part in same if part.version), ""),
            " AND ".join(dict.fromkeys(term for part in same for term in part.licence.split(" AND "))),
            tuple(sorted({file for part in same for file in part.files})),
            tuple(sorted({text for part in same for text in part.texts})),
        )
        for name, same in parts.items()
    ]


def main() -> int:
    [folder] = map(Path, sys.argv[1:])
    try:
        found = components(folder)
    except UnknownComponentError as error:
        print(error, file=sys.stderr)
        return 1
    in_game = ALLOWED | ONLY_IN_GAMES
    for one in found:
        verdict = "" if one.is_allowed() else "   only in a game" if one.is_allowed(in_game) else "   NOT ALLOWED"
        print(f"{one.name:26} {one.version:10} {one.licence}{verdict}")
    return int(not all(one.is_allowed(in_game) for one in found))


if __name__ == "__main__":
    sys.exit(main())
