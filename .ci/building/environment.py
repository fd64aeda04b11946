"""Commands, virtual environments, and what compiles."""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from shipping.errors import BuildError

from .places import NATIVE_SOURCES, PROJECT, ROOT, VENV

COMPILERS = ("c++", "g++", "clang++")
WITHOUT_NATIVE = {"SKBUILD_WHEEL_CMAKE": "false"}
ZIG = VENV / "zig"
PYTHON_HEADER = Path(sysconfig.get_path("include")) / "Python.h"


def python_of(venv: Path) -> Path:
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def run(*command: object, environment: dict[str, str] | None = None, fine: Sequence[int] = (0,)) -> None:
    """Run a command from the checkout's root; its own output is shown. Raises BuildError when its exit code is none
    of the `fine` ones.

    `environment` is added to the one of this process.
    """
    words = [str(word) for word in command]
    if subprocess.run(words, cwd=ROOT, env=os.environ | (environment or {})).returncode not in fine:
        raise BuildError(f"this command failed: {' '.join(words)}")


def make_venv(venv: Path) -> None:
    if python_of(venv).exists():
        return
    print(f"Making {venv.name} ...", flush=True)
    try:
        run(sys.executable, "-m", "venv", venv)
    except BuildError as error:
        shutil.rmtree(venv, ignore_errors=True)
        raise BuildError(
            f"{sys.executable} cannot make a virtual environment. On Debian and Ubuntu: "
            "sudo apt install python3-venv. Then run this command again."
        ) from error


def digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def install(venv: Path, stamped: str, *requirements: str, environment: dict[str, str] | None = None) -> None:
    """Install into `venv` unless just these requirements were installed there under the same stamp."""
    stamp = venv / "flashhead-installed.txt"
    wanted = "\n".join([stamped, *requirements])
    if stamp.exists() and stamp.read_text() == wanted:
        return
    stamp.unlink(missing_ok=True)
    print(f"Installing {' '.join(requirements)} into {venv.name} ...", flush=True)
    pip(venv, *requirements, environment=environment)
    stamp.write_text(wanted)


def pip(venv: Path, *requirements: str, environment: dict[str, str] | None = None) -> None:
    command = [python_of(venv), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(*command, *requirements, environment=environment)


def install_project(*extras: str, needs_native: bool = False) -> Path:
    """Install this checkout with `extras` into .venv; returns its Python. Extras once installed stay.

    `needs_native`: a machine without a C++ compiler gets one first, if it has Python's headers, which no package
    brings. Without the native modules rings of shared memory are missing, and all else is done in Python.
    """
    make_venv(VENV)
    known = VENV / "flashhead-extras.txt"
    before = set(known.read_text().split()) if known.exists() else set()
    wanted = sorted(before | set(extras))
    environment = compiler_environment(needs_native)
    sources = sorted(path for path in NATIVE_SOURCES.rglob("*") if path.is_file())
    stamped = f"{digest(PROJECT, *sources)} {environment}"
    project = f".[{','.join(wanted)}]" if wanted else "."  # pip refuses empty brackets
    install(VENV, stamped, "-e", project, environment=environment)
    known.write_text(" ".join(wanted))
    return python_of(VENV)


def compiler_environment(needs_native: bool) -> dict[str, str]:
    """What tells the build to use this machine's compiler, else the one of the wheel `ziglang`, else none."""
    if not PYTHON_HEADER.is_file():
        if needs_native:
            print(
                f"No {PYTHON_HEADER}: the native modules are left out. Debian, Ubuntu: sudo apt install python3-dev"
            )
        return WITHOUT_NATIVE
    # CMake finds Visual Studio by itself.
    if os.name == "nt" or "CXX" in os.environ or any(shutil.which(name) for name in COMPILERS):
        return {}
    if needs_native:
        install_zig()
    if ZIG.exists():
        return {"CC": str(ZIG / "cc"), "CXX": str(ZIG / "c++")}
    return WITHOUT_NATIVE


def install_zig() -> None:
    """The compiler that comes as a wheel, into .venv; `ZIG` has its programs for this machine."""
    if not ZIG.exists():
        print("Installing a C++ compiler (ziglang) into .venv ...", flush=True)
        pip(VENV, "ziglang>=0.13")
        write_compiler_wrappers(ZIG)


def write_compiler_wrappers(folder: Path, target: str = "") -> None:
    """Programs that CMake takes for compilers. -I: the build's environment hides .venv's packages otherwise;
    baseline: for any processor, as all other compilers do."""
    folder.mkdir(exist_ok=True)
    options = "-mcpu=baseline" + (f" -target {target}" if target else "")
    tools = {"cc": f"cc {options}", "c++": f"c++ {options}", "ar": "ar", "ranlib": "ranlib", "dlltool": "dlltool"}
    for name, words in tools.items():
        wrapper = folder / name
        wrapper.write_text(f'#!/bin/sh\nexec "{python_of(VENV)}" -I -m ziglang {words} "$@"\n')
        wrapper.chmod(0o755)


def pybind11_folder() -> str:
    """Where CMake finds pybind11, which is installed into .venv."""
    pip(VENV, "pybind11>=3.0")
    asked = [python_of(VENV), "-m", "pybind11", "--cmakedir"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


def build_tool(name: str) -> str:
    """This machine's program, else the one of its wheel."""
    if found := shutil.which(name):
        return found
    program = python_of(VENV).with_name(name)
    if not program.exists():
        pip(VENV, name)
    return str(program)
