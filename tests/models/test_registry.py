"""Models of this machine: `flashhead models add, list, verify` and what the doctor says of them."""

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flashhead_engine.cli.models import models_app
from flashhead_engine.doctor import Status, examine
from flashhead_engine.errors import FlashHeadError, MissingDependencyError, ModelError
from flashhead_engine.models import checkpoints, registry
from flashhead_engine.models.registry import added_model
from flashhead_engine.models.released import NETWORKS, find_folders

from .layout import RELEASED, SMALL, write_checkpoint

MODEL, EAR = "SoulX-FlashHead-1_3B", "wav2vec2-base-960h"
DIT = f"{MODEL}/Model_Lite/diffusion_pytorch_model.safetensors"
WAN = f"{MODEL}/VAE_Wan/Wan2.1_VAE.pth"


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch) -> Path:
    """This test's folder of the record; the released sizes are those of the tiny networks."""
    monkeypatch.setenv("FLASHHEAD_MODELS", str(tmp_path / "kept"))
    for tier, config in SMALL.items():
        monkeypatch.setitem(checkpoints.CONFIGS, tier, config)
    return tmp_path / "kept"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("released")
    for tier, config in SMALL.items():
        write_checkpoint(folder, tier, config)
    return folder


@pytest.fixture
def models(tiny: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny, tmp_path / "models"))


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(models_app, [str(argument) for argument in arguments], catch_exceptions=True)
    if isinstance(result.exception, FlashHeadError):
        raise result.exception
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def line_of(output: str, tier: str) -> str:
    return next(line for line in output.splitlines() if line.startswith(f"{tier}:"))


def test_what_was_added_is_listed_and_found_by_a_tier(models: Path) -> None:
    with pytest.raises(ModelError, match=r"not added on this machine.*fetch --tier lite.*models add DIR"):
        added_model("lite")
    assert "No models were added" in run("list")[1]
    code, output = run("add", models)
    assert code == 0
    assert "added" in line_of(output, "lite") and "added" in line_of(output, "pro")
    for tier in ("lite", "pro"):
        model = added_model(tier)
        assert model.folder == str(models / MODEL)
        listed = line_of(run("list")[1], tier)
        assert model.sha256 in listed and "as it was added" in listed


def test_hashes_are_those_of_the_whole_files(models: Path) -> None:
    run("add", models)
    for tier in ("lite", "pro"):
        model = added_model(tier)
        files = {file.path: file for file in model.files}
        for path, file in files.items():
            assert file.sha256 == hashlib.sha256((models / path).read_bytes()).hexdigest()
        weights = sorted(f"{files[path].sha256}  {path}\n" for path in (n.weights.path for n in NETWORKS[tier]))
        assert model.sha256 == hashlib.sha256("".join(weights).encode()).hexdigest()


def test_the_hash_of_a_tier_is_that_of_its_weights_wherever_they_lie(models: Path, tmp_path: Path) -> None:
    run("add", models)
    before = {tier: added_model(tier).sha256 for tier in ("lite", "pro")}
    elsewhere = tmp_path / "elsewhere"
    shutil.move(models, elsewhere)
    run("add", elsewhere / MODEL)
    assert {tier: added_model(tier).sha256 for tier in ("lite", "pro")} == before
    _flip_last_byte(elsewhere / DIT)
    run("add", elsewhere)
    assert added_model("lite").sha256 != before["lite"]
    assert added_model("pro").sha256 == before["pro"]


def _flip_last_byte(path: Path) -> None:
    with open(path, "r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)[0]
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last ^ 1]))


def test_a_damaged_tier_is_not_added_and_the_other_is(models: Path) -> None:
    os.truncate(models / DIT, 5000)
    code, output = run("add", models)
    assert code == 1
    assert "not added" in line_of(output, "lite") and str(models / DIT) in output
    assert "not added" not in line_of(output, "pro")
    assert set(registry.recorded()) == {"pro"}


def test_a_tier_that_was_damaged_later_keeps_its_old_record(models: Path) -> None:
    run("add", models)
    before = registry.recorded()
    os.truncate(models / DIT, 5000)
    assert run("add", models)[0] == 1
    assert registry.recorded() == before


def test_one_tier_alone_may_be_there(models: Path) -> None:
    shutil.rmtree(models / MODEL / "Model_Lite")
    assert run("add", models)[0] == 0
    assert set(registry.recorded()) == {"pro"}


def test_files_that_are_not_the_published_ones_are_named(models: Path) -> None:
    for command in (("add", models), ("verify",)):
        code, output = run(*command)
        assert code == 0
        for file in added_model("lite").files:
            assert f"{file.path} is not the published file" in output


def test_published_files_are_not_named(models: Path) -> None:
    # These two are known to the byte.
    for file, config in (("config.json", "wav2vec2"), ("preprocessor_config.json", "preprocessor")):
        text = json.dumps(RELEASED["configs"][config], indent=2) + "\n"
        (models / EAR / file).write_text(text, "utf-8")
    model = registry.hashed(find_folders(models), "pro", lambda count: None)
    named = {text.partition(" ")[0] for text in registry.unpublished(model)}
    assert named == {file.path for file in model.files if Path(file.path).parts[0] == MODEL} | {
        f"{EAR}/model.safetensors"
    }


def test_a_changed_file_makes_the_record_stale(models: Path) -> None:
    run("add", models)
    (models / WAN).write_bytes((models / WAN).read_bytes() + b"x")
    assert "changed since it was added" in line_of(run("list")[1], "pro")
    with pytest.raises(ModelError, match=r"Wan2.1_VAE.pth has changed.*stale.*flashhead models verify"):
        added_model("pro")
    assert added_model("lite")
    code, output = run("verify")
    assert code == 1
    assert f"{WAN} has other contents than when it was added" in output
    assert "changed" in line_of(output, "pro") and "as it was added" in line_of(output, "lite")


def test_verify_sees_what_length_and_time_do_not_tell(models: Path) -> None:
    run("add", models)
    before = (models / DIT).stat()
    _flip_last_byte(models / DIT)
    os.utime(models / DIT, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "as it was added" in line_of(run("list")[1], "lite")
    code, output = run("verify")
    assert code == 1 and f"{DIT} has other contents" in output
    assert run("verify")[0] == 1, "it does not get used to it"


def test_a_new_time_alone_is_mended_by_verify(models: Path) -> None:
    run("add", models)
    os.utime(models / DIT)
    with pytest.raises(ModelError, match="stale"):
        added_model("lite")
    assert run("verify")[0] == 0
    assert added_model("lite")


def test_files_that_are_gone_are_named(models: Path) -> None:
    run("add", models)
    (models / DIT).unlink()
    with pytest.raises(ModelError, match="safetensors is gone"):
        added_model("lite")
    code, output = run("verify")
    assert code == 1 and str(models / DIT) in output and "as it was added" in line_of(output, "pro")
    shutil.rmtree(models)
    assert run("verify")[0] == 1
    assert str(models / MODEL) in line_of(run("list")[1], "lite")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"lite": {}}', '{"nano": {"tier": "nano", "folder": "", "files": []}}']
)
def test_a_damaged_record_is_named(kept: Path, text: str) -> None:
    kept.mkdir()
    (kept / "models.json").write_text(text, "utf-8")
    with pytest.raises(ModelError, match=r"models\.json .*remove it and add the models again"):
        registry.recorded()


def test_a_record_that_cannot_be_written_is_said_and_nothing_is_left(models: Path, kept: Path) -> None:
    kept.write_text("a file in the folder's place")
    with pytest.raises(ModelError, match=r"models\.json cannot be .*"):
        run("add", models)
    kept.unlink()
    (kept / "models.json").mkdir(parents=True)
    with pytest.raises(ModelError):
        run("add", models)
    assert [path.name for path in kept.iterdir()] == ["models.json"]


@pytest.mark.parametrize(
    ("system", "variables", "expected"),
    [
        ("linux", {}, "home/.local/share/flashhead/models"),
        ("linux", {"XDG_DATA_HOME": "data"}, "data/flashhead/models"),
        ("darwin", {}, "home/Library/Application Support/flashhead/models"),
        ("win32", {"LOCALAPPDATA": "local"}, "local/flashhead/models"),
        ("linux", {"FLASHHEAD_MODELS": "given"}, "given"),
    ],
)
def test_the_record_is_in_the_users_own_folder(monkeypatch, tmp_path, system, variables, expected) -> None:
    for name in ("FLASHHEAD_MODELS", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, folder in ({"HOME": "home"} | variables).items():
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.setattr(sys, "platform", system)
    assert registry.models_dir() == tmp_path / expected


def test_without_torch_add_says_what_to_install(models: Path, monkeypatch) -> None:
    monkeypatch.delitem(sys.modules, "flashhead_engine.models.checkpoints")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match=r"needs torch.*flashhead-engine\[flashhead\]"):
        run("add", models)


def test_the_doctor_says_what_is_there_and_what_would_make_it_run(models: Path, monkeypatch) -> None:
    def finding(tier: str):
        return next(found for found in examine() if found.what == f"tier {tier}")

    assert finding("lite").status is Status.MISSING and "models fetch --tier lite" in finding("lite").advice
    run("add", models)
    assert finding("lite").status is Status.OK and str(models / MODEL) in finding("lite").found
    os.utime(models / DIT)
    assert finding("lite").status is Status.MISSING and "models verify" in finding("lite").advice
    assert finding("pro").status is Status.OK
    monkeypatch.setattr("flashhead_engine.doctor.installed", lambda package: None)
    assert finding("pro").status is Status.MISSING and "flashhead-engine[flashhead]" in finding("pro").advice
