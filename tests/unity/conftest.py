"""The C# of unity_package, built with Mono, and workers for its tests. Without Mono these are skipped; CI has it."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sample_parts
import sample_scenes

sys.path.insert(0, str(Path(__file__).parents[1] / "worker"))

from real_worker import LINE, TOKEN, running

from flashhead_engine.audio.decode import open_audio
from flashhead_engine.blendshapes.arkit import INDEX
from flashhead_engine.drivers import load_driver
from flashhead_engine.drivers.base import WEIGHTS_HZ, SessionSettings

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PACKAGE = ROOT / "unity_package"
LIBRARY = ROOT / ".venv" / "lib" / "libflashhead_bridge.so"
NUNIT = Path("/usr/lib/cli/nunit.framework-2.6.3/nunit.framework.dll")
NEWTONSOFT = Path("/usr/lib/cli/Newtonsoft.Json-5.0/Newtonsoft.Json.dll")
# C# 7.2: the newest that Mono's own compiler knows, and Unity 2021.3 takes. 649: a field that only the engine sets.
# The defines are those of the package's assembly definitions, whose modules the hand-written engine has.
DEFINES = "-define:FLASHHEAD_WEB_REQUEST_AUDIO"
COMPILE = ("mcs", "-langversion:7.2", "-unsafe", "-debug", "-warnaserror", "-nowarn:649", DEFINES, "-target:library")


def need(found: object, what: str) -> None:
    if found:
        return
    if os.environ.get("CI") and sys.platform == "linux":
        pytest.fail(f"{what} is missing")
    pytest.skip(f"{what} is missing: python3 build.py unity says how to get it")


@pytest.fixture(scope="session")
def assemblies(tmp_path_factory):
    """Folder of the package's engine-free assemblies and their tests, built with warnings as errors."""
    need(shutil.which("mcs") and shutil.which("nunit-console"), "Mono's compiler or nunit-console")
    need(NUNIT.exists() and NEWTONSOFT.exists(), "NUnit or Newtonsoft.Json for Mono")
    need(LIBRARY.exists(), "libflashhead_bridge.so (python3 build.py native)")
    folder = tmp_path_factory.mktemp("unity")
    parts = {
        "FlashHead.Interop": ("Runtime/Interop", ()),
        "FlashHead.Core": ("Runtime/Core", ("FlashHead.Interop", NEWTONSOFT)),
        "FlashHead.Tests": ("Tests/Core", ("FlashHead.Interop", "FlashHead.Core", NEWTONSOFT, NUNIT)),
        "UnityEngine": (HERE / "fake", ()),
        "FlashHead": ("Runtime/Components", ("FlashHead.Core", "UnityEngine")),
        "FlashHead.Timeline": ("Runtime/Timeline", ("FlashHead.Core", "FlashHead", "UnityEngine")),
        "FlashHead.Addressables": (
            "Runtime/Integrations/Addressables",
            ("FlashHead.Core", "FlashHead", "UnityEngine"),
        ),
        "FlashHead.Localization": (
            "Runtime/Integrations/Localization",
            ("FlashHead.Core", "FlashHead", "FlashHead.Addressables", "UnityEngine"),
        ),
        "FlashHead.DialogueSystem": (
            "Runtime/Integrations/DialogueSystem",
            ("FlashHead.Core", "FlashHead", "UnityEngine"),
        ),
        "FlashHead.Baking": ("Editor/Baking", ("FlashHead.Core",)),
        "FlashHead.Editor": ("Editor", ("FlashHead.Core", "FlashHead.Baking", "FlashHead", "UnityEngine")),
        "FlashHead.ComponentTests": (
            HERE / "components",
            (
                *("FlashHead.Core", "FlashHead", "FlashHead.Baking", "FlashHead.Editor", "FlashHead.Timeline"),
                *("FlashHead.Addressables", "FlashHead.Localization", "FlashHead.DialogueSystem"),
                *("FlashHead.Tests", "UnityEngine", NUNIT),
            ),
        ),
    }
    for name, (sources, references) in (parts | sample_parts.parts(NEWTONSOFT, NUNIT)).items():
        files = sorted((PACKAGE / sources).glob("*.cs"))
        dlls = [folder / f"{one}.dll" if isinstance(one, str) else one for one in references]
        command = [*COMPILE, f"-out:{folder / name}.dll", *(f"-r:{dll}" for dll in dlls), *files]
        built = subprocess.run(command, capture_output=True, text=True)
        assert built.returncode == 0, built.stdout + built.stderr
    shutil.copy2(LIBRARY, folder)
    shutil.copy2(NEWTONSOFT, folder)
    return folder


@pytest.fixture(scope="session")
def baked(tmp_path_factory):
    """What the C# is compared with: the line baked by Python, and its samples."""
    folder = tmp_path_factory.mktemp("baked")
    flashhead = Path(sys.executable).with_name("flashhead")
    subprocess.run([flashhead, "bake", LINE, "-o", folder / "line.json", "-o", folder / "line.csv"], check=True)
    rows = np.loadtxt(folder / "line.csv", delimiter=",", skiprows=1)[:, 1:]
    np.savetxt(folder / "expected.csv", rows, fmt="%.4f", delimiter=",")
    with open_audio(LINE) as audio:
        pcm = np.concatenate(list(audio.chunks()))
    pcm.astype("<f4").tofile(folder / "line.f32")
    driver = load_driver("nano")
    session = driver.open(None, SessionSettings())
    session.push(pcm, end=True)
    driver.step([session])
    jaws = [frame.weights[INDEX["jawOpen"]] for frame in session.frames()]
    assert len(jaws) > WEIGHTS_HZ
    np.savetxt(folder / "jaw.txt", jaws, fmt="%.6f")
    return folder


@contextlib.contextmanager
def recorded_worker():
    """Endpoint of recorded_worker.py."""
    process = subprocess.Popen(
        [sys.executable, HERE / "recorded_worker.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        assert process.wait(timeout=10) == 0


@pytest.fixture(scope="session")
def surroundings(assemblies, baked, tmp_path_factory):
    """The environment in which nunit-console runs the tests."""
    with running(tmp_path_factory.mktemp("worker")) as endpoint, recorded_worker() as recorded:
        yield {
            **os.environ,
            "LD_LIBRARY_PATH": str(assemblies),
            "FLASHHEAD_TEST_WORKER": f"{endpoint}|{TOKEN}",
            "FLASHHEAD_TEST_RECORDED": f"{recorded}|x",
            "FLASHHEAD_TEST_PROGRAM": f"{sys.executable}|-m|flashhead_engine.worker|--allow-path|{LINE.parent}",
            "FLASHHEAD_TEST_LINE": str(LINE),
            "FLASHHEAD_TEST_FLASHHEAD": str(Path(sys.executable).with_name("flashhead")),
            "FLASHHEAD_TEST_PCM": str(baked / "line.f32"),
            "FLASHHEAD_TEST_BAKED": str(baked),
            "FLASHHEAD_TEST_SCENES": str(sample_scenes.write(tmp_path_factory.mktemp("scenes"))),
            "FLASHHEAD_TEST_SECONDS": os.environ.get("FLASHHEAD_TEST_SECONDS", "3"),
        }
