"""An export is written whole or not at all, and what was damaged since is refused in words."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from typer.testing import CliRunner

from flashhead_engine.cli.app import app
from flashhead_engine.errors import FlashHeadError, MissingDependencyError, ModelError, OutputError, SettingsError
from flashhead_engine.export import folder as writing
from flashhead_engine.export.settings import ExportSettings
from flashhead_engine.models import registry
from flashhead_engine.models.configs import TINY
from flashhead_engine.models.networks import Networks
from flashhead_engine.runtimes import added_exports
from flashhead_engine.runtimes.added_exports import added_export, remember_export, verify_where_changed
from flashhead_engine.runtimes.exported import MANIFEST, read_export, stored_file, verify
from flashhead_engine.runtimes.onnx_runner import open_runner

from .conftest import SIZE

LINE = {"name": "line.wav", "sha256": ""}
QUANTISED = dict(linears="int8", layers=16, calibration=[LINE], samples=12, held_out=LINE, error=0.01)


@pytest.fixture
def damaged(exported, tmp_path) -> Path:
    """A copy to damage."""
    return shutil.copytree(exported("lite").folder, tmp_path / "export")


@pytest.fixture
def models(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("FLASHHEAD_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def _change(folder: Path, **fields) -> None:
    manifest = msgspec.json.decode((folder / MANIFEST).read_bytes()) | fields
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))


def test_what_was_written_is_read(exported, damaged) -> None:
    export = read_export(damaged)
    verify(export)
    assert export.config == exported("lite").config
    assert export.manifest.size == SIZE and export.manifest.tools["torch"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"version": 0}, "of version 0; this program reads version 1. Export the tier again"),
        ({"opset": 21}, "has opset 21, not 23"),
        ({"precision": "int3"}, "has the precision 'int3'"),
        ({"quantisation": QUANTISED | {"linears": "int3"}}, "has linear layers in 'int3'"),
        ({"quantisation": QUANTISED | {"error": "small"}}, "is damaged"),
        ({"files": {}}, "does not name steps.npz"),
        ({"files": {"../secret": {"length": 1, "sha256": ""}}}, "names files outside its folder"),
        ({"steps": "four"}, "is damaged"),
    ],
)
def test_a_manifest_that_this_program_cannot_use(damaged, fields, words) -> None:
    _change(damaged, **fields)
    with pytest.raises(ModelError, match=words):
        read_export(damaged)


def test_a_half_written_folder(damaged) -> None:
    (damaged / MANIFEST).unlink()
    with pytest.raises(ModelError, match=r"no whole export: manifest.json is missing"):
        read_export(damaged)


def test_weights_that_are_missing(damaged) -> None:
    (damaged / "dit.onnx.data").unlink()
    with pytest.raises(ModelError, match=r"dit.onnx.data is missing. Export the tier again"):
        read_export(damaged)


def test_a_file_that_was_cut_off(damaged) -> None:
    os.truncate(damaged / "vae_dec.onnx.data", 100)
    with pytest.raises(ModelError, match=r"vae_dec.onnx.data has 100 bytes, not \d+"):
        read_export(damaged)


def test_a_file_that_was_altered(damaged) -> None:
    path = damaged / "dit.onnx.data"
    raw = bytearray(path.read_bytes())
    raw[1000] ^= 1
    path.write_bytes(raw)
    with pytest.raises(ModelError, match=r"dit.onnx.data was altered since it was exported"):
        verify(read_export(damaged))


def test_an_export_is_hashed_once_and_again_when_a_file_has_changed(damaged, models, monkeypatch) -> None:
    hashed = []
    real = registry.hash_file

    def hash_file(path: Path, advance):
        hashed.append(path.name)
        return real(path, advance)

    monkeypatch.setattr(registry, "hash_file", hash_file)
    export = read_export(damaged)
    verify_where_changed(export)
    assert set(hashed) == {MANIFEST, *export.manifest.files}
    verify_where_changed(export)
    assert len(hashed) == 1 + len(export.manifest.files), "not again"
    path = damaged / "dit.onnx.data"
    raw = path.read_bytes()
    path.write_bytes(raw[::-1])
    for _ in range(2):
        with pytest.raises(ModelError, match=r"dit.onnx.data was altered"):
            verify_where_changed(export)
    path.write_bytes(raw)
    verify_where_changed(export)
    count = len(hashed)
    verify_where_changed(export)
    assert len(hashed) == count, "the new time is recorded"


def test_an_export_beside_which_nothing_can_be_written_is_hashed_each_time(damaged, tmp_path, monkeypatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("FLASHHEAD_MODELS", str(tmp_path / "file" / "models"))
    monkeypatch.setattr(added_exports, "read_record", lambda path, kind, what: {})
    verify_where_changed(read_export(damaged))
    (damaged / "steps.npz").write_bytes((damaged / "steps.npz").read_bytes()[::-1])
    with pytest.raises(ModelError, match=r"steps.npz was altered"):
        verify_where_changed(read_export(damaged))


def test_models_verify_looks_at_exports(damaged, models) -> None:
    remember_export(read_export(damaged))
    good = CliRunner().invoke(app, ["models", "verify"])
    assert good.exit_code == 0 and "tiny-random: exported, as it was exported" in good.stdout
    (damaged / "steps.npz").write_bytes((damaged / "steps.npz").read_bytes()[::-1])
    bad = CliRunner().invoke(app, ["models", "verify"])
    assert bad.exit_code == 1 and "steps.npz was altered" in bad.stdout


def test_a_graph_that_onnx_runtime_cannot_load(damaged) -> None:
    (damaged / "reference.onnx").write_bytes(b"no graph")
    files = read_export_files(damaged) | {"reference.onnx": stored_file(damaged / "reference.onnx")}
    _change(damaged, files=files)
    with pytest.raises(ModelError, match=r"reference.onnx cannot be loaded by ONNX Runtime"):
        open_runner(read_export(damaged), on_gpu=False)


def read_export_files(folder: Path) -> dict:
    return msgspec.json.decode((folder / MANIFEST).read_bytes())["files"]


def test_bfloat16_on_a_cpu_is_refused_in_words(damaged) -> None:
    _change(damaged, precision="bfloat16")
    with pytest.raises(ModelError, match=r"cannot compute on a CPU.*--precision float32"):
        open_runner(read_export(damaged), on_gpu=False)


def _export(folder: Path, report=lambda text, share: None):
    settings = ExportSettings(SIZE, "float32")
    return writing.export(Networks.random(TINY), "tiny-random", settings, "0" * 64, folder, report)


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_nothing_is_left_of_an_export_that_fails(tmp_path, monkeypatch, error) -> None:
    written = []

    def write(module, spec, config, path: Path) -> None:
        path.write_bytes(b"begun")
        written.append(path)
        if len(written) == 2:
            raise error

    monkeypatch.setattr(writing, "write_graph", write)
    interrupted = isinstance(error, KeyboardInterrupt)
    words = None if interrupted else r"export: the disk is full, nothing was kept"
    with pytest.raises(KeyboardInterrupt if interrupted else OutputError, match=words):
        _export(tmp_path / "export")
    assert len(written) == 2 and list(tmp_path.iterdir()) == []


def test_a_disk_without_room_is_told_before_work_begins(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(OutputError, match=r"has room for 0.0 GB; the export needs 0.0 GB"):
        _export(tmp_path / "export")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_things_is_not_replaced(tmp_path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(OutputError, match=r"holds mine.txt"):
        _export(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_interrupted_command_leaves_nothing(tmp_path) -> None:
    command = [sys.executable, "-m", "flashhead_engine", "export", "--tier", "tiny-random", "-o", tmp_path / "export"]
    environment = {**os.environ, "FLASHHEAD_MODELS": str(tmp_path / "models")}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, preexec_fn=_obeys_interrupts)
    end = time.monotonic() + 120
    while not list(tmp_path.glob(".flashhead-*")):
        assert process.poll() is None and time.monotonic() < end, process.stderr
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []


def _obeys_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_choosing(damaged, models, monkeypatch) -> None:
    from flashhead_engine.drivers.flashhead import choice

    def chosen(wanted: str | None = None) -> str:
        return choice.choose("tiny-random", wanted).runtime

    assert chosen() == "torch", "nothing was exported"
    with pytest.raises(ModelError, match=r"was not exported: `flashhead export --tier tiny-random`"):
        chosen("onnxruntime")
    with pytest.raises(SettingsError, match=r"--runtime fast: must be torch, onnxruntime, tensorrt"):
        chosen("fast")
    remember_export(read_export(damaged))
    assert added_export("tiny-random").folder == damaged
    monkeypatch.setattr(choice, "has_nvidia_driver", lambda: False)
    assert (chosen(), chosen("torch"), chosen("onnxruntime")) == ("onnxruntime", "torch", "onnxruntime")
    # A GPU that only torch can use.
    monkeypatch.setattr(choice, "has_nvidia_driver", lambda: True)
    assert (chosen(), chosen("onnxruntime")) == ("torch", "onnxruntime")
    monkeypatch.setattr(choice, "find_spec", lambda name: None)
    assert chosen() == "onnxruntime"
    with pytest.raises(MissingDependencyError, match="needs torch"):
        chosen("torch")
    shutil.rmtree(damaged)
    with pytest.raises(FlashHeadError, match=r"manifest.json is missing"):
        chosen()
