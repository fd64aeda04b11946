"""Render the pictures and the room of the demos.

    python -m venv .venv-blender && .venv-blender/bin/pip install bpy==5.0.1 pillow scipy     # Python 3.11
    .venv-blender/bin/python make_scenery.py gate tavern study [--draft]
"""

import argparse
import tempfile
from pathlib import Path

import bpy
import gate
import kit
import numpy as np
import study
import tavern
from PIL import Image
from scipy.ndimage import distance_transform_edt

DEMO = Path(__file__).parent.parent
PICTURES = {
    "gate": (gate.build, DEMO / "dialogue_2d" / "gate.webp"),
    "tavern": (tavern.build, DEMO / "crowd" / "tavern.webp"),
}
WIDTH, HEIGHT = 1280, 720


def picture(build, target: Path, draft: bool) -> None:
    kit.empty_scene()
    build()
    kit.cycles(8 if draft else 14)
    scale = 2 if draft else 1
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "picture.png")
        kit.render(file, WIDTH // scale, HEIGHT // scale)
        Image.open(file).convert("RGB").save(target, quality=82, method=6)


def study_pictures(folder: Path, draft: bool) -> None:
    """The study: pictures of what is far and what is near, each lit by all of it."""
    kit.empty_scene()
    far, near = study.build()
    study.light()
    study.cast_shadow(folder / "scholar.glb")
    kit.camera(study.EYE, study.TARGET, study.LENS_MM)
    kit.cycles(8 if draft else 14)
    bpy.context.scene.render.film_transparent = True
    scale = 3 if draft else 1
    for name, shown in (("far", far), ("near", near)):
        for thing in (*far, *near):
            thing.visible_camera = thing in shown
        with tempfile.TemporaryDirectory() as temporary:
            file = str(Path(temporary) / "picture.png")
            kit.render(file, 1600 // scale, 900 // scale)
            filled(Image.open(file)).save(folder / f"study_{name}.webp", quality=84, method=6)


def study_meshes(folder: Path) -> None:
    kit.empty_scene()
    far, near = study.build()
    study.export([study.join(far, "Far"), study.join(near, "Near")], folder / "study.glb")


def filled(picture: Image.Image) -> Image.Image:
    """Its transparent pixels get the colour of the nearest opaque one, for edges that are drawn a pixel beside it."""
    pixels = np.asarray(picture.convert("RGBA"))
    nearest = distance_transform_edt(pixels[..., 3] < 250, return_distances=False, return_indices=True)
    return Image.fromarray(pixels[tuple(nearest)][..., :3])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", choices=[*PICTURES, "study"])
    parser.add_argument("--draft", action="store_true", help="small and grainy, in seconds")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name == "study":
            study_pictures(DEMO / "room_3d", arguments.draft)
            study_meshes(DEMO / "room_3d")
        else:
            picture(*PICTURES[name], arguments.draft)


if __name__ == "__main__":
    main()
