"""A player has numpy, onnxruntime, pyzmq, msgpack, msgspec, pillow and samplerate; nano runs with those alone."""

import subprocess
import sys
from importlib.metadata import requires

from packaging.requirements import Requirement

SCRIPT = """
import sys
for name in {blocked!r}:
    sys.modules[name] = None
import numpy as np
from flashhead_engine.avatar.bundle import load_avatar
from flashhead_engine.drivers import load_driver
from flashhead_engine.drivers.base import Outputs, SessionSettings
driver = load_driver("nano")
session = driver.open(load_avatar("guard"), SessionSettings(outputs=Outputs.VIDEO, size=256))
session.push(np.zeros(8000, np.float32), end=True)
driver.step([session])
print(len(session.frames()), "frames")
"""


def distributions(extra: str) -> set[str]:
    found = set()
    for text in requires("flashhead-engine"):
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            found.add(requirement.name)
    return found


def run_without(*blocked: str) -> subprocess.CompletedProcess:
    script = SCRIPT.format(blocked=blocked)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)


def test_the_base_install_stays_small():
    assert distributions("") == {"numpy", "pyzmq", "msgpack", "msgspec", "pillow", "samplerate"}
    assert distributions("cpu") - distributions("") == {"onnxruntime"}


def test_nano_speaks_without_the_extras():
    result = run_without("av", "typer", "rich", "jinja2", "torch", "scipy", "onnx", "mediapipe", "cv2")
    assert result.returncode == 0, result.stderr
    assert "13 frames" in result.stdout


def test_the_check_above_can_fail():
    assert run_without("PIL").returncode != 0


def test_without_onnxruntime_a_person_is_told_what_to_install():
    result = run_without("onnxruntime")
    assert "MissingDependencyError" in result.stderr
    assert "pip install flashhead-engine[cpu]" in result.stderr


def test_without_typer_the_command_says_what_to_install():
    script = "import sys; sys.modules['typer'] = None; from flashhead_engine.cli import main; sys.exit(main())"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.returncode == 1
    assert 'pip install "flashhead-engine[bake]"' in result.stderr
    assert "Traceback" not in result.stderr
