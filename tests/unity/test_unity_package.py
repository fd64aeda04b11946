"""The C# of the Unity package under Mono, with both of its garbage collectors; Unity's own is Boehm's."""

import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest
from conftest import COMPILE, DEFINES, PACKAGE, need

RUNNER = "/usr/lib/nunit/nunit-console.exe"


def run(runtime, name, assemblies, environment):
    """Outcome of each test of an assembly, by its name, and what was printed."""
    result = assemblies / "result.xml"
    command = [runtime, "--debug", RUNNER, "-nologo", "-noshadow", "-nodots", f"-xml:{result}"]
    printed = subprocess.run(
        [*command, assemblies / f"{name}.dll"],
        env=environment,
        cwd=assemblies,
        capture_output=True,
        text=True,
        timeout=300,
    )
    cases = ElementTree.parse(result).iter("test-case")
    return {case.get("name"): case.get("result") for case in cases}, printed.stdout + printed.stderr


@pytest.mark.parametrize("runtime", ["mono-sgen", "mono-boehm"])
@pytest.mark.parametrize(("name", "least"), [("FlashHead.Tests", 85), ("FlashHead.ComponentTests", 89)])
def test_all_promises_of_the_package(runtime, name, least, assemblies, surroundings):
    need(shutil.which(runtime), runtime)
    outcomes, printed = run(runtime, name, assemblies, surroundings)
    print(printed)
    assert len(outcomes) >= least
    assert set(outcomes.values()) == {"Success"}, printed


def test_the_components_compile_in_a_project_without_the_optional_modules(assemblies, tmp_path):
    command = [word for word in COMPILE if word != DEFINES]
    references = [f"-r:{assemblies / name}.dll" for name in ("FlashHead.Core", "UnityEngine")]
    sources = sorted((PACKAGE / "Runtime" / "Components").glob("*.cs"))
    command += [f"-out:{tmp_path}/x.dll", *references, *sources]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
