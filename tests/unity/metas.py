"""Unity's .meta files of the package: each file and folder has one, with a GUID that never changes.

    python tests/unity/metas.py          write those that are missing

Folders whose name ends in ~ or begins with a dot are none of Unity's. What is in Samples~ has metas all the same: a
sample comes into a project with them, so that its scene finds its scripts and its files.
"""

import re
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "unity_package"
_OURS = uuid.UUID("b4cf5a4e-6f0f-4b8e-9a0c-5d2c9f5f0a11")
_GUID = re.compile(r"^guid: ([0-9a-f]{32})$", re.MULTILINE)
# Where the library of a target is loaded: the editor's system and processor, and the player's platform.
_TARGETS = {
    "linux-x64": ("Linux", "x86_64", "Linux64"),
    "windows-x64": ("Windows", "x86_64", "Win64"),
    "macos-x64": ("OSX", "x86_64", "OSXUniversal"),
    "macos-arm64": ("OSX", "ARM64", "OSXUniversal"),
}
LIBRARIES = {
    "linux-x64": "libflashhead_bridge.so",
    "windows-x64": "flashhead_bridge.dll",
    "macos-x64": "libflashhead_bridge.dylib",
    "macos-arm64": "libflashhead_bridge.dylib",
}
SAMPLES = "Samples~"
NOTICES = "THIRD_PARTY_NOTICES.txt"
_PLAYERS = ("Linux64", "OSXUniversal", "Win", "Win64")
_IMPORTERS = {
    ".cs": "MonoImporter",
    ".asmdef": "AssemblyDefinitionImporter",
    ".md": "TextScriptImporter",
    ".txt": "TextScriptImporter",
    ".bytes": "TextScriptImporter",
}
# In the form of Unity 2021.3; what is left out has Unity's defaults. Speech is decoded and there when a scene begins.
_AUDIO = """AudioImporter:
  externalObjects: {}
  serializedVersion: 6
  defaultSettings:
    loadType: 0
    sampleRateSetting: 0
    sampleRateOverride: 44100
    compressionFormat: 1
    quality: 1
    conversionMode: 0
  platformSettingOverrides: {}
  forceToMono: 0
  normalize: 0
  preloadAudioData: 1
  loadInBackground: 0
  ambisonic: 0
  3D: 1
"""
_PICTURE = """TextureImporter:
  externalObjects: {}
  serializedVersion: 11
  mipmaps:
    mipMapMode: 0
    enableMipMap: 0
    sRGBTexture: 1
  textureSettings:
    serializedVersion: 2
    filterMode: 1
    wrapU: 1
    wrapV: 1
    wrapW: 1
  textureType: 0
  textureShape: 1
  alphaUsage: 1
  alphaIsTransparency: 1
"""
_TAIL = "  userData: \n  assetBundleName: \n  assetBundleVariant: \n"


def assets(package: Path) -> Iterator[Path]:
    """What Unity imports. The native libraries are built, not stored, and are here whether they were built or not."""
    libraries = {
        package / "Plugins" / target / file for target, name in LIBRARIES.items() for file in (name, NOTICES)
    }
    folders = {path.parent for path in libraries}
    for path in sorted({*package.rglob("*"), *libraries, *folders}):
        parts = path.relative_to(package).parts
        if parts[0] == SAMPLES:
            parts = parts[1:]
        hidden = not parts or any(part.endswith("~") or part.startswith(".") for part in parts)
        if not hidden and path.suffix != ".meta":
            yield path


def meta_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.meta")


def guid_of(meta: Path) -> str | None:
    found = _GUID.search(meta.read_text("utf-8"))
    return found[1] if found else None


def content(path: Path, package: Path) -> str:
    name = path.relative_to(package).as_posix()
    head = f"fileFormatVersion: 2\nguid: {uuid.uuid5(_OURS, name).hex}\n"
    if path.name in LIBRARIES.values():
        return head + _library(path.parent.name)
    if name == "package.json":
        return f"{head}PackageManifestImporter:\n  externalObjects: {{}}\n{_TAIL}"
    if path.is_dir() or not path.suffix:
        return f"{head}folderAsset: yes\nDefaultImporter:\n  externalObjects: {{}}\n{_TAIL}"
    if path.suffix == ".ogg":
        return head + _AUDIO + _TAIL
    if path.suffix == ".png":
        return head + _PICTURE + _TAIL
    importer = _IMPORTERS.get(path.suffix, "DefaultImporter")
    if importer != "MonoImporter":
        return f"{head}{importer}:\n  externalObjects: {{}}\n{_TAIL}"
    script = "  serializedVersion: 2\n  defaultReferences: []\n  executionOrder: 0\n  icon: {instanceID: 0}\n"
    return f"{head}MonoImporter:\n  externalObjects: {{}}\n{script}{_TAIL}"


def _library(target: str) -> str:
    system, processor, player = _TARGETS[target]
    lines = ["PluginImporter:", "  externalObjects: {}", "  serializedVersion: 2", "  iconMap: {}"]
    lines += ["  executionOrder: {}", "  defineConstraints: []", "  isPreloaded: 0", "  isOverridable: 0"]
    lines += ["  isExplicitlyReferenced: 0", "  validateReferences: 1", "  platformData:"]
    lines += ["  - first:", "      : Any", "    second:", "      enabled: 0", "      settings:"]
    lines += ["        Exclude Editor: 0", *(f"        Exclude {one}: {int(one != player)}" for one in _PLAYERS)]
    lines += ["  - first:", "      Editor: Editor", "    second:", "      enabled: 1", "      settings:"]
    lines += [f"        CPU: {processor}", "        DefaultValueInitialized: true", f"        OS: {system}"]
    lines += ["  - first:", f"      Standalone: {player}", "    second:", "      enabled: 1", "      settings:"]
    lines += [f"        CPU: {processor}"]
    return "\n".join(lines) + "\n" + _TAIL


def main() -> int:
    for path in assets(PACKAGE):
        meta = meta_of(path)
        if not meta.exists():
            meta.parent.mkdir(parents=True, exist_ok=True)
            meta.write_text(content(path, PACKAGE), "utf-8", newline="\n")
            print(meta.relative_to(PACKAGE))
    return 0


if __name__ == "__main__":
    sys.exit(main())
