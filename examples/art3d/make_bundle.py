"""The avatar bundle of the scholar: `python make_bundle.py RENDERED OUTPUT`; RENDERED: of `make_scholar.py --avatar`.

Runs in the environment of the project. It is `flashhead avatar create` for a single picture, plus the glasses: they
stay in front of lids and brows, so they are rendered apart and become the layer `front`.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from flashhead_engine.avatar.create import DEFAULT_BACKGROUND
from flashhead_engine.avatar.framing import Framing
from flashhead_engine.avatar.layered import compose
from flashhead_engine.avatar.parts import Parts, write_bundle
from flashhead_engine.avatar.single import parts_from_portrait
from flashhead_engine.avatar.source import read_face


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rendered", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    face = read_face(options.rendered / "scholar.png", options.rendered / "scholar.json", print)
    framing = Framing.around_face(face.picture, face.marks, face.where)
    bare, landmarks = face.framed()
    wires = framing.picture(np.asarray(Image.open(options.rendered / "glasses.png").convert("RGBA")))
    parts = parts_from_portrait(bare, landmarks)
    whole = Parts(
        portrait=compose([bare, wires]),
        layers=parts.layers | {"front": wires},
        landmarks=landmarks,
        mouth=parts.mouth,
        lower_lid=parts.lower_lid,
    )
    write_bundle(whole, options.output, name="scholar", licence="CC0-1.0", background=DEFAULT_BACKGROUND)


if __name__ == "__main__":
    main()
