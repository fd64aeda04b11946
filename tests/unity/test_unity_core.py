"""The engine-free C# of the Unity package under Mono, with both of its garbage collectors; Unity's own is Boehm's."""

import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest
from conftest import need

RUNNER = "/usr/lib/nunit/nunit-console.exe"


def run(runtime, assemblies, environment, *options):
    """Outcome of each test by its name."""
    result = assemblies / "result.xml"
    command = [runtime, "--debug", RUNNER, "-nologo", "-noshadow", "-nodots", f"-xml:{result}", *options]
    printed = subprocess.run(
        [*command, assemblies / "FlashHead.Tests.dll"],
        env=environment,
        cwd=assemblies,
        capture_output=True,
        text=True,
        timeout=300,
    )
    cases = ElementTree.parse(result).iter("test-case")
    return {case.get("name"): case.get("result") for case in cases}, printed.stdout + printed.stderr


@pytest.mark.parametrize("runtime", ["mono-sgen", "mono-boehm"])
def test_all_promises_of_the_csharp_core(runtime, assemblies, surroundings):
    need(shutil.which(runtime), runtime)
    outcomes, printed = run(runtime, assemblies, surroundings)
    print(printed)
    assert len(outcomes) > 40
    assert set(outcomes.values()) == {"Success"}, printed
