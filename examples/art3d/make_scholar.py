"""Build the old scholar: `python make_scholar.py [--portraits FOLDER] [--avatar FOLDER] [--samples N] [--size N]`.

Writes scholar.glb beside this file. Runs in an environment of its own, see README.md.
"""

import argparse
import dataclasses
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
from textures import eye_texture, skin_textures

_PICTURE_HAIR = 1.7
"""How much finer the hair of the avatar is than that of the mesh."""
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
    colours, relief = skin_textures(skin, PLAN)
    looks = studio.materials(colours, eye_texture(PLAN), eye_texture(PLAN, iris=False))
    fineness = _PICTURE_HAIR if options.avatar else 1.0
    both_brows = brows(PLAN, skin, morphs, fineness)
    upper, lower, tongue = teeth_and_tongue(PLAN, skin)
    face = {
        "skin": studio.skin_part(skin, morphs),
        "lashes": lashes(PLAN),
        "eyes": [*eyeballs(PLAN), *sparkles(PLAN)],
        "brows": both_brows,
        "teeth_upper": [upper],
        "teeth_lower": [lower],
        "tongue": [tongue],
        "beard": [beard(PLAN, skin, morphs, fineness), moustache(PLAN, skin, morphs, fineness)],
    }
    rest = {"hair": [side_hair(PLAN, fineness)], "glasses": [glasses(PLAN)], "body": robe(PLAN)}
    if options.avatar:
        studio.add_relief(looks, relief)
        whites = [dataclasses.replace(ball, material="white") for ball in eyeballs(PLAN)]
        pieces = {
            name: studio.add_object(name, parts, looks, morphs=name not in rest)
            for name, parts in (face | {"whites": whites} | rest).items()
        }
        studio.light_up(avatar.SIZE, options.samples)
        bpy.context.view_layer.update()
        avatar.write(options.avatar, avatar.landmarks(PLAN, skin, morphs, both_brows, face["beard"]), pieces)
        return
    studio.add_object("Face", [part for parts in face.values() for part in parts], looks, morphs=True)
    for name, parts in rest.items():
        studio.add_object(name.capitalize(), parts, looks, morphs=False)
    file = Path(__file__).with_name("scholar.glb")
    glb.export(file)
    for thing in bpy.data.objects:
        print(thing.name, len(thing.data.polygons), "triangles")
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB")
    if options.portraits:
        options.portraits.mkdir(parents=True, exist_ok=True)
        studio.light_up(options.size, options.samples)
        for name, weights in _SHOWN.items():
            studio.render(options.portraits / f"{name}.png", weights)


if __name__ == "__main__":
    main()
