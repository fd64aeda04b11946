"""The nodes of the addon: without the native library, without a worker, and with a live one."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUARD = ROOT / "flashhead_engine" / "avatar" / "samples" / "guard"
FILES = (f"dialogue={ROOT / 'examples' / 'dialogue'}", f"portrait={GUARD / 'portrait.png'}")


@pytest.fixture(scope="module")
def floor(bare):
    output = bare("--import")
    assert output.code == 0 and output.errors() == [], output.stderr
    return bare


def test_the_audio_clock(floor):
    floor.test("test_audio_clock.gd")


def test_the_audio_that_the_worker_gets(floor):
    floor.test("test_utterance_audio.gd", *FILES)


def test_without_the_native_library_the_portrait_stays_and_the_audio_plays(floor):
    output = floor.test("test_floor.gd", *FILES)
    assert "native library" in output.reports["warning"][0]


def test_without_the_native_library_heads_speak_all_the_same(floor):
    floor.test("test_speaking.gd")


def test_places_of_workers_and_avatars(floor):
    floor.test("test_places.gd")
