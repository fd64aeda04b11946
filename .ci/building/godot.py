"""A Godot to build for and to test in."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from shipping.errors import BuildError

from .environment import run
from .places import BUILD

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
