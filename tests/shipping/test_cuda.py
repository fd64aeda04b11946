"""`build.py worker-bundle --with cuda`, short of the download: nothing here has NVIDIA's libraries or a card."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / ".ci"))
sys.path.insert(0, str(Path(__file__).parents[2] / ".ci" / "shipping"))

from building import bundle as build
from bundle import add_nvidia, leave_out
from components import ALLOWED, NVIDIA, ONLY_IN_GAMES, UnknownComponentError, components

ROOT = Path(__file__).parents[2]
LIB = "nvidia/cu13/lib"
CUBLAS = (f"{LIB}/libcublas.so.13", f"{LIB}/libcublasLt.so.13")
NOT_FOR_PLAYERS = (f"{LIB}/libnvblas.so.13", f"{LIB}/libcublas_static.a", "nvidia/cu13/include/cublas_v2.h")


def install_wheel(folder: Path, name: str, files: tuple[str, ...]) -> None:
    """As pip leaves one of NVIDIA's: proprietary, says its metadata, and no more."""
    metadata = folder / f"{name.replace('-', '_')}-13.0.dist-info"
    (metadata / "licenses").mkdir(parents=True)
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.4\nName: {name}\nVersion: 13.0\nLicense-Expression: LicenseRef-NVIDIA-Proprietary\n\n"
    )
    (metadata / "licenses" / "License.txt").write_text("End User License Agreement")
    (metadata / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(b"\x7fELF" + file.encode())


@pytest.fixture
def made(monkeypatch, tmp_path):
    """Call with parts: what is installed, and the command that then makes the folder. Both are only noted."""
    notes = []
    monkeypatch.setattr(build, "BUILD", tmp_path)
    monkeypatch.setattr(build, "WORKER_BUNDLE", tmp_path / "flashhead-worker-linux-x86_64")
    monkeypatch.setattr(build, "make_venv", lambda venv: venv.mkdir(parents=True, exist_ok=True))
    monkeypatch.setattr(build, "install", lambda venv, stamp, *wanted, environment: notes.append((venv.name, wanted)))
    monkeypatch.setattr(build, "run", lambda *words, environment: notes.append([str(word) for word in words]))
    monkeypatch.setattr(build.sysconfig, "get_platform", lambda: "linux-x86_64")

    def call(*parts: str):
        notes.clear()
        variable = build.build_worker_bundle(parts=parts)
        [(venv, wanted), command] = notes
        assert variable == {"FLASHHEAD_BUNDLE": command[2]}
        return venv, " ".join(wanted), Path(command[2]).name, command[3:]

    return call


def test_the_small_one_stays_as_it_is(made):
    venv, wanted, folder, choices = made()
    assert (venv, folder, choices) == ("venv", "flashhead-worker-linux-x86_64", [])
    assert wanted.startswith(".[cpu] ") and "gpu" not in wanted and "nvidia" not in wanted


def test_the_one_with_cuda_has_an_environment_and_a_folder_of_its_own(made):
    venv, wanted, folder, choices = made("lite", "cuda")
    assert (venv, folder) == ("venv-cuda", "flashhead-worker-linux-x86_64-cuda")
    assert choices == ["--with", "lite", "--with", "cuda"]
    assert wanted.startswith(".[gpu] ") and "[cpu]" not in wanted
    assert "onnxruntime-gpu[cuda,cudnn]" in wanted and "nvidia-cublas" in wanted


def test_another_system_is_told():
    words = [sys.executable, "-S", ROOT / "build.py", "worker-bundle", "--with", "cuda"]
    environment = os.environ | {"_PYTHON_HOST_PLATFORM": "macosx-11.0-arm64"}
    run = subprocess.run(words, capture_output=True, text=True, env=environment)
    assert (run.returncode, run.stdout) == (1, "")
    assert "--with cuda: for linux-x86_64 only; this machine is macosx-11.0-arm64" in run.stderr


def test_an_unknown_part_is_told():
    words = [sys.executable, ROOT / ".ci" / "shipping" / "bundle.py", "folder", "--with", "tensorrt"]
    run = subprocess.run(words, capture_output=True, text=True)
    assert run.returncode == 2 and "'lite', 'pro', 'cuda'" in run.stderr


def test_tensorrt_and_the_cuda_of_this_machine_are_left_out(tmp_path):
    capi = "onnxruntime/capi"
    stay = {f"{capi}/libonnxruntime_providers_{name}.so" for name in ("cuda", "shared")}
    stay |= {"flashhead_engine/runtimes/tensorrt.pyc", "libstdc++.so.6"}
    go = {f"{capi}/libonnxruntime_providers_tensorrt.so", "libnvinfer.so.10", "libcudart.so.13", "libcudnn_ops.so.9"}
    for name in stay | go:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    leave_out(tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()} == stay


def test_of_nvidias_wheels_the_libraries_alone_are_taken(monkeypatch, tmp_path):
    installed, folder = tmp_path / "installed", tmp_path / "worker"
    install_wheel(installed, "nvidia-cublas", (*CUBLAS, *NOT_FOR_PLAYERS))
    monkeypatch.syspath_prepend(installed)
    add_nvidia(folder, ["nvidia-cublas"])
    taken = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    assert set(taken) == set(CUBLAS)
    assert all(path.read_bytes() == (installed / name).read_bytes() for name, path in taken.items())


@pytest.mark.parametrize("name", NVIDIA)
def test_nvidias_libraries_are_for_games_and_not_for_a_release(tmp_path, name):
    files = tuple(f"{LIB}/{pattern.replace('*', '13')}" for pattern in NVIDIA[name])
    install_wheel(tmp_path, name, files)
    [found] = (one for one in components(tmp_path) if one.name == name)
    assert {str(file) for file in found.files} > set(files) and len(found.texts) == 1
    assert found.licence in ONLY_IN_GAMES and found.version == "13.0"
    assert found.is_allowed(ALLOWED | ONLY_IN_GAMES) and not found.is_allowed()


def test_what_nvidia_does_not_list_is_an_error(tmp_path):
    install_wheel(tmp_path, "nvidia-cublas", (*CUBLAS, NOT_FOR_PLAYERS[0]))
    with pytest.raises(UnknownComponentError, match=r"libnvblas\.so\.13"):
        components(tmp_path)


@pytest.mark.parametrize(
    ("name", "file", "code", "told"),
    [
        ("nvidia-cublas", CUBLAS[0], 0, "LicenseRef-NVIDIA-CUDA-EULA   only in a game"),
        ("nvidia-nvjitlink", f"{LIB}/libnvJitLink.so.13", 1, "LicenseRef-NVIDIA-Proprietary   NOT ALLOWED"),
    ],
)
def test_the_table_says_which(tmp_path, name, file, code, told):
    install_wheel(tmp_path, name, (file,))
    words = [sys.executable, ROOT / ".ci" / "shipping" / "components.py", tmp_path]
    run = subprocess.run(words, capture_output=True, text=True)
    assert run.returncode == code and told in run.stdout, run.stderr
