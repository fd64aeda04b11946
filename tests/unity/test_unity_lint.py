"""The package as Unity reads it: metas, assembly definitions, manifest."""

import json
import re
import shutil

import pytest
from metas import PACKAGE, assets, content, guid_of, meta_of
from test_optional_packages import OPTIONAL_ASSEMBLIES


def problems(package) -> list[str]:
    found, guids = [], {}
    wanted = {meta_of(path): path for path in assets(package)}
    for meta, path in wanted.items():
        name = path.relative_to(package).as_posix()
        if not meta.exists():
            found.append(f"{name} has no .meta: python tests/unity/metas.py")
            continue
        guid = guid_of(meta)
        if guid is None:
            found.append(f"{name}.meta has no GUID")
        elif guid in guids:
            found.append(f"{name} and {guids[guid]} have the same GUID")
        guids[guid] = name
    for meta in package.rglob("*.meta"):
        if meta not in wanted:
            found.append(f"{meta.relative_to(package).as_posix()} belongs to nothing")
    return found + manifest_problems(package) + assembly_problems(package)


def manifest_problems(package) -> list[str]:
    manifest = json.loads((package / "package.json").read_text("utf-8"))
    fields = ("name", "version", "displayName", "description", "unity", "dependencies")
    found = [f"package.json has no {field}" for field in fields if field not in manifest]
    pyproject = (PACKAGE.parent / "pyproject.toml").read_text("utf-8")
    version = re.search(r'^version = "(.*)"$', pyproject, re.MULTILINE)[1]
    if manifest["version"] != version:
        found.append(f"package.json has version {manifest['version']}, pyproject.toml {version}")
    if f"## {version}" not in (package / "CHANGELOG.md").read_text("utf-8"):
        found.append(f"CHANGELOG.md does not tell of {version}")
    samples = manifest.get("samples", [])
    found += [f"sample {one['path']} is not there" for one in samples if not (package / one["path"]).is_dir()]
    return found


def assembly_problems(package) -> list[str]:
    """Every script is in an assembly of its own name, which refers only to what exists."""
    definitions = {path: json.loads(path.read_text("utf-8")) for path in package.rglob("*.asmdef")}
    known = {definition["name"] for definition in definitions.values()} | {"UnityEngine.UI"} | OPTIONAL_ASSEMBLIES
    found = []
    for path, definition in definitions.items():
        if path.stem != definition["name"]:
            found.append(f"{path.name} defines {definition['name']}")
        found += [f"{path.name} refers to {one}" for one in definition.get("references", []) if one not in known]
    homes = {path.parent for path in definitions}
    for script in package.rglob("*.cs"):
        if "~" not in script.as_posix() and not homes & set(script.parents):
            found.append(f"{script.relative_to(package).as_posix()} is in no assembly")
    # Unity finds a component by its file's name.
    for script in (package / "Runtime" / "Components").glob("*.cs"):
        for kind in re.findall(r"class (\w+) : (?:MonoBehaviour|ScriptableObject)", script.read_text("utf-8")):
            if kind != script.stem:
                found.append(f"{kind} is in {script.name}")
    return found


def test_the_package_is_one_that_unity_takes():
    assert problems(PACKAGE) == []


def _no_meta(package):
    (package / "Runtime/Core/Names.cs.meta").unlink()


def _orphan(package):
    (package / "Runtime/Core/Names.cs").unlink()


def _twin(package):
    shutil.copy2(package / "Runtime/Core/Names.cs.meta", package / "Runtime/Core/AudioClock.cs.meta")


def _version(package):
    manifest = package / "package.json"
    manifest.write_text(manifest.read_text("utf-8").replace("0.1.0", "9.9.9"), "utf-8")


def _reference(package):
    path = package / "Runtime/Core/FlashHead.Core.asmdef"
    path.write_text(path.read_text("utf-8").replace("FlashHead.Interop", "Nobody"), "utf-8")


def _two_in_one(package):
    path = package / "Runtime/Components/FlashHeadVideoTarget.cs"
    path.write_text(path.read_text("utf-8").replace("class FlashHeadVideoTarget", "class Another"), "utf-8")


@pytest.mark.parametrize("spoil", [_no_meta, _orphan, _twin, _version, _reference, _two_in_one])
def test_what_is_wrong_with_a_package_is_found(spoil, tmp_path):
    package = shutil.copytree(PACKAGE, tmp_path / "package")
    spoil(package)
    assert problems(package) != []


def test_a_guid_is_the_same_on_every_machine():
    path = PACKAGE / "package.json"
    assert guid_of(meta_of(path)) in content(path, PACKAGE)
