"""The demos in both renderers beside a live worker: the portrait in the window is the picture that the head has.

The comparison is also made with another picture of the same head, and of another one, where it must fail.
"""

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

CAST = Path(__file__).parents[2] / "godot_addon" / "demo" / "cast"
WINDOW = ("--resolution", "640x360")
FACE = (0.10, 0.05, 0.90, 0.70)
"""Left, top, right and bottom in shares of a picture: mouth included, no box of the demos covers it."""
OPAQUE = 254
SAME = 2.0
"""Levels of 255 by which window and picture may differ on average. Measured: 0.3 to 0.9; another picture 3 to 25."""


@dataclass(frozen=True)
class Demo:
    """`heads`: those with a portrait, by their paths. `keys`: what the player presses between lines."""

    scene: str
    heads: tuple[str, ...]
    keys: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        return (f"scene=res://demo/{self.scene}.tscn", f"heads={','.join(self.heads)}", f"keys={self.keys}")


GUESTS = ("Heroine", "Guard", "Merchant", "Robot", "Fox", "Scholar")
DEMOS = {
    "dialogue_2d": Demo("dialogue_2d/dialogue_2d", ("Guard/GuardHead", "Fox/FoxHead"), "ui_down,ui_down,ui_accept"),
    "room_3d": Demo("room_3d/room_3d", ("LookingGlass/RobotHead",)),
    "crowd": Demo("crowd/crowd", tuple(f"Page/Guests/{guest}/Head" for guest in GUESTS), "ui_accept"),
}


def difference(window: Path, corners: list[list[float]], picture: Path) -> float:
    """Mean difference of the face in the window from a head's picture, in levels of 255."""
    shown, frame = Image.open(window).convert("RGB"), Image.open(picture).convert("RGBA")
    placed = frame.transform(
        shown.size, Image.Transform.PERSPECTIVE, unwarp(corners, frame.width), Image.Resampling.BILINEAR
    )
    face = np.zeros((frame.height, frame.width), np.uint8)
    left, top, right, bottom = (round(share * frame.width) for share in FACE)
    face[top:bottom, left:right] = 255
    inside = Image.fromarray(face).transform(placed.size, Image.Transform.PERSPECTIVE, unwarp(corners, frame.width))
    pixels = np.asarray(placed, np.float32)
    compared = (np.asarray(inside) == 255) & (pixels[..., 3] >= OPAQUE)
    assert compared.sum() > 2000, "hardly anything of the face is in the window"
    return float(np.abs(np.asarray(shown, np.float32) - pixels[..., :3])[compared].mean())


def unwarp(corners: list[list[float]], side: int) -> list[float]:
    """The eight numbers by which Pillow finds for a pixel of the window its place in a picture of `side` pixels."""
    rows, targets = [], []
    for (x, y), (u, v) in zip(corners, ((0, 0), (side, 0), (side, side), (0, side)), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        targets += [u, v]
    return np.linalg.solve(np.array(rows), np.array(targets)).tolist()


@pytest.fixture(scope="module")
def photographs(godot, screen, worker, tmp_path_factory):
    """Call with a demo's name and a renderer: a folder of pictures, and what was told of each head."""
    made = {}

    def take(name: str, renderer: str):
        if (name, renderer) not in made:
            folder = tmp_path_factory.mktemp(f"{name}-{renderer}")
            words = ("test_demos.gd", "test_photographs", f"folder={folder}", *DEMOS[name].words)
            output = godot.test(*words, engine=WINDOW, renderer=renderer, DISPLAY=screen, timeout_s=240, **worker)
            made[name, renderer] = folder, output.reports["photograph"]
        return made[name, renderer]

    return take


EVERYWHERE = list(itertools.product(DEMOS, ("gl", "vulkan")))


@pytest.mark.parametrize(("name", "renderer"), EVERYWHERE)
def test_the_window_shows_the_picture_that_the_head_has(name, renderer, photographs):
    folder, told = photographs(name, renderer)
    assert {photograph["head"] for photograph in told} == set(DEMOS[name].heads)
    for number, photograph in enumerate(told):
        window, corners = folder / f"{number}_screen.png", photograph["corners"]
        assert difference(window, corners, folder / f"{number}_frame.png") <= SAME, photograph
        assert difference(window, corners, folder / f"{number}_later.png") > SAME, (
            f"another picture passes: {photograph}"
        )


@pytest.mark.parametrize(("name", "renderer"), EVERYWHERE)
def test_another_head_or_place_is_refused(name, renderer, photographs):
    folder, told = photographs(name, renderer)
    for number, photograph in enumerate(told):
        window, corners = folder / f"{number}_screen.png", photograph["corners"]
        other = folder / f"{number + 1}_frame.png" if number + 1 < len(told) else CAST / "merchant.webp"
        assert difference(window, corners, other) > 3 * SAME
        moved = [[x + 6, y] for x, y in corners]
        assert difference(window, moved, folder / f"{number}_frame.png") > SAME


@pytest.mark.parametrize("name", DEMOS)
def test_without_a_worker_the_portraits_stay_and_a_hint_says_what_to_do(name, godot, screen, tmp_path):
    nowhere = {"FLASHHEAD_ENDPOINT": f"ipc://{tmp_path}/nobody", "FLASHHEAD_TOKEN": "none"}
    words = ("test_demos.gd", "test_without_worker", f"folder={tmp_path}", *DEMOS[name].words)
    godot.test(*words, engine=WINDOW, renderer="gl", DISPLAY=screen, **nowhere)


def test_baked_lines_need_no_worker(godot, screen, tmp_path):
    nowhere = {"FLASHHEAD_ENDPOINT": f"ipc://{tmp_path}/nobody", "FLASHHEAD_TOKEN": "none"}
    words = ("test_demos.gd", "test_baked", f"folder={tmp_path}", *DEMOS["dialogue_2d"].words)
    output = godot.test(*words, engine=WINDOW, renderer="gl", DISPLAY=screen, **nowhere)
    for number, photograph in enumerate(output.reports["photograph"]):
        window, corners = tmp_path / f"{number}_screen.png", photograph["corners"]
        assert difference(window, corners, tmp_path / f"{number}_frame.png") <= SAME
        assert difference(window, corners, tmp_path / f"{1 - number}_frame.png") > SAME, "the picture stands still"


@pytest.mark.parametrize("name", DEMOS)
def test_the_menu_may_be_asked_for_in_the_middle_of_a_line(name, godot, screen, worker):
    words = ("test_demos.gd", "test_leaving", *DEMOS[name].words)
    godot.test(*words, engine=WINDOW, renderer="gl", DISPLAY=screen, **worker)


def test_the_3d_head_answers(godot, screen, worker):
    words = ("test_demos.gd", "test_answer", "head=Neck/ScholarHead", "line=mirror", *DEMOS["room_3d"].words)
    godot.test(*words, engine=WINDOW, renderer="gl", DISPLAY=screen, **worker)


def test_the_3d_head_is_the_one_that_this_repository_makes():
    root = Path(__file__).parents[2]
    made = (root / "examples" / "art3d" / "scholar.glb").read_bytes()
    assert (root / "godot_addon" / "demo" / "room_3d" / "scholar.glb").read_bytes() == made
