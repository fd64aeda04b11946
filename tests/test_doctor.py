"""The doctor says what runs on this machine, and names what is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flashhead_engine.doctor import Status, examine


def finding(what: str):
    return next(found for found in examine() if found.what == what)


@pytest.fixture
def pretend_installed(tmp_path, monkeypatch):
    """Put the metadata of a package on the path, which is all that pip would leave of an overwritten one."""

    def pretend(name: str, version: str) -> None:
        folder = tmp_path / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        monkeypatch.syspath_prepend(str(tmp_path))

    return pretend


def test_nano_runs_here():
    assert finding("tier nano").status is Status.OK
    assert finding("ONNX Runtime").status is Status.OK


def test_tiers_that_are_not_there_yet_are_not_promised():
    assert finding("tier lite").status is Status.MISSING
    assert finding("tier pro").status is Status.MISSING


def test_two_onnx_runtimes_are_named_as_a_clash(pretend_installed):
    pretend_installed("onnxruntime-gpu", "1.2.3")
    found = finding("ONNX Runtime")
    assert found.status is Status.BROKEN
    assert "onnxruntime-gpu 1.2.3" in found.found
    assert "pip uninstall onnxruntime onnxruntime-gpu" in found.advice
    assert finding("tier nano").status is Status.BROKEN


def test_what_runs_on_gpus_alone_is_named_with_what_is_missing(pretend_installed):
    for what, package in (("TensorRT", "tensorrt"), ("TensorRT for RTX", "onnxruntime-ep-nv-tensorrt-rtx")):
        found = finding(what)
        assert found.status is Status.MISSING and f"no {package}" in found.found
        assert "not run on a GPU by us yet" in found.advice
        pretend_installed(package, "1.2.3")
        found = finding(what)
        assert found.status is Status.MISSING and f"{package} 1.2.3" in found.found and found.advice


def test_the_command_prints_every_finding(tmp_path):
    environment = {**os.environ, "COLUMNS": "400"}
    command = [sys.executable, "-m", "flashhead_engine", "doctor"]
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stderr
    for found in examine():
        assert found.what in result.stdout
    assert 'pip install "flashhead-engine[tensorrt]"' in result.stdout, "no part is taken for a colour"


def test_a_broken_nano_fails_the_command():
    script = (
        "import sys; sys.modules['onnxruntime'] = None; sys.argv = ['flashhead', 'doctor'];"
        "from flashhead_engine.cli import main; sys.exit(main())"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=Path(__file__).parent)
    assert result.returncode == 1
    assert "broken" in result.stdout
