"""Free recordings: lists of texts are read, packages are fetched whole or not at all."""

import gzip
import os
import shutil
import wave
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from flashhead_engine.errors import FlashHeadError, MissingDependencyError
from flashhead_engine.training.nano import recordings
from flashhead_engine.training.nano.corpora import REFINING_CORPORA, TEXT_CORPUS, TRAINING_CORPORA
from flashhead_engine.training.nano.recordings import Corpus

_LISTING = """\ufeff; A made-up list
hello: Good: very good.
digits/1: one
remark: Please (warmly) wait
letters/at: at [@]
beep: a short beep
silence/2: two seconds of nothing
empty:
"""


def test_prompts_are_texts_without_noises_and_remarks():
    assert recordings.parse_prompts(_LISTING) == {"hello": "Good: very good.", "digits/1": "one"}


def _write_wav(path: Path, samples: int, rate: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.full(samples, 1000, "<i2").tobytes())


def test_a_prompt_is_listed_with_its_text_and_read_at_16_khz(tmp_path):
    menardi = next(corpus for corpus in TRAINING_CORPORA if corpus.name == "menardi-it")
    texts, sounds = (recordings.unpacked(package, tmp_path) for package in menardi.packages)
    listing = texts / "usr/share/doc/asterisk-core-sounds-it/core-sounds-it.txt.gz"
    listing.parent.mkdir(parents=True)
    listing.write_bytes(gzip.compress(_LISTING.encode()))
    for name in ("hello", "digits/1", "not-listed"):
        _write_wav(sounds / f"usr/share/asterisk/sounds/it_IT_f_Menardi/{name}.wav", 8000, 8000)

    found = recordings.recordings(menardi, tmp_path)

    assert [recording.text for recording in found] == ["one", "Good: very good."]
    assert {recording.language for recording in found} == {"it"}
    pcm = recordings.read(found[0])
    assert pcm.dtype == np.float32
    assert abs(pcm.size - 16_000) < 100


def _nothing(corpus: Corpus, folder: Path) -> Iterable[recordings.Recording]:
    return ()


_MADE_UP = Corpus("made-up", ("no-such-package=1",), "none", "nobody", _nothing)


def test_a_corpus_that_was_not_fetched_is_an_error(tmp_path):
    with pytest.raises(FlashHeadError, match="no-such-package"):
        recordings.recordings(_MADE_UP, tmp_path)


def test_fetching_without_apt_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependencyError, match="apt-get"):
        recordings.fetch(_MADE_UP.packages, tmp_path, print)


def test_a_failed_download_is_no_package(tmp_path, monkeypatch):
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("apt-get", "dpkg-deb"):
        (programs / name).write_text("#!/bin/sh\necho half > half.deb; echo no such version >&2; exit 100\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    with pytest.raises(FlashHeadError, match="no such version"):
        recordings.fetch(_MADE_UP.packages, tmp_path / "corpora", lambda package: None)
    assert list((tmp_path / "corpora").iterdir()) == []


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="needs apt-get")
def test_a_real_package_is_fetched_once(tmp_path):
    small = Corpus("small", ("asterisk-core-sounds-it=1.6.1-1",), "CC-BY-SA-3.0", "Carlo Flora", _nothing)
    reported: list[str] = []
    try:
        recordings.fetch(small.packages, tmp_path, reported.append)
    except FlashHeadError as error:
        pytest.skip(f"no download here: {error}")
    recordings.fetch(small.packages, tmp_path, reported.append)
    assert reported == ["asterisk-core-sounds-it=1.6.1-1"]
    listing = (
        recordings.unpacked(reported[0], tmp_path) / "usr/share/doc/asterisk-core-sounds-it/core-sounds-it.txt.gz"
    )
    assert len(recordings.parse_prompts(gzip.decompress(listing.read_bytes()).decode())) > 400


def test_training_corpora_hold_four_languages_and_nothing_reserved():
    corpora = (*TRAINING_CORPORA, *REFINING_CORPORA, TEXT_CORPUS)
    packages = {package for corpus in corpora for package in corpus.packages}
    assert not any("sounds-en" in package or "pocketsphinx" in package for package in packages)
    assert len({corpus.name.rsplit("-", 1)[1] for corpus in TRAINING_CORPORA}) == 4
