"""The samples, opened and played with a real worker, and the tests for Unity's own runner, both in the hand-written
engine under Mono."""

import subprocess

import pytest
from conftest import COMPILE, NEWTONSOFT, PACKAGE
from metas import SAMPLES
from sample_parts import NAMES
from test_unity_package import check_all


def test_all_promises_of_the_samples(assemblies, surroundings):
    check_all("FlashHead.SampleTests", 28, assemblies, surroundings)


@pytest.mark.parametrize("sample", NAMES)
def test_a_sample_is_built_for_a_newer_unity_with_the_input_system(sample, assemblies, tmp_path):
    defines = "-define:UNITY_2022_2_OR_NEWER;ENABLE_INPUT_SYSTEM;FLASHHEAD_INPUT_SYSTEM"
    dlls = [assemblies / f"{one}.dll" for one in ("FlashHead.Core", "FlashHead", "UnityEngine")] + [NEWTONSOFT]
    sources = sorted((PACKAGE / SAMPLES / sample).glob("*.cs"))
    command = [*COMPILE, defines, f"-out:{tmp_path / 'sample.dll'}", *(f"-r:{dll}" for dll in dlls), *sources]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
