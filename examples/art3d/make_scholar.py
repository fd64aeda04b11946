"""Build the old scholar: `python make_scholar.py [--portraits FOLDER] [--avatar FOLDER] [--samples N] [--size N]`.

Writes scholar.glb beside this file. Runs in an environment of its own, see README.md.
"""

import argparse
from pathlib import Path

import avatar
import bpy
import glb
import studio
from hair import beard, glasses, moustache, side_hair
from morphs import skin_morphs
from parts import brows, eyeballs, lashes, sparkles, teeth_and_tongue
from plan import SCHOLAR as PLAN
from robe import robe
from skin import build_skin
from textures import eye_texture, skin_texture

_SHOWN = {
    "rest": {},
    "jaw": {"jawOpen": 1.0},
    "funnel": {"mouthFunnel": 1.0},
    "smile": {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0},
    "blink": {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portraits", type=Path, help="a folder for rendered pictures of some shapes")
    parser.add_argument("--avatar", type=Path, help="a folder for the picture and landmarks of an avatar bundle")
    parser.add_argument("--samples", type=int, default=24)
    parser.add_argument("--size", type=int, default=400)
    options = parser.parse_args()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    skin = build_skin(PLAN)
    morphs = skin_morphs(skin, PLAN)
    looks = studio.materials(skin_texture(skin, PLAN), eye_texture(PLAN))
    face = [*studio.skin_part(skin, morphs), *eyeballs(PLAN), *sparkles(PLAN), *lashes(PLAN)]
    both_brows = brows(PLAN, skin, morphs)
    face += [*both_brows, *teeth_and_tongue(PLAN, skin)]
    face += [beard(PLAN, skin, morphs), moustache(PLAN, skin, morphs)]
    head = studio.add_object("Face", face, looks, morphs=True)
    studio.add_object("Hair", [side_hair(PLAN)], looks, morphs=False)
    wires = studio.add_object("Glasses", [glasses(PLAN)], looks, morphs=False)
    studio.add_object("Body", robe(PLAN), looks, morphs=False)
    if options.avatar:
        studio.light_up(avatar.SIZE, options.samples)
        bpy.context.view_layer.update()
        avatar.write(options.avatar, avatar.landmarks(PLAN, skin, morphs, both_brows), head, wires)
        return
    file = Path(__file__).with_name("scholar.glb")
    glb.export(file)
    for thing in bpy.data.objects:
        print(thing.name, len(thing.data.polygons), "triangles")
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB")
    if options.portraits:
        options.portraits.mkdir(parents=True, exist_ok=True)
        studio.light_up(options.size, options.samples)
        for name, weights in _SHOWN.items():
            studio.render(options.portraits / f"{name}.png", [head], weights)


if __name__ == "__main__":
    main()
