"""The avatar bundle of the scholar: `python make_bundle.py RENDERED OUTPUT`; RENDERED: of `make_scholar.py --avatar`.

Runs in the environment of the project. Every layer but the dark of the mouth is a render of the head's own.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from flashhead_engine.avatar.create import DEFAULT_BACKGROUND
from flashhead_engine.avatar.framing import Framing
from flashhead_engine.avatar.images import bleed, grown
from flashhead_engine.avatar.layered import compose
from flashhead_engine.avatar.manifest import Landmarks
from flashhead_engine.avatar.parts import Parts, write_bundle
from flashhead_engine.avatar.single import ellipse_mask, line_mask, parts_from_portrait, polygon_mask
from flashhead_engine.avatar.source import read_face

_PASSES = ("bare", "shut", "brows", "glasses", "whites", "irises", "teeth_upper", "teeth_lower", "tongue")
_LOWER_LID_RISES = 0.10
"""Part of the opening that the lower lid covers in a blink: that of the mesh's morph."""
_LASH, _LASHES_WIDTH = (64, 52, 46), 0.045
"""Colour of the lashes and, in eye widths, how thick a shut eye's are: the mesh's own are too few for a line."""
_DARKEST_WHITE = 110


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rendered", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    face = read_face(options.rendered / "portrait.png", options.rendered / "scholar.json", print)
    framing = Framing.around_face(face.picture, face.marks, face.where)
    portrait, landmarks = face.framed()
    passes = {name: framing.picture(_read(options.rendered / f"{name}.png")) for name in _PASSES}
    # Skin is seen only beneath the brows; their shadow stays, or it would flicker with every motion of the eyes.
    beneath = _grown(passes["brows"][..., 3].astype(np.float32) / 255, 1.5)
    passes["bare"] = _mixed(portrait, passes["bare"], beneath)
    generic = parts_from_portrait(portrait, landmarks)
    inside = {name: passes[name] for name in ("teeth_upper", "teeth_lower", "tongue")}
    whole = Parts(
        portrait=compose([portrait, passes["glasses"]]),
        layers=generic.layers | _eyes(passes, landmarks) | inside | {"front": passes["glasses"]},
        landmarks=landmarks,
        mouth=generic.mouth,
        lower_lid=generic.lower_lid,
    )
    write_bundle(whole, options.output, name="scholar", licence="CC0-1.0", background=DEFAULT_BACKGROUND)


def _read(file: Path) -> np.ndarray:
    return np.asarray(Image.open(file).convert("RGBA"))


def _eyes(passes: dict[str, np.ndarray], landmarks: Landmarks) -> dict[str, np.ndarray]:
    """The layers of both eyes. Around an open eye the open render is shown, beneath it the shut one."""
    side = passes["bare"].shape[0]
    opening, irises, around, above, lashes = (np.zeros((side, side), np.float32) for _ in range(5))
    for own in ("left", "right"):
        outline = np.array(getattr(landmarks, f"eye_{own}"))
        iris = getattr(landmarks, f"iris_{own}")
        width, height = np.ptp(outline, axis=0).tolist()
        closed = _closed_line(outline)
        one = polygon_mask(side, outline)
        np.maximum(opening, one, out=opening)
        np.maximum(around, _grown(grown(one > 0.5, round(0.4 * height)), -0.1 * height), out=around)
        np.maximum(above, _above(side, closed, reach=0.6 * width), out=above)
        np.maximum(lashes, line_mask(side, closed, _LASHES_WIDTH * width), out=lashes)
        np.maximum(irises, ellipse_mask(side, np.array(iris.centre), 1.03 * iris.radius), out=irises)
    bare, shut = passes["bare"], passes["shut"]
    # The lids' rims lie between the opening and what is seen of the white.
    seen = (passes["whites"][..., :3].min(axis=2) > _DARKEST_WHITE) & (opening > 0.9)
    whites = bleed(_with_alpha(passes["whites"], _grown(seen.astype(np.float32), -1.0) > 0.9))
    lid = _mixed(shut, np.broadcast_to(np.array([*_LASH, 255], np.uint8), shut.shape), lashes)
    return {
        "base": _mixed(bare, shut, around),
        "eye_whites": _with_alpha(whites, _grown(opening, 1.0)),
        "irises": _with_alpha(_as_bright(passes["irises"], bare, irises * opening), irises),
        "lids_open": _with_alpha(bare, around * (1 - _grown(seen.astype(np.float32), 0.7))),
        "lid_upper": _with_alpha(lid, np.maximum(around * above, lashes)),
        "lid_lower": _with_alpha(shut, around * (1 - above) * _grown(opening, 1.5)),
        "brows": passes["brows"],
    }


def _closed_line(outline: np.ndarray) -> np.ndarray:
    """Where the lids of an eye meet: points (n, 2) from left to right."""
    x, y = outline[np.argsort(outline[:, 0])].T
    chord = np.interp(x, [x[0], x[-1]], [y[0], y[-1]])
    at = np.linspace(x[0], x[-1], 48)
    upper, lower = (np.interp(at, x[part], y[part]) for part in (y <= chord + 1e-6, y >= chord - 1e-6))
    # A smooth curve: rims of a mesh have corners.
    smooth = np.polynomial.Polynomial.fit(at, lower - _LOWER_LID_RISES * (lower - upper), 4)
    return np.stack([at, smooth(at)], axis=-1)


def _above(side: int, line: np.ndarray, reach: float) -> np.ndarray:
    """1 above a line, 0 below it, within `reach` of its middle; it runs on level beyond its ends."""
    columns = np.arange(side)
    height = np.interp(columns, line[:, 0], line[:, 1])
    near = np.abs(columns - line[:, 0].mean()) < reach + np.ptp(line[:, 0]) / 2
    return (np.clip(height[None] - np.arange(side)[:, None] + 0.5, 0, 1) * near).astype(np.float32)


def _as_bright(lit: np.ndarray, shaded: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """A render in full light, darkened evenly to what of it is seen in the other."""
    ratio = shaded[seen > 0.9][:, :3].mean(axis=0) / lit[seen > 0.9][:, :3].mean(axis=0)
    result = lit.copy()
    result[..., :3] = np.clip(lit[..., :3] * ratio, 0, 255)
    return result


def _grown(mask: np.ndarray, pixels: float) -> np.ndarray:
    """A mask, 0..1, grown, or for pixels < 0 shrunk, by about so many pixels, with an edge as soft as that."""
    inverted = 1 - mask if pixels < 0 else mask
    image = Image.fromarray((inverted * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(abs(pixels)))
    grown = np.clip(np.asarray(image, np.float32) / 255 * 3 - 0.1, 0, 1)
    return 1 - grown if pixels < 0 else grown


def _mixed(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    return np.clip(first + (second.astype(np.float32) - first) * share[..., None] + 0.5, 0, 255).astype(np.uint8)


def _with_alpha(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    result = pixels.copy()
    result[..., 3] = np.rint(np.clip(mask, 0, 1) * 255)
    return result


if __name__ == "__main__":
    main()
