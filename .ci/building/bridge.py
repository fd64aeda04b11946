"""The library that engines load, the Godot extension that has it inside, and where both are put."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from shipping.errors import BuildError

from .environment import PYTHON_HEADER, build_tool, compiler_environment, pip, pybind11_folder, python_of, run
from .notices import third_party_notices
from .places import BUILD, NATIVE_SOURCES, NOTICES, ROOT, VENV
from .sources import library_sources
from .targets import TARGETS, cross_compiler

LARGEST_LIBRARY = 2_000_000  # bytes, stripped, for linux-x64
SANITIZERS = {"address": "address,undefined", "thread": "thread", "fuzzer": "fuzzer-no-link,address,undefined"}
UNITY_PLUGINS = ROOT / "unity_package" / "Plugins"
GODOT_PLUGINS = ROOT / "godot_addon" / "addons" / "flashhead" / "bin"


def build_native(
    target: str,
    sanitize: str | None = None,
    given: Mapping[str, Path] | None = None,
    godot_api: Path | None = None,
    *,
    programs: bool,
    only: tuple[str, ...] = (),
) -> Path:
    """Build flashhead_bridge with this machine's compiler; with `programs` its examples, tests and fuzz targets too,
    else for any machine of the target, with zig's compiler. Returns the folder in which it lies.

    `sanitize`: "address" (and undefined behaviour), "thread", or "fuzzer" (address and clang's libFuzzer). `given`:
    folders of sources by the name of their library; fetched where they are not given. `godot_api`: with it the Godot
    extension is built too. `only`: these programs.
    """
    sources = library_sources(given or {})
    folder = BUILD / f"native-{target}{'' if programs else '-portable'}{f'-{sanitize}' if sanitize else ''}"
    cmake, ninja = (build_tool(name) for name in ("cmake", "ninja"))
    options = [
        *(f"-DFLASHHEAD_{name.upper()}_SOURCE={source}" for name, source in sources.items()),
        f"-DCMAKE_MAKE_PROGRAM={ninja}",
        f"-DFLASHHEAD_PROGRAMS={'ON' if programs else 'OFF'}",
        f"-DFLASHHEAD_GODOT_API={godot_api or ''}",
    ]
    if sanitize:
        flags = f"-fsanitize={SANITIZERS[sanitize]} -fno-sanitize-recover=all -fno-omit-frame-pointer -g -O1"
        options += [f"-DCMAKE_{language}_FLAGS={flags}" for language in ("C", "CXX")]
        options += ["-DCMAKE_BUILD_TYPE=None", "-DFLASHHEAD_SANITIZE=ON"]
    if sanitize == "fuzzer":
        options += ["-DFLASHHEAD_LIBFUZZER=ON", "-DCMAKE_C_COMPILER=clang", "-DCMAKE_CXX_COMPILER=clang++"]
    environment = compiler_environment(needs_native=True) if programs else {}
    if programs and not sanitize:
        options += python_module()
    if not programs:
        options += cross_compiler(target)
    quiet = ("--log-level=WARNING", "-Wno-dev")
    run(cmake, *quiet, "-S", NATIVE_SOURCES, "-B", folder, "-G", "Ninja", *options, environment=environment)
    run(ninja, "-C", folder, *only)
    (folder / NOTICES).write_text(third_party_notices(sources, TARGETS[target].system, zig=not programs), "utf-8")
    return folder


def python_module() -> list[str]:
    """Options of CMake that build the module flashhead_engine._bridge with the client inside, for .venv's Python."""
    if not PYTHON_HEADER.is_file():
        return []
    return ["-DFLASHHEAD_PYTHON=ON", f"-DPython_EXECUTABLE={python_of(VENV)}", f"-Dpybind11_DIR={pybind11_folder()}"]


def install_library(folder: Path, target: str, for_this_machine: bool) -> None:
    """Put the library where Unity's plug-in has it, and into .venv when it is this machine's own."""
    name = TARGETS[target].library
    library = folder / name
    check_exports(library)
    (UNITY_PLUGINS / target).mkdir(parents=True, exist_ok=True)
    for file in (library, folder / NOTICES):
        shutil.copy2(file, UNITY_PLUGINS / target / file.name)
    if for_this_machine:
        shutil.copy2(library, VENV / "lib" / name)
        for module in folder.glob("_bridge.*"):
            install_module(module)
    size = library.stat().st_size
    print(f"{name} for {target}: {size:,} bytes")
    if TARGETS[target].system == "Darwin":
        print("Built, but not run: there is no macOS here.")
    if target == "linux-x64" and size > LARGEST_LIBRARY:
        raise BuildError(f"{library} has {size:,} bytes; at most {LARGEST_LIBRARY:,} are allowed")


def install_module(module: Path) -> None:
    """Put a module into .venv's flashhead_engine, over the one without a client that came with the package."""
    asked = [python_of(VENV), "-c", "import sysconfig; print(sysconfig.get_path('platlib'))"]
    packages = Path(subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip())
    new = packages / "flashhead_engine" / f"{module.name}.new"
    shutil.copy2(module, new)
    # In one step, for a running worker has the old one mapped.
    new.replace(new.with_suffix(""))


def check_exports(library: Path) -> None:
    """Raises BuildError when a symbol leaves the library that its header does not declare."""
    if subprocess.run([python_of(VENV), "-c", "import lief"], stderr=subprocess.DEVNULL).returncode != 0:
        pip(VENV, "lief")
    run(python_of(VENV), NATIVE_SOURCES / "tests" / "check_exports.py", library)


def install_extension(folder: Path, target: str) -> None:
    """Put the Godot extension where its addon has it."""
    extension = folder / "godot" / TARGETS[target].extension
    (GODOT_PLUGINS / target).mkdir(parents=True, exist_ok=True)
    # Replaced, not overwritten: an editor may have it open.
    installed = GODOT_PLUGINS / target / extension.name
    shutil.copy2(extension, installed.with_name(f"{extension.name}.new"))
    installed.with_name(f"{extension.name}.new").replace(installed)
    shutil.copy2(folder / NOTICES, GODOT_PLUGINS / target)
    print(f"{extension.name} for {target}: {extension.stat().st_size:,} bytes")
    if target != "linux-x64":
        print("Built, but not run: there is no such system here.")
