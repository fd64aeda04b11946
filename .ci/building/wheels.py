"""The Python package as it is given away."""

import json
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from shipping.errors import BuildError

from .environment import PYTHON_HEADER, ZIG, build_tool, pip, pybind11_folder, python_of, run
from .notices import notices, zig_runtimes
from .places import BUILD, NATIVE_SOURCES, NOTICES, SHIPPING, SOURCES, VENV
from .sources import debian_source
from .targets import TARGETS, cross_compiler

# Wheels: the platform in their name, and the end of their modules' names.
WHEEL_TARGETS = {
    "linux-x64": ("manylinux_2_17_x86_64", "cpython-{0}{1}-x86_64-linux-gnu.so"),
    "windows-x64": ("win_amd64", "cp{0}{1}-win_amd64.pyd"),
}


def build_wheel(target: str) -> Path:
    """The Python package with its native modules, for a system and this Python's own version of CPython, built with
    zig's compiler. For Linux auditwheel must find nothing in it that manylinux forbids."""
    tag, python = f"cp{sys.version_info[0]}{sys.version_info[1]}", python_of(VENV)
    if target not in WHEEL_TARGETS:
        raise BuildError(
            f"There is no wheel for {target}: its pyconfig.h is made on such a machine, and modules that were built "
            "by a guess would crash where the package without them works. pip install builds from the sdist there."
        )
    platform, suffix = WHEEL_TARGETS[target]
    pip(VENV, "wheel", "scikit-build-core>=0.11")
    folder = BUILD / f"modules-{target}"
    cmake, ninja = (build_tool(name) for name in ("cmake", "ninja"))
    options = [
        f"-Dpybind11_DIR={pybind11_folder()}",
        f"-DCMAKE_MAKE_PROGRAM={ninja}",
        "-DSKBUILD=ON",
        f"-DPython_EXECUTABLE={python}",
        f"-DPYTHON_MODULE_EXTENSION=.{suffix.format(*sys.version_info)}",
        *cross_compiler(target),
        *(python_for_windows() if TARGETS[target].system == "Windows" else python_for_linux()),
    ]
    run(cmake, "--log-level=WARNING", "-Wno-dev", "-S", NATIVE_SOURCES, "-B", folder, "-G", "Ninja", *options)
    run(ninja, "-C", folder)
    # The package without modules, then with them, then under the name of what it is for.
    shutil.rmtree(folder / "wheel", ignore_errors=True)
    pip_wheel = [python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "."]
    run(*pip_wheel, "--wheel-dir", folder / "wheel", "--config-settings", "wheel.cmake=false")
    [pure] = (folder / "wheel").glob("*.whl")
    run(python, "-m", "wheel", "unpack", pure, "--dest", folder / "wheel")
    [unpacked] = (path for path in (folder / "wheel").iterdir() if path.is_dir())
    run(cmake, "--install", folder, "--prefix", unpacked, "--strip")
    [metadata] = unpacked.glob("*.dist-info")
    parts = [("pybind11: BSD 3-Clause License", SHIPPING / "licences" / "pybind11.txt")]
    told = notices("this wheel", [*parts, *zig_runtimes(TARGETS[target].system)])
    (metadata / "licenses" / NOTICES).write_text(told, "utf-8")
    run(python, "-m", "wheel", "pack", unpacked, "--dest-dir", folder / "wheel")
    tags = ["--python-tag", tag, "--abi-tag", tag, "--platform-tag", platform]
    run(python, "-m", "wheel", "tags", "--remove", *tags, pure)
    [made] = (folder / "wheel").glob(f"*{platform}.whl")
    if TARGETS[target].system == "Linux":
        check_manylinux(made, platform)
    return made


def check_manylinux(made: Path, platform: str) -> None:
    """Raises BuildError when auditwheel finds that the wheel needs a newer system than its name says."""
    pip(VENV, "auditwheel>=6.2")
    asked = [python_of(VENV), "-m", "auditwheel", "show", "--json", made]
    found = json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)["overall_tag"]
    if found != platform:
        raise BuildError(f"{made.name} says {platform}, but auditwheel finds that it is for {found}: do not ship it")
    print(f"auditwheel: {made.name} is for {found}")


def build_sdist() -> Path:
    """What the package is built from, for systems without a wheel."""
    pip(VENV, "build>=1.2", "pybind11>=3.0", "scikit-build-core>=0.11")
    folder = BUILD / "sdist"
    shutil.rmtree(folder, ignore_errors=True)
    # -P: else this very file would be taken for the package `build`.
    run(python_of(VENV), "-P", "-m", "build", "--sdist", "--no-isolation", "--outdir", folder, ".")
    [made] = folder.glob("*.tar.gz")
    return made


def python_for_linux() -> list[str]:
    """Options of CMake for the headers of this machine's Python. Debian's need others from /usr/include, which must
    not hide those of the older C library that zig brings."""
    if not PYTHON_HEADER.is_file():
        raise BuildError(f"no {PYTHON_HEADER}. Debian, Ubuntu: sudo apt install python3-dev")
    return [f"-DPython_INCLUDE_DIR={PYTHON_HEADER.parent}", "-DCMAKE_CXX_FLAGS=-idirafter/usr/include"]


def python_for_windows() -> list[str]:
    """Options of CMake for headers and import library of this Python's version on Windows, both from CPython's own
    sources.

    The library says which names python3NN.dll has: all that the headers declare, for only those that a module uses
    are asked of the DLL.
    """
    version, folder = sys.version_info[:2], SOURCES / "python-windows"
    library = folder / f"python{version[0]}{version[1]}.lib"
    options = [
        f"-DPython_INCLUDE_DIR={folder / 'include'}",
        f"-DPython_LIBRARY={library}",
        "-DCMAKE_CXX_FLAGS=-DMS_WIN64",  # Python's headers set it for Microsoft's compiler alone
    ]
    if library.exists():
        return options
    archive = debian_source("python{}.{}".format(*version))
    with tarfile.open(archive) as files:
        for file in files:
            parts = Path(file.name).parts[1:]
            if file.isfile() and (parts[:1] == ("Include",) or parts == ("PC", "pyconfig.h")):
                file.name = str(Path(*parts[1:]))
                files.extract(file, folder / "include", filter="data")
    names: dict[str, str] = {}
    for header in sorted((folder / "include").rglob("*.h")):
        found = re.findall(r"PyAPI_(FUNC|DATA)\s*\([^)]*\)\s*\**\s*(?:const\s+)?(_?Py\w+)", header.read_text("utf-8"))
        names |= {name: " DATA" if kind == "DATA" else "" for kind, name in found}
    listed = library.with_suffix(".def")
    listed.write_text(f"LIBRARY {library.stem}.dll\nEXPORTS\n" + "".join(f"{name}{names[name]}\n" for name in names))
    run(ZIG / "dlltool", "-m", "i386:x86-64", "-d", listed, "-l", library)
    return options
