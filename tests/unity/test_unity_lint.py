"""The package as Unity reads it: metas, assembly definitions, manifest, samples with their scenes."""

import json
import re
import shutil

import pytest
import scenes
import yaml
from metas import PACKAGE, SAMPLES, assets, content, guid_of, meta_of
from test_optional_packages import OPTIONAL_ASSEMBLIES

# What an assembly may refer to beside the package's own: Unity UI, and packages that need not be there.
KNOWN_ASSEMBLIES = {
    *("UnityEngine.UI", "Unity.InputSystem"),
    *("UnityEngine.TestRunner", "UnityEditor.TestRunner"),
}


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
    return found + manifest_problems(package) + assembly_problems(package) + sample_problems(package)


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
    registered = {one["path"] for one in samples}
    for folder in (package / SAMPLES).iterdir():
        if folder.is_dir() and f"{SAMPLES}/{folder.name}" not in registered:
            found.append(f"{folder.name} is no sample of package.json")
    return found


def assembly_problems(package) -> list[str]:
    """Every script is in an assembly of its own name, which refers only to what exists."""
    definitions = {path: json.loads(path.read_text("utf-8")) for path in package.rglob("*.asmdef")}
    known = {definition["name"] for definition in definitions.values()} | KNOWN_ASSEMBLIES | OPTIONAL_ASSEMBLIES
    found = []
    for path, definition in definitions.items():
        if path.stem != definition["name"]:
            found.append(f"{path.name} defines {definition['name']}")
        found += [f"{path.name} refers to {one}" for one in definition.get("references", []) if one not in known]
    homes = {path.parent for path in definitions}
    for script in package.rglob("*.cs"):
        if not homes & set(script.parents):
            found.append(f"{script.relative_to(package).as_posix()} is in no assembly")
    # Unity finds a component by its file's name.
    for script in [*(package / "Runtime" / "Components").glob("*.cs"), *(package / SAMPLES).rglob("*.cs")]:
        for kind in re.findall(r"class (\w+) : (?:MonoBehaviour|ScriptableObject)", script.read_text("utf-8")):
            if kind != script.stem:
                found.append(f"{kind} is in {script.name}")
    return found


def sample_problems(package) -> list[str]:
    """A sample comes into a project alone: what its scene needs is in its own folder or in the package."""
    found = []
    files = {guid_of(meta_of(path)): path for path in assets(package) if meta_of(path).exists()}
    for folder in sorted(path for path in (package / SAMPLES).iterdir() if path.is_dir()):
        copy = folder / "SampleUi.cs"
        if copy.exists() and copy.read_bytes() != (package / SAMPLES / "VisualNovel" / "SampleUi.cs").read_bytes():
            found.append(f"{folder.name}/SampleUi.cs is another one than the other samples have")
        if not list(folder.glob("*.asmdef")):
            found.append(f"{folder.name} has no assembly definition")
        own = list(folder.glob("*.unity"))
        if len(own) != 1:
            found.append(f"{folder.name} has {len(own)} scenes")
        for scene in own:
            try:
                found += [f"{scene.name}: {problem}" for problem in scene_problems(scene, files, package)]
            except (ValueError, yaml.YAMLError) as error:
                found.append(f"{scene.name} cannot be read: {error}")
    return found


def scene_problems(scene, files, package) -> list[str]:
    objects = scenes.read(scene)
    found = []
    numbers = [one.id for one in objects]
    if len(set(numbers)) != len(numbers):
        found.append("two objects have the same number")
    for one in objects:
        for reference in scenes.references(one.fields):
            if "guid" not in reference:
                if reference["fileID"] not in {0, *numbers}:
                    found.append(f"{one.kind} refers to object {reference['fileID']}, which is not there")
                continue
            file = files.get(reference["guid"])
            if file is None:
                found.append(f"{one.kind} refers to {reference['guid']}, which no file has")
            elif scenes.MAIN_OBJECT.get(file.suffix) != reference["fileID"] or reference["type"] != 3:
                found.append(f"{one.kind} does not refer to what {file.name} is imported as")
            elif scene.parent not in file.parents and (package / SAMPLES) in file.parents:
                found.append(f"{file.name} is in another sample")
        if one.class_id == scenes.GAME_OBJECT:
            parts = [part["component"]["fileID"] for part in one.fields["m_Component"]]
            owned = [part.id for part in objects if part.fields.get("m_GameObject") == {"fileID": one.id}]
            if parts != owned:
                found.append(f"{one.fields['m_Name']} has the parts {parts}, which say {owned}")
        if one.class_id == scenes.SCRIPT:
            script = files.get(one.fields["m_Script"].get("guid"))
            if script is None:
                continue
            known = re.findall(r"\[SerializeField\] [\w\[\]]+ (\w+)", script.read_text("utf-8"))
            found += [f"{script.name} has no field {name}" for name in one.serialized() if name not in known]
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


def _edit(package, name, old, new):
    path = package / SAMPLES / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def _sample_path(package):
    manifest = package / "package.json"
    manifest.write_text(manifest.read_text("utf-8").replace("Samples~/CrowdOfSix", "Samples~/Crowd"), "utf-8")


def _sample_meta(package):
    (package / SAMPLES / "CrowdOfSix/Voices/tavern_map.ogg.meta").unlink()


def _missing_voice(package):
    for name in ("tavern_map.ogg", "tavern_map.ogg.meta"):
        (package / SAMPLES / "CrowdOfSix/Voices" / name).unlink()


def _voice_of_another_sample(package):
    own, other = ("VisualNovel/Voices/gate_fox.ogg.meta", "TalkingNpc/Voices/comet_late.ogg.meta")
    guids = (guid_of(package / SAMPLES / one) for one in (own, other))
    _edit(package, "VisualNovel/VisualNovel.unity", *guids)


def _missing_script(package):
    guid = guid_of(package / SAMPLES / "TalkingNpc/TalkingNpc.cs.meta")
    _edit(package, "TalkingNpc/TalkingNpc.unity", guid, "0" * 31 + "1")


def _picture_as_sound(package):
    _edit(package, "VisualNovel/VisualNovel.unity", "fileID: 2800000", "fileID: 8300000")


def _unknown_field(package):
    _edit(package, "CrowdOfSix/CrowdOfSix.unity", "_guests:", "_people:")


def _missing_object(package):
    _edit(package, "VisualNovel/VisualNovel.unity", "component: {fileID: 102}", "component: {fileID: 103}")


def _no_header(package):
    _edit(package, "VisualNovel/VisualNovel.unity", "%TAG !u! tag:unity3d.com,2011:\n", "")


def _broken_yaml(package):
    _edit(package, "VisualNovel/VisualNovel.unity", "Text: '", 'Text: "')


def _other_copy(package):
    _edit(package, "TalkingNpc/SampleUi.cs", "1280f", "1920f")


def _sample_assembly(package):
    _edit(package, "TalkingNpc/FlashHead.Samples.TalkingNpc.asmdef", '"FlashHead.Core"', '"FlashHead.Nothing"')


SPOILS = {
    _no_meta: "Names.cs has no .meta",
    _orphan: "Names.cs.meta belongs to nothing",
    _twin: "have the same GUID",
    _version: "has version 9.9.9",
    _reference: "refers to Nobody",
    _two_in_one: "Another is in FlashHeadVideoTarget.cs",
    _sample_path: "sample Samples~/Crowd is not there",
    _sample_meta: "tavern_map.ogg has no .meta",
    _missing_voice: "which no file has",
    _voice_of_another_sample: "comet_late.ogg is in another sample",
    _missing_script: "which no file has",
    _picture_as_sound: "does not refer to what guard.png is imported as",
    _unknown_field: "CrowdOfSix.cs has no field _people",
    _missing_object: "refers to object 103",
    _no_header: "does not begin as Unity's files do",
    _broken_yaml: "VisualNovel.unity cannot be read",
    _other_copy: "TalkingNpc/SampleUi.cs is another one",
    _sample_assembly: "refers to FlashHead.Nothing",
}


@pytest.mark.parametrize("spoil", SPOILS)
def test_what_is_wrong_with_a_package_is_found(spoil, tmp_path):
    package = shutil.copytree(PACKAGE, tmp_path / "package")
    spoil(package)
    assert any(SPOILS[spoil] in problem for problem in problems(package))


def test_a_guid_is_the_same_on_every_machine():
    path = PACKAGE / "package.json"
    assert guid_of(meta_of(path)) in content(path, PACKAGE)
