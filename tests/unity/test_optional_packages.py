"""The package compiles in a project without Timeline, Addressables, Localization and the Dialogue System: what needs
one of them is in an assembly of its own, which Unity leaves out where the package's define is not there."""

import json
import re
import shutil

import pytest
from metas import PACKAGE

# Namespace, and the assembly that has it.
OPTIONAL = {
    "UnityEngine.Timeline": "Unity.Timeline",
    "UnityEngine.AddressableAssets": "Unity.Addressables",
    "UnityEngine.ResourceManagement": "Unity.ResourceManager",
    "UnityEngine.Localization": "Unity.Localization",
    "PixelCrushers": "DialogueSystem",
}
OPTIONAL_ASSEMBLIES = {*OPTIONAL.values(), "PixelCrushers"}
# No package of Unity's registry, so that a person sets this one: Documentation~/baked-dialogue.md.
SET_BY_HAND = "FLASHHEAD_DIALOGUE_SYSTEM"


def problems(package) -> list[str]:
    found = []
    definitions = {path.parent: json.loads(path.read_text("utf-8")) for path in package.rglob("*.asmdef")}
    optional = {name for name, one in definitions.items() if one.get("defineConstraints")}
    for folder, definition in definitions.items():
        name, constraints = definition["name"], definition.get("defineConstraints", [])
        defined = {one["define"] for one in definition.get("versionDefines", [])} | {SET_BY_HAND}
        needs = [one for one in definition.get("references", []) if one in OPTIONAL.values()]
        if needs and not constraints:
            found.append(f"{name} refers to {needs[0]} and has no constraint")
        if needs:
            found += [f"nobody defines {one} of {name}" for one in constraints if one not in defined]
        own = {one["name"] for place, one in definitions.items() if place in optional}
        if not constraints:
            found += [
                f"{name} refers to {one}, which is optional" for one in definition.get("references", []) if one in own
            ]
        for script in folder.rglob("*.cs"):
            home = next(parent for parent in script.parents if parent in definitions)
            if home != folder:
                continue
            text = script.read_text("utf-8")
            for namespace, assembly in OPTIONAL.items():
                named = re.search(rf"\b{re.escape(namespace)}\b", text)
                if named and assembly not in definition.get("references", []):
                    found.append(f"{script.name} names {namespace}, which {name} does not refer to")
    return found


def test_nothing_needs_a_package_that_need_not_be_there():
    assert problems(PACKAGE) == []


def _replace(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def _unconditional(package):
    _replace(package / "Runtime/Timeline/FlashHead.Timeline.asmdef", '["FLASHHEAD_TIMELINE"]', "[]")


def _misspelt(package):
    path = package / "Runtime/Integrations/Addressables/FlashHead.Addressables.asmdef"
    _replace(path, '["FLASHHEAD_ADDRESSABLES"]', '["FLASHHEAD_ADDRESSABLE"]')


def _leak(package):
    _replace(package / "Runtime/Components/FlashHeadNPC.cs", "using UnityEngine;", "using UnityEngine.Timeline;")


def _dependence(package):
    _replace(package / "Editor/FlashHead.Editor.asmdef", '"FlashHead.Core"', '"FlashHead.Core", "FlashHead.Timeline"')


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_unconditional, "FlashHead.Timeline refers to Unity.Timeline and has no constraint"),
        (_misspelt, "nobody defines FLASHHEAD_ADDRESSABLE of FlashHead.Addressables"),
        (_leak, "FlashHeadNPC.cs names UnityEngine.Timeline"),
        (_dependence, "FlashHead.Editor refers to FlashHead.Timeline, which is optional"),
    ],
)
def test_what_needs_one_is_found(spoil, said, tmp_path):
    package = shutil.copytree(PACKAGE, tmp_path / "package")
    spoil(package)
    assert any(said in problem for problem in problems(package))
