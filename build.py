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
import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / ".ci"))
from building.bridge import build_native, check_exports, install_extension, install_library
from building.bundle import WORKER_BUNDLE, build_worker_bundle
from building.environment import digest, install, install_project, make_venv, pip, python_of, run
from building.fuzzing import fuzz_bridge
from building.godot import fetch_godot, find_godot, godot_api
from building.notices import ZEROMQ_UNDER_MPL
from building.places import DIST, NOTICES, PROJECT, ROOT, SHIPPING, VENV
from building.sources import LIBRARIES, library_sources, zeromq_version
from building.targets import TARGETS
from building.tensorrt import install_tensorrt_bindings
from building.wheels import WHEEL_TARGETS, build_sdist, build_wheel
from shipping.errors import BuildError

AVATAR_VENV = ROOT / ".venv-avatar"
OLDEST_PYTHON = (3, 11)
NO_TESTS = 5  # exit code of pytest
# Mono's compiler, both of its runtimes, and what the C# tests need.
MONO_PACKAGES = (
    *("mono-mcs", "mono-runtime-sgen", "mono-runtime-boehm"),
    *("nunit-console", "libnunit-framework2.6.3-cil", "libnewtonsoft-json5.0-cil"),
)


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


def fuzz(arguments: argparse.Namespace) -> None:
    if arguments.seconds < 1:
        raise BuildError(f"--seconds {arguments.seconds}: give at least 1")
    fuzz_bridge(arguments.seconds)


def wheel(arguments: argparse.Namespace) -> None:
    make_venv(VENV)
    DIST.mkdir(exist_ok=True)
    for target in arguments.target or WHEEL_TARGETS:
        print(f"Built: {shutil.copy2(build_wheel(target), DIST)}")
    print(f"Built: {shutil.copy2(build_sdist(), DIST)}")


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
    command.add_argument("--jansson", type=Path, metavar="FOLDER", help="sources of Jansson; else they are fetched")
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
