"""Sources of others, from this machine's own Debian or Ubuntu archive."""

import re
import shutil
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from shipping.errors import BuildError

from .environment import run
from .places import SOURCES

LIBRARIES = {"zeromq": "zeromq3", "msgpack": "msgpack-c", "jansson": "jansson"}  # inside the bridge: Debian's names


def library_sources(given: Mapping[str, Path]) -> dict[str, Path]:
    """Folder of each library's source; those that are not given are fetched into build/sources once."""
    for name, folder in given.items():
        if not folder.is_dir():
            raise BuildError(f"--{name} {folder}: there is no such folder; give the unpacked sources of the library.")
    missing = [name for name in LIBRARIES if name not in given and not (SOURCES / name).is_dir()]
    if missing:
        fetch_sources(missing)
    return {name: given.get(name, SOURCES / name).resolve() for name in LIBRARIES}


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


def zeromq_version(source: Path) -> tuple[int, ...]:
    header = (source / "include" / "zmq.h").read_text("utf-8")
    return tuple(int(number) for number in re.findall(r"#define ZMQ_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header))
