"""The C# of the Unity package under Mono, with both of its garbage collectors; Unity's own is Boehm's."""

import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import COMPILE, DEFINES, PACKAGE, need

RUNTIMES = ("mono-sgen", "mono-boehm")
RUNNER = "/usr/lib/nunit/nunit-console.exe"


def run(runtime, name, assemblies, environment):
    """Outcome of each test of an assembly, by its name, and what was printed."""
    need(shutil.which(runtime), runtime)
    result = assemblies / f"{name}-{runtime}.xml"
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


def check_all(name, least, assemblies, environment):
    """Under both collectors at once: nearly all of the time is waiting for clocks and workers."""
    with ThreadPoolExecutor() as pool:
        runs = pool.map(lambda runtime: run(runtime, name, assemblies, environment), RUNTIMES)
        for runtime, (outcomes, printed) in zip(RUNTIMES, runs, strict=True):
            assert len(outcomes) >= least, f"{runtime}: {printed}"
            assert set(outcomes.values()) == {"Success"}, f"{runtime}: {printed}"


@pytest.mark.parametrize(("name", "least"), [("FlashHead.Tests", 85), ("FlashHead.ComponentTests", 144)])
def test_all_promises_of_the_package(name, least, assemblies, surroundings):
    check_all(name, least, assemblies, surroundings)


def test_the_components_compile_in_a_project_without_the_optional_modules(assemblies, tmp_path):
    command = [word for word in COMPILE if word != DEFINES]
    references = [f"-r:{assemblies / name}.dll" for name in ("FlashHead.Core", "UnityEngine")]
    sources = sorted((PACKAGE / "Runtime" / "Components").glob("*.cs"))
    command += [f"-out:{tmp_path}/x.dll", *references, *sources]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
