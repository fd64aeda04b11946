"""A bundle with something missing or altered: the self-test and the clients say what."""

import json
import re
import shutil
import sys
import wave
from pathlib import Path

import pytest

from flashhead_engine.client import launch
from flashhead_engine.errors import TransportError
from flashhead_engine.worker.manifest import FILES, MANIFEST, is_shipped, read_manifest
from flashhead_engine.worker.self_test import SAMPLE
from flashhead_engine.worker.self_test import self_test as self_test_here


def change(path: Path, **fields) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def remove(folder: Path) -> str:
    path = folder / "_internal" / "flashhead_engine" / "drivers" / "nano" / "nano.onnx"
    path.unlink()
    return f"{path} is missing"


def cut_short(folder: Path) -> str:
    """As a disk that was full leaves it."""
    [path] = folder.rglob("libscipy_openblas*")
    with path.open("rb+") as file:
        file.truncate(1_000_000)
    return f"{path} was altered: it has 1,000,000 bytes"


def flip(folder: Path) -> str:
    path = folder / "licences" / "zlib.txt"
    path.write_bytes(path.read_bytes()[::-1])
    return f"{path} was altered: its hash differs"


def alter_the_list(folder: Path) -> str:
    (folder / FILES).write_text("[]")
    return f"{FILES} was altered"


def drop_the_manifest(folder: Path) -> str:
    (folder / MANIFEST).unlink()
    return f"{MANIFEST} is missing"


@pytest.mark.parametrize("spoil", [remove, cut_short, flip, alter_the_list, drop_the_manifest])
def test_what_is_missing_or_altered_is_named(copied, self_test, spoil):
    words = spoil(copied)
    run = self_test(copied)
    assert run.returncode == 1 and words in run.stderr, run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / MANIFEST).unlink(), "not the whole of it"),
        (lambda folder: (folder / MANIFEST).write_text("{"), "cannot be read"),
        (lambda folder: change(folder / MANIFEST, protocol=2, version="9.0"), "version 9.0, protocol 2; needed is"),
        (lambda folder: change(folder / MANIFEST, format=2), "needed is"),
    ],
)
def test_the_client_does_not_start_it(tmp_path, bundle, spoil, words):
    shutil.copy(bundle / MANIFEST, tmp_path)
    spoil(tmp_path)
    with pytest.raises(TransportError, match=words):
        launch([str(tmp_path / "flashhead-worker")], timeout_s=1.0)


def test_other_programs_have_no_manifest():
    assert not is_shipped(sys.executable) and not is_shipped("flashhead-worker")
    assert is_shipped("/game/flashhead-worker") and is_shipped("/game/flashhead-worker.exe")


def test_the_manifest_says_what_it_is(bundle):
    manifest = read_manifest(bundle)
    assert manifest.files == sum(path.is_file() for path in bundle.rglob("*")) - 2
    assert manifest.system.startswith(sys.platform)
    assert re.fullmatch(r"2\.\d\d", manifest.glibc)


def test_a_worker_that_was_installed_tests_itself_too(capsys):
    assert self_test_here(()) == 0
    assert "the mouth opens" in capsys.readouterr().out


def test_a_mouth_that_stays_shut_fails_that_test(tmp_path, capsys):
    """The same sample, silent."""
    silent = tmp_path / SAMPLE.name
    with wave.open(str(SAMPLE)) as sample, wave.open(str(silent), "wb") as file:
        file.setparams(sample.getparams())
        file.writeframes(bytes(2 * sample.getnframes()))
    assert self_test_here((), silent) == 1
    assert "its mouth stays shut" in capsys.readouterr().err
