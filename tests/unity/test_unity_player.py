"""A player with Unity's layout, under Mono, with the worker bundle that a game brings: no Python is on its path."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import COMPILE, HERE, need

sys.path.insert(0, str(Path(__file__).parents[1] / "shipping"))

from played_game import check_it_outlives_its_worker_and_leaves_nothing, played

from flashhead_engine.worker.self_test import SAMPLE

IN_STREAMING_ASSETS = Path("Game_Data") / "StreamingAssets" / "FlashHead"
BESIDE = Path("FlashHead")


@pytest.fixture(scope="module")
def player(assemblies) -> list[str | Path]:
    """Its command but for the data folder."""
    runtime = shutil.which("mono-sgen")
    need(runtime, "mono-sgen")
    program = assemblies / "Player.exe"
    dlls = [f"-r:{assemblies / name}.dll" for name in ("FlashHead.Core", "FlashHead", "UnityEngine")]
    command = [*COMPILE[:-1], "-target:exe", f"-out:{program}", *dlls, HERE / "player" / "Player.cs"]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return [runtime, "--debug", program]


@pytest.fixture(scope="module")
def game(tmp_path_factory) -> Path:
    """Its folder."""
    return tmp_path_factory.mktemp("Spiele") / "Mein Spiel \u2013 \u6771\u4eac"


@pytest.mark.parametrize("place", [IN_STREAMING_ASSETS, BESIDE])
def test_the_player_talks_and_leaves_nothing(place, player, game, bundle, assemblies, tmp_path):
    shutil.copytree(bundle, game / place)
    try:
        words = [*player, game / "Game_Data", SAMPLE]
        with played(words, LD_LIBRARY_PATH=str(assemblies), XDG_RUNTIME_DIR=str(tmp_path)) as running:
            check_it_outlives_its_worker_and_leaves_nothing(running)
    finally:
        shutil.rmtree(game / place)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()], "the worker that outlived the game tidied up"


def test_without_a_worker_it_says_what_is_missing(player, game, assemblies, tmp_path):
    words = [*player, game / "Game_Data", SAMPLE]
    with played(words, LD_LIBRARY_PATH=str(assemblies), XDG_RUNTIME_DIR=str(tmp_path)) as running:
        running.wait_for(r"there is no worker.*FlashHead/flashhead-worker\.json is missing")
