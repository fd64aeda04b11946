"""Processes of the recipe share its work, and none outlives it."""

import os
import subprocess
import sys

from flashhead_engine.training.nano.processes import side_by_side

RECIPE = """
import time

from flashhead_engine.training.nano.processes import side_by_side

if __name__ == "__main__":
    with side_by_side() as pool:
        print(list(pool.map(abs, range(-9, 0))), flush=True)
        time.sleep(600)
"""


def test_begin_is_called_before_the_first_job(tmp_path):
    with side_by_side(os.chdir, tmp_path) as pool:
        assert list(pool.map(os.path.abspath, ["said"] * 4)) == [str(tmp_path / "said")] * 4


def test_no_process_outlives_a_killed_recipe(tmp_path):
    """All of them hold the pipe: it ends with the last one."""
    script = tmp_path / "recipe.py"
    script.write_text(RECIPE)
    recipe = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    assert recipe.stdout.readline() == f"{list(range(9, 0, -1))}\n"
    recipe.kill()
    assert recipe.communicate(timeout=30) == ("", None)
