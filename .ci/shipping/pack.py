"""The archives of a release, as files in a folder."""

from collections.abc import Mapping
from pathlib import Path

from . import contents
from .archives import write_tar_gz, write_zip
from .contents import Built
from .release import Release


def pack(release: Release, built: Mapping[str, Built], worker: Path | None, folder: Path) -> dict[str, list[str]]:
    """Write what is made of the systems' libraries, and of the folder `worker`, into `folder`. Returns the systems
    that each archive is for, by its name. Raises BuildError where one cannot be written."""
    version, systems = release.version, list(built)
    unity = contents.unity_package(release, built)
    sdk = f"flashhead-bridge-sdk-{version}"
    packed = {
        # What npm packs, and Unity's Package Manager installs from disk, is in a folder of this name.
        f"com.flashhead.engine-{version}.tgz": contents.under("package", unity),
        f"flashhead-upm-{version}.tar.gz": unity,
        f"flashhead-godot-addon-{version}.zip": contents.godot_addon(release, built),
        f"flashhead-godot-{version}.tar.gz": contents.godot_project(release, built),
        f"{sdk}.zip": contents.under(sdk, contents.bridge_sdk(release, built)),
    }
    made = {name: systems for name in packed}
    if worker is not None:
        name = f"{worker.name}-{version}.tar.gz"
        packed[name], made[name] = contents.of_folder(worker), [worker.name.removeprefix("flashhead-worker-")]
    for name, entries in packed.items():
        write = write_zip if name.endswith(".zip") else write_tar_gz
        write(folder / name, entries, release.time)
    return made
