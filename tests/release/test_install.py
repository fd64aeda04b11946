"""A release's wheel and sdist, installed where nothing is, outside of the checkout."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import flashhead_engine

_bridge = pytest.importorskip("flashhead_engine._bridge", reason="the native module was not built")


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """The Python of an environment with pip alone."""
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder, with_pip=True)
    return folder / "bin" / "python"


def run(*words, cwd, **environment) -> subprocess.CompletedProcess:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FLASHHEAD"))}
    return subprocess.run([*map(str, words)], cwd=cwd, env=clean | environment, capture_output=True, text=True)


def pip_install(python: Path, *what, cwd, **environment) -> None:
    words = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what)
    done = run(python, *words, cwd=cwd, **environment)
    assert done.returncode == 0, done.stderr


def test_the_wheel_installs_where_nothing_is_and_the_doctor_finds_nano(released, empty, tmp_path):
    wheel = released(f"*cp{sys.version_info[0]}{sys.version_info[1]}-manylinux*.whl")
    pip_install(empty, f"{wheel}[cpu,bake]", cwd=tmp_path)
    doctor = (empty.with_name("flashhead"), "doctor")
    done = run(*doctor, cwd=tmp_path, COLUMNS="200")
    assert done.returncode == 0, done.stdout + done.stderr
    assert any("tier nano" in line and "ok" in line for line in done.stdout.splitlines()), done.stdout
    # The wheel's own modules, not what Python does without them.
    modules = "flashhead_engine._bridge, flashhead_engine.drivers.nano._native, flashhead_engine.render._kernels"
    script = f"import {modules}; print(flashhead_engine.__file__, flashhead_engine.__version__)"
    done = run(empty, "-c", script, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    where, version = done.stdout.split()
    assert Path(where).is_relative_to(empty.parents[1]) and version == flashhead_engine.__version__
    # A wheel that had lost its network would not pass.
    (Path(where).parent / "drivers" / "nano" / "nano.onnx").unlink()
    done = run(*doctor, cwd=tmp_path, COLUMNS="200")
    assert done.returncode == 1, done.stdout


def test_a_wheel_with_a_module_for_a_newer_system_is_refused(released, tmp_path):
    from building.wheels import check_manylinux
    from shipping.errors import BuildError

    wheel = released("*manylinux*.whl")
    platform = wheel.stem.rsplit("-", 1)[1]
    check_manylinux(wheel, platform)
    spoiled = tmp_path / wheel.name
    with zipfile.ZipFile(wheel) as files, zipfile.ZipFile(spoiled, "w") as made:
        for name in files.namelist():
            # The checkout's own was compiled for this machine.
            module = name.startswith("flashhead_engine/_bridge")
            made.writestr(name, Path(_bridge.__file__).read_bytes() if module else files.read(name))
    with pytest.raises(BuildError, match=f"says {platform}, but auditwheel finds"):
        check_manylinux(spoiled, platform)


def test_the_sdist_has_what_a_wheel_is_built_from(released, tmp_path):
    """Without a compiler, as the package falls back to; with one it is a recorded run: docs/shipping.md."""
    target = tmp_path / "installed"
    options = ("--no-deps", "--target", target)
    sdist = released("flashhead_engine-*.tar.gz")
    pip_install(Path(sys.executable), *options, sdist, cwd=tmp_path, SKBUILD_WHEEL_CMAKE="false")
    # -S: without the checkout, which is installed here.
    script = "import flashhead_engine; print(flashhead_engine.__file__)"
    done = run(sys.executable, "-S", "-c", script, cwd=tmp_path, PYTHONPATH=str(target))
    assert Path(done.stdout.strip()) == target / "flashhead_engine" / "__init__.py", done.stderr
    installed = {path.relative_to(target) for path in target.rglob("*") if path.suffix in (".py", ".onnx", ".json")}
    package = Path(flashhead_engine.__file__).parent
    ours = {
        path.relative_to(package.parent) for path in package.rglob("*") if path.suffix in (".py", ".onnx", ".json")
    }
    assert ours <= installed
