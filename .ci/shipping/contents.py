"""Which files each archive of a release holds.

`built`: what was compiled for each system, by the system's name in build.py. What needs a system that is not among
them is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .archives import Entries
from .errors import BuildError
from .release import Release

UNITY, ADDON, BRIDGE = "unity_package", "godot_addon/addons/flashhead", "bridge_cpp"
_UNSHIPPED = {".gitignore", ".gitattributes", ".gdignore"}
_DEMO_TOOLS = (".py", ".gitignore")  # what made the demo's scenery and voices


@dataclass(frozen=True)
class Built:
    """What was compiled for one system. `notices`: the licences of what is inside; `import_library`: what a linker
    for Windows reads."""

    bridge: Path
    extension: Path
    notices: Path
    import_library: Path | None = None

    def check(self) -> None:
        """Raises BuildError when a file is missing."""
        for file in (self.bridge, self.extension, self.notices, self.import_library):
            if file is not None and not file.is_file():
                raise BuildError(f"{file} is missing")


def unity_package(release: Release, built: Mapping[str, Built]) -> dict[str, Path | bytes]:
    """The package's folder, with a library for each system. A .meta file comes with what it describes only: Unity
    cannot take away others from a package that it must not change."""
    root = release.root / UNITY
    plugins = root / "Plugins"
    entries: dict[str, Path | bytes] = {}
    for file in release.tracked(UNITY):
        if file.name in _UNSHIPPED:
            continue
        if file.is_relative_to(plugins) and file.relative_to(plugins).parts[0].removesuffix(".meta") not in built:
            continue
        entries[file.relative_to(root).as_posix()] = file
    for system, made in built.items():
        for file in (made.bridge, made.notices):
            name = f"Plugins/{system}/{file.name}"
            if f"{name}.meta" not in entries:
                raise BuildError(f"{UNITY}/{name}.meta is missing: Unity would not know where the library runs")
            entries[name] = file
    return entries


def godot_addon(release: Release, built: Mapping[str, Built]) -> dict[str, Path | bytes]:
    """addons/flashhead, as the Asset Library takes it."""
    root = release.root / "godot_addon"
    entries: dict[str, Path | bytes] = {
        file.relative_to(root).as_posix(): file for file in release.tracked(ADDON) if file.name not in _UNSHIPPED
    }
    for system, made in built.items():
        for file in (made.extension, made.notices):
            entries[f"addons/flashhead/bin/{system}/{file.name}"] = file
    listed = "addons/flashhead/flashhead.gdextension"
    entries[listed] = _extension((root / listed).read_text("utf-8"), built)
    return entries


def _extension(text: str, built: Mapping[str, Built]) -> bytes:
    """Without the libraries that are not there, so that the addon says that its system has none."""
    lines = text.splitlines(keepends=True)
    kept = [line for line in lines if '"bin/' not in line or any(f'"bin/{system}/' in line for system in built)]
    return "".join(kept).encode()


def godot_project(release: Release, built: Mapping[str, Built]) -> dict[str, Path | bytes]:
    """The addon in a project with its demos: open it in Godot and press Play."""
    root = release.root / "godot_addon"
    demo = (file for file in release.tracked("godot_addon/demo") if not file.name.endswith(_DEMO_TOOLS))
    entries = {file.relative_to(root).as_posix(): file for file in (*demo, root / "project.godot")}
    return {**entries, **godot_addon(release, built), "LICENSE": release.root / "LICENSE"}


def bridge_sdk(release: Release, built: Mapping[str, Built]) -> dict[str, Path | bytes]:
    """Header, libraries, examples in C, and what CMake's find_package reads."""
    root = release.root / BRIDGE
    files = release.tracked(f"{BRIDGE}/include", f"{BRIDGE}/examples", f"{BRIDGE}/sdk")
    entries: dict[str, Path | bytes] = {
        file.relative_to(root / "sdk" if file.is_relative_to(root / "sdk") else root).as_posix(): file
        for file in files
    }
    version = (root / "sdk" / "cmake" / "flashhead_bridge-config-version.cmake").read_text("utf-8")
    entries["cmake/flashhead_bridge-config-version.cmake"] = version.replace("@VERSION@", release.version).encode()
    for system, made in built.items():
        for file in (made.bridge, made.notices, made.import_library):
            if file is not None:
                entries[f"lib/{system}/{file.name}"] = file
    return {**entries, "LICENSE": release.root / "LICENSE"}


def under(folder: str, entries: Entries) -> dict[str, Path | bytes]:
    return {f"{folder}/{name}": content for name, content in entries.items()}


def of_folder(folder: Path) -> dict[str, Path | bytes]:
    """All files of a folder, under its name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder.parent).as_posix(): path for path in files}
