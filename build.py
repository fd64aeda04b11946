#!/usr/bin/env python3
"""One door to everything in this checkout; plain Python, nothing to install first.

python3 build.py demo    bake the sample dialogue with the sample avatars into out/demo
python3 build.py test    set up the tests and run all of them
python3 build.py -h      the other commands
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
AVATAR_VENV = ROOT / ".venv-avatar"
PROJECT = ROOT / "pyproject.toml"
NATIVE_SOURCES = ROOT / "bridge_cpp"
COMPILERS = ("c++", "g++", "clang++")
WITHOUT_NATIVE = {"SKBUILD_WHEEL_CMAKE": "false"}
PYTHON_HEADER = Path(sysconfig.get_path("include")) / "Python.h"
OLDEST_PYTHON = (3, 11)


class BuildError(Exception):
    """Something a person must do before the command can work."""


def python_of(venv: Path) -> Path:
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def run(*command: object, environment: dict[str, str] | None = None) -> None:
    """Run a command from the checkout's root; its own output is shown. Raises BuildError when it fails.

    `environment` is added to the one of this process.
    """
    words = [str(word) for word in command]
    if subprocess.run(words, cwd=ROOT, env=os.environ | (environment or {})).returncode != 0:
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


def write_compiler_wrappers(folder: Path) -> None:
    """Programs that CMake takes for compilers. -I: the build's environment hides .venv's packages otherwise;
    baseline: for any processor, as all other compilers do."""
    folder.mkdir()
    for name in ("cc", "c++"):
        wrapper = folder / name
        wrapper.write_text(f'#!/bin/sh\nexec "{python_of(VENV)}" -I -m ziglang {name} -mcpu=baseline "$@"\n')
        wrapper.chmod(0o755)


def demo(_: argparse.Namespace) -> None:
    python = install_project("cpu", "bake")
    run(python, ROOT / "examples" / "demo.py")


def test(arguments: argparse.Namespace) -> None:
    extras = ["cpu", "bake", "psd", "dev", *([] if arguments.quick else ["train"])]
    python = install_project(*extras, needs_native=True)
    run(python, "-m", "ruff", "check", ".")
    run(python, "-m", "pytest", *arguments.pytest)


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
